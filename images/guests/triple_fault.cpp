// A fault without an interrupt table: the CPU shuts down.

#include "guest.h"

extern "C" void guest_main() {
    guest::print_line("triple-fault: now");
    struct [[gnu::packed]] {
        guest::u16 limit = 0;
        guest::u64 base = 0;
    } no_table;
    asm volatile("lidt %0; ud2" : : "m"(no_table));
}
