#include "accel/kvm/cannot_execute.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "accel/kvm/counter/branch_instruction.h"

namespace vmft::kvm {

namespace {

constexpr size_t instruction_bytes_max = 15;

constexpr u64 cr0_pe = 1, efer_lma = 0x400, flag_vm = u64{1} << 17;

std::string hexadecimal(u64 value) {
    char text[20];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

std::string spaced(std::span<const u8> bytes) {
    std::string text;
    char byte[4];
    for (u8 value : bytes) {
        std::snprintf(byte, sizeof byte, text.empty() ? "%02x" : " %02x", unsigned{value});
        text += byte;
    }
    return text;
}

std::string mode_of(const kvm_sregs& system, u64 flags) {
    if (!(system.cr0 & cr0_pe)) return "real mode";
    if (flags & flag_vm) return "virtual-8086 mode";
    std::string width = (system.efer & efer_lma) && system.cs.l ? "64" : system.cs.db ? "32" : "16";
    return width + "-bit mode, CPL " + std::to_string(system.ss.dpl);
}

/// The bytes from rip on: KVM's own, where it says them, or the guest's memory.
std::vector<u8> instruction_at(Vcpu& vcpu, const GuestMemory& memory, const kvm_sregs& system,
                               u64 rip) {
    const struct kvm_run& run = vcpu.run_page();
    bool emulation = run.exit_reason == KVM_EXIT_INTERNAL_ERROR &&
                     run.internal.suberror == KVM_INTERNAL_ERROR_EMULATION;
    if (emulation && run.emulation_failure.ndata >= 3 &&
        (run.emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) &&
        run.emulation_failure.insn_size > 0) {
        const u8* bytes = run.emulation_failure.insn_bytes;
        size_t size = std::min<size_t>(run.emulation_failure.insn_size, instruction_bytes_max);
        return {bytes, bytes + size};
    }
    u8 bytes[instruction_bytes_max];
    size_t size = read_linear(memory, PagingState::of(system), linear_code(system, rip), bytes);
    return {bytes, bytes + size};
}

std::string reason_of(const struct kvm_run& run) {
    switch (run.exit_reason) {
    case KVM_EXIT_INTERNAL_ERROR:
        switch (run.internal.suberror) {
        case KVM_INTERNAL_ERROR_EMULATION: return "KVM could not emulate";
        case KVM_INTERNAL_ERROR_SIMUL_EX:
            return "KVM met a second exception while it delivered one, at";
        case KVM_INTERNAL_ERROR_DELIVERY_EV:
            return "KVM could not deliver an interrupt or exception (its stack or descriptor table "
                   "is not in RAM), at";
        case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON:
            return "KVM does not know why the processor left the guest (reason " +
                   hexadecimal(run.internal.ndata > 0 ? run.internal.data[0] : 0) + "), at";
        default:
            return "KVM failed inside (suberror " + std::to_string(run.internal.suberror) + "), at";
        }
    case KVM_EXIT_FAIL_ENTRY:
        return "the processor refused the guest's state (reason " +
               hexadecimal(run.fail_entry.hardware_entry_failure_reason) + "), at";
    case KVM_EXIT_UNKNOWN:
        return "KVM does not know why the processor left the guest (reason " +
               hexadecimal(run.hw.hardware_exit_reason) + "), at";
    default:
        return "KVM left the guest for a reason that vmft has no answer to (exit " +
               std::to_string(run.exit_reason) + "), at";
    }
}

}  // namespace

void throw_cannot_execute(Vcpu& vcpu, const GuestMemory& memory) {
    kvm_regs registers = vcpu.registers();
    kvm_sregs system = vcpu.system_registers();
    std::vector<u8> bytes = instruction_at(vcpu, memory, system, registers.rip);
    std::string instruction =
        bytes.empty() ? "an instruction that is not in RAM" : "the instruction " + spaced(bytes);
    throw AcceleratorFault(AcceleratorFault::Kind::cannot_execute,
                           reason_of(vcpu.run_page()) + " " + instruction + " at rip " +
                               hexadecimal(registers.rip) + " (" +
                               mode_of(system, registers.rflags) + ")",
                           "run this guest with --accel soft");
}

}  // namespace vmft::kvm
