#include "machine/image/state.h"

#include <functional>

#include "base/limits.h"
#include "log/wire_writer.h"
#include "machine/fake_accelerator.h"
#include "machine/image/image_of.h"
#include "machine/image/sealed.h"
#include "machine/random.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;
using image::ImageFault;

namespace {

MachineConfig test_config() {
    MachineConfig config;
    config.memory_bytes = 8 << 20;
    config.mac = MacAddress{2, 0, 0, 0, 0, 1};
    config.realtime_ns = 1'700'000'000'000'000'000;
    config.disks = {{1 << 20, 512, true, false, false, "first"},
                    {1 << 20, 4096, false, false, true, "second"}};
    return config;
}

/// Past every output, and with a clock input where the machine halts.
void run_until(Machine& machine, u64 ticks) {
    while (machine.position().ticks < ticks && machine.end() == ExitKind::position) {
        MachineExit exit = machine.run(ticks);
        if (exit.kind == ExitKind::halted)
            machine.apply(ClockInput{exit.next_deadline_ns + 1, 2'000, 0});
    }
}

std::unique_ptr<Machine> run_for(u64 ticks) {
    auto machine = std::make_unique<Machine>(test_config(), make_fake_accelerator);
    machine->apply(ClockInput{1'000'000, 2'000, 0});
    run_until(*machine, ticks);
    machine->apply(ControlInput{ControlKind::snapshot});
    return machine;
}

ImageFault fault_of(std::span<const u8> state, const MachineConfig& config = test_config()) {
    Machine machine(config, make_fake_accelerator);
    u64 before = machine.state_digest();
    WaitingOutputs outputs;
    ImageFault fault = image::restore_state(state, machine, outputs);
    if (fault != ImageFault::none && fault != ImageFault::bad_state)
        VMFT_EXPECT_EQUAL(machine.state_digest(), before);
    return fault;
}

/// As many outputs as the machine has produced, behind `released`.
WaitingOutputs waiting_outputs(const Machine& machine, u64 count) {
    WaitingOutputs waiting;
    waiting.released = machine.outputs_produced() - count;
    for (u64 i = 1; i <= count; i++) {
        Output output;
        output.sequence = waiting.released + i;
        output.kind = static_cast<OutputKind>(1 + i % 3);
        if (output.kind == OutputKind::net_frame) output.bytes.assign(60 + i, static_cast<u8>(i));
        if (output.kind == OutputKind::console) output.bytes.assign(i % 5, 'c');
        waiting.outputs.push_back(output);
    }
    return waiting;
}

}  // namespace

VMFT_TEST(an_image_goes_on_like_the_original) {
    auto original = run_for(300'000);
    Image image = image_of(*original);
    Machine copy(test_config(), make_fake_accelerator);
    VMFT_REQUIRE(restore(image, copy) == ImageFault::none);
    VMFT_EXPECT_EQUAL(copy.state_digest(), original->state_digest());
    VMFT_EXPECT_EQUAL(copy.whole_memory_digest(), original->whole_memory_digest());
    for (Machine* machine : {original.get(), &copy}) {
        run_until(*machine, 600'000);
    }
    VMFT_EXPECT_EQUAL(copy.state_digest(), original->state_digest());
    MemoryDigest first = original->take_memory_digest(), second = copy.take_memory_digest();
    VMFT_EXPECT(first.pages > 0 && first.pages == second.pages && first.value == second.value);
    VMFT_EXPECT_EQUAL(original->take_memory_digest().pages, 0u);
}

VMFT_TEST(outputs_that_wait_are_in_the_image) {
    auto original = run_for(300'000);
    VMFT_REQUIRE(original->outputs_produced() > 9);
    WaitingOutputs waiting = waiting_outputs(*original, 9), found;
    Image image = image_of(*original, waiting);
    Machine copy(test_config(), make_fake_accelerator);
    VMFT_REQUIRE(restore(image, copy, found) == ImageFault::none);
    VMFT_EXPECT_EQUAL(found.released, waiting.released);
    VMFT_REQUIRE(found.outputs.size() == 9);
    for (size_t i = 0; i < 9; i++)
        VMFT_EXPECT(found.outputs[i].sequence == waiting.outputs[i].sequence &&
                    found.outputs[i].kind == waiting.outputs[i].kind &&
                    found.outputs[i].bytes == waiting.outputs[i].bytes);

    // A gap, one too few or too many, and contents that no machine produces.
    std::function<void(WaitingOutputs&)> changes[] = {
        [](WaitingOutputs& outputs) { outputs.outputs.erase(outputs.outputs.begin() + 3); },
        [](WaitingOutputs& outputs) { outputs.outputs.pop_back(); },
        [](WaitingOutputs& outputs) { outputs.released--; },
        [](WaitingOutputs& outputs) { std::swap(outputs.outputs[0], outputs.outputs[1]); }};
    for (const auto& change : changes) {
        WaitingOutputs bad = waiting;
        change(bad);
        VMFT_EXPECT(fault_of(image::encode_state(*original, bad)) == ImageFault::bad_state);
    }
    std::function<void(Output&)> contents[] = {
        [](Output& output) { output.bytes.resize(limits::net_frame_bytes_max + 1); },
        [](Output& output) { output.bytes.resize(limits::net_frame_bytes_min - 1); },
        [](Output& output) { output.kind = static_cast<OutputKind>(4); },
        [](Output& output) { output.kind = OutputKind::disk_request; }};
    for (const auto& change : contents) {
        WaitingOutputs bad = waiting;
        VMFT_REQUIRE(bad.outputs[2].kind == OutputKind::net_frame);
        change(bad.outputs[2]);
        VMFT_EXPECT(fault_of(image::encode_state(*original, bad)) == ImageFault::malformed);
    }
}

VMFT_TEST(a_cut_or_flipped_state_is_refused_without_effect) {
    auto original = run_for(300'000);
    std::vector<u8> good = image::encode_state(*original, waiting_outputs(*original, 5));
    VMFT_REQUIRE(fault_of(good) == ImageFault::none);
    Machine machine(test_config(), make_fake_accelerator);
    u64 before = machine.state_digest();
    WaitingOutputs outputs;
    for (size_t size = 0; size < good.size(); size++)
        VMFT_EXPECT(image::restore_state(std::span<const u8>(good).first(size), machine, outputs) !=
                    ImageFault::none);
    Random random(6);
    for (int i = 0; i < 2000; i++) {
        std::vector<u8> bad = good;
        bad[random.below(bad.size())] ^= static_cast<u8>(1 << random.below(8));
        VMFT_EXPECT(image::restore_state(bad, machine, outputs) != ImageFault::none);
    }
    VMFT_EXPECT_EQUAL(machine.state_digest(), before);
    // And the right one is still welcome.
    VMFT_EXPECT(image::restore_state(good, machine, outputs) == ImageFault::none);
    VMFT_EXPECT_EQUAL(machine.state_digest(), original->state_digest());
}

VMFT_TEST(a_forged_state_is_refused) {
    auto original = run_for(300'000);
    std::vector<u8> good = image::encode_state(*original, {original->outputs_produced(), {}});
    std::span<const u8> body;
    VMFT_REQUIRE(image::unseal(good, body) == ImageFault::none);
    // Whatever is cut off or altered, with a checksum made for it: a fault, or a machine that holds
    // what could be held. (Sanitizers look on.)
    Random random(7);
    u64 refused = 0;
    for (int i = 0; i < 400; i++) {
        std::vector<u8> bad(body.begin(), body.end());
        if (i % 2 == 0) bad.resize(random.below(bad.size()));
        if (!bad.empty()) bad[random.below(bad.size())] ^= static_cast<u8>(1 + random.below(255));
        refused += fault_of(image::seal(bad)) != ImageFault::none;
    }
    VMFT_EXPECT(refused >= 200);
    // Another version, which may hold what we do not know.
    std::vector<u8> other;
    WireWriter writer(other);
    writer.varint_field(1, 77);
    writer.varint_field(30, 1);
    VMFT_EXPECT(fault_of(image::seal(other)) == ImageFault::version);
}

VMFT_TEST(an_image_is_for_a_machine_like_the_original) {
    auto original = run_for(50'000);
    std::vector<u8> state = image::encode_state(*original, {original->outputs_produced(), {}});
    auto fault_with = [&](auto change) {
        MachineConfig other = test_config();
        change(other);
        return fault_of(state, other);
    };
    VMFT_EXPECT(fault_with([](MachineConfig&) {}) == ImageFault::none);
    // Who reads is no matter of the machine's.
    VMFT_EXPECT(fault_with([](MachineConfig& config) {
                    config.disks[1].reads_on_backup = false;
                }) == ImageFault::none);
    for (auto change : std::initializer_list<void (*)(MachineConfig&)>{
             [](MachineConfig& config) { config.memory_bytes += 4096; },
             [](MachineConfig& config) { config.mac.reset(); },
             [](MachineConfig& config) { (*config.mac)[5] ^= 1; },
             [](MachineConfig& config) { config.disks.clear(); },
             [](MachineConfig& config) { config.disks.pop_back(); },
             [](MachineConfig& config) { std::swap(config.disks[0], config.disks[1]); },
             [](MachineConfig& config) { config.disks[0].capacity_bytes += 512; },
             [](MachineConfig& config) { config.disks[0].block_bytes = 4096; },
             [](MachineConfig& config) { config.disks[0].shared = false; },
             [](MachineConfig& config) { config.disks[1].read_only = true; },
             [](MachineConfig& config) { config.disks[1].serial = "third"; }})
        VMFT_EXPECT(fault_with(change) == ImageFault::other_guest);
}
