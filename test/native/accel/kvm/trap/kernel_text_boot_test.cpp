#include "accel/kvm/trap/patched_soft_cpu.h"
#include "determinism/guest_files.h"
#include "determinism/recorded_run.h"

using namespace vmft;
using namespace vmft::test;

/// Debian's stock kernel, whose text is searched and patched while it runs on the software CPU,
/// which answers the patches: it boots, runs programs and powers off as if nothing had happened.
/// Needs VMFT_KERNEL and VMFT_INITRAMFS.
namespace {

constexpr u64 ticks_max = 4'000'000'000;
constexpr u64 seed = 311;

/// Without the vDSO's RDTSC: what was patched there faults in user mode (user_tsc.h is for that).
constexpr const char* command_line =
    "console=ttyS0 quiet mitigations=off clocksource=acpi_pm vmft.mode=check vmft.ip=10.0.0.2/24";

}  // namespace

VMFT_TEST(the_stock_kernel_boots_with_its_text_patched) {
    GuestStart guest;
    std::string kernel = guest_path("VMFT_KERNEL"), initramfs = guest_path("VMFT_INITRAMFS");
    if (kernel.empty() || initramfs.empty()) return;
    guest.kernel = read_file(kernel);
    guest.initramfs = read_file(initramfs);
    guest.config.memory_bytes = 128 << 20;
    guest.config.command_line = command_line;
    guest.config.mac = MacAddress{2, 0, 0, 0, 0, 2};
    guest.config.random_seed.fill(0x42);
    guest.config.realtime_ns = 1'700'000'000'000'000'000;

    PatchedSoftCpu::Seen seen;
    auto machine = guest.machine([&seen](GuestMemory& memory, Platform& platform) {
        return std::make_unique<PatchedSoftCpu>(memory, platform, seen);
    });
    VMFT_REQUIRE(machine != nullptr);
    SeenOutputs outputs;
    machine->set_output_listener(&outputs);
    RandomWorld world(seed, {});
    auto take = [&](Input&& input) { machine->apply(input); };
    while (machine->end() == ExitKind::position && machine->position().ticks < ticks_max) {
        world.inputs(*machine, outputs.console, take);
        MachineExit exit = machine->run(machine->position().ticks + world.slice());
        if (exit.kind == ExitKind::halted)
            world.wake(*machine, exit.next_deadline_ns, outputs.console, take);
    }

    VMFT_EXPECT(machine->end() == ExitKind::power_off);
    VMFT_EXPECT(outputs.console.find("vmft-guest") != std::string::npos);
    VMFT_EXPECT(outputs.console.find("Oops") == std::string::npos);
    VMFT_EXPECT_EQUAL(seen.strangers, 0u);
    VMFT_EXPECT_EQUAL(seen.wrong_bytes, 0u);
    VMFT_EXPECT_EQUAL(seen.native_in_kernel, 0u);
    VMFT_EXPECT(seen.patched > 100);
    VMFT_EXPECT(seen.left_alone > 100);
    VMFT_EXPECT(seen.by_kind[static_cast<unsigned>(kvm::KernelTraps::Kind::rdtsc)] > 100);
    VMFT_EXPECT(seen.by_kind[static_cast<unsigned>(kvm::KernelTraps::Kind::write_cr4)] > 0);
    std::cout << seen.scans << " scans, at most " << seen.pages_max << " pages and "
              << seen.scan_ns_max / 1000 << " us; " << seen.patched << " patched, "
              << seen.left_alone << " times something left alone; executed: " << seen.by_kind[1]
              << " RDTSC, " << seen.by_kind[2] << " RDTSCP, " << seen.by_kind[3] << " CR4"
              << std::endl;
}
