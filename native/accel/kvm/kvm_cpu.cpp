#include "accel/kvm/kvm_cpu.h"

#include "accel/kvm/vcpu/flat_segment.h"
#include <cstdio>

#include "accel/kvm/vcpu/vcpu_state.h"
#include "base/hash64.h"

namespace vmft::kvm {

namespace {

constexpr u64 cr0_pe = 1, cr0_et = 16, cr0_ne = 32, cr0_pg = u64{1} << 31;
constexpr u64 cr4_pae = 32;
constexpr u64 efer_lme = 0x100, efer_lma = 0x400;

u64 hash_of_general_registers(const kvm_regs& registers) {
    static_assert(offsetof(kvm_regs, rip) == 16 * sizeof(u64), "the 16 general ones come first");
    return hash64({reinterpret_cast<const u8*>(&registers), 16 * sizeof(u64)});
}

}  // namespace

KvmCpu::KvmCpu(GuestMemory& memory, Platform& platform, const KvmOptions& options)
    : memory_(memory), platform_(platform),
      vcpu_(std::make_unique<Vcpu>(host_, memory, options.cpuid)),
      counter_(make_counter(options.counter, *vcpu_, memory)), traps_(memory) {}

Position KvmCpu::position() const {
    const kvm_regs& registers = vcpu_->registers();
    Position position;
    position.ticks = ticks_;
    position.rip = registers.rip;
    position.rcx = registers.rcx;
    position.registers = hash_of_general_registers(registers);
    position.exits = exits_;
    return position;
}

void KvmCpu::set_entry(const EntryState& entry) {
    kvm_sregs system = vcpu_->system_registers();
    u8 code_type = 11, data_type = 3;  // Accessed, as a loaded segment is.
    system.cs = flat_segment(entry.code_selector, code_type, entry.long_mode);
    for (kvm_segment* data : {&system.ds, &system.es, &system.ss, &system.fs, &system.gs})
        *data = flat_segment(entry.data_selector, data_type, false);
    system.gdt.base = entry.gdt_base;
    system.gdt.limit = entry.gdt_limit;
    system.idt.base = 0;
    system.idt.limit = 0;
    system.cr0 = cr0_pe | cr0_et | cr0_ne;
    if (entry.long_mode) {
        system.cr0 |= cr0_pg;
        system.cr3 = entry.cr3;
        system.cr4 = cr4_pae;
        system.efer = efer_lme | efer_lma;
    }
    vcpu_->set_system_registers(system);

    kvm_regs registers{};
    registers.rip = entry.rip;
    registers.rsp = entry.rsp;
    registers.rsi = entry.rsi;
    registers.rbx = entry.rbx;
    registers.rflags = 2;
    vcpu_->set_registers(registers);
}

/// KVM empties the translations when it is given another CR3.
void KvmCpu::flush_caches() {
    collect_dirty_flags();
    // What the state does not hold (vcpu_state.h) and FXSAVE writes to memory.
    kvm_fpu fpu = vcpu_->fpu();
    fpu.last_opcode = 0;
    fpu.last_ip = fpu.last_dp = 0;
    vcpu_->set_fpu(fpu);
    kvm_sregs system = vcpu_->system_registers();
    traps_.scan(system);
    watch_user_tsc();
    u64 cr3 = system.cr3;
    system.cr3 = cr3 ^ page_bytes;
    vcpu_->set_system_registers(system);
    system.cr3 = cr3;
    vcpu_->set_system_registers(system);
}

void KvmCpu::save(StateWriter& state) const {
    state.put(ticks_);
    state.put(exits_);
    state.put(halted_);
    state.put(shut_down_);
    state.put(next_scan_ns_);
    save_vcpu(*vcpu_, state);
    msrs_.save(state);
}

void KvmCpu::restore(StateReader& state) {
    state.get(ticks_);
    state.get(exits_);
    state.get(halted_);
    state.get(shut_down_);
    state.get(next_scan_ns_);
    restore_vcpu(*vcpu_, state);
    msrs_.restore(state);
    for (u32 msr = msr_number::sysenter_cs; msr <= msr_number::sysenter_eip; msr++) {
        u64 value = 0;
        if (msrs_.read(platform_, msr, value)) vcpu_->set_msr(msr, value);
    }
    traps_.forget();
    counter_->set(ticks_);
    collect_dirty_flags();
    restored_ = true;
}

std::string KvmCpu::describe() const {
    const kvm_regs& registers = vcpu_->registers();
    kvm_sregs system = vcpu_->system_registers();
    char text[1024];
    std::snprintf(text, sizeof text,
                  "rax %016llx rbx %016llx rcx %016llx rdx %016llx\n"
                  "rsi %016llx rdi %016llx rbp %016llx rsp %016llx\n"
                  "r8  %016llx r9  %016llx r10 %016llx r11 %016llx\n"
                  "r12 %016llx r13 %016llx r14 %016llx r15 %016llx\n"
                  "rip %016llx rflags %016llx cs %04x ss %04x fs %016llx gs %016llx\n"
                  "cr0 %016llx cr2 %016llx cr3 %016llx cr4 %016llx efer %llx%s",
                  registers.rax, registers.rbx, registers.rcx, registers.rdx, registers.rsi,
                  registers.rdi, registers.rbp, registers.rsp, registers.r8, registers.r9,
                  registers.r10, registers.r11, registers.r12, registers.r13, registers.r14,
                  registers.r15, registers.rip, registers.rflags, system.cs.selector,
                  system.ss.selector, system.fs.base, system.gs.base, system.cr0, system.cr2,
                  system.cr3, system.cr4, system.efer, halted_ ? " halted" : "");
    return text;
}

Accelerator::Statistics KvmCpu::statistics() const {
    Statistics statistics;
    statistics.own_exits = counts_.own_exits;
    statistics.forced_exits = counts_.forced_exits;
    statistics.exact_stops = counts_.exact_stops;
    statistics.breakpoint_hits = counts_.breakpoint_hits;
    statistics.stop_ns = counts_.stop_ns;
    return statistics;
}

}  // namespace vmft::kvm
