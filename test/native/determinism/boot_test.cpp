#include <algorithm>

#include "accel/soft/soft.h"
#include "determinism/guest_files.h"
#include "determinism/log_replay.h"
#include "determinism/recorded_run.h"

using namespace vmft;
using namespace vmft::test;

/// Debian's stock kernel with a shell on its console, a network and a host that does what it likes
/// at random times, recorded once for all tests here. Needs VMFT_KERNEL and VMFT_INITRAMFS.
namespace {

constexpr u64 ticks_max = 1'900'000'000;
constexpr u64 seed = 20101;
constexpr unsigned positions = 100;
constexpr size_t frames_behind_copy = 60;

struct Boot {
    GuestStart guest;
    RecordedRun run;
};

GuestStart debian() {
    GuestStart guest;
    std::string kernel = guest_path("VMFT_KERNEL"), initramfs = guest_path("VMFT_INITRAMFS");
    if (kernel.empty() || initramfs.empty()) return guest;
    guest.kernel = read_file(kernel);
    guest.initramfs = read_file(initramfs);
    guest.config.memory_bytes = 128 << 20;
    guest.config.command_line =
        "console=ttyS0 quiet mitigations=off vmft.mode=shell vmft.ip=10.0.0.2/24";
    guest.config.mac = MacAddress{2, 0, 0, 0, 0, 2};
    guest.config.random_seed.fill(0x42);
    guest.config.realtime_ns = 1'700'000'000'000'000'000;
    return guest;
}

RandomWorld::Habits habits() {
    RandomWorld::Habits habits;
    habits.lines = {"uname -a\r",
                    "for i in 1 2 3; do echo line $i & done; wait\r",
                    "date; cat /proc/interrupts\r",
                    "dd if=/dev/hwrng bs=64 count=4 2>/dev/null | md5sum\r",
                    "dd if=/dev/urandom bs=4096 count=64 2>/dev/null | md5sum\r",
                    "cat /proc/meminfo /proc/net/dev\r"};
    habits.random_bytes = true;
    habits.typing_begins_behind = "vmft-guest: shell";
    habits.guest_address = 0x0a00'0002;
    return habits;
}

/// Null when the guest is not there.
const Boot* boot() {
    static const Boot recorded = [] {
        Boot boot;
        boot.guest = debian();
        if (boot.guest.kernel.empty()) return boot;
        Random random(seed);
        RecordingPlan plan;
        plan.seed = seed;
        plan.ticks_max = ticks_max;
        while (plan.checkpoint_ticks.size() < positions)
            plan.checkpoint_ticks.insert(1 + random.below(ticks_max));
        while (plan.copy_ticks.size() < 4)
            plan.copy_ticks.insert(1 + random.below(ticks_max * 9 / 10));
        RandomWorld world(seed, habits());
        boot.run = record_run(boot.guest, world, plan);
        return boot;
    }();
    return recorded.guest.kernel.empty() ? nullptr : &recorded;
}

}  // namespace

VMFT_TEST(the_recorded_guest_did_something) {
    if (!boot()) return;
    const RecordedRun& run = boot()->run;
    VMFT_EXPECT(run.end_kind == ExitKind::power_off);
    VMFT_EXPECT(run.outputs.console.find("Linux vmft-guest") != std::string::npos);
    VMFT_EXPECT(run.outputs.console.find("line 3") != std::string::npos);
    VMFT_EXPECT(run.outputs.frames > 50);
    u64 by_kind[std::variant_size_v<Input>] = {};
    for (const Record& record : run.records) by_kind[record.input.index()]++;
    VMFT_EXPECT(by_kind[0] > 500 && by_kind[1] > 500 && by_kind[2] > 20 && by_kind[3] > 0);
    std::cout << run.records.size() << " inputs (" << by_kind[0] << " frames, " << by_kind[1]
              << " clock, " << by_kind[2] << " console, " << by_kind[3] << " entropy), "
              << run.outputs.frames << " frames sent, " << run.checkpoints.size() << " positions"
              << std::endl;
}

VMFT_TEST(replays_with_every_digest_equal) {
    if (!boot()) return;
    const RecordedRun& run = boot()->run;
    auto machine = boot()->guest.machine();
    SeenOutputs outputs;
    machine->set_output_listener(&outputs);
    LogReplay replay(*machine);
    VMFT_EXPECT(replay.add_all(run, 0, run.frames.size()));
    VMFT_EXPECT_EQUAL(replay.message(), "");
    VMFT_EXPECT(replay.result() == Replay::Result::ended);
    VMFT_EXPECT(replay.digests_checked() > run.frames.size());
    VMFT_EXPECT(machine->position() == run.end);
    VMFT_EXPECT_EQUAL(machine->whole_memory_digest(), run.end_memory);
    VMFT_EXPECT_EQUAL(outputs.digest(), run.outputs.digest());
}

VMFT_TEST(random_positions_have_the_recorded_state) {
    if (!boot()) return;
    const RecordedRun& run = boot()->run;
    VMFT_EXPECT(run.checkpoints.size() > positions * 9 / 10);
    // The recorded machine translates, this one does not.
    TranslatorOptions interpreted;
    interpreted.enabled = false;
    auto machine = boot()->guest.machine(soft_accelerator_with(interpreted));
    Random random(seed + 1);
    u64 wrong = 0;
    bool same_end = rerun(
        *machine, run, [&] { return 1 + random.below(random.below(50) ? 900'000 : 9); },
        [&](const Checkpoint& checkpoint) {
            bool equal = machine->position() == checkpoint.position &&
                         machine->state_digest() == checkpoint.state &&
                         machine->whole_memory_digest() == checkpoint.memory;
            if (!equal) wrong++;
        });
    VMFT_EXPECT(same_end);
    VMFT_EXPECT_EQUAL(wrong, 0u);
    VMFT_EXPECT_EQUAL(machine->state_digest(), run.end_state);
    VMFT_EXPECT_EQUAL(machine->whole_memory_digest(), run.end_memory);
}

VMFT_TEST(machines_copied_while_they_ran_follow_the_log) {
    if (!boot()) return;
    const RecordedRun& run = boot()->run;
    VMFT_REQUIRE(run.copies.size() >= 3);
    for (const Copy& copy : run.copies) {
        VMFT_REQUIRE(copy.machine != nullptr);
        LogReplay replay(*copy.machine);
        VMFT_EXPECT(replay.add_all(run, copy.next_frame, copy.next_frame + frames_behind_copy));
        VMFT_EXPECT_EQUAL(replay.message(), "");
        VMFT_EXPECT(replay.digests_checked() >= frames_behind_copy);
    }
}
