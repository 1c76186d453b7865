// Interrupts that come from time: the PIT through the PIC, the local APIC's timer once and
// periodically, and the TSC deadline where CPUID offers it. Only counts are printed.

#include "guest.h"

namespace {

using namespace guest;
namespace layout = vmft::layout;

constexpr u8 pit_vector = 0x20;
constexpr u8 apic_vector = 0x40;
constexpr u8 spurious_vector = 0xff;
constexpr u64 interrupts_wanted = 10;

constexpr u64 apic_end_of_interrupt = layout::local_apic_base + 0xb0;
constexpr u64 apic_spurious = layout::local_apic_base + 0xf0;
constexpr u64 apic_timer_entry = layout::local_apic_base + 0x320;
constexpr u64 apic_initial_count = layout::local_apic_base + 0x380;
constexpr u64 apic_current_count = layout::local_apic_base + 0x390;
constexpr u64 apic_divide = layout::local_apic_base + 0x3e0;

constexpr u32 periodic = 1 << 17;
constexpr u32 deadline_mode = 2 << 17;
constexpr u32 masked = 1 << 16;
constexpr u32 msr_tsc_deadline = 0x6e0;

volatile u64 pit_interrupts;
volatile u64 apic_interrupts;

__attribute__((interrupt)) void on_pit(InterruptFrame*) {
    pit_interrupts = pit_interrupts + 1;
    end_of_interrupt(0);
}

__attribute__((interrupt)) void on_apic_timer(InterruptFrame*) {
    apic_interrupts = apic_interrupts + 1;
    mmio32(apic_end_of_interrupt) = 0;
}

__attribute__((interrupt)) void on_spurious(InterruptFrame*) {}

void wait_until(volatile u64& counter, u64 count) {
    while (counter < count) wait_for_interrupt();
}

bool has_tsc_deadline() {
    u32 eax = 1, ebx, ecx = 0, edx;
    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ecx >> 24 & 1;
}

void check_pit() {
    set_up_pic(1 << 0);
    set_up_pit(11932);  // 100 a second
    wait_until(pit_interrupts, interrupts_wanted);
    set_up_pic(0);
    print_line("timer: pit ", interrupts_wanted);
}

void check_apic() {
    mmio32(apic_spurious) = 0x100 | spurious_vector;  // enabled
    mmio32(apic_divide) = 0x3;                        // by 16
    mmio32(apic_timer_entry) = apic_vector;
    mmio32(apic_initial_count) = 100'000;
    u32 count_before = mmio32(apic_current_count);
    wait_until(apic_interrupts, 1);
    expect(count_before <= 100'000 && mmio32(apic_current_count) == 0, "timer: apic once");

    mmio32(apic_timer_entry) = apic_vector | periodic;
    mmio32(apic_initial_count) = 50'000;
    wait_until(apic_interrupts, 1 + interrupts_wanted);
    mmio32(apic_timer_entry) = apic_vector | masked;
    print_line("timer: apic periodic ", interrupts_wanted);
}

void check_deadline() {
    if (has_tsc_deadline()) {
        mmio32(apic_timer_entry) = apic_vector | deadline_mode;
        for (u64 i = 0; i < interrupts_wanted; ++i) {
            u64 before = apic_interrupts;
            u64 deadline = read_tsc() + 100'000;
            write_msr(msr_tsc_deadline, deadline);
            wait_until(apic_interrupts, before + 1);
            if (read_tsc() < deadline) print_line("timer: FAILED: before its deadline");
        }
    }
    print_line("timer: deadline done");
}

}  // namespace

extern "C" void guest_main() {
    set_handler(pit_vector, on_pit);
    set_handler(apic_vector, on_apic_timer);
    set_handler(spurious_vector, on_spurious);
    check_pit();
    check_apic();
    check_deadline();
}
