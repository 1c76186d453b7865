#pragma once

#include <vector>

#include "device/device.h"

namespace vmft {

/// Who answers at which address: sorted ranges of devices. Serves as the port bus and as the MMIO
/// bus.
///
/// An access goes whole to the range it lies in, cut into pieces of the range's width when it is
/// wider. One that begins outside every range misses as a whole, even if it reaches into one
/// (so that a dword at port 0xCF8 never resets by its second byte). One that runs out of its range
/// is looked up byte by byte. Reads that miss give all ones; misses are counted.
class Bus {
public:
    /// [base, base + bytes) belongs to `device`, whose offsets start there at `first_offset`.
    /// `width_bytes`: the widest access the device takes: 1, 2, 4 or 8. Ranges must not overlap.
    void add(u64 base, u64 bytes, Device& device, unsigned width_bytes, u64 first_offset = 0);

    /// `size_bytes` 1, 2, 4 or 8.
    u64 read(u64 address, unsigned size_bytes);
    void write(u64 address, unsigned size_bytes, u64 value);

    /// Accesses that nobody claimed; a lost byte of a split access counts one.
    u64 unclaimed_reads() const { return unclaimed_reads_; }
    u64 unclaimed_writes() const { return unclaimed_writes_; }

    /// The counters: the ranges are construction, not state.
    void save(StateWriter& state) const;
    void restore(StateReader& state);

private:
    struct Range {
        u64 base, bytes;
        Device* device;
        unsigned width_bytes;
        u64 first_offset;
    };
    const Range* find(u64 address);

    std::vector<Range> ranges_;
    size_t last_ = 0;  ///< The range that answered last: most accesses come in runs. Not state.
    u64 unclaimed_reads_ = 0, unclaimed_writes_ = 0;
};

}  // namespace vmft
