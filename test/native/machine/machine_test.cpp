#include "machine/machine.h"

#include <map>

#include "machine/fake_accelerator.h"
#include "machine/random.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

MachineConfig test_config() {
    MachineConfig config;
    config.memory_bytes = 8 << 20;
    config.mac = MacAddress{2, 0, 0, 0, 0, 1};
    config.realtime_ns = 1'700'000'000'000'000'000;
    return config;
}

/// Inputs by position; several at one position apply in order. While the machine is halted time
/// stands still, so `Run` follows each halt with a clock input of its own.
struct Script {
    std::multimap<u64, Input> inputs;

    static Script random(u64 seed, u64 ticks) {
        Random random(seed);
        Script script;
        for (u64 i = 0; i < ticks / 20000; i++) {
            u64 at = random.below(ticks);
            switch (random.below(3)) {
            case 0:
                script.inputs.emplace(at,
                                      ConsoleInput{0, std::vector<u8>(1 + random.below(20), 'x')});
                break;
            case 1:
                script.inputs.emplace(
                    at, ClockInput{at * 2 + random.below(1000), u32(500 + random.below(4000)), 0});
                break;
            default:
                script.inputs.emplace(at, NetFrameInput{std::vector<u8>(60, u8(random.next()))});
                break;
            }
        }
        return script;
    }
};

/// Runs a machine to `until`, in slices of at most `slice_max` ticks drawn from `seed` (0: in one
/// piece between inputs).
void run_script(Machine& machine, const Script& script, u64 until, u64 seed, u64 slice_max) {
    Random random(seed + 1);
    auto next = script.inputs.lower_bound(machine.position().ticks);
    for (;;) {
        u64 here = machine.position().ticks;
        while (next != script.inputs.end() && next->first <= here) machine.apply((next++)->second);
        if (here >= until) return;
        u64 target = until;
        if (next != script.inputs.end()) target = std::min(target, next->first);
        if (slice_max > 0) target = std::min(target, here + 1 + random.below(slice_max));
        MachineExit exit = machine.run(target);
        if (exit.ended()) return;
        // Woken by the host's clock exactly at the deadline, whatever slice found it halted.
        if (exit.kind == ExitKind::halted)
            machine.apply(ClockInput{exit.next_deadline_ns, 1000, 0});
    }
}

struct Outputs final : OutputListener {
    void produced(Output&& output) override { all.push_back(std::move(output)); }
    std::vector<Output> all;
};

}  // namespace

VMFT_TEST(state_does_not_depend_on_slices) {
    constexpr u64 ticks = 3'000'000;
    Script script = Script::random(7, ticks);
    Machine whole(test_config(), make_fake_accelerator);
    Outputs whole_outputs;
    whole.set_output_listener(&whole_outputs);
    run_script(whole, script, ticks, 0, 0);
    VMFT_EXPECT(whole_outputs.all.size() > 20);
    for (u64 seed = 1; seed <= 12; seed++) {
        Machine sliced(test_config(), make_fake_accelerator);
        Outputs outputs;
        sliced.set_output_listener(&outputs);
        run_script(sliced, script, ticks, seed, seed % 3 == 0 ? 50 : 30'000);
        VMFT_EXPECT(sliced.position() == whole.position());
        VMFT_EXPECT_EQUAL(sliced.state_digest(), whole.state_digest());
        VMFT_EXPECT_EQUAL(sliced.whole_memory_digest(), whole.whole_memory_digest());
        VMFT_REQUIRE(outputs.all.size() == whole_outputs.all.size());
        for (size_t i = 0; i < outputs.all.size(); i++) {
            VMFT_EXPECT(outputs.all[i].ticks == whole_outputs.all[i].ticks &&
                        outputs.all[i].bytes == whole_outputs.all[i].bytes);
        }
    }
}

VMFT_TEST(an_end_of_a_disk_request_that_never_was_changes_nothing_the_guest_sees) {
    Machine machine(test_config(), make_fake_accelerator);
    machine.run(10'000);
    u64 digest = machine.state_digest();
    machine.apply(DiskCompletionInput{4, 1, DiskStatus::ok, {1, 2, 3}, false, 0});
    VMFT_EXPECT_EQUAL(machine.state_digest(), digest);
    MachineConfig config = test_config();
    config.disks = {{1 << 20, 512, true, false, false, ""}};
    Machine with_disk(config, make_fake_accelerator);
    with_disk.run(10'000);
    u64 memory = with_disk.whole_memory_digest();
    digest = with_disk.state_digest();
    with_disk.apply(DiskCompletionInput{0, 1, DiskStatus::ok, {1, 2, 3}, false, 0});
    VMFT_EXPECT(with_disk.state_digest() != digest);  // Counted.
    VMFT_EXPECT_EQUAL(with_disk.whole_memory_digest(), memory);
}

VMFT_TEST(control_inputs_end_the_machine) {
    Machine machine(test_config(), make_fake_accelerator);
    while (machine.position().ticks < 1000)
        machine.run(1000);  // A run also returns behind an output.
    machine.apply(ControlInput{ControlKind::power_off});
    u64 digest = machine.state_digest();
    VMFT_EXPECT(machine.run(5000).kind == ExitKind::power_off);
    machine.apply(ClockInput{1'000'000'000, 1, 1});
    VMFT_EXPECT_EQUAL(machine.position().ticks, 1000u);
    VMFT_EXPECT_EQUAL(machine.state_digest(), digest);
}

VMFT_TEST(a_cpu_share_is_state_only_where_it_is_not_all) {
    Machine machine(test_config(), make_fake_accelerator);
    machine.run(50'000);
    StateWriter before, limited;
    machine.save(before);
    u64 digest = machine.state_digest();
    machine.apply(ControlInput{ControlKind::cpu_share, 250});
    VMFT_EXPECT(machine.cpu_share() == 0.25);
    VMFT_EXPECT(machine.state_digest() != digest);
    machine.save(limited);
    Machine copy(test_config(), make_fake_accelerator);
    StateReader reader(limited.bytes());
    copy.restore(reader);
    VMFT_EXPECT(reader.ok() && reader.bytes_left() == 0);
    VMFT_EXPECT(copy.cpu_share() == 0.25);
    VMFT_EXPECT_EQUAL(copy.state_digest(), machine.state_digest());
    StateReader older(before.bytes());
    copy.restore(older);
    VMFT_EXPECT(older.ok() && copy.cpu_share() == 1);
    machine.apply(ControlInput{ControlKind::cpu_share, 1000});
    VMFT_EXPECT_EQUAL(machine.state_digest(), digest);

    StateWriter none, all;
    none.put_bytes(before.bytes());
    none.put(u32{9});
    all.put_bytes(before.bytes());
    all.put(u32{1000});
    for (const StateWriter* bad : {&none, &all}) {
        StateReader damaged(bad->bytes());
        copy.restore(damaged);
        VMFT_EXPECT(!damaged.ok());
    }
}
