
#include <cstring>

#include "accel/kvm/monotonic_clock.h"
#include "accel/kvm/probe/probe.h"

/// Whether the guest comes out where it must, and goes on as it must.
namespace vmft::kvm {

namespace {

constexpr u16 in_port = 0x10, out_port = 0x11;
constexpr u64 kick_after_ns = 200'000;

}  // namespace

ProbeResult probe_port_access(TinyGuest& guest) {
    // IN AL, in_port; ADD AL, 1; OUT out_port, AL; HLT
    const u8 code[] = {0xe4, in_port, 0x04, 0x01, 0xe6, out_port, 0xf4};
    guest.load(code);
    Vcpu& vcpu = guest.vcpu();
    struct kvm_run& run = vcpu.run_page();
    if (!guest.run_to_exit(KVM_EXIT_IO)) return probe_fails(guest);
    if (run.io.direction != KVM_EXIT_IO_IN || run.io.port != in_port || run.io.size != 1 ||
        vcpu.registers().rip != TinyGuest::code_address)
        return probe_wrong("IN comes out with another port, size or rip");
    reinterpret_cast<u8*>(&run)[run.io.data_offset] = 0x41;
    if (vcpu.complete() || vcpu.registers().rip != TinyGuest::code_address + 2 ||
        (vcpu.registers().rax & 0xff) != 0x41)
        return probe_wrong("immediate_exit does not finish IN");
    u8 value = 0;
    if (!guest.run()) return probe_fails(guest);
    if (!guest.wrote(out_port, value) || value != 0x42)
        return probe_wrong("OUT does not come out as written");
    if (vcpu.complete() || vcpu.registers().rip != TinyGuest::code_address + 6)
        return probe_wrong("immediate_exit does not finish OUT");
    return probe_works();
}

ProbeResult probe_device_memory(TinyGuest& guest) {
    // MOV EAX, 0x11223344; MOV [device], EAX; MOV EBX, [device + 4]; HLT
    const u8 code[] = {0xb8, 0x44, 0x33, 0x22, 0x11, 0x89, 0x04, 0x25, 0, 0,
                       0x18, 0,    0x8b, 0x1c, 0x25, 4,    0,    0x18, 0, 0xf4};
    static_assert(TinyGuest::device_address == 0x18'0000);
    guest.load(code);
    struct kvm_run& run = guest.vcpu().run_page();
    if (!guest.run_to_exit(KVM_EXIT_MMIO)) return probe_fails(guest);
    u32 value = 0;
    std::memcpy(&value, run.mmio.data, sizeof value);
    if (!run.mmio.is_write || run.mmio.len != 4 || value != 0x1122'3344 ||
        run.mmio.phys_addr != TinyGuest::device_address)
        return probe_wrong("a write to a device comes out with another address or value");
    if (guest.vcpu().complete()) return probe_wrong("immediate_exit does not finish a write");
    if (!guest.run_to_exit(KVM_EXIT_MMIO)) return probe_fails(guest);
    if (run.mmio.is_write || run.mmio.len != 4 ||
        run.mmio.phys_addr != TinyGuest::device_address + 4)
        return probe_wrong("a read of a device comes out with another address or size");
    value = 0x5566'7788;
    std::memcpy(run.mmio.data, &value, sizeof value);
    if (guest.vcpu().complete() || guest.vcpu().registers().rbx != value)
        return probe_wrong("immediate_exit does not finish a read");
    return probe_works();
}

ProbeResult probe_halt(TinyGuest& guest) {
    const u8 code[] = {0x90, 0xf4};  // NOP; HLT
    guest.load(code);
    if (!guest.run_to_exit(KVM_EXIT_HLT)) return probe_fails(guest);
    if (guest.vcpu().registers().rip != TinyGuest::code_address + sizeof code)
        return probe_wrong("HLT comes out at another rip");
    return probe_works();
}

ProbeResult probe_msr_filter(TinyGuest& guest) {
    // MOV ECX, LSTAR; MOV EAX, 0x5678; WRMSR; MOV ECX, IA32_TSC; RDMSR; HLT
    const u8 code[] = {0xb9, 0x82, 0,    0,    0xc0, 0xb8, 0x78, 0x56, 0,    0,
                       0x0f, 0x30, 0xb9, 0x10, 0,    0,    0,    0x0f, 0x32, 0xf4};
    guest.load(code);
    struct kvm_run& run = guest.vcpu().run_page();
    if (!guest.run()) return probe_fails(guest);
    if (run.exit_reason == KVM_EXIT_HLT) return probe_wrong("RDMSR of the TSC does not come out");
    if (run.exit_reason == KVM_EXIT_X86_WRMSR) return probe_wrong("a passed WRMSR comes out");
    if (run.exit_reason != KVM_EXIT_X86_RDMSR || run.msr.index != 0x10) return probe_fails(guest);
    u64 value = 0;
    if (!guest.vcpu().get_msr(0xc000'0082, value) || value != 0x5678)
        return probe_wrong("WRMSR of LSTAR has no effect");
    run.msr.error = 0;
    run.msr.data = 0x1122'3344'5566'7788;
    if (!guest.run_to_exit(KVM_EXIT_HLT)) return probe_fails(guest);
    const kvm_regs& registers = guest.vcpu().registers();
    if (registers.rax != 0x5566'7788 || registers.rdx != 0x1122'3344)
        return probe_wrong("RDMSR does not get the answer of user space");
    return probe_works();
}

ProbeResult probe_dirty_log(TinyGuest& guest) {
    const u8 code[] = {0x89, 0x04, 0x25, 0, 0, 1, 0, 0xf4};  // MOV [0x10000], EAX; HLT
    static_assert(TinyGuest::data_address == 0x1'0000);
    guest.load(code);
    constexpr u64 page = TinyGuest::data_address >> page_shift;
    u8* flags = guest.memory().page_flags();
    guest.vcpu().collect_dirty_flags();
    flags[page] = flags[page + 1] = 0;
    if (!guest.run_to_exit(KVM_EXIT_HLT)) return probe_fails(guest);
    guest.vcpu().collect_dirty_flags();
    if (!(flags[page] & GuestMemory::dirty)) return probe_wrong("a written page is not told of");
    flags[page] = 0;
    guest.load(code);
    if (!guest.run_to_exit(KVM_EXIT_HLT)) return probe_fails(guest);
    guest.vcpu().collect_dirty_flags();
    if (!(flags[page] & GuestMemory::dirty))
        return probe_wrong("a page is told of once only, not when it is written again");
    return probe_works();
}

ProbeResult probe_kick(TinyGuest& guest) {
    const u8 code[] = {0xeb, 0xfe};  // JMP to itself
    guest.load(code);
    Vcpu& vcpu = guest.vcpu();
    u64 at = monotonic_ns() + kick_after_ns;
    do {
        vcpu.kick_at(at);
        if (vcpu.enter()) return probe_fails(guest);
        if (!vcpu.take_kick()) return probe_wrong("KVM_RUN ends without a kick");
    } while (monotonic_ns() < at);  // An earlier run's may have come first.
    u64 rip = vcpu.registers().rip;
    if (rip != TinyGuest::code_address) return probe_wrong("a kick moves rip");
    return probe_works();
}

}  // namespace vmft::kvm
