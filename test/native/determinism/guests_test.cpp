#include "determinism/log_replay.h"
#include "determinism/small_guest.h"

using namespace vmft;
using namespace vmft::test;

/// Every test guest in a world that does what it likes, recorded and run again however it is cut:
/// needs VMFT_GUESTS.
namespace {

constexpr u64 ticks_max = 3'000'000;

RecordedRun record(const GuestStart& guest, u64 seed) {
    RandomWorld::Habits habits;
    habits.lines = {"hello\r", "\r", "The quick brown fox\r", "quit\r"};
    habits.random_bytes = true;
    habits.guest_address = 0x0a00'0002;
    habits.inputs_apart_ticks = 3'000;
    habits.slice_ticks_max = 3'000;
    RandomWorld world(seed, habits);
    RecordingPlan plan;
    plan.seed = seed;
    plan.ticks_max = ticks_max;
    plan.inputs_max = 3'000;
    Random random(seed);
    for (int i = 0; i < 12; i++)
        plan.checkpoint_ticks.insert(1 + random.below(u64{1} << (4 + random.below(21))));
    return record_run(guest, world, plan);
}

void expect_same(const GuestStart& guest, const RecordedRun& run, const std::string& name,
                 const std::function<u64()>& slice) {
    auto machine = guest.machine();
    SeenOutputs outputs;
    machine->set_output_listener(&outputs);
    bool same = true;
    same &= rerun(*machine, run, slice, [&](const Checkpoint& checkpoint) {
        same &= machine->position() == checkpoint.position &&
                machine->state_digest() == checkpoint.state &&
                machine->whole_memory_digest() == checkpoint.memory;
    });
    same &= machine->state_digest() == run.end_state &&
            machine->whole_memory_digest() == run.end_memory;
    same &= outputs.digest() == run.outputs.digest();
    VMFT_EXPECT(same);
    if (!same) std::cout << "  guest " << name << std::endl;
}

}  // namespace

VMFT_TEST(every_guest_is_the_same_however_it_is_cut) {
    for (const std::string& name : small_guest_names()) {
        GuestStart guest = small_guest(name);
        for (u64 seed = 1; seed <= 3; seed++) {
            RecordedRun run = record(guest, seed);
            VMFT_EXPECT(!run.frames.empty());
            Random random(seed + 100);
            expect_same(guest, run, name, [] { return ticks_max; });
            expect_same(guest, run, name, [&] { return 1 + random.below(2'000); });
            expect_same(guest, run, name, [&] { return 1 + random.below(3); });

            auto machine = guest.machine();
            LogReplay replay(*machine);
            VMFT_EXPECT(replay.add_all(run, 0, run.frames.size()));
            VMFT_EXPECT_EQUAL(replay.message(), "");
            VMFT_EXPECT(replay.result() == Replay::Result::ended);
        }
    }
}
