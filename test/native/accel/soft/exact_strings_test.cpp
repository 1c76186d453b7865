#include "accel/soft/exact_run.h"

using namespace vmft;
using namespace vmft::test;
namespace k = vmft::test::tiny_kernel;

/// String instructions whose iterations fault, are interrupted, or touch decoded code: each
/// iteration is a tick.
namespace {

VMFT_CODE(exact_rep_given_up, R"(
  mov edi, 0x603ff0
  mov ecx, 100
  mov eax, 0x11223344
  lea r15, [rip + 1f]
exact_rep_given_up_a: rep stosb
1: mov [0x600000], rcx
  mov [0x600008], rdi
  mov esi, 0x603fe4
  mov edi, 0x600100
  mov ecx, 20
  lea r15, [rip + 2f]
exact_rep_given_up_b: rep movsq
2: mov [0x600010], rcx
  mov [0x600018], rsi
  mov [0x600020], rdi
  std
  mov esi, 0x604002
  mov edi, 0x600200
  mov ecx, 4
  lea r15, [rip + 3f]
  rep movsd
3: cld
  mov [0x600028], rcx
  mov edi, 0x603ff8
  mov ecx, 50
  lea r15, [rip + 4f]
  repne scasw
4: mov [0x600030], rcx
  mov esi, 0x603ffc
  mov edi, 0x603ffc
  mov ecx, 50
  lea r15, [rip + 5f]
  repe cmpsb
5: mov [0x600038], rcx
  xor ecx, ecx
  rep movsb
  cli
  hlt
)");
VMFT_LABEL(exact_rep_given_up_a);
VMFT_LABEL(exact_rep_given_up_b);

/// The handler maps the page, and the instruction goes on where it was.
VMFT_CODE(exact_rep_resumed, R"(
  mov edi, 0x603fe0
  mov ecx, 64
  mov al, 0x5a
  rep stosb
  mov [0x600000], rcx
  mov [0x600008], rdi
  mov esi, 0x603fd8
  mov edi, 0x600100
  mov ecx, 12
  rep movsq
  sti
  mov edi, 0x600400
  mov ecx, 40
  rep stosd
  cli
  hlt
exact_rep_resumed_handler:
  push rax
  mov rax, [rsp + 8]
  mov [r14 + 8], rax
  mov rax, [rsp + 16]
  mov [r14 + 16], rax
  mov rax, cr2
  mov [r14 + 24], rax
  mov qword ptr [r14], 14
  add r14, 64
  or qword ptr [r13], 1
  invlpg [rax]
  pop rax
  add rsp, 8
  iretq
)");
VMFT_LABEL(exact_rep_resumed_handler);

u64 offset(const u8* label, const u8* program) {
    return k::code + static_cast<u64>(label - program);
}

}  // namespace

VMFT_TEST(a_rep_that_faults_midway_keeps_what_it_has_done) {
    auto run = expect_exact({"rep given up", code_of(exact_rep_given_up)});
    std::vector<Delivered> all = run->delivered();
    VMFT_REQUIRE(all.size() == 5);
    for (const Delivered& one : all) VMFT_EXPECT_EQUAL(one.vector, 14u);
    VMFT_EXPECT_EQUAL(all[0].error, 2u);
    VMFT_EXPECT_EQUAL(all[0].cr2, k::absent);
    VMFT_EXPECT_EQUAL(all[0].rip, offset(exact_rep_given_up_a, exact_rep_given_up));
    VMFT_EXPECT_EQUAL(run->data(0), 84u);
    VMFT_EXPECT_EQUAL(run->data(8), k::absent);
    // Four elements from 603fe4 would end at 604004: the fourth straddles the border and does not
    // happen.
    VMFT_EXPECT_EQUAL(all[1].error, 0u);
    VMFT_EXPECT_EQUAL(all[1].cr2, k::absent);
    VMFT_EXPECT_EQUAL(all[1].rip, offset(exact_rep_given_up_b, exact_rep_given_up));
    VMFT_EXPECT_EQUAL(run->data(0x10), 17u);
    VMFT_EXPECT_EQUAL(run->data(0x18), 0x603ffcu);
    VMFT_EXPECT_EQUAL(run->data(0x20), 0x600118u);
    VMFT_EXPECT_EQUAL(all[2].cr2, 0x604002u);
    VMFT_EXPECT_EQUAL(run->data(0x28), 4u);
    VMFT_EXPECT_EQUAL(all[3].cr2, k::absent);
    VMFT_EXPECT_EQUAL(run->data(0x30), 46u);
    VMFT_EXPECT_EQUAL(all[4].cr2, k::absent);
    VMFT_EXPECT_EQUAL(run->data(0x38), 46u);
}

VMFT_TEST(a_rep_goes_on_behind_a_fault_and_an_interrupt) {
    Scenario scenario{"rep resumed",
                      code_of(exact_rep_resumed),
                      0,
                      {{8, 0x40}, {20, 0x41}, {21, 0x42}, {150, 0x43}, {151, 0x44}}};
    scenario.prepare = [](GuestMemory& memory, soft::Cpu& cpu) {
        cpu.gpr[soft::r13] = k::entry_linear(memory, k::absent);
        k::set_handler(memory, 14, offset(exact_rep_resumed_handler, exact_rep_resumed));
    };
    auto run = expect_exact(scenario);
    VMFT_EXPECT_EQUAL(run->data(0), 0u);
    VMFT_EXPECT_EQUAL(run->data(8), 0x604020u);
    VMFT_EXPECT_EQUAL(run->data(0x100), 0u);
    VMFT_EXPECT_EQUAL(run->data(0x108), 0x5a5a5a5a5a5a5a5au);
    u64 faults = 0;
    for (const Delivered& one : run->delivered()) faults += one.vector == 14;
    VMFT_EXPECT_EQUAL(faults, 1u);
    VMFT_EXPECT_EQUAL(run->delivered().size(), 6u);
}
