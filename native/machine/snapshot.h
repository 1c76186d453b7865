#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/hash64.h"
#include "machine/machine.h"

namespace vmft {

/// A snapshot is one stream of bytes, little-endian:
///   head        magic, version, memory_bytes, MAC, disks, sizes of what follows
///   state       what Machine::save writes
///   run table   (first page, pages) of each run of pages that are not all zero, ascending
///   pages       their bytes
/// and a 64-bit checksum, carried apart from it. RAM is read as the stream is, so the machine must
/// stand still between the first and the last byte.
class SnapshotSource {
public:
    /// The machine has just taken ControlKind::snapshot.
    explicit SnapshotSource(const Machine& machine);

    u64 bytes() const { return prefix_.size() + pages_.size() * page_bytes; }
    u64 checksum() const { return checksum_; }
    /// Copies from `offset` on; returns the bytes copied, fewer only at the end.
    size_t read(u64 offset, std::span<u8> into) const;

private:
    const GuestMemory& memory_;
    std::vector<u8> prefix_;  ///< Head, state and run table.
    std::vector<u32> pages_;  ///< Every page in the stream, so that any offset is found at once.
    u64 checksum_ = 0;
};

enum class SnapshotFault : u8 {
    none,
    not_a_snapshot,
    version,       ///< Of another version of this format.
    other_guest,   ///< Another size of memory, another network address or other disks.
    out_of_order,  ///< A chunk that does not begin where the last one ended.
    malformed,     ///< A size or page number out of range.
    truncated,
    too_long,
    checksum,
    bad_state,  ///< A component refuses its state.
};
const char* name_of(SnapshotFault fault);

/// Takes a snapshot's bytes over into a fresh machine. Total on any bytes. After a fault, or
/// before `finish` has succeeded, the machine must not run.
class SnapshotTarget {
public:
    /// `machine` is as constructed: nothing loaded.
    explicit SnapshotTarget(Machine& machine) : machine_(machine) {}

    SnapshotFault add(u64 offset, std::span<const u8> bytes);
    /// All bytes are there: checks them, and restores CPU and devices.
    SnapshotFault finish(u64 bytes, u64 checksum);

private:
    SnapshotFault fail(SnapshotFault fault);
    SnapshotFault read_head();
    SnapshotFault read_runs();

    Machine& machine_;
    SnapshotFault fault_ = SnapshotFault::none;
    std::vector<u8> prefix_;
    u64 prefix_bytes_ = 0;  ///< 0 until the head is read.
    u64 state_bytes_ = 0;
    u64 page_count_ = 0;
    std::vector<u32> pages_;
    bool runs_read_ = false;
    u64 received_ = 0;
    Hash64 hash_;
};

}  // namespace vmft
