#include "accel/kvm/conformance/soft_subject.h"

#include <cstring>

#include "accel/kvm/vcpu/guest_code.h"
#include "accel/soft/flags.h"

namespace vmft::test::conformance {

SoftSubject::SoftSubject(const Guest& guest, u64 platform_seed)
    : platform_(platform_seed), cpu_(memory_, platform_) {
    build(memory_, guest);
    cpu_.set_entry(entry_state());
}

CpuImage SoftSubject::image() {
    const soft::Cpu& cpu = cpu_.cpu();
    CpuImage image;
    for (unsigned i = 0; i < 16; i++) image[field_gpr + i] = cpu.gpr[i];
    image[field_rip] = cpu.rip;
    image[field_rflags] = soft::read_rflags(cpu) & flags_compared;
    image[field_cr0] = cpu.cr0;
    image[field_cr2] = cpu.cr2;
    image[field_cr3] = cpu.cr3;
    image[field_cr4] = cpu.cr4;
    image[field_efer] = cpu.efer;
    for (unsigned i = 0; i < 4; i++) image[field_dr + i] = cpu.dr[i];
    image[field_dr6] = cpu.dr6;
    image[field_dr7] = cpu.dr7;
    auto segment = [&](unsigned field, const soft::SegmentState& state) {
        image.set_segment(field, state.selector, state.base, state.limit, state.access);
    };
    for (unsigned i = 0; i < soft::seg_count; i++) segment(field_segments + 4 * i, cpu.segments[i]);
    segment(field_ldtr, cpu.ldtr);
    segment(field_tr, cpu.tr);
    image[field_gdt_base] = cpu.gdtr.base;
    image[field_gdt_limit] = cpu.gdtr.limit;
    image[field_idt_base] = cpu.idtr.base;
    image[field_idt_limit] = cpu.idtr.limit;
    std::memcpy(&image[field_xmm], cpu.xmm, sizeof cpu.xmm);
    const soft::X87& x87 = cpu.x87;
    for (unsigned i = 0; i < 8; i++) {
        const soft::Float80& value = x87.registers[(x87.top + i) & 7];
        image[field_x87 + 2 * i] = value.mantissa;
        image[field_x87 + 2 * i + 1] = value.sign_exponent;
    }
    image[field_x87_control] = x87.control;
    image[field_x87_status] = static_cast<u16>(x87.status | x87.top << 11);
    image[field_x87_tags] = x87.valid;
    image[field_mxcsr] = cpu.mxcsr;
    image[field_star] = cpu.msr_star;
    image[field_lstar] = cpu.msr_lstar;
    image[field_cstar] = cpu.msr_cstar;
    image[field_syscall_mask] = cpu.msr_syscall_mask;
    image[field_kernel_gs_base] = cpu.msr_kernel_gs_base;
    image[field_sysenter_cs] = cpu.msr_sysenter_cs;
    image[field_sysenter_esp] = cpu.msr_sysenter_esp;
    image[field_sysenter_eip] = cpu.msr_sysenter_eip;
    image[field_pat] = cpu.msr_pat;
    image[field_interrupt_shadow] = cpu.interrupt_shadow != soft::InterruptShadow::none;
    image[field_halted] = cpu.halted;
    return image;
}

std::vector<u8> SoftSubject::next_code() {
    const soft::Cpu& cpu = cpu_.cpu();
    std::vector<u8> code(15);
    code.resize(kvm::read_linear(memory_, {cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer}, cpu.rip, code));
    return code;
}

Follower::Came SoftFollower::follow(const Place& place) {
    while (subject_.ticks() < place.ticks) {
        RunExit exit = subject_.run(place.ticks);
        if (exit != RunExit::position && exit != RunExit::device) return Came::failed;
    }
    return Came::there;
}

}  // namespace vmft::test::conformance
