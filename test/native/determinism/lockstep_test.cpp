#include "determinism/lockstep.h"

#include <cstdlib>

#include "accel/soft/soft.h"
#include "determinism/guest_files.h"
#include "determinism/log_replay.h"
#include "determinism/small_guest.h"

using namespace vmft;
using namespace vmft::test;

/// The translator against the interpreter over whole guests. `npm run lockstep` does it for the
/// kernel's whole boot and the guest's benchmark, from VMFT_LOCKSTEP_SEED on, with stops at most
/// VMFT_LOCKSTEP_APART ticks apart. Needs VMFT_KERNEL and VMFT_INITRAMFS.
namespace {

u64 from_environment(const char* name, u64 otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

GuestStart debian(const std::string& mode) {
    GuestStart guest;
    std::string kernel = guest_path("VMFT_KERNEL"), initramfs = guest_path("VMFT_INITRAMFS");
    if (kernel.empty() || initramfs.empty()) return guest;
    guest.kernel = read_file(kernel);
    guest.initramfs = read_file(initramfs);
    guest.config.memory_bytes = 192 << 20;
    guest.config.command_line = "console=ttyS0 quiet vmft.ip=10.0.0.2/24 vmft.mode=" + mode;
    guest.config.mac = MacAddress{2, 0, 0, 0, 0, 2};
    guest.config.random_seed.fill(0x42);
    guest.config.realtime_ns = 1'700'000'000'000'000'000;
    return guest;
}

/// What is translated when, and how little fits: by the seed.
TranslatorOptions options_of(u64 seed) {
    static constexpr u32 runs[] = {0, 12, 1, 100};
    static constexpr u64 sizes[] = {u64{32} << 20, u64{1} << 20, u64{256} << 10};
    TranslatorOptions options;
    options.after_runs = runs[seed % 4];
    options.code_bytes = sizes[seed % 3];
    return options;
}

LockstepPlan plan_of(u64 seed, u64 ticks_max, u64 apart_ticks_max) {
    LockstepPlan plan;
    plan.seed = seed;
    plan.ticks_max = ticks_max;
    plan.apart_ticks_max = apart_ticks_max;
    plan.options = options_of(seed);
    plan.habits.guest_address = 0x0a00'0002;
    return plan;
}

TranslatorOptions interpreted() {
    TranslatorOptions options;
    options.enabled = false;
    return options;
}

/// Recorded with one, replayed with the other.
void expect_replay(const GuestStart& guest, const RecordingPlan& plan,
                   const RandomWorld::Habits& habits, const TranslatorOptions& replayer,
                   const std::string& name) {
    RandomWorld world(plan.seed, habits);
    RecordedRun run = record_run(guest, world, plan);
    VMFT_EXPECT(!run.frames.empty());
    auto machine = guest.machine(soft_accelerator_with(replayer));
    LogReplay replay(*machine);
    bool same = replay.add_all(run, 0, run.frames.size()) &&
                replay.result() == Replay::Result::ended && machine->position() == run.end &&
                machine->state_digest() == run.end_state &&
                machine->whole_memory_digest() == run.end_memory;
    VMFT_EXPECT(same);
    if (!same) std::cout << "  " << name << ": " << replay.message() << std::endl;
}

}  // namespace

VMFT_TEST(the_kernel_and_the_benchmark_are_the_same_translated_and_interpreted) {
    GuestStart guest = debian("bench");
    if (guest.kernel.empty()) return;
    u64 seed = from_environment("VMFT_LOCKSTEP_SEED", 0);
    u64 ticks_max = from_environment("VMFT_LOCKSTEP_TICKS", 100'000'000);
    u64 apart = from_environment("VMFT_LOCKSTEP_APART", 100'000);
    LockstepResult result = run_lockstep(guest, plan_of(seed, ticks_max, apart));
    std::cout << "lockstep: seed " << seed << ", " << result.ticks << " ticks, " << result.stops
              << " states compared"
              << (result.end == ExitKind::power_off ? ", to the power-off" : "") << std::endl;
    VMFT_EXPECT_EQUAL(result.difference, "");
    VMFT_EXPECT(result.end == ExitKind::power_off || result.ticks == ticks_max);
    if (result.end == ExitKind::power_off)
        VMFT_EXPECT(result.console.find("total") != std::string::npos);
}

VMFT_TEST(a_planted_bug_is_found_in_lock_step) {
    GuestStart guest = small_guest("echo");
    if (guest.kernel.empty()) return;
    LockstepPlan plan = plan_of(3, 3'000'000, 3'000);
    plan.stops_max = 3'000;
    plan.habits.lines = {"hello\r", "The quick brown fox\r", "quit\r"};
    plan.habits.inputs_apart_ticks = 3'000;
    plan.habits.slice_ticks_max = 3'000;
    plan.habits.guest_address = 0;
    VMFT_EXPECT_EQUAL(run_lockstep(guest, plan).difference, "");
    plan.fault_ticks = 5'000;
    plan.fault = [](soft::Cpu& cpu) { cpu.gpr[soft::r13] ^= u64{1} << 40; };
    std::string found = run_lockstep(guest, plan).difference;
    VMFT_EXPECT(found.find("saved state") != std::string::npos);
    VMFT_EXPECT(found.find("reference in front of it: ") != std::string::npos);
    plan.fault = [](soft::Cpu& cpu) {
        cpu.ram[0x9000 + 0x800] ^= 0x10;
        cpu.memory->mark_dirty(9);
    };
    VMFT_EXPECT(run_lockstep(guest, plan).difference.find("page") != std::string::npos);
}

VMFT_TEST(a_recording_of_one_replays_with_the_other) {
    unsigned guests = 0;
    for (const std::string& name : small_guest_names()) {
        GuestStart guest = small_guest(name);
        RandomWorld::Habits habits;
        habits.lines = {"hello\r", "\r", "quit\r"};
        habits.random_bytes = true;
        habits.guest_address = 0x0a00'0002;
        habits.inputs_apart_ticks = 3'000;
        habits.slice_ticks_max = 3'000;
        RecordingPlan plan;
        plan.ticks_max = 1'000'000;
        plan.inputs_max = 1'500;
        plan.segments_per_memory_digest = 8;
        for (u64 seed = 0; seed < 2; seed++) {
            plan.seed = seed + guests;
            plan.options = interpreted();
            expect_replay(guest, plan, habits, options_of(seed), name);
            plan.options = options_of(seed);
            expect_replay(guest, plan, habits, interpreted(), name);
        }
        guests++;
    }
    GuestStart guest = debian("bench");
    if (guest.kernel.empty()) return;
    RandomWorld::Habits habits;
    habits.guest_address = 0x0a00'0002;
    RecordingPlan plan;
    plan.seed = from_environment("VMFT_LOCKSTEP_SEED", 1);
    plan.ticks_max = from_environment("VMFT_LOCKSTEP_TICKS", 40'000'000);
    plan.options = interpreted();
    expect_replay(guest, plan, habits, options_of(plan.seed), "the kernel, recorded interpreted");
    plan.options = options_of(plan.seed);
    expect_replay(guest, plan, habits, interpreted(), "the kernel, recorded translated");
}
