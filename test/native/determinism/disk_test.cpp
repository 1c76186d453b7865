#include <algorithm>

#include "determinism/log_replay.h"
#include "determinism/small_guest.h"

using namespace vmft;
using namespace vmft::test;

/// The guest that drives block devices by itself, with disks that end its requests when and in the
/// order they like: needs VMFT_GUESTS.
namespace {

constexpr u64 ticks_max = 100'000'000;

std::vector<DiskConfig> two_disks() {
    return {{u64{2} << 20, 512, true, false, false, "shared"},
            {u64{3} << 20, 4096, false, false, false, "private-0123456789ab"}};
}

GuestStart disk_guest() {
    GuestStart guest = small_guest("disk");
    guest.config.disks = two_disks();
    return guest;
}

/// A world of disks alone.
RandomWorld::Habits habits() {
    RandomWorld::Habits habits;
    habits.disks = two_disks();
    habits.slice_ticks_max = 5'000;
    return habits;
}

RecordedRun record(const GuestStart& guest, RandomWorld& world, u64 seed) {
    RecordingPlan plan;
    plan.seed = seed;
    plan.ticks_max = ticks_max;
    plan.segments_per_memory_digest = 16;
    Random random(seed);
    for (int i = 0; i < 12; i++) plan.checkpoint_ticks.insert(1 + random.below(2'000'000));
    for (int i = 0; i < 6; i++) plan.copy_ticks.insert(1 + random.below(1'000'000));
    return record_run(guest, world, plan);
}

/// One recording for all tests here, and what its disks saw.
struct Recorded {
    GuestStart guest = disk_guest();
    RandomWorld world{3, habits()};
    RecordedRun run;
    Recorded() {
        if (!guest.kernel.empty()) run = record(guest, world, 3);
    }
};

Recorded* recorded() {
    static Recorded once;
    return once.guest.kernel.empty() ? nullptr : &once;
}

}  // namespace

VMFT_TEST(the_guest_finds_its_disks_and_what_it_wrote) {
    if (!recorded()) return;
    const RecordedRun& run = recorded()->run;
    VMFT_EXPECT(run.end_kind == ExitKind::power_off);
    std::string wanted;
    for (const char* name :
         {"disk 0: shared, 2097152 bytes", "disk 1: private-0123456789ab, 3145728 bytes"}) {
        wanted += name;
        for (const char* step : {"identified", "what was written is read", "zeroes", "discard",
                                 "nothing behind the end", "an unknown request"})
            wanted += std::string("\ndisk: ") + step + ": ok";
        wanted += "\n";
    }
    VMFT_EXPECT_EQUAL(run.outputs.console, wanted + "disk: 2 disks\n");
    auto taken = recorded()->world.disks().taken();
    VMFT_EXPECT_EQUAL(taken[DiskOperation::write], 2u * 4 * 8);
    VMFT_EXPECT_EQUAL(taken[DiskOperation::flush], 2u * 4);
    VMFT_EXPECT_EQUAL(taken[DiskOperation::discard], 2u);
    VMFT_EXPECT_EQUAL(taken[DiskOperation::write_zeroes], 2u);
    // What changes or flushes the shared disk was shown as an output; nothing of the private one.
    VMFT_EXPECT_EQUAL(run.outputs.disk_requests, 4u * 8 + 4 + 2);
}

VMFT_TEST(a_guest_with_disks_is_the_same_however_it_is_cut) {
    if (!recorded()) return;
    for (u64 seed = 3; seed <= 5; seed++) {
        RandomWorld world(seed, habits());
        RecordedRun run = record(recorded()->guest, world, seed);
        VMFT_EXPECT(run.end_kind == ExitKind::power_off);
        Random random(seed + 50);
        std::function<u64()> slices[] = {[] { return ticks_max; },
                                         [&] { return 1 + random.below(2'000); },
                                         [&] { return 1 + random.below(5); }};
        for (const auto& slice : slices) {
            auto machine = recorded()->guest.machine();
            SeenOutputs outputs;
            machine->set_output_listener(&outputs);
            u64 wrong = 0;
            bool same_end = rerun(*machine, run, slice, [&](const Checkpoint& checkpoint) {
                wrong += machine->position() != checkpoint.position ||
                         machine->state_digest() != checkpoint.state ||
                         machine->whole_memory_digest() != checkpoint.memory;
            });
            VMFT_EXPECT(same_end);
            VMFT_EXPECT_EQUAL(wrong, 0u);
            VMFT_EXPECT_EQUAL(machine->state_digest(), run.end_state);
            VMFT_EXPECT_EQUAL(machine->whole_memory_digest(), run.end_memory);
            VMFT_EXPECT_EQUAL(outputs.digest(), run.outputs.digest());
        }
    }
}

VMFT_TEST(a_log_with_disks_replays_with_every_digest_equal) {
    if (!recorded()) return;
    const RecordedRun& run = recorded()->run;
    auto machine = recorded()->guest.machine();
    LogReplay replay(*machine);
    VMFT_EXPECT(replay.add_all(run, 0, run.frames.size()));
    VMFT_EXPECT_EQUAL(replay.message(), "");
    VMFT_EXPECT(replay.result() == Replay::Result::ended);
    VMFT_EXPECT_EQUAL(machine->whole_memory_digest(), run.end_memory);
}

VMFT_TEST(a_copy_asks_again_for_what_had_not_ended) {
    if (!recorded()) return;
    const RecordedRun& run = recorded()->run;
    VMFT_REQUIRE(run.copies.size() >= 3);
    u64 pending = 0;
    for (const Copy& copy : run.copies) {
        VMFT_REQUIRE(copy.machine != nullptr);
        struct : DiskRequestListener {
            std::vector<DiskRequest> all;
            void requested(DiskRequest&& request) override { all.push_back(std::move(request)); }
        } repeated;
        copy.machine->set_disk_listener(&repeated);
        copy.machine->repeat_pending_disk_requests();
        copy.machine->set_disk_listener(nullptr);
        VMFT_EXPECT(repeated.all == copy.disk_requests);
        pending += repeated.all.size();
        LogReplay replay(*copy.machine);
        VMFT_EXPECT(replay.add_all(run, copy.next_frame, run.frames.size()));
        VMFT_EXPECT_EQUAL(replay.message(), "");
        VMFT_EXPECT(replay.result() == Replay::Result::ended);
        VMFT_EXPECT_EQUAL(copy.machine->whole_memory_digest(), run.end_memory);
    }
    VMFT_EXPECT(pending > 0);
}

/// Also where nothing is shown: nobody should wait for a read until the slice ends.
VMFT_TEST(a_run_returns_behind_each_request) {
    if (!recorded()) return;
    GuestStart guest = disk_guest();
    for (DiskConfig& disk : guest.config.disks) disk.shared = false;
    auto machine = guest.machine();
    SimulatedDisks disks(guest.config.disks);
    machine->set_disk_listener(&disks);
    Random random(9);
    u64 returns = 0, requests = 0;
    while (machine->end() == ExitKind::position) {
        size_t before = disks.pending();
        MachineExit exit = machine->run(ticks_max);
        VMFT_REQUIRE(machine->position().ticks < ticks_max);
        if (disks.pending() > before) {
            returns++;
            requests += disks.pending() - before;
            // One kick's worth: the guest notifies for two of its requests in three.
            VMFT_EXPECT(exit.kind == ExitKind::position && disks.pending() - before <= 8);
        }
        if (exit.kind == ExitKind::halted)
            while (auto end = disks.end_one(random)) machine->apply(std::move(*end));
    }
    VMFT_EXPECT(machine->end() == ExitKind::power_off);
    VMFT_EXPECT(returns > 60 && requests > returns);
}

/// Rings of rubbish on every device, disks that answer what was asked by chance.
VMFT_TEST(rubbish_on_a_disk_is_the_same_rubbish_again) {
    if (!recorded()) return;
    GuestStart guest = small_guest("virtio-rubbish");
    guest.config.disks = two_disks();
    for (u64 seed = 21; seed <= 23; seed++) {
        RandomWorld world(seed, habits());
        RecordedRun run = record(guest, world, seed);
        VMFT_EXPECT(run.outputs.console.find("survived") != std::string::npos);
        VMFT_EXPECT(run.outputs.console.find("FAILED") == std::string::npos);
        auto machine = guest.machine();
        LogReplay replay(*machine);
        VMFT_EXPECT(replay.add_all(run, 0, run.frames.size()));
        VMFT_EXPECT_EQUAL(replay.message(), "");
        VMFT_EXPECT_EQUAL(machine->whole_memory_digest(), run.end_memory);
    }
}

/// Errors reach the guest, which says so, and the log says the same.
VMFT_TEST(disks_that_fail_are_recorded_as_they_failed) {
    if (!recorded()) return;
    RandomWorld::Habits failing = habits();
    failing.one_disk_error_in = 20;
    RandomWorld world(11, failing);
    RecordedRun run = record(recorded()->guest, world, 11);
    VMFT_EXPECT(run.outputs.console.find("FAILED") != std::string::npos);
    auto machine = recorded()->guest.machine();
    LogReplay replay(*machine);
    VMFT_EXPECT(replay.add_all(run, 0, run.frames.size()));
    VMFT_EXPECT_EQUAL(replay.message(), "");
}
