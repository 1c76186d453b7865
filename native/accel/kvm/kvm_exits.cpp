#include <algorithm>
#include <cstring>

#include "accel/kvm/cannot_execute.h"
#include "accel/kvm/kvm_cpu.h"
#include "accel/kvm/trap/user_tsc.h"

/// What happens at each exit of the guest's own. KVM finishes the instruction when it is entered
/// again; here it is made to finish it at once, so that the position behind it exists.
namespace vmft::kvm {

namespace {

constexpr u64 cr4_tsd = 4;
constexpr u64 efer_lma = 0x400;
constexpr u64 low_word = 0xffff'ffff;
constexpr u64 flag_tf = 0x100, flag_rf = 0x1'0000;
constexpr u8 vector_gp = 13;
/// MOV to CR4 and what replaces it.
constexpr u64 write_cr4_bytes = 3;

/// Kernel text changes mostly while the guest boots: it is looked for again after an eighth of the
/// guest's age.
constexpr u64 scan_interval_min_ns = 1'000'000, scan_interval_max_ns = 100'000'000;

}  // namespace

/// None: the guest goes on, nobody need look.
std::optional<RunExit> KvmCpu::handle_exit() {
    kvm_run& page = vcpu_->run_page();
    switch (page.exit_reason) {
    case KVM_EXIT_IO: port_exit(); return own_exit(RunExit::device);
    case KVM_EXIT_MMIO: mmio_exit(); return own_exit(RunExit::device);
    case KVM_EXIT_X86_RDMSR: read_msr_exit(); return own_exit(RunExit::device);
    case KVM_EXIT_X86_WRMSR: write_msr_exit(); return own_exit(RunExit::device);
    case KVM_EXIT_SET_TPR: return own_exit(RunExit::device);
    case KVM_EXIT_HLT: halted_ = true; return own_exit(RunExit::halted);
    case KVM_EXIT_SHUTDOWN: shut_down_ = true; return own_exit(RunExit::triple_fault);
    // Where an interrupt can be taken: offered in front of each entry.
    case KVM_EXIT_IRQ_WINDOW_OPEN: return std::nullopt;
    default: throw_cannot_execute(*vcpu_, memory_);
    }
}

RunExit KvmCpu::own_exit(RunExit exit) {
    if (exit == RunExit::device) finish_instruction();
    exits_++;
    counts_.own_exits++;
    // Before the guest has shut down only: what is left of its registers then is no paging state.
    if (exit != RunExit::triple_fault && platform_.tsc() >= next_scan_ns_) look_for_kernel_text();
    return exit;
}

void KvmCpu::finish_instruction() {
    while (vcpu_->complete()) {
        // One instruction, several accesses: a string instruction, an access that straddles.
        kvm_run& page = vcpu_->run_page();
        if (page.exit_reason == KVM_EXIT_IO) {
            port_exit();
        } else if (page.exit_reason == KVM_EXIT_MMIO) {
            mmio_exit();
        } else {
            throw_cannot_execute(*vcpu_, memory_);
        }
    }
}

void KvmCpu::port_exit() {
    kvm_run& page = vcpu_->run_page();
    u16 port = page.io.port;
    unsigned size = page.io.size;
    u8* data = reinterpret_cast<u8*>(&page) + page.io.data_offset;
    if (page.io.direction == KVM_EXIT_IO_OUT && size == 1 && page.io.count == 1 &&
        trapped_instruction(port))
        return;
    for (u32 i = 0; i < page.io.count; i++, data += size) {
        u32 value = 0;
        if (page.io.direction == KVM_EXIT_IO_OUT) {
            std::memcpy(&value, data, size);
            platform_.port_write(port, size, value);
        } else {
            value = platform_.port_read(port, size);
            std::memcpy(data, &value, size);
        }
    }
}

/// An OUT that stands for an instruction of the kernel's (trap.h): finished, then given that one's
/// effect. False: an ordinary OUT.
bool KvmCpu::trapped_instruction(u16 port) {
    if (!KernelTraps::is_trap_port(port)) return false;
    KernelTraps::Site site =
        traps_.site_of_exit(port, vcpu_->registers().rip, vcpu_->system_registers());
    if (site.kind == KernelTraps::Kind::none) return false;
    u64 tsc = platform_.tsc() + msrs_.tsc_adjust();
    u64 rip = vcpu_->registers().rip;
    while (vcpu_->complete()) {
    }
    if (site.kind == KernelTraps::Kind::write_cr4) {
        u64 behind = vcpu_->registers().rip;
        if (!write_cr4(site)) refuse_instruction(rip != behind ? rip : behind - write_cr4_bytes);
        return true;
    }
    kvm_regs registers = vcpu_->registers();
    registers.rax = tsc & low_word;
    registers.rdx = tsc >> 32;
    if (site.kind == KernelTraps::Kind::rdtscp) registers.rcx = msrs_.tsc_aux();
    // The #DB of the guest's own single-step waits, and KVM_SET_REGS would drop it.
    kvm_vcpu_events events{};
    if (registers.rflags & flag_tf) events = vcpu_->events();
    vcpu_->set_registers(registers);
    if (events.exception.injected || events.exception.pending)
        vcpu_->inject_exception(events.exception.nr);
    return true;
}

/// False: no processor takes the value, nothing is changed.
bool KvmCpu::write_cr4(const KernelTraps::Site& site) {
    const kvm_regs& registers = vcpu_->registers();
    const __u64 by_number[16] = {registers.rax, registers.rcx, registers.rdx, registers.rbx,
                                 registers.rsp, registers.rbp, registers.rsi, registers.rdi,
                                 registers.r8,  registers.r9,  registers.r10, registers.r11,
                                 registers.r12, registers.r13, registers.r14, registers.r15};
    kvm_sregs system = vcpu_->system_registers();
    u64 value = by_number[site.source_register & 15] | cr4_tsd;
    // A change of CR4 has KVM drop the guest's translations, as a change of PGE must.
    system.cr4 = value;
    try {
        vcpu_->set_system_registers(system);
    } catch (const AcceleratorFault&) {
        return false;
    }
    return true;
}

/// #GP(0) in front of the instruction at `rip`, with the next entry.
void KvmCpu::refuse_instruction(u64 rip) {
    kvm_regs registers = vcpu_->registers();
    registers.rip = rip;
    registers.rflags |= flag_rf;  // As a fault saves them.
    vcpu_->set_registers(registers);
    vcpu_->inject_exception(vector_gp, 0);
}

void KvmCpu::mmio_exit() {
    kvm_run& page = vcpu_->run_page();
    u64 address = page.mmio.phys_addr;
    unsigned size = page.mmio.len;
    u64 value = 0;
    if (page.mmio.is_write) {
        std::memcpy(&value, page.mmio.data, size);
        platform_.mmio_write(address, size, value);
    } else {
        value = platform_.mmio_read(address, size);
        std::memcpy(page.mmio.data, &value, size);
    }
}

void KvmCpu::read_msr_exit() {
    kvm_run& page = vcpu_->run_page();
    u64 value = 0;
    page.msr.error = msrs_.read(platform_, page.msr.index, value) ? 0 : 1;
    page.msr.data = value;
}

void KvmCpu::write_msr_exit() {
    kvm_run& page = vcpu_->run_page();
    u32 msr = page.msr.index;
    u64 value = page.msr.data;
    page.msr.error = msrs_.write(platform_, msr, value) ? 0 : 1;
    if (page.msr.error == 0 && MsrExits::also_in_kvm(msr)) vcpu_->set_msr(msr, value);
}

/// A #GP in the guest: RDTSC in user mode, or one that is the guest's own affair.
std::optional<RunExit> KvmCpu::handle_user_trap() {
    u64 tsc = platform_.tsc() + msrs_.tsc_adjust();
    if (!resume_behind_rdtsc(*vcpu_, memory_, tsc, msrs_.tsc_aux())) return std::nullopt;
    return own_exit(RunExit::device);
}

/// Patches kernel text that is new, and sees to it that user mode cannot read the time-stamp
/// counter unseen: CR4.TSD makes it fault, and the handler of that fault is watched.
void KvmCpu::look_for_kernel_text() {
    u64 now = platform_.tsc();
    next_scan_ns_ = now + std::clamp(now / 8, scan_interval_min_ns, scan_interval_max_ns);
    kvm_sregs system = vcpu_->system_registers();
    if (!(system.efer & efer_lma)) return;
    vcpu_->collect_dirty_flags();
    traps_.scan(system);
    if (!(system.cr4 & cr4_tsd)) {
        system.cr4 |= cr4_tsd;
        vcpu_->set_system_registers(system);
    }
    watch_user_tsc();
}

void KvmCpu::watch_user_tsc() {
    kvm_sregs system = vcpu_->system_registers();
    if (system.cr4 & cr4_tsd) counter_->set_trap(gp_handler(system, memory_));
}

}  // namespace vmft::kvm
