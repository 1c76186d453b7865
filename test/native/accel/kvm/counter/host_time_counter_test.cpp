#include "accel/kvm/counter/host_time_counter.h"

#include <cstring>

#include "accel/kvm/conformance/kvm_here.h"
#include "accel/kvm/monotonic_clock.h"
#include "accel/soft/soft.h"
#include "determinism/small_guest.h"

using namespace vmft;
using namespace vmft::test;
using namespace vmft::test::conformance;

/// Guests on KVM without a counter: they run, they can be moved wherever they were broken out of,
/// and whoever asks for a position is refused. Needs VMFT_GUESTS.
namespace {

/// What they show depends on what is typed alone, not on time.
constexpr const char* moved_guests[] = {"hello", "paging", "self-modifying", "echo"};
constexpr u64 turns_max = 20'000, moves_max = 6, slice_ns_max = 400'000;

Machine::AcceleratorFactory uncounted() {
    return [](GuestMemory& memory, Platform& platform) {
        return kvm::make_kvm_accelerator(
            memory, platform, kvm_here().options({.kind = kvm::CounterOptions::Kind::none}));
    };
}

RandomWorld::Habits typing(u64 inputs_apart_ticks) {
    RandomWorld::Habits habits;
    for (int i = 0; i < 30; i++) habits.lines.push_back("line " + std::to_string(i * i) + "\r");
    habits.lines.push_back("quit\r");
    habits.typing_begins_behind = "ready";
    habits.inputs_apart_ticks = habits.slice_ticks_max = inputs_apart_ticks;
    return habits;
}

struct Move {
    std::string console;
    ExitKind end = ExitKind::position;
    u64 moves = 0, broken_out = 0;
    bool refused = false;
};

/// Runs a guest to its end, and about every third time that it comes out moves it to a machine of
/// its own.
Move run_moving(const GuestStart& guest, const Machine::AcceleratorFactory& make, u64 seed,
                u64 inputs_apart_ticks, bool moves) {
    Move seen;
    std::unique_ptr<Machine> machine = guest.machine(make);
    SeenOutputs outputs;
    machine->set_output_listener(&outputs);
    RandomWorld world(seed, typing(inputs_apart_ticks));
    Random random(seed);
    auto take = [&](Input&& input) { machine->apply(input); };
    for (u64 turn = 0; turn < turns_max && machine->end() == ExitKind::position; turn++) {
        world.inputs(*machine, outputs.console, take);
        machine->break_out_at(kvm::monotonic_ns() + random.below(slice_ns_max));
        MachineExit exit = machine->run(machine->position().ticks + inputs_apart_ticks);
        seen.broken_out += exit.broken_out;
        if (exit.kind == ExitKind::halted)
            world.wake(*machine, exit.next_deadline_ns, outputs.console, take);
        if (!moves || seen.moves >= moves_max || random.below(4) != 0) continue;
        StateWriter state;
        machine->save(state);
        auto next = std::make_unique<Machine>(guest.config, make);
        for (u64 page = 0; page < machine->memory().pages(); page++)
            std::memcpy(next->memory().data() + page * page_bytes,
                        machine->memory().data() + page * page_bytes, page_bytes);
        StateReader reader(state.bytes());
        next->restore(reader);
        if (!reader.ok() || next->state_digest() != machine->state_digest()) {
            seen.refused = true;
            break;
        }
        machine = std::move(next);
        machine->set_output_listener(&outputs);
        seen.moves++;
    }
    machine->set_output_listener(nullptr);
    seen.console = outputs.console;
    seen.end = machine->end();
    return seen;
}

}  // namespace

VMFT_TEST(an_uncounted_guest_can_be_moved_wherever_it_was_broken_out_of) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    if (guest_path("VMFT_GUESTS").empty()) VMFT_SKIP("VMFT_GUESTS is not set");
    u64 moves = 0, broken_out = 0;
    for (const char* name : moved_guests) {
        GuestStart guest = small_guest(name);
        Move wanted = run_moving(guest, make_soft_accelerator, 1, 20'000, false);
        Move still = run_moving(guest, uncounted(), 2, 20'000, false);
        Move moved = run_moving(guest, uncounted(), 3, 20'000, true);
        VMFT_EXPECT(wanted.end == ExitKind::power_off && !wanted.console.empty());
        VMFT_EXPECT(still.end == wanted.end && moved.end == wanted.end);
        VMFT_EXPECT(still.console == wanted.console && moved.console == wanted.console);
        VMFT_EXPECT(!moved.refused);
        if (moved.console != wanted.console)
            std::cout << "  " << name << ": " << moved.console << std::endl;
        moves += moved.moves;
        broken_out += moved.broken_out;
    }
    std::cout << moves << " moves, broken out of " << broken_out << " times" << std::endl;
    VMFT_EXPECT(moves > 15);
}

VMFT_TEST(an_uncounted_guest_has_no_positions) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    if (guest_path("VMFT_GUESTS").empty()) VMFT_SKIP("VMFT_GUESTS is not set");
    std::unique_ptr<Machine> machine = small_guest("echo").machine(uncounted());
    VMFT_EXPECT(!machine->positions_exact());
    machine->run(~u64{0});
    Position ahead = machine->position();
    VMFT_EXPECT(ahead.ticks > 0);
    ahead.ticks += 1'000;
    try {
        machine->run_to(ahead);
        VMFT_EXPECT(!"a position was come to");
    } catch (const AcceleratorFault& fault) {
        VMFT_EXPECT(fault.kind() == AcceleratorFault::Kind::unavailable);
        VMFT_EXPECT(fault.what_to_do().find("checkpoint") != std::string::npos);
    }
}
