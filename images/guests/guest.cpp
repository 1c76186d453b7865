#include "guest.h"

namespace guest {
namespace {

namespace layout = vmft::layout;

struct InterruptGate {
    u16 offset_low;
    u16 selector;
    u8 stack_table;
    u8 attributes;
    u16 offset_middle;
    u32 offset_high;
    u32 reserved;
};

alignas(16) InterruptGate interrupt_table[256];

struct [[gnu::packed]] TablePointer {
    u16 limit;
    u64 base;
};

void set_gate(u8 vector, u64 target, bool user) {
    constexpr u16 kernel_code = 0x08;
    u8 attributes = user ? 0xee : 0x8e;  // present, interrupt gate
    interrupt_table[vector] = {u16(target),       kernel_code,       0, attributes,
                               u16(target >> 16), u32(target >> 32), 0};
    TablePointer pointer{sizeof interrupt_table - 1, reinterpret_cast<u64>(interrupt_table)};
    asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

}  // namespace

void print(const char* text) {
    constexpr u16 line_status = layout::com1 + 5;
    constexpr u8 transmitter_empty = 0x20;
    for (; *text != 0; ++text) {
        while (!(in8(line_status) & transmitter_empty)) {
        }
        out8(layout::com1, u8(*text));
    }
}

void print(u64 value) {
    char digits[21];
    char* at = digits + 20;
    *at = 0;
    do {
        *--at = char('0' + value % 10);
        value /= 10;
    } while (value != 0);
    print(at);
}

void print_hex(u64 value) {
    char digits[19] = "0x0000000000000000";
    for (int i = 17; i >= 2; --i, value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
    print(digits);
}

void expect(bool holds, const char* name) {
    print(name);
    print(holds ? ": ok\n" : ": FAILED\n");
}

void power_off() {
    constexpr u16 sleep_enable = 1 << 13;
    out16(layout::pm1a_control, sleep_enable | u16(layout::sleep_type_s5 << 10));
    // QEMU's chipsets call S5 type 0: lets the guests be tried there.
    out16(layout::pm1a_control, sleep_enable);
    for (;;) asm volatile("cli; hlt");
}

void set_handler(u8 vector, void (*handler)(InterruptFrame*), bool user) {
    set_gate(vector, reinterpret_cast<u64>(handler), user);
}

void set_fault_handler(u8 vector, void (*handler)(InterruptFrame*, u64)) {
    set_gate(vector, reinterpret_cast<u64>(handler), false);
}

void set_up_pic(u16 lines) {
    if (lines >> 8) lines |= 1 << 2;  // the second PIC hangs on line 2 of the first
    constexpr u16 pics[] = {layout::pic_master, layout::pic_slave};
    for (u16 pic : pics) {
        bool master = pic == layout::pic_master;
        out8(pic, 0x11);  // ICW1: edge triggered, cascaded, ICW4 follows
        out8(pic + 1, master ? 0x20 : 0x28);
        out8(pic + 1, master ? 1 << 2 : 2);
        out8(pic + 1, 0x01);  // ICW4: 8086 mode
        out8(pic + 1, u8(~(master ? lines : lines >> 8)));
    }
}

void end_of_interrupt(unsigned line) {
    if (line >= 8) out8(layout::pic_slave, 0x20);
    out8(layout::pic_master, 0x20);
}

void set_up_pit(u16 divisor) {
    out8(layout::pit + 3, 0x34);  // channel 0, both bytes, mode 2
    out8(layout::pit, u8(divisor));
    out8(layout::pit, u8(divisor >> 8));
}

}  // namespace guest

// The compiler may ask for these even in freestanding code (declared in guest.h).
extern "C" void* memset(void* target, int value, unsigned long count) {
    void* start = target;
    asm volatile("rep stosb" : "+D"(target), "+c"(count) : "a"(value) : "memory");
    return start;
}

extern "C" void* memcpy(void* target, const void* source, unsigned long count) {
    void* start = target;
    asm volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(count) : : "memory");
    return start;
}
