#pragma once

#include <algorithm>
#include <filesystem>

#include "determinism/guest_files.h"
#include "determinism/recorded_run.h"

namespace vmft::test {

/// Those of images/guests; none when VMFT_GUESTS is not set.
inline std::vector<std::string> small_guest_names() {
    std::vector<std::string> names;
    std::string folder = guest_path("VMFT_GUESTS");
    if (folder.empty()) return names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".elf") names.push_back(entry.path().stem());
    std::sort(names.begin(), names.end());
    return names;
}

/// A test guest of images/guests by its name; an empty kernel when VMFT_GUESTS is not set.
inline GuestStart small_guest(const std::string& name) {
    GuestStart guest;
    std::string folder = guest_path("VMFT_GUESTS");
    if (!folder.empty()) guest.kernel = read_file(folder + "/" + name + ".elf");
    guest.config.memory_bytes = 32 << 20;
    guest.config.mac = MacAddress{2, 0, 0, 0, 0, 3};
    guest.config.realtime_ns = 1'700'000'000'000'000'000;
    return guest;
}

/// The echo guest, typed at until it powers off.
inline RecordedRun record_echo(const GuestStart& guest, u64 seed,
                               const std::set<u64>& copy_ticks = {}) {
    RandomWorld::Habits habits;
    for (int i = 0; i < 40; i++) habits.lines.push_back("line " + std::to_string(i * seed) + "\r");
    habits.lines.push_back("quit\r");
    habits.typing_begins_behind = "ready";
    habits.inputs_apart_ticks = 500;
    habits.slice_ticks_max = 500;
    RandomWorld world(seed, habits);
    RecordingPlan plan;
    plan.seed = seed;
    plan.ticks_max = 500'000'000;
    plan.copy_ticks = copy_ticks;
    plan.segments_per_memory_digest = 8;
    return record_run(guest, world, plan);
}

}  // namespace vmft::test
