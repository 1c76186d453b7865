// Prints, and powers off: entry, console, power-off.

#include "guest.h"

extern "C" void guest_main() { guest::print_line("hello: from 64-bit mode"); }
