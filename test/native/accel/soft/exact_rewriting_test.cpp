#include <cstring>

#include "accel/soft/exact_run.h"

using namespace vmft;
using namespace vmft::test;
namespace k = vmft::test::tiny_kernel;

/// Instructions that change what is executed next in ways other than a plain store: a REP that
/// overwrites itself between two iterations, a walk that sets an accessed bit in code.
namespace {

// REP STOSB over its own bytes, from the prefix on: F3 AA becomes 90 90, and the count stays where
// it was.
VMFT_CODE(exact_rep_over_itself, R"(
  lea rdi, [rip + 1f]
  mov ecx, 6
  mov al, 0x90
1: rep stosb
  nop
  mov [0x600000], rcx
  # The same in the shadow of STI, where it runs alone from the beginning.
  lea rdi, [rip + 2f]
  mov ecx, 6
  jmp 4f
  .balign 64
4: sti
2: rep stosb
  nop
  mov [0x600008], rcx
  cli
  hlt
)");

// A page table is executed: its second entry is ADD eax, ecx; ADD eax, 0; NOP, and becomes AND eax,
// ecx with its accessed bit, which the instruction before it sets.
VMFT_CODE(exact_walk_into_code, R"(
  mov eax, 5
  mov ecx, 3
  mov edx, 0x403000
  jmp rdx
)");
VMFT_CODE(exact_walk_into_code_table, R"(
  mov ebx, [0xa01000]
  nop
  .byte 0x03, 0xc1, 0x05, 0x00, 0x00, 0x00, 0x00, 0x90
  mov [0x600000], rax
  cli
  hlt
)");

}  // namespace

VMFT_TEST(a_rep_that_overwrites_itself_is_cut_anywhere) {
    Scenario scenario{"rep over itself", code_of(exact_rep_over_itself)};
    auto run = expect_exact(scenario);
    VMFT_EXPECT_EQUAL(run->data(0), 5u);
    VMFT_EXPECT_EQUAL(run->data(8), 5u);
}

VMFT_TEST(a_rep_that_straddles_pages_overwrites_itself) {
    std::vector<u8> program(page_bytes - 1, 0x90);
    program.insert(program.end(), {0xf3, 0xaa, 0x90, 0x48, 0x89, 0x0c, 0x25, 0, 0, 0x60, 0});
    program.insert(program.end(), {0xfa, 0xf4});
    Scenario scenario{"straddling rep", program};
    scenario.prepare = [](GuestMemory&, soft::Cpu& cpu) {
        cpu.rip = k::code + page_bytes - 4;
        cpu.gpr[soft::rcx] = 6;
        cpu.gpr[soft::rdi] = k::code + page_bytes;
        cpu.gpr[soft::rax] = 0x90;
    };
    auto run = expect_exact(scenario);
    VMFT_EXPECT_EQUAL(run->data(0), 5u);
}

VMFT_TEST(a_walk_that_changes_code_is_cut_anywhere) {
    Scenario scenario{"walk into code", code_of(exact_walk_into_code)};
    scenario.prepare = [](GuestMemory& memory, soft::Cpu&) {
        u64 table = k::code_ram + 3 * page_bytes;
        std::memcpy(memory.data() + table, exact_walk_into_code_table,
                    code_of(exact_walk_into_code_table).size());
        // The directory's entry for 0xa00000 is two behind the one for 0x600000.
        k::map(memory, 0xa0'0000, 0x5'0000, 0);
        u64 entry = k::entry_offset(memory, 0xa0'0000) & ~page_mask;
        for (u64 at = 0x1'0000; at < 0x3'0000; at += 8) {
            u64 value;
            std::memcpy(&value, memory.data() + at, 8);
            if ((value & ~page_mask) != entry) continue;
            value = table | k::pte_write | k::pte_user | 1;
            std::memcpy(memory.data() + at, &value, 8);
        }
    };
    auto run = expect_exact(scenario);
    VMFT_EXPECT_EQUAL(run->data(0), 1u);
    VMFT_EXPECT(run->delivered().empty());
}
