#include "accel/kvm/conformance/kvm_follower.h"

#include <algorithm>
#include <cstring>

#include "base/hash64.h"

namespace vmft::test::conformance {
namespace {

u16 access_of(const kvm_segment& segment) {
    if (segment.unusable || !segment.present) return 0;
    return static_cast<u16>(segment.type | segment.s << 4 | segment.dpl << 5 |
                            segment.present << 7 | segment.avl << 12 | segment.l << 13 |
                            segment.db << 14 | segment.g << 15);
}

void set_segment(CpuImage& image, unsigned field, const kvm_segment& segment) {
    image.set_segment(field, segment.selector, segment.base, segment.limit, access_of(segment));
}

/// IRETQ, SWAPGS.
bool steps_as_two(std::span<const u8> code) {
    auto begins = [&](std::initializer_list<u8> bytes) {
        return code.size() >= bytes.size() && std::equal(bytes.begin(), bytes.end(), code.begin());
    };
    return begins({0x48, 0xcf}) || begins({0x0f, 0x01, 0xf8});
}

u64 hash_of_general_registers(const CpuImage& image) {
    // In the order of kvm_regs.
    static constexpr u8 order[16] = {0, 3, 1, 2, 6, 7, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
    u64 values[16];
    for (unsigned i = 0; i < 16; i++) values[i] = image[field_gpr + order[i]];
    return hash64({reinterpret_cast<const u8*>(values), sizeof values});
}

}  // namespace

KvmFollower::KvmFollower(const Guest& guest, u64 platform_seed, const kvm::KvmOptions& options,
                         const KvmSteps& steps)
    : platform_(platform_seed), cpu_(memory_, platform_, options), steps_(steps) {
    build(memory_, guest);
    cpu_.set_entry(entry_state());
}

bool KvmFollower::stops_at(const Place& place) {
    if (place.image[field_interrupt_shadow]) return false;
    if (uncounted_next_ && place.branched) uncounted_branches_++;
    uncounted_next_ = !steps_.behind_returns && steps_as_two(place.code);
    if (place.resume_flag && !steps_.by_counter) return false;
    return !uncounted_next_ && (steps_.in_strings || !place.in_string);
}

Follower::Came KvmFollower::follow(const Place& place) {
    Position target;
    target.ticks = place.branches - uncounted_branches_;
    target.rip = place.image[field_rip];
    target.rcx = place.image[field_rcx];
    target.registers = hash_of_general_registers(place.image);
    for (;;) {
        // Which exits lie before the place is KVM's affair: each one comes back here.
        target.exits = cpu_.position().exits;
        RunExit exit = cpu_.run_to(target);
        Position here = cpu_.position();
        if (exit == RunExit::position && here == target) return Came::there;
        if (exit == RunExit::triple_fault || exit == RunExit::stuck) {
            why_ = "it has shut down";
            return Came::failed;
        }
        if (exit == RunExit::position) {
            why_ = "broken out of";
            return Came::failed;
        }
        target.exits = here.exits;
        if (here == target) return Came::there;
        bool behind = here.rip == place.string_rip && here.rcx > target.rcx;
        if (place.in_string && !behind) {
            end_string(place);
            return Came::ahead;
        }
        if (exit == RunExit::halted) {
            why_ = "halted elsewhere";
            return Came::failed;
        }
    }
}

void KvmFollower::end_string(const Place& place) {
    Position target = cpu_.position();
    if (target.rip != place.string_rip || target.rcx != 0) return;
    target.rip += place.string_bytes;
    cpu_.run_to(target);
}

CpuImage KvmFollower::image_of(kvm::KvmCpu& cpu) {
    kvm::Vcpu& vcpu = cpu.vcpu();
    CpuImage image;
    kvm_regs registers = vcpu.registers();
    const u64 general[16] = {registers.rax, registers.rcx, registers.rdx, registers.rbx,
                             registers.rsp, registers.rbp, registers.rsi, registers.rdi,
                             registers.r8,  registers.r9,  registers.r10, registers.r11,
                             registers.r12, registers.r13, registers.r14, registers.r15};
    std::memcpy(&image[field_gpr], general, sizeof general);
    image[field_rip] = registers.rip;
    image[field_rflags] = registers.rflags & flags_compared;

    kvm_sregs system = vcpu.system_registers();
    image[field_cr0] = system.cr0;
    image[field_cr2] = system.cr2;
    image[field_cr3] = system.cr3;
    image[field_cr4] = system.cr4;
    image[field_efer] = system.efer;
    const kvm_segment* segments[6] = {&system.es, &system.cs, &system.ss,
                                      &system.ds, &system.fs, &system.gs};
    for (unsigned i = 0; i < 6; i++) set_segment(image, field_segments + 4 * i, *segments[i]);
    set_segment(image, field_ldtr, system.ldt);
    set_segment(image, field_tr, system.tr);
    image[field_gdt_base] = system.gdt.base;
    image[field_gdt_limit] = system.gdt.limit;
    image[field_idt_base] = system.idt.base;
    image[field_idt_limit] = system.idt.limit;

    kvm_debugregs debug = vcpu.debug_registers();
    for (unsigned i = 0; i < 4; i++) image[field_dr + i] = debug.db[i];
    image[field_dr6] = debug.dr6;
    image[field_dr7] = debug.dr7;

    kvm_fpu fpu = vcpu.fpu();
    std::memcpy(&image[field_xmm], fpu.xmm, sizeof fpu.xmm);
    for (unsigned i = 0; i < 8; i++) {
        u16 sign_exponent;
        std::memcpy(&image[field_x87 + 2 * i], fpu.fpr[i], 8);
        std::memcpy(&sign_exponent, fpu.fpr[i] + 8, 2);
        image[field_x87 + 2 * i + 1] = sign_exponent;
    }
    image[field_x87_control] = fpu.fcw;
    image[field_x87_status] = fpu.fsw;
    image[field_x87_tags] = fpu.ftwx;
    image[field_mxcsr] = fpu.mxcsr;

    static constexpr struct {
        unsigned field;
        u32 msr;
    } msrs[] = {{field_star, 0xc000'0081},
                {field_lstar, 0xc000'0082},
                {field_cstar, 0xc000'0083},
                {field_syscall_mask, 0xc000'0084},
                {field_kernel_gs_base, 0xc000'0102},
                {field_sysenter_cs, 0x174},
                {field_sysenter_esp, 0x175},
                {field_sysenter_eip, 0x176},
                {field_pat, 0x277}};
    for (const auto& [field, msr] : msrs) vcpu.get_msr(msr, image[field]);
    image[field_interrupt_shadow] = vcpu.events().interrupt.shadow != 0;
    image[field_halted] = cpu.halted();
    return image;
}

}  // namespace vmft::test::conformance
