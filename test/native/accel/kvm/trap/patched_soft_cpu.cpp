#include "accel/kvm/trap/patched_soft_cpu.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "accel/kvm/trap/trap_sites.h"
#include "accel/soft/flags.h"
#include "accel/soft/system.h"

namespace vmft::test {

namespace {

constexpr u64 scan_interval_min_ns = 1'000'000, scan_interval_max_ns = 100'000'000;

u64 host_ns() {
    auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<u64>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

kvm_segment segment_of(const soft::SegmentState& state) {
    kvm_segment segment{};
    segment.selector = state.selector;
    segment.base = state.base;
    segment.limit = state.limit;
    segment.type = state.access & 15;
    segment.s = state.access >> 4 & 1;
    segment.dpl = state.access >> 5 & 3;
    segment.present = state.access >> 7 & 1;
    segment.avl = state.access >> 12 & 1;
    segment.l = state.access >> 13 & 1;
    segment.db = state.access >> 14 & 1;
    segment.g = state.access >> 15 & 1;
    segment.unusable = !segment.present;
    return segment;
}

}  // namespace

kvm_sregs system_registers_of(soft::Cpu& cpu) {
    kvm_sregs system{};
    system.cr0 = cpu.cr0;
    system.cr3 = cpu.cr3;
    system.cr4 = cpu.cr4;
    system.efer = cpu.efer;
    system.cs = segment_of(cpu.segments[soft::seg_cs]);
    system.ss = segment_of(cpu.segments[soft::seg_ss]);
    system.ldt = segment_of(cpu.ldtr);
    system.gdt.base = cpu.gdtr.base;
    system.gdt.limit = cpu.gdtr.limit;
    system.idt.base = cpu.idtr.base;
    system.idt.limit = cpu.idtr.limit;
    return system;
}

kvm_regs registers_of(const soft::Cpu& cpu) {
    kvm_regs registers{};
    __u64* const by_number[16] = {&registers.rax, &registers.rcx, &registers.rdx, &registers.rbx,
                                  &registers.rsp, &registers.rbp, &registers.rsi, &registers.rdi,
                                  &registers.r8,  &registers.r9,  &registers.r10, &registers.r11,
                                  &registers.r12, &registers.r13, &registers.r14, &registers.r15};
    for (unsigned i = 0; i < 16; i++) *by_number[i] = cpu.gpr[i];
    registers.rip = cpu.rip;
    registers.rflags = soft::read_rflags(cpu);
    return registers;
}

PatchedSoftCpu::PatchedSoftCpu(GuestMemory& memory, Platform& platform, Seen& seen)
    : memory_(memory), platform_(platform), seen_(seen), cpu_(memory, *this), traps_(memory) {}

RunExit PatchedSoftCpu::run(u64 until_ticks) {
    RunExit exit = cpu_.run(until_ticks);
    u64 now = platform_.tsc();
    if (device_used_ && now >= next_scan_ns_) {
        device_used_ = false;
        next_scan_ns_ = now + std::clamp(now / 8, scan_interval_min_ns, scan_interval_max_ns);
        scan();
    }
    return exit;
}

void PatchedSoftCpu::scan() {
    kvm_sregs system = system_registers_of(cpu_.cpu());
    auto text = kvm::executable_kernel_pages(memory_, kvm::PagingState::of(system));
    std::vector<u8> before;
    for (const kvm::TextPage& page : text) {
        const u8* bytes = memory_.data() + (page.ram_page << page_shift);
        before.insert(before.end(), bytes, bytes + page_bytes);
    }
    // The software CPU does not keep the `written` flags: all is looked at each time.
    traps_.forget();
    u64 patched = traps_.figures().patched, start_ns = host_ns();
    traps_.scan(system);
    seen_.scans++;
    seen_.scan_ns_max = std::max(seen_.scan_ns_max, host_ns() - start_ns);
    seen_.pages_max = std::max<u64>(seen_.pages_max, text.size());
    seen_.patched = traps_.figures().patched;
    seen_.left_alone = traps_.figures().left_alone;
    if (seen_.patched != patched) check_writes(text, before);
}

/// Whatever differs is a replacement of ours whose original stood there.
void PatchedSoftCpu::check_writes(const std::vector<kvm::TextPage>& text,
                                  const std::vector<u8>& before) {
    std::vector<u8> after(before.size());
    for (size_t i = 0; i < text.size(); i++)
        std::memcpy(after.data() + i * page_bytes,
                    memory_.data() + (text[i].ram_page << page_shift), page_bytes);
    for (size_t at = 0; at < after.size(); at++) {
        if (after[at] == before[at]) continue;
        auto found = kvm::replacement_at({after.data() + at, after.size() - at});
        auto original = kvm::original_at({before.data() + at, before.size() - at});
        found.source_register &= 7;  // The original's fourth bit stands in a prefix.
        if (found.kind == kvm::KernelTraps::Kind::none || found != original) seen_.wrong_bytes++;
        at += found.length() - 1;
    }
}

void PatchedSoftCpu::port_write(u16 port, unsigned size_bytes, u32 value) {
    device_used_ = true;
    if (!kvm::KernelTraps::is_trap_port(port)) {
        platform_.port_write(port, size_bytes, value);
        return;
    }
    soft::Cpu& cpu = cpu_.cpu();
    // An instruction that reaches a device is alone in its block.
    auto site = traps_.site_of_exit(port, cpu.gpr[soft::reg_block], system_registers_of(cpu));
    seen_.by_kind[static_cast<unsigned>(site.kind)]++;
    if (site.kind == kvm::KernelTraps::Kind::none) {
        seen_.strangers++;
    } else if (site.kind == kvm::KernelTraps::Kind::write_cr4) {
        soft::write_cr4(cpu, cpu.gpr[site.source_register]);
    } else {
        u64 now = platform_.tsc() + cpu.msr_tsc_adjust;
        cpu.gpr[soft::rax] = static_cast<u32>(now);
        cpu.gpr[soft::rdx] = now >> 32;
        if (site.kind == kvm::KernelTraps::Kind::rdtscp) cpu.gpr[soft::rcx] = cpu.msr_tsc_aux;
    }
}

u64 PatchedSoftCpu::tsc() const {
    soft::Cpu& cpu = cpu_.cpu();
    if (cpu.cpl == 0 && cpu.gpr[soft::reg_block] >= kvm::kernel_text_first)
        seen_.native_in_kernel++;
    return platform_.tsc();
}

}  // namespace vmft::test
