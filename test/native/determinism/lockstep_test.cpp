#include "determinism/lockstep.h"

#include <algorithm>
#include <cstdlib>

#include "accel/soft/soft.h"
#include "determinism/guest_files.h"
#include "determinism/log_replay.h"
#include "determinism/small_guest.h"
#include "determinism/workloads.h"

using namespace vmft;
using namespace vmft::test;

/// The translator against the interpreter over whole guests. `npm run lockstep` does it for the
/// whole of each VMFT_LOCKSTEP_WORKLOAD, from VMFT_LOCKSTEP_SEED on, with stops at most
/// VMFT_LOCKSTEP_APART ticks apart. Needs what `workload` does.
namespace {

u64 from_environment(const char* name, u64 otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

std::string workload_name() {
    const char* chosen = std::getenv("VMFT_LOCKSTEP_WORKLOAD");
    return chosen ? chosen : "benchmark";
}

/// What is translated when, and how little fits: by the seed.
TranslatorOptions options_of(u64 seed, u64 code_bytes_min = 0) {
    static constexpr u32 runs[] = {0, 12, 1, 100};
    static constexpr u64 sizes[] = {u64{32} << 20, u64{1} << 20, u64{256} << 10};
    TranslatorOptions options;
    options.after_runs = runs[seed % 4];
    options.code_bytes = std::max(sizes[seed % 3], code_bytes_min);
    return options;
}

LockstepPlan plan_of(u64 seed, u64 ticks_max, u64 apart_ticks_max) {
    LockstepPlan plan;
    plan.seed = seed;
    plan.ticks_max = ticks_max;
    plan.apart_ticks_max = apart_ticks_max;
    plan.options = options_of(seed);
    return plan;
}

TranslatorOptions interpreted() {
    TranslatorOptions options;
    options.enabled = false;
    return options;
}

/// Recorded with one, replayed with the other. Returns the recording.
RecordedRun expect_replay(const GuestStart& guest, const RecordingPlan& plan,
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
    return run;
}

/// Of a guest that powered off by itself.
void expect_done(const Workload& work, const std::string& console) {
    for (const std::string& text : work.told) {
        bool told = console.find(text) != std::string::npos;
        VMFT_EXPECT(told);
        if (!told) std::cout << "the guest said:\n" << console << std::endl;
    }
}

}  // namespace

VMFT_TEST(a_workload_is_the_same_translated_and_interpreted) {
    std::string name = workload_name();
    Workload work = workload(name);
    if (work.guest.kernel.empty()) return;
    u64 seed = from_environment("VMFT_LOCKSTEP_SEED", 0);
    u64 ticks_max = from_environment("VMFT_LOCKSTEP_TICKS", 100'000'000);
    u64 apart = from_environment("VMFT_LOCKSTEP_APART", 100'000);
    LockstepPlan plan = plan_of(seed, ticks_max, apart);
    plan.options = options_of(seed, work.code_bytes_min);
    plan.habits = work.habits;
    LockstepResult result = run_lockstep(work.guest, plan);
    bool whole = result.end == ExitKind::power_off;
    std::cout << "lockstep: " << name << ", seed " << seed << ": " << result.ticks << " ticks, "
              << result.stops << " states compared, " << result.drawn_stops << " at random ticks, "
              << result.disk_requests << " disk requests" << (whole ? ", to the power-off" : "")
              << std::endl;
    VMFT_EXPECT_EQUAL(result.difference, "");
    VMFT_EXPECT(whole || result.ticks == ticks_max);
    if (whole) expect_done(work, result.console);
}

VMFT_TEST(a_planted_bug_is_found_in_lock_step) {
    GuestStart guest = small_guest("echo");
    if (guest.kernel.empty()) return;
    LockstepPlan plan = plan_of(3, 3'000'000, 3'000);
    plan.stops_max = 3'000;
    plan.habits.lines = {"hello\r", "The quick brown fox\r", "quit\r"};
    plan.habits.inputs_apart_ticks = 3'000;
    plan.habits.slice_ticks_max = 3'000;
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
}

VMFT_TEST(a_recording_of_a_workload_replays_with_the_other) {
    std::string name = workload_name();
    Workload work = workload(name);
    if (work.guest.kernel.empty()) return;
    RecordingPlan plan;
    plan.seed = from_environment("VMFT_LOCKSTEP_SEED", 1);
    plan.ticks_max = from_environment("VMFT_LOCKSTEP_TICKS", 40'000'000);
    TranslatorOptions translated = options_of(plan.seed, work.code_bytes_min);
    for (bool translates : {false, true}) {
        plan.options = translates ? translated : interpreted();
        std::string title =
            name + (translates ? ", recorded translated" : ", recorded interpreted");
        RecordedRun run = expect_replay(work.guest, plan, work.habits,
                                        translates ? interpreted() : translated, title);
        bool whole = run.end_kind == ExitKind::power_off && run.end.ticks < plan.ticks_max;
        VMFT_EXPECT(whole || run.end.ticks == plan.ticks_max);
        if (whole) expect_done(work, run.outputs.console);
        std::cout << title << ": " << run.end.ticks << " ticks, " << run.frames.size()
                  << " segments replayed" << (whole ? ", to the power-off" : "") << std::endl;
    }
}
