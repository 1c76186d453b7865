#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "disk/disk_backend.h"

namespace vmft {

/// How a disk is to be opened; src/flow/world/disk.ts says what each means.
struct DiskOptions {
    bool read_only = false;
    bool claim = false;
    bool shared = true;
    std::string holder;
    u64 timeout_ms = 10'000;
};

/// How an operation on the reserved area ended.
struct ReservedResult {
    std::string fault;      ///< One line when it failed; then nothing else is set.
    std::vector<u8> block;  ///< Of read_reserved.
    bool written = false;   ///< Of compare_and_write: false when it held something else.
};

/// A disk of this host: a back end for the machine, and what the product does with it besides.
class OpenedDisk : public DiskBackend {
public:
    enum class Kind : u8 { file, block, iscsi };

    virtual Kind kind() const = 0;
    /// As named by the user, without a password.
    virtual const std::string& url() const = 0;
    virtual bool supports_compare_and_write() const = 0;

    /// Any thread; does not block. `done` is called once, on a thread of the back end's.
    using ReservedDone = std::function<void(ReservedResult&&)>;
    /// Block `index` of the reserved area.
    virtual void read_reserved(u32 index, ReservedDone done) = 0;
    /// Writes `desired` to that block if it holds `expected`, atomically among all hosts, and
    /// durably. Both are one block long. With a fault it may have been written, or may yet be.
    virtual void compare_and_write(u32 index, std::vector<u8> expected, std::vector<u8> desired,
                                   ReservedDone done) = 0;

    struct Range {
        u64 offset_bytes = 0, bytes = 0;
    };
    /// The next range from `offset_bytes` on that may hold data, in whole blocks; none when all the
    /// rest is zero.
    using NextDataDone = std::function<void(std::optional<Range>)>;
    virtual void next_data(u64 offset_bytes, NextDataDone done) = 0;

    /// Whether something submitted has not ended: the destructor may have to wait for it.
    virtual bool busy() const = 0;
};

}  // namespace vmft
