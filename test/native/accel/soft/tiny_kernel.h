#pragma once

#include <span>
#include <vector>

#include "accel/soft/soft_cpu.h"

namespace vmft::test {

/// Machine code written in this source: `VMFT_CODE(name, text)` assembles `text` (Intel syntax),
/// `code_of(name)` gives its bytes. Labels in it that begin with the name are reachable as symbols:
/// VMFT_LABEL.
#define VMFT_CODE(name, text)                                                                      \
    asm(".pushsection .rodata\n.intel_syntax noprefix\n" #name ":\n" text "\n" #name               \
        "_end:\n.att_syntax\n.popsection\n");                                                      \
    extern "C" const ::vmft::u8 name[], name##_end[]
#define VMFT_LABEL(name) extern "C" const ::vmft::u8 name[]
#define code_of(name) (std::span<const ::vmft::u8>(name, static_cast<size_t>(name##_end - name)))

/// What the handlers wrote down of one interrupt or exception.
struct Delivered {
    u64 vector, error, rip, cr2, rflags, dr6, cs, rsp;
};

/// The least a long-mode CPU needs around the code under test: page tables, GDT, TSS, and a handler
/// for every vector that writes down what it was called for and returns: to r15 when that is not 0
/// (and clears it), else to where it was called from. The code under test keeps r14 as it is: the
/// place for the next entry.
namespace tiny_kernel {

inline constexpr u64 kernel = 0xffff'8000'0000'0000;  ///< Pages that user mode may not touch.
inline constexpr u64 code = 0x40'0000, data = 0x60'0000, absent = data + 4 * page_bytes,
                     user_stack_top = 0x70'1000;
inline constexpr u64 kernel_stack_top = kernel + 0x9000, interrupt_stack_top = kernel + 0x6000;
inline constexpr u64 tables = kernel + 0x1'0000;  ///< The page tables themselves.
inline constexpr u64 device = 0x80'0000, device_physical = 0x1000'0000;  ///< A page that is no RAM.
inline constexpr u64 code_ram = 0x4'0000, data_ram = 0x5'0000;
inline constexpr u64 pte_write = 2, pte_user = 4, pte_accessed = 0x20, pte_dirty = 0x40,
                     pte_no_execute = u64{1} << 63;
inline constexpr u16 kernel_code = 0x10, kernel_data = 0x18, user_data = 0x2b, user_code = 0x33,
                     task = 0x40;

/// Builds it all with `program` at `code`, and puts the CPU in front of it, at privilege level
/// `cpl` (0 or 3), interrupts on.
void build(GuestMemory& memory, SoftCpu& cpu, std::span<const u8> program, u8 cpl);

void map(GuestMemory& memory, u64 linear, u64 physical, u64 flags);
/// RAM offset of the last-level entry of a mapped linear address.
u64 entry_offset(GuestMemory& memory, u64 linear);
u64 read_entry(GuestMemory& memory, u64 linear);
void write_entry(GuestMemory& memory, u64 linear, u64 entry);
/// Linear address of that entry, for code that changes it.
inline u64 entry_linear(GuestMemory& memory, u64 linear) {
    return tables + entry_offset(memory, linear) - 0x1'0000;
}
/// Sends `vector` to code of the test's own.
void set_handler(GuestMemory& memory, u8 vector, u64 linear);

std::vector<Delivered> delivered(GuestMemory& memory, const SoftCpu& cpu);

}  // namespace tiny_kernel

}  // namespace vmft::test
