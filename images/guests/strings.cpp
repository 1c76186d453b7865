// Repeated string instructions: each form, both directions, element sizes, counts of zero, and
// long ones that timer interrupts break up.

#include "guest.h"

namespace {

using namespace guest;

constexpr u64 buffer_bytes = 4 << 20;
u8 source[buffer_bytes];
u8 target[buffer_bytes];
volatile u64 interrupts;

__attribute__((interrupt)) void on_pit(InterruptFrame*) {
    interrupts = interrupts + 1;
    end_of_interrupt(0);
}

u64 sum(const u8* bytes, u64 count) {
    u64 result = 0;
    for (u64 i = 0; i < count; ++i) result = result * 31 + bytes[i];
    return result;
}

void fill_source() {
    u32 random = 1;
    for (u8& byte : source) {
        random = random * 1664525 + 1013904223;
        byte = u8(random >> 24);
    }
}

bool copy_forwards() {
    void* to = target;
    void* from = source;
    u64 count = buffer_bytes / 8;
    asm volatile("cld; rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    return count == 0 && to == target + buffer_bytes && sum(target, 65536) == sum(source, 65536);
}

bool copy_backwards_overlapping() {
    u8* to = target + 4096 + 3;
    u8* from = target + 4096;
    u64 expected = sum(target + 1, 4096);
    u64 count = 4096;
    asm volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    return count == 0 && from == target && sum(target + 4, 4096) == expected;
}

bool overlapping_forwards_repeats() {
    target[0] = 0xab;
    void* to = target + 1;
    void* from = target;
    u64 count = 100;
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    for (int i = 0; i <= 100; ++i) {
        if (target[i] != 0xab) return false;
    }
    return true;
}

bool zero_count_changes_nothing() {
    void* to = target;
    void* from = source;
    u64 count = 0;
    u8 before = target[0];
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    return to == target && from == source && target[0] == before;
}

bool store_all_sizes() {
    void* to = target;
    u64 value = 0x1122334455667788;
    u64 count;
    asm volatile("mov $3, %%ecx; rep stosb; mov $3, %%ecx; rep stosw; mov $3, %%ecx; rep stosl;"
                 "mov $3, %%ecx; rep stosq"
                 : "+D"(to), "=&c"(count)
                 : "a"(value)
                 : "memory");
    return to == target + 45 && target[0] == 0x88 && target[3] == 0x88 && target[4] == 0x77 &&
           target[9] == 0x88 && target[12] == 0x55 && target[44] == 0x11;
}

bool scan_and_compare() {
    for (int i = 0; i < 1000; ++i) target[i] = source[i] = 1;
    target[700] = 2;
    void* to = target;
    u64 count = 1000;
    u8 found;
    asm volatile("repne scasb; sete %2"
                 : "+D"(to), "+c"(count), "=q"(found)
                 : "a"(2)
                 : "memory", "cc");
    if (!found || count != 299 || to != target + 701) return false;
    to = target;
    void* from = source;
    count = 1000;
    asm volatile("repe cmpsb; setne %3"
                 : "+D"(to), "+S"(from), "+c"(count), "=q"(found)
                 :
                 : "memory", "cc");
    return found && count == 299;
}

bool long_copies_with_interrupts() {
    set_handler(0x20, on_pit);
    set_up_pic(1 << 0);
    set_up_pit(1193);  // 1000 a second
    enable_interrupts();
    bool right = true;
    u64 expected = 0;
    for (u32 round = 0; interrupts < 20; ++round) {
        void* to = target;
        u64 count = buffer_bytes;
        asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(round) : "memory");
        right = right && count == 0 && to == target + buffer_bytes &&
                target[buffer_bytes - 1] == u8(round);
        void* from = source;
        to = target;
        count = buffer_bytes;
        asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
        u64 found = sum(target + buffer_bytes - 4096, 4096);
        if (round == 0) expected = found;
        right = right && count == 0 && found == expected;
    }
    disable_interrupts();
    return right;
}

}  // namespace

extern "C" void guest_main() {
    fill_source();
    expect(copy_forwards(), "strings: copy forwards");
    expect(copy_backwards_overlapping(), "strings: copy backwards");
    expect(overlapping_forwards_repeats(), "strings: overlapping copy");
    expect(zero_count_changes_nothing(), "strings: count of zero");
    expect(store_all_sizes(), "strings: store");
    expect(scan_and_compare(), "strings: scan and compare");
    expect(long_copies_with_interrupts(), "strings: long copies with interrupts");
}
