// Page faults: error code and CR2 for a page that is not there, may not be written, may not be
// executed, may not be used by user mode; and that accessed and dirty bits are set.

#include "guest.h"

extern "C" guest::u64 pml4[512];
extern "C" guest::u64 page_directories[4 * 512];

namespace {

using namespace guest;

// A 4 KiB page table put where the identity map has a 2 MiB page that nothing uses.
constexpr u64 window = 0x4000'0000 - 0x20'0000;
constexpr u64 present = 1, writable = 2, user = 4, accessed = 0x20, dirty = 0x40;
constexpr u64 no_execute = 1ull << 63;

alignas(4096) u64 page_table[512];
alignas(4096) u8 target_page[4096];

volatile u64 fault_address;
volatile u64 fault_code;
volatile u64 fault_count;
u64 resume_at;

// Continues where the access that was tried says, instead of trying it again.
__attribute__((interrupt)) void on_page_fault(InterruptFrame* frame, u64 error_code) {
    u64 address;
    asm volatile("mov %%cr2, %0" : "=r"(address));
    fault_address = address;
    fault_code = error_code;
    fault_count = fault_count + 1;
    frame->rip = resume_at;
}

void map_window(u64 flags) {
    page_table[0] = flags == 0 ? 0 : reinterpret_cast<u64>(target_page) | flags;
    asm volatile("invlpg (%0)" : : "r"(window) : "memory");
}

[[gnu::noinline]] void try_read() {
    asm volatile("leaq 1f(%%rip), %%rax; movq %%rax, %0; movb (%1), %%al; 1:"
                 : "=m"(resume_at)
                 : "r"(window + 0x10)
                 : "rax", "memory");
}

[[gnu::noinline]] void try_write() {
    asm volatile("leaq 1f(%%rip), %%rax; movq %%rax, %0; movb $7, (%1); 1:"
                 : "=m"(resume_at)
                 : "r"(window + 0x20)
                 : "rax", "memory");
}

// On a fault the return address of the call is still on the stack; the handler's rip pops it.
[[gnu::noinline]] void try_execute() {
    asm volatile("leaq 1f(%%rip), %%rax; movq %%rax, %0; call *%1; jmp 2f; 1: pop %%rax; 2:"
                 : "=m"(resume_at)
                 : "r"(window)
                 : "rax", "memory");
}

void check(const char* name, u64 flags, void (*access)(), u64 offset, u64 expected_code) {
    map_window(flags);
    u64 before = fault_count;
    access();
    bool right = fault_count == before + 1 && fault_code == expected_code &&
                 fault_address == window + offset;
    expect(right, name);
    if (!right) {
        print_hex(fault_code);
        print_line(" code, faults ", u64(fault_count - before));
    }
}

void check_no_fault(const char* name, u64 flags, void (*access)(), u64 bits_after) {
    map_window(flags);
    u64 before = fault_count;
    access();
    expect(fault_count == before && (page_table[0] & (accessed | dirty)) == bits_after, name);
}

}  // namespace

extern "C" void guest_main() {
    set_fault_handler(14, on_page_fault);
    target_page[0] = 0xc3;  // ret
    page_directories[window >> 21] = reinterpret_cast<u64>(page_table) | present | writable | user;
    asm volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" : : : "rax", "memory");

    check("paging: read of an absent page", 0, try_read, 0x10, 0);
    check("paging: write to an absent page", 0, try_write, 0x20, 2);
    check("paging: execution of an absent page", 0, try_execute, 0, 0x10);
    check("paging: write to a read-only page", present, try_write, 0x20, 3);
    check("paging: execution of a no-execute page", present | no_execute, try_execute, 0, 0x11);
    check("paging: reserved bit", present | 1ull << 51, try_read, 0x10, 9);
    check_no_fault("paging: read sets accessed", present | writable, try_read, accessed);
    check_no_fault("paging: write sets dirty", present | writable, try_write, accessed | dirty);
    check_no_fault("paging: execution sets accessed", present, try_execute, accessed);

    // Without CR0.WP the kernel may write read-only pages.
    asm volatile("mov %%cr0, %%rax; btr $16, %%rax; mov %%rax, %%cr0" : : : "rax", "memory");
    check_no_fault("paging: no write protection", present, try_write, accessed | dirty);
}
