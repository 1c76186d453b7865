#include "machine/machine.h"

#include <map>

#include "machine/fake_accelerator.h"
#include "machine/random.h"
#include "machine/snapshot.h"
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

VMFT_TEST(a_snapshot_continues_like_the_original) {
    constexpr u64 ticks = 1'000'000;
    Script script = Script::random(9, 2 * ticks);
    for (u64 chunk : {u64{1} << 20, u64{4096}, u64{777}}) {
        Machine original(test_config(), make_fake_accelerator);
        run_script(original, script, ticks, 1, 10'000);
        original.apply(ControlInput{ControlKind::snapshot});
        SnapshotSource source(original);
        Machine copy(test_config(), make_fake_accelerator);
        SnapshotTarget target(copy);
        std::vector<u8> bytes(chunk);
        for (u64 offset = 0; offset < source.bytes();) {
            size_t count = source.read(offset, bytes);
            VMFT_REQUIRE(target.add(offset, std::span<const u8>(bytes).first(count)) ==
                         SnapshotFault::none);
            offset += count;
        }
        VMFT_REQUIRE(target.finish(source.bytes(), source.checksum()) == SnapshotFault::none);
        VMFT_EXPECT_EQUAL(copy.state_digest(), original.state_digest());
        VMFT_EXPECT_EQUAL(copy.whole_memory_digest(), original.whole_memory_digest());
        run_script(original, script, 2 * ticks, 2, 10'000);
        run_script(copy, script, 2 * ticks, 3, 3'000);
        VMFT_EXPECT_EQUAL(copy.state_digest(), original.state_digest());
        MemoryDigest first = original.take_memory_digest(), second = copy.take_memory_digest();
        VMFT_EXPECT(first.pages > 0 && first.pages == second.pages && first.value == second.value);
        VMFT_EXPECT_EQUAL(original.take_memory_digest().pages, 0u);
    }
}

VMFT_TEST(damaged_snapshots_are_refused_by_name) {
    Machine original(test_config(), make_fake_accelerator);
    original.run(50'000);
    original.apply(ControlInput{ControlKind::snapshot});
    SnapshotSource source(original);
    std::vector<u8> good(source.bytes());
    VMFT_REQUIRE(source.read(0, good) == good.size());

    auto restore = [&](const std::vector<u8>& bytes, u64 size, u64 checksum) {
        Machine copy(test_config(), make_fake_accelerator);
        SnapshotTarget target(copy);
        SnapshotFault fault = target.add(0, bytes);
        return fault != SnapshotFault::none ? fault : target.finish(size, checksum);
    };
    VMFT_EXPECT(restore(good, good.size(), source.checksum()) == SnapshotFault::none);
    VMFT_EXPECT(restore(good, good.size(), source.checksum() ^ 1) == SnapshotFault::checksum);
    std::vector<u8> bad = good;
    bad[0] ^= 1;
    VMFT_EXPECT(restore(bad, bad.size(), source.checksum()) == SnapshotFault::not_a_snapshot);
    bad = good;
    bad[8] ^= 1;
    VMFT_EXPECT(restore(bad, bad.size(), source.checksum()) == SnapshotFault::version);
    bad = good;
    bad[24] ^= 1;
    VMFT_EXPECT(restore(bad, bad.size(), source.checksum()) == SnapshotFault::other_guest);
    bad = good;
    bad.pop_back();
    VMFT_EXPECT(restore(bad, bad.size(), source.checksum()) == SnapshotFault::truncated);
    bad = good;
    bad.push_back(0);
    VMFT_EXPECT(restore(bad, bad.size(), source.checksum()) == SnapshotFault::too_long);

    Random random(3);
    for (int i = 0; i < 200; i++) {
        bad = good;
        bad[random.below(bad.size())] ^= u8(1 << random.below(8));
        VMFT_EXPECT(restore(bad, bad.size(), source.checksum()) != SnapshotFault::none);
        bad.resize(random.below(bad.size()));
        VMFT_EXPECT(restore(bad, bad.size(), source.checksum()) != SnapshotFault::none);
    }
}

VMFT_TEST(a_snapshot_is_for_a_machine_with_the_same_disks) {
    MachineConfig config = test_config();
    config.disks = {{1 << 20, 512, true, false, false, "first"},
                    {1 << 20, 4096, false, false, true, "second"}};
    Machine original(config, make_fake_accelerator);
    original.run(50'000);
    original.apply(ControlInput{ControlKind::snapshot});
    SnapshotSource source(original);
    std::vector<u8> bytes(source.bytes());
    VMFT_REQUIRE(source.read(0, bytes) == bytes.size());
    auto fault_with = [&](auto change) {
        MachineConfig other = config;
        change(other.disks);
        Machine copy(other, make_fake_accelerator);
        SnapshotTarget target(copy);
        SnapshotFault fault = target.add(0, bytes);
        return fault != SnapshotFault::none ? fault
                                            : target.finish(bytes.size(), source.checksum());
    };
    using Disks = std::vector<DiskConfig>;
    VMFT_EXPECT(fault_with([](Disks&) {}) == SnapshotFault::none);
    // Who reads is no matter of the machine's.
    VMFT_EXPECT(fault_with([](Disks& disks) { disks[1].reads_on_backup = false; }) ==
                SnapshotFault::none);
    for (auto change : std::initializer_list<void (*)(Disks&)>{
             [](Disks& disks) { disks.clear(); }, [](Disks& disks) { disks.pop_back(); },
             [](Disks& disks) { std::swap(disks[0], disks[1]); },
             [](Disks& disks) { disks[0].capacity_bytes += 512; },
             [](Disks& disks) { disks[0].block_bytes = 4096; },
             [](Disks& disks) { disks[0].shared = false; },
             [](Disks& disks) { disks[1].read_only = true; },
             [](Disks& disks) { disks[1].serial = "third"; }})
        VMFT_EXPECT(fault_with(change) == SnapshotFault::other_guest);
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
