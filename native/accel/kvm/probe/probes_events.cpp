#include "accel/kvm/probe/probe.h"

/// Interrupts, exceptions, and the debugging that stops at positions are made of.
namespace vmft::kvm {

namespace {

constexpr u8 vector_debug = 1, vector_breakpoint = 3, vector_page_fault = 14, vector_device = 0x40,
             vector_system_call = 0x80, vector_invalid_opcode = 6;
constexpr u64 flag_if = 0x200, flag_rf = 0x1'0000;

/// Where the handler of the last exception returns to: the top of the kernel's stack.
u64 return_address(TinyGuest& guest) {
    u64 address = 0;
    guest.memory().read_value(guest.vcpu().registers().rsp, address);
    return address;
}

void debug_off(TinyGuest& guest) { guest.vcpu().set_guest_debug({}); }

kvm_guest_debug stepping() {
    kvm_guest_debug debug{};
    debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
    return debug;
}

/// Steps once; whether it came out, by the step, at `rip`.
bool step_to(TinyGuest& guest, u64 rip) {
    return guest.run_to_exit(KVM_EXIT_DEBUG) && guest.vcpu().registers().rip == rip;
}

}  // namespace

ProbeResult probe_interrupt(TinyGuest& guest) {
    const u8 code[] = {0x90, 0xfb, 0x90, 0x90, 0xeb, 0xfe};  // NOP; STI; NOP; NOP; JMP to itself
    guest.load(code);
    struct kvm_run& run = guest.vcpu().run_page();
    run.request_interrupt_window = 1;
    bool came = guest.run_to_exit(KVM_EXIT_IRQ_WINDOW_OPEN);
    run.request_interrupt_window = 0;
    if (!came) return probe_fails(guest);
    u64 rip = guest.vcpu().registers().rip;
    if (!run.if_flag || !run.ready_for_interrupt_injection ||
        !(guest.vcpu().registers().rflags & flag_if))
        return probe_wrong("the interrupt window opens where no interrupt can enter");
    if (rip < TinyGuest::code_address + 3)
        return probe_wrong("the interrupt window opens right behind STI");
    guest.vcpu().inject_interrupt(vector_device);
    if (guest.run_to_vector() != vector_device) return probe_fails(guest);
    if (return_address(guest) != rip)
        return probe_wrong(
            "an injected interrupt enters somewhere else than where it was injected");
    return probe_works();
}

ProbeResult probe_interrupt_shadow(TinyGuest& guest) {
    const u8 code[] = {0xfb, 0xe6, 0x10, 0xf4};  // STI; OUT 0x10, AL; HLT
    guest.load(code);
    if (!guest.run_to_exit(KVM_EXIT_IO)) return probe_fails(guest);
    bool shown = guest.vcpu().events().interrupt.shadow != 0;
    if (guest.vcpu().complete()) return probe_fails(guest);
    bool gone = guest.vcpu().events().interrupt.shadow == 0;
    if (!shown || !gone) return probe_wrong("the interrupt shadow of STI is not shown");
    return probe_works();
}

ProbeResult probe_page_fault(TinyGuest& guest) {
    const u8 code[] = {0x8b, 0x04, 0x25, 0, 0, 0, 0x40, 0xf4};  // MOV EAX, [0x40000000]; HLT
    guest.load(code);
    if (guest.run_to_vector() != vector_page_fault) return probe_fails(guest);
    u64 error = 0, address = 0;
    guest.memory().read_value(guest.vcpu().registers().rsp, error);
    guest.memory().read_value(guest.vcpu().registers().rsp + 8, address);
    if (error != 0 || address != TinyGuest::code_address ||
        guest.vcpu().system_registers().cr2 != 0x4000'0000)
        return probe_wrong("a page fault has another error code, rip or CR2");
    return probe_works();
}

ProbeResult probe_int3(TinyGuest& guest) {
    const u8 code[] = {0xcc, 0xf4};  // INT3; HLT
    guest.load(code);
    if (guest.run_to_vector() != vector_breakpoint) return probe_fails(guest);
    if (return_address(guest) != TinyGuest::code_address + 1)
        return probe_wrong("the handler of INT3 returns to another rip");
    return probe_works();
}

ProbeResult probe_int3_to_host(TinyGuest& guest) {
    const u8 code[] = {0xcc, 0xf4};
    guest.load(code);
    kvm_guest_debug debug{};
    debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
    guest.vcpu().set_guest_debug(debug);
    bool came = guest.run_to_exit(KVM_EXIT_DEBUG);
    debug_off(guest);
    if (!came) return probe_fails(guest);
    if (guest.vcpu().registers().rip != TinyGuest::code_address)
        return probe_wrong("INT3 comes out at another rip");
    return probe_works();
}

ProbeResult probe_single_step(TinyGuest& guest) {
    // MOV EAX, 1; ADD EAX, 2; JMP over a NOP; NOP; HLT
    const u8 code[] = {0xb8, 1, 0, 0, 0, 0x83, 0xc0, 2, 0xeb, 1, 0x90, 0xf4};
    guest.load(code);
    guest.vcpu().set_guest_debug(stepping());
    bool came = true;
    for (u64 offset : {5, 8, 11}) came = came && step_to(guest, TinyGuest::code_address + offset);
    u64 rax = guest.vcpu().registers().rax;
    debug_off(guest);
    if (!came) return probe_fails(guest);
    return rax == 3 ? probe_works() : probe_wrong("an instruction is stepped without its effect");
}

ProbeResult probe_user_single_step(TinyGuest& guest) {
    const u8 code[] = {0x90, 0x90, 0x0f, 0x0b};  // NOP; NOP; UD2
    guest.load_user(code);
    guest.vcpu().set_guest_debug(stepping());
    bool came = step_to(guest, TinyGuest::user_code_address + 1) &&
                step_to(guest, TinyGuest::user_code_address + 2);
    debug_off(guest);
    if (came) return probe_works();
    // What is reported then is a step of the handler: is it the debug exception's?
    int vector = guest.run_to_vector();
    if (vector == vector_debug || vector == vector_invalid_opcode)
        return probe_wrong("a single step at CPL3 is delivered to the guest");
    return probe_fails(guest);
}

ProbeResult probe_user_int(TinyGuest& guest) {
    const u8 code[] = {0x90, 0xcd, vector_system_call};  // NOP; INT 0x80
    guest.load_user(code);
    if (guest.run_to_vector() != vector_system_call) return probe_fails(guest);
    if (return_address(guest) != TinyGuest::user_code_address + sizeof code)
        return probe_wrong("the handler of INT returns to another rip");
    return probe_works();
}

ProbeResult probe_hardware_breakpoint(TinyGuest& guest) {
    // MOV ECX, 3; loop: DEC ECX; JNZ loop; HLT
    const u8 code[] = {0xb9, 3, 0, 0, 0, 0xff, 0xc9, 0x75, 0xfc, 0xf4};
    constexpr u64 loop = TinyGuest::code_address + 5;
    guest.load(code);
    Vcpu& vcpu = guest.vcpu();
    kvm_guest_debug debug{};
    debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
    debug.arch.debugreg[0] = loop;
    debug.arch.debugreg[7] = 0x402;  // The first one, on execution, in every task.
    vcpu.set_guest_debug(debug);
    bool came = true, held = true;
    for (u64 left : {3, 2, 1}) {
        came = came && held && guest.run_to_exit(KVM_EXIT_DEBUG);
        if (!came) break;
        kvm_regs registers = vcpu.registers();
        held = registers.rip == loop && registers.rcx == left;
        registers.rflags |= flag_rf;
        vcpu.set_registers(registers);
    }
    bool ended = came && held && guest.run_to_exit(KVM_EXIT_HLT);
    debug_off(guest);
    if (!held) return probe_wrong("a breakpoint hits elsewhere, or RF does not step over it");
    if (!came || !ended) return probe_fails(guest);
    if (vcpu.debug_registers().dr7 != 0x400)
        return probe_wrong("the host's breakpoint shows in the guest's DR7");
    return probe_works();
}

}  // namespace vmft::kvm
