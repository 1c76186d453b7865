#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "accel/accel.h"
#include "machine/guest_memory.h"

/// The small guests that two CPUs run side by side: a program, and the least that a CPU in 64-bit
/// mode needs around it (page tables, GDT, TSS, IDT with a handler). It comes up by itself from the
/// entry state that any accelerator takes, so that its first instructions are compared as well.
namespace vmft::test::conformance {

// Linear is physical, in 4 KiB pages that user mode may use too; their accessed and dirty bits are
// clear at first.
inline constexpr u64 memory_bytes = 2 << 20;
inline constexpr u64 gdt_at = 0x1000, task_at = 0x1100, idt_at = 0x2000, stubs_at = 0x3000,
                     handler_at = 0x4000, boot_at = 0x5000, fault_log_at = 0x6000,
                     variables_at = 0x7000, stack_top = 0xa000, interrupt_stack_top = 0xc000,
                     double_fault_stack_top = 0xd000, tables_at = 0x1'0000, code_at = 0x2'0000,
                     data_at = 0x3'0000, user_stack_top = 0x4'2000, spare_at = 0x5'0000,
                     mapped_end = 0x8'0000;
inline constexpr u64 code_bytes_max = data_at - code_at, stub_bytes = 16;
/// Two linear pages for guests to map as they like (entries not present at first, of spare_at), and
/// the device's page.
inline constexpr u64 free_at = 0x40'0000, device_at = 0x80'0000;
/// Last-level entry of a linear address below 16 MiB, with linear address and RAM offset the same.
constexpr u64 entry_at(u64 linear) {
    return tables_at + 0x3000 + (linear >> 21) * 0x1000 + (linear >> 12 & 511) * 8;
}
inline constexpr u16 kernel_code = 0x08, kernel_data = 0x10, user_data = 0x1b, user_code = 0x23,
                     task = 0x28, absent_data = 0x38;

/// The same numbers for programs, and what they have in common: `asm(VMFT_GUEST_NAMES);` once in a
/// source file, before its programs.
///   fault_to label    the next fault goes on at the label (uses rax)
///   fix_entry address the next page fault sets bit 0 of that entry and tries again (uses rax)
///   done              the end
#define VMFT_GUEST_NAMES                                                                           \
    ".set g_data, 0x30000\n.set g_code, 0x20000\n.set g_spare, 0x50000\n.set g_free, 0x400000\n"   \
    ".set g_device, 0x800000\n.set g_raise_device, 0x800fc0\n.set g_resume, 0x7000\n"              \
    ".set g_count, 0x7008\n.set g_fix, 0x7010\n.set g_rounds, 0x7020\n.set g_stack, 0xa000\n"      \
    ".set g_user_stack, 0x42000\n.set g_entry_free, 0x15000\n.set g_tables, 0x10000\n"             \
    ".set p_raise, 0x40\n.set p_wake, 0x41\n.set p_later, 0x42\n.set p_end, 0x43\n"                \
    ".macro fault_to label\n lea rax, [rip + \\label]\n mov [g_resume], rax\n.endm\n"              \
    ".macro fix_entry entry\n mov qword ptr [g_fix], \\entry\n.endm\n"                             \
    ".macro raise vector\n mov al, \\vector\n out p_raise, al\n.endm\n"                            \
    ".macro wake vector\n mov al, \\vector\n out p_wake, al\n.endm\n"                              \
    ".macro done\n mov al, 1\n out p_end, al\n cli\n hlt\n.endm\n"

struct Guest {
    enum Needs : u8 {
        nothing = 0,
        user_mode = 1,            ///< CPL 3.
        software_interrupts = 2,  ///< INT3, INT n.
        wide_exchange = 4,        ///< CMPXCHG16B.
        rare_instructions = 8,    ///< A KVM that emulates lacks them, or does them otherwise.
        exact_returns = 16,       ///< What happens right behind IRET.
        silicon = 32,  ///< What QEMU's emulated processor does otherwise than a real one.
    };
    std::string name;
    std::span<const u8> program;
    u8 needs = nothing;
    u64 rounds = 1;                  ///< In [g_rounds]: how often its loop runs.
    bool random_interrupts = false;  ///< Interrupts come at any position with IF set, too.
    std::function<void(GuestMemory&)> prepare = {};
};

/// Fills fresh memory.
void build(GuestMemory& memory, const Guest& guest);
Accelerator::EntryState entry_state();

/// All of them, each in the file of its subject.
std::vector<Guest> guests();
void add_device_guests(std::vector<Guest>& guests);
void add_interrupt_guests(std::vector<Guest>& guests);
void add_fault_guests(std::vector<Guest>& guests);
void add_string_guests(std::vector<Guest>& guests);
void add_code_guests(std::vector<Guest>& guests);
void add_paging_guests(std::vector<Guest>& guests);
void add_user_guests(std::vector<Guest>& guests);
void add_computing_guests(std::vector<Guest>& guests);
/// Random programs of integer, vector and x87 instructions, `count` of each.
void add_random_guests(std::vector<Guest>& guests, u64 first_seed, u64 count);

}  // namespace vmft::test::conformance
