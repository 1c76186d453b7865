#pragma once

#include <string>

#include "determinism/random_world.h"
#include "determinism/recorded_run.h"

namespace vmft::test {

/// What a whole guest does, from its boot to its power-off.
struct Workload {
    GuestStart guest;            ///< An empty kernel: its files are not there.
    RandomWorld::Habits habits;  ///< Of the world around it.
    /// Memory for host code: with less, all of so large a program would be translated again and
    /// again.
    u64 code_bytes_min = 0;
    std::vector<std::string> told;  ///< On the console, when all of it was done.
};

/// boot       the initramfs's own check of its programs
/// benchmark  the initramfs's benchmark: CRC, sort, floating point, memset
/// others     those of the bench disk (images/bench-disk/overlay/usr/lib/vmft/bench/work), as
///            `npm run bench:cpu` starts them
/// Files: VMFT_KERNEL, VMFT_INITRAMFS and, for the others, VMFT_BENCH_DISK.
Workload workload(const std::string& name);

}  // namespace vmft::test
