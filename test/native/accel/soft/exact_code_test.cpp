#include <cstring>

#include "accel/soft/exact_run.h"

using namespace vmft;
using namespace vmft::test;
namespace k = vmft::test::tiny_kernel;

/// Code that changes while it runs, and code at the edge of a page: what is executed is what is in
/// memory at that tick.
namespace {

VMFT_CODE(exact_self_modifying, R"(
  xor eax, eax
  mov ecx, 3
1: # The instruction right behind the store: B0 imm8.
  mov byte ptr [rip + 2f + 1], cl
2: mov al, 0xee
  add rbx, rax
  # One store over two instructions of the same block, turned into INC and back.
  mov word ptr [rip + 3f], 0xc6ff
  nop
3: nop
  nop
  mov word ptr [rip + 3b], 0x9090
  loop 1b
  # A string store over the instructions that follow it.
  lea rdi, [rip + 4f]
  mov ecx, 6
  mov al, 0x90
  rep stosb
4: ud2
  ud2
  ud2
  # A store that straddles data and code.
  movabs rdx, 0x9090909000000042
  mov [rip + 5f - 4], rdx
  jmp 5f
  .long 0
5: ud2
  ud2
  mov [0x600000], rbx
  mov [0x600008], rsi
  # The same bytes by their other address.
  mov rdi, 0x602000
  mov byte ptr [rdi + 1], 0x77
  jmp 6f
  .balign 4096
6: mov al, 0x11
  mov [0x600010], rax
  cli
  hlt
)");

// A prefix that means nothing to Jcc.
VMFT_CODE(exact_prefixed_branches, R"(
  mov ecx, 40
1: inc eax
  test ecx, 1
  .byte 0x67
  jz 2f
  add ebx, eax
2: dec ecx
  .byte 0x67
  jnz 1b
  mov [0x600000], rbx
  cli
  hlt
)");

// MOV with as many prefixes as there is room for, then with one more; ADD and JMP with as many
// bytes as fit and one more behind what would be a whole instruction.
VMFT_CODE(exact_too_long, R"(
  .rept 6
  .byte 0x48
  .endr
  .byte 0xb9, 1, 2, 3, 4, 5, 6, 7, 8
  mov [0x600000], rcx
  lea r15, [rip + 1f]
  .rept 7
  .byte 0x48
  .endr
  .byte 0xb9, 9, 9, 9, 9, 9, 9, 9, 9
1: mov [0x600008], rcx
  lea r15, [rip + 2f]
  .rept 10
  .byte 0x2e
  .endr
  .byte 0x81, 0xc1, 1, 0, 0, 0
2: mov [0x600010], rcx
  lea r15, [rip + 3f]
  .rept 11
  .byte 0x3e
  .endr
  .byte 0xe9, 0, 0, 0, 0
3: mov [0x600018], rcx
  cli
  hlt
)");

// JMP, JE, JMP backwards and CALL by nearly 2 GiB, which from the page's beginning is more than
// that.
VMFT_CODE(exact_far_branches, R"(
  jmp 1f
  .fill 62, 1, 0x90
1: lea r15, [rip + 2f]
  .byte 0xe9
  .long 0x7fffffdf
2: lea r15, [rip + 3f]
  cmp eax, eax
  .byte 0x0f, 0x84
  .long 0x7fffffdf
3: lea r15, [rip + 4f]
  .byte 0xe9
  .long 0x80000000
4: lea r15, [rip + 5f]
  .byte 0xe8
  .long 0x7fffffdf
5: cli
  hlt
)");

VMFT_CODE(exact_second_page, R"(
  lea r15, [rip + 1f]
  mov eax, 0x601ffe
  jmp rax
1: lea r15, [rip + 2f]
  mov eax, 0x601fff
  jmp rax
2: lea r15, [rip + 3f]
  mov eax, 0x602000
  jmp rax
3: mov eax, 0x601ffa
  lea rbx, [rip + 4f]
  jmp rax
4: cli
  hlt
)");

}  // namespace

VMFT_TEST(self_modifying_code_is_cut_anywhere) {
    Scenario scenario{"self-modifying", code_of(exact_self_modifying)};
    scenario.prepare = [](GuestMemory& memory, soft::Cpu&) {
        // The second code page again, as data.
        k::write_entry(memory, k::data + 2 * page_bytes,
                       (k::code_ram + page_bytes) | k::pte_write | k::pte_user | 1);
    };
    auto run = expect_exact(scenario);
    VMFT_EXPECT_EQUAL(run->data(0), 3u + 2 + 1);
    VMFT_EXPECT_EQUAL(run->data(8), 3u);
    VMFT_EXPECT_EQUAL(run->data(0x10) & 0xff, 0x77u);
    VMFT_EXPECT(run->delivered().empty());
}

VMFT_TEST(branches_with_an_address_size_prefix_are_taken) {
    Scenario scenario{"prefixed branches", code_of(exact_prefixed_branches)};
    auto run = expect_exact(scenario);
    // Odd counts are met behind an even number of rounds: 2 + 4 + … + 40.
    VMFT_EXPECT_EQUAL(run->data(0), 420u);
}

VMFT_TEST(an_instruction_of_more_than_15_bytes_faults) {
    for (u32 after_runs : {0u, 1000u}) {
        Scenario scenario{"too long", code_of(exact_too_long)};
        scenario.translator.after_runs = after_runs;
        auto run = expect_exact(scenario);
        for (u64 offset : {0u, 8u, 0x10u, 0x18u})
            VMFT_EXPECT_EQUAL(run->data(offset), 0x0807060504030201u);
        std::vector<Delivered> all = run->delivered();
        VMFT_REQUIRE(all.size() == 3);
        for (const Delivered& one : all) {
            VMFT_EXPECT_EQUAL(one.vector, 13u);
            VMFT_EXPECT_EQUAL(one.error, 0u);
        }
    }
}

VMFT_TEST(branches_by_two_gib_come_to_where_they_lead) {
    for (u32 after_runs : {0u, 1000u}) {
        Scenario scenario{"far branches", code_of(exact_far_branches)};
        scenario.translator.after_runs = after_runs;
        std::vector<Delivered> all = expect_exact(scenario)->delivered();
        VMFT_REQUIRE(all.size() == 4);
        const u64 behind[] = {76, 91, 103, 115};  // Each branch, in the program.
        for (size_t i = 0; i < 4; i++) {
            u64 distance = i == 2 ? ~u64{0x7fffffff} : 0x7fffffdf;
            VMFT_EXPECT_EQUAL(all[i].vector, 14u);
            VMFT_EXPECT_EQUAL(all[i].rip, k::code + behind[i] + distance);
        }
    }
}

VMFT_TEST(code_that_straddles_two_pages_is_cut_anywhere) {
    // A ten-byte MOV over the border, whose far bytes change between two executions.
    std::vector<u8> program(page_bytes - 5, 0x90);
    program.insert(program.end(), {0x48, 0xba, 1, 2, 3});
    std::vector<u8> rest = {4, 5, 6, 7, 8};
    program.insert(program.end(), rest.begin(), rest.end());
    // inc byte [rip - 11 + ...]: the byte right behind the border; dec ecx; jnz to the MOV; mov
    // [600000], rdx; cli; hlt
    auto put = [&](std::initializer_list<u8> bytes) { program.insert(program.end(), bytes); };
    u64 here = program.size();
    i32 to_border = static_cast<i32>(page_bytes) - static_cast<i32>(here + 6);
    put({0xfe, 0x05});
    for (int i = 0; i < 4; i++) program.push_back(static_cast<u8>(to_border >> (8 * i)));
    put({0xff, 0xc9});
    i8 back =
        static_cast<i8>(static_cast<i64>(page_bytes - 5) - static_cast<i64>(program.size() + 2));
    put({0x75, static_cast<u8>(back), 0x48, 0x89, 0x14, 0x25, 0, 0, 0x60, 0, 0xfa, 0xf4});
    Scenario scenario{"straddling", program};
    scenario.prepare = [](GuestMemory&, soft::Cpu& cpu) {
        cpu.rip = k::code + page_bytes - 9;
        cpu.gpr[soft::rcx] = 4;
    };
    auto run = expect_exact(scenario);
    VMFT_EXPECT_EQUAL(run->data(0), 0x0807060507030201u);
}

VMFT_TEST(a_fetch_that_faults_in_the_second_page_names_it) {
    Scenario scenario{"second page", code_of(exact_second_page)};
    scenario.prepare = [](GuestMemory& memory, soft::Cpu&) {
        // At the end of the second data page: 48 B8 …, the beginning of MOV rax, imm64; the third
        // page is not executable.
        static constexpr u8 bytes[6] = {0xff, 0xe3, 0x90,
                                        0x90, 0x48, 0xb8};  // jmp rbx; nop; nop; mov rax, …
        std::memcpy(memory.data() + k::data_ram + 2 * page_bytes - 6, bytes, 6);
        u64 third = k::data + 2 * page_bytes;
        k::write_entry(memory, third, k::read_entry(memory, third) | k::pte_no_execute);
    };
    auto run = expect_exact(scenario);
    std::vector<Delivered> all = run->delivered();
    VMFT_REQUIRE(all.size() == 3);
    u64 border = k::data + 2 * page_bytes;
    for (const Delivered& one : all) {
        VMFT_EXPECT_EQUAL(one.vector, 14u);
        VMFT_EXPECT_EQUAL(one.error, 0x11u);
        VMFT_EXPECT_EQUAL(one.cr2, border);
    }
    VMFT_EXPECT_EQUAL(all[0].rip, border - 2);
    VMFT_EXPECT_EQUAL(all[1].rip, border - 1);
    VMFT_EXPECT_EQUAL(all[2].rip, border);
}
