// What every test guest starts from: ports, console, power-off and interrupts, without a kernel or
// a C library. A guest prints what it finds in lines that do not depend on time or speed, so that
// its manifest can name the whole output.
#pragma once

#include "machine/layout.h"

namespace guest {

using vmft::u16;
using vmft::u32;
using vmft::u64;
using vmft::u8;

inline void out8(u16 port, u8 value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
inline void out16(u16 port, u16 value) { asm volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }
inline void out32(u16 port, u32 value) { asm volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }

inline u8 in8(u16 port) {
    u8 value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

inline u32 in32(u16 port) {
    u32 value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

inline u64 read_tsc() {
    u32 low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return u64(high) << 32 | low;
}

inline void write_msr(u32 msr, u64 value) {
    asm volatile("wrmsr" : : "c"(msr), "a"(u32(value)), "d"(u32(value >> 32)) : "memory");
}

inline u64 read_msr(u32 msr) {
    u32 low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return u64(high) << 32 | low;
}

inline volatile u32& mmio32(u64 address) { return *reinterpret_cast<volatile u32*>(address); }

// Console (the first 16550).
void print(const char* text);
void print(u64 value);  // decimal
void print_hex(u64 value);

// Prints the arguments and a line end.
template <typename... Values>
void print_line(Values... values) {
    (print(values), ...);
    print("\n");
}

// Prints "name: ok", or "name: FAILED".
void expect(bool holds, const char* name);

// ACPI S5, through PM1a_CNT.
extern "C" [[noreturn]] void power_off();

// What the CPU pushes for an interrupt in 64-bit mode (SDM volume 3, chapter 6.14).
struct InterruptFrame {
    u64 rip;
    u64 cs;
    u64 rflags;
    u64 rsp;
    u64 ss;
};

// Points a vector at a function with the attribute `interrupt`. `user` lets user mode raise it.
void set_handler(u8 vector, void (*handler)(InterruptFrame*), bool user = false);
void set_fault_handler(u8 vector, void (*handler)(InterruptFrame*, u64 error_code));

// Remaps the two PICs to vectors 0x20 to 0x2f with every line masked but those in `lines`.
void set_up_pic(u16 lines);
void end_of_interrupt(unsigned line);

// PIT channel 0 in mode 2, an interrupt on line 0 every `divisor` of its clocks.
void set_up_pit(u16 divisor);

inline void enable_interrupts() { asm volatile("sti" : : : "memory"); }
inline void disable_interrupts() { asm volatile("cli" : : : "memory"); }
inline void wait_for_interrupt() { asm volatile("sti; hlt; cli" : : : "memory"); }

}  // namespace guest

extern "C" void* memset(void* target, int value, unsigned long count);
extern "C" void* memcpy(void* target, const void* source, unsigned long count);
