// Halts with interrupts disabled: nothing of its own wakes it ever again.

#include "guest.h"

extern "C" void guest_main() {
    guest::print_line("halt: for good");
    for (;;) asm volatile("cli; hlt");
}
