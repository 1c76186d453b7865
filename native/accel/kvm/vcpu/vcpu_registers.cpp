#include <cstring>

#include "accel/kvm/vcpu/kvm_request.h"
#include "accel/kvm/vcpu/kvm_tables.h"
#include "accel/kvm/vcpu/vcpu.h"

/// The vCPU's state, in and out of KVM.
namespace vmft::kvm {

namespace {

// Where the x87 and SSE state lies in an XSAVE area (SDM 1, 13.4).
constexpr size_t area_status = 2, area_tag = 4, area_opcode = 6, area_ip = 8, area_dp = 16,
                 area_mxcsr = 24, area_x87 = 32, area_xmm = 160, area_components = 512;
constexpr u64 x87_and_sse = 3;

}  // namespace

const kvm_regs& Vcpu::registers() {
    if (!registers_valid_) {
        VMFT_KVM_REQUEST(vcpu_.get(), KVM_GET_REGS, &registers_);
        registers_valid_ = true;
    }
    return registers_;
}

void Vcpu::set_registers(const kvm_regs& registers) {
    VMFT_KVM_REQUEST(vcpu_.get(), KVM_SET_REGS, &registers);
    registers_ = registers;
    registers_.rflags |= 2;
    registers_valid_ = true;
    // KVM keeps TF for a step of the host's only at the address where the step was asked for.
    if (debug_.control & KVM_GUESTDBG_SINGLESTEP) apply_guest_debug();
}

kvm_sregs Vcpu::system_registers() {
    if (!system_registers_valid_) {
        VMFT_KVM_REQUEST(vcpu_.get(), KVM_GET_SREGS, &system_registers_);
        system_registers_valid_ = true;
    }
    return system_registers_;
}

void Vcpu::set_system_registers(const kvm_sregs& registers) {
    system_registers_valid_ = false;
    VMFT_KVM_REQUEST(vcpu_.get(), KVM_SET_SREGS, &registers);
    // Without an interrupt controller in the kernel, every entry loads CR8 from here.
    run_->cr8 = registers.cr8;
    if (debug_.control & KVM_GUESTDBG_SINGLESTEP) apply_guest_debug();
}

// KVM_GET_FPU and KVM_SET_FPU copy the legacy area as it is, but the host's XSAVES leaves parts
// out of it that are in their initial state, and its XRSTORS does not read them; MXCSR they do not
// copy at all. KVM_GET_XSAVE and KVM_SET_XSAVE do it right.
kvm_fpu Vcpu::fpu() {
    kvm_fpu fpu{};
    if (!extended_state_) {
        VMFT_KVM_REQUEST(vcpu_.get(), KVM_GET_FPU, &fpu);
        return fpu;
    }
    XsaveArea area{};
    request(vcpu_.get(), request_get_xsave, &area, "KVM_GET_XSAVE");
    const u8* bytes = area.bytes;
    std::memcpy(&fpu.fcw, bytes, 2);
    std::memcpy(&fpu.fsw, bytes + area_status, 2);
    std::memcpy(&fpu.ftwx, bytes + area_tag, 1);
    std::memcpy(&fpu.last_opcode, bytes + area_opcode, 2);
    std::memcpy(&fpu.last_ip, bytes + area_ip, 8);
    std::memcpy(&fpu.last_dp, bytes + area_dp, 8);
    std::memcpy(&fpu.mxcsr, bytes + area_mxcsr, 4);
    std::memcpy(fpu.fpr, bytes + area_x87, sizeof fpu.fpr);
    std::memcpy(fpu.xmm, bytes + area_xmm, sizeof fpu.xmm);
    return fpu;
}

void Vcpu::set_fpu(const kvm_fpu& fpu) {
    if (!extended_state_) {
        VMFT_KVM_REQUEST(vcpu_.get(), KVM_SET_FPU, &fpu);
        return;
    }
    XsaveArea area{};
    u8* bytes = area.bytes;
    std::memcpy(bytes, &fpu.fcw, 2);
    std::memcpy(bytes + area_status, &fpu.fsw, 2);
    std::memcpy(bytes + area_tag, &fpu.ftwx, 1);
    std::memcpy(bytes + area_opcode, &fpu.last_opcode, 2);
    std::memcpy(bytes + area_ip, &fpu.last_ip, 8);
    std::memcpy(bytes + area_dp, &fpu.last_dp, 8);
    std::memcpy(bytes + area_mxcsr, &fpu.mxcsr, 4);
    std::memcpy(bytes + area_x87, fpu.fpr, sizeof fpu.fpr);
    std::memcpy(bytes + area_xmm, fpu.xmm, sizeof fpu.xmm);
    std::memcpy(bytes + area_components, &x87_and_sse, sizeof x87_and_sse);
    request(vcpu_.get(), request_set_xsave, &area, "KVM_SET_XSAVE");
}

kvm_debugregs Vcpu::debug_registers() {
    kvm_debugregs registers{};
    VMFT_KVM_REQUEST(vcpu_.get(), KVM_GET_DEBUGREGS, &registers);
    return registers;
}

void Vcpu::set_debug_registers(const kvm_debugregs& registers) {
    VMFT_KVM_REQUEST(vcpu_.get(), KVM_SET_DEBUGREGS, &registers);
}

kvm_vcpu_events Vcpu::events() {
    kvm_vcpu_events events{};
    VMFT_KVM_REQUEST(vcpu_.get(), KVM_GET_VCPU_EVENTS, &events);
    return events;
}

void Vcpu::set_events(const kvm_vcpu_events& events) {
    system_registers_valid_ = false;  // They show an injected interrupt.
    VMFT_KVM_REQUEST(vcpu_.get(), KVM_SET_VCPU_EVENTS, &events);
}

void Vcpu::inject_exception(u8 vector, std::optional<u32> error_code) {
    kvm_vcpu_events now = events();
    now.flags = 0;  // Nothing but the exception and what is always taken.
    now.exception.injected = 1;
    now.exception.pending = 0;
    now.exception.nr = vector;
    now.exception.has_error_code = error_code.has_value();
    now.exception.error_code = error_code.value_or(0);
    set_events(now);
}

bool Vcpu::get_msr(u32 msr, u64& value) {
    RequestTable<kvm_msr_entry> one(1);
    one.set(0, {msr, 0, 0});
    if (request(vcpu_.get(), request_get_msrs, one.data(), "KVM_GET_MSRS") != 1) return false;
    value = one.get(0).data;
    return true;
}

bool Vcpu::set_msr(u32 msr, u64 value) {
    RequestTable<kvm_msr_entry> one(1);
    one.set(0, {msr, 0, value});
    system_registers_valid_ = false;
    return request(vcpu_.get(), request_set_msrs, one.data(), "KVM_SET_MSRS") == 1;
}

void Vcpu::set_guest_debug(const kvm_guest_debug& debug) {
    if (std::memcmp(&debug, &debug_, sizeof debug) == 0) return;
    debug_ = debug;
    apply_guest_debug();
}

void Vcpu::apply_guest_debug() {
    VMFT_KVM_REQUEST(vcpu_.get(), KVM_SET_GUEST_DEBUG, &debug_);
    // Steps live in rflags, as far as KVM does not hide them.
    if (!synchronized_registers_) registers_valid_ = false;
}

}  // namespace vmft::kvm
