#include <ctime>

#include "accel/kvm/conformance/kvm_here.h"
#include "accel/kvm/monotonic_clock.h"
#include "base/limits.h"
#include "determinism/small_guest.h"

using namespace vmft;
using namespace vmft::test;
using namespace vmft::test::conformance;

/// The guests of images/guests on whole machines: recorded on KVM, broken out of at random times,
/// and run again on a fresh machine with a counter that is late. Needs VMFT_GUESTS.
namespace {

using Kind = kvm::CounterOptions::Kind;

/// Those that read the time-stamp counter outside a kernel's text are left out: no KVM traps it.
struct MachineGuest {
    const char* name;
    u8 needs;
};
constexpr MachineGuest machine_guests[] = {
    {"hello", Guest::nothing},
    {"paging", Guest::nothing},
    {"self-modifying", Guest::nothing},
    {"echo", Guest::nothing},
    {"strings", Guest::nothing},
    {"halt", Guest::nothing},
    {"triple-fault", Guest::nothing},
    {"virtio-rubbish", Guest::nothing},
    {"user-mode", Guest::user_mode | Guest::software_interrupts}};

constexpr u64 ticks_max = 8'000, inputs_max = 80, turns_max = 600, slice_ns_max = 3'000'000,
              turns_per_checkpoint = 40;

struct RecordedMachine {
    std::vector<Record> records;
    std::vector<Checkpoint> checkpoints;
    Position end;
    ExitKind end_kind = ExitKind::position;
    u64 end_state = 0, end_memory = 0, outputs = 0, broken_out = 0;
};

Checkpoint checkpoint_of(const Machine& machine, u64 records_before) {
    return {records_before, machine.position(), machine.state_digest(),
            machine.whole_memory_digest()};
}

Machine::AcceleratorFactory factory(const kvm::CounterOptions& counter) {
    return [counter](GuestMemory& memory, Platform& platform) {
        return kvm::make_kvm_accelerator(memory, platform, kvm_here().options(counter));
    };
}

RecordedMachine record(Machine& machine, u64 seed) {
    RandomWorld::Habits habits;
    habits.lines = {"hello\r", "\r", "The quick brown fox\r", "quit\r"};
    habits.random_bytes = true;
    habits.guest_address = 0x0a00'0002;
    habits.inputs_apart_ticks = 300;
    habits.slice_ticks_max = 300;
    RandomWorld world(seed, habits);
    Random random(seed ^ 0x5eed);
    RecordedMachine run;
    SeenOutputs outputs;
    machine.set_output_listener(&outputs);
    auto take = [&](Input&& input) {
        run.records.push_back({machine.position(), input});
        machine.apply(input);
    };
    for (u64 turn = 0; machine.end() == ExitKind::position; turn++) {
        world.inputs(machine, outputs.console, take);
        if (turn >= turns_max || machine.position().ticks >= ticks_max ||
            run.records.size() >= inputs_max) {
            take(ControlInput{ControlKind::power_off});
            break;
        }
        machine.break_out_at(kvm::monotonic_ns() + random.below(slice_ns_max));
        MachineExit exit = machine.run(~u64{0});
        run.broken_out += exit.broken_out;
        if (random.below(turns_per_checkpoint) == 0 && machine.end() == ExitKind::position)
            run.checkpoints.push_back(checkpoint_of(machine, run.records.size()));
        if (exit.kind == ExitKind::halted)
            world.wake(machine, exit.next_deadline_ns, outputs.console, take);
    }
    machine.set_output_listener(nullptr);
    run.end = machine.position();
    run.end_kind = machine.end();
    run.end_state = machine.state_digest();
    run.end_memory = machine.whole_memory_digest();
    run.outputs = outputs.digest();
    return run;
}

void run_to(Machine& machine, const Position& target) {
    while (machine.position() != target) {
        MachineExit exit = machine.run_to(target);
        if (exit.ended() || exit.kind == ExitKind::halted) return;
    }
}

bool same(const Checkpoint& found, const Checkpoint& wanted, const char* where) {
    if (found.position == wanted.position && found.state == wanted.state &&
        found.memory == wanted.memory)
        return true;
    std::cout << "  " << where << " at ticks " << wanted.position.ticks << " exits "
              << wanted.position.exits << ":"
              << (found.position == wanted.position ? "" : " another position")
              << (found.state == wanted.state ? "" : " another state")
              << (found.memory == wanted.memory ? "" : " other memory") << std::endl;
    return false;
}

bool replay(Machine& machine, const RecordedMachine& run) {
    SeenOutputs outputs;
    machine.set_output_listener(&outputs);
    auto next = run.checkpoints.begin();
    for (u64 applied = 0; applied <= run.records.size(); applied++) {
        for (; next != run.checkpoints.end() && next->records_before == applied; ++next) {
            run_to(machine, next->position);
            if (!same(checkpoint_of(machine, applied), *next, "checkpoint")) return false;
        }
        if (applied == run.records.size()) break;
        const Record& record = run.records[applied];
        run_to(machine, record.position);
        if (machine.position() != record.position) {
            std::cout << "  input " << applied << " is elsewhere" << std::endl;
            return false;
        }
        machine.apply(record.input);
    }
    while (machine.end() == ExitKind::position && run.end_kind != ExitKind::position) {
        MachineExit exit = machine.run_to(run.end);
        if (exit.kind == ExitKind::halted) break;
        if (machine.position() == run.end && machine.end() == ExitKind::position)
            machine.run(~u64{0});
    }
    machine.set_output_listener(nullptr);
    return machine.end() == run.end_kind && outputs.digest() == run.outputs &&
           same(checkpoint_of(machine, 0), {0, run.end, run.end_state, run.end_memory}, "end");
}

}  // namespace

VMFT_TEST(machines_on_kvm_replay_with_equal_digests) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    if (guest_path("VMFT_GUESTS").empty()) VMFT_SKIP("VMFT_GUESTS is not set");
    u64 records = 0, checkpoints = 0, broken_out = 0, replays = 0;
    for (const MachineGuest& one : machine_guests) {
        if (one.needs & here.lacks) continue;
        GuestStart guest = small_guest(one.name);
        std::unique_ptr<Machine> machine = guest.machine(factory({.kind = Kind::step}));
        VMFT_REQUIRE(machine != nullptr);
        u64 seed = 1 + records;
        RecordedMachine run = record(*machine, seed);
        records += run.records.size();
        checkpoints += run.checkpoints.size();
        broken_out += run.broken_out;
        // Alternately exact and late.
        kvm::CounterOptions counter{Kind::simulated, replays % 2 == 0 ? 30u : 0u, seed};
        std::unique_ptr<Machine> again = guest.machine(factory(counter));
        bool fine = replay(*again, run);
        VMFT_EXPECT(fine);
        if (!fine)
            std::cout << "  guest " << one.name << ", seed " << seed << ", skid " << counter.skid
                      << std::endl;
        replays++;
    }
    std::cout << records << " inputs, " << broken_out << " times broken out of, " << checkpoints
              << " checkpoints, " << replays << " replays" << std::endl;
    VMFT_EXPECT(records > 100);
}
