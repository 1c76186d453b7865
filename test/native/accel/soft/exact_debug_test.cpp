#include <algorithm>

#include "accel/soft/exact_run.h"

using namespace vmft;
using namespace vmft::test;
namespace k = vmft::test::tiny_kernel;

/// Single steps and breakpoints (SDM 3B 17.2, 17.3).
namespace {

constexpr u64 single_step = 0x4000;

VMFT_CODE(exact_trap_flag, R"(
  pushfq
  or qword ptr [rsp], 0x100
  popfq
exact_trap_flag_0: nop
exact_trap_flag_1: inc eax
exact_trap_flag_2: mov ecx, 3
exact_trap_flag_3: mov edi, 0x600000
exact_trap_flag_4: rep stosb
exact_trap_flag_5: mov edx, 0x18
exact_trap_flag_6: mov ss, edx
exact_trap_flag_7: inc ebx
exact_trap_flag_8: int 0x80
exact_trap_flag_9: jmp exact_trap_flag_a
  nop
exact_trap_flag_a: pushfq
exact_trap_flag_b: and qword ptr [rsp], ~0x100
exact_trap_flag_c: popfq
exact_trap_flag_d: nop
  nop
  cli
  hlt
)");
VMFT_LABEL(exact_trap_flag_1);
VMFT_LABEL(exact_trap_flag_2);
VMFT_LABEL(exact_trap_flag_3);
VMFT_LABEL(exact_trap_flag_4);
VMFT_LABEL(exact_trap_flag_5);
VMFT_LABEL(exact_trap_flag_6);
VMFT_LABEL(exact_trap_flag_7);
VMFT_LABEL(exact_trap_flag_8);
VMFT_LABEL(exact_trap_flag_9);
VMFT_LABEL(exact_trap_flag_a);
VMFT_LABEL(exact_trap_flag_b);
VMFT_LABEL(exact_trap_flag_c);
VMFT_LABEL(exact_trap_flag_d);

VMFT_CODE(exact_breakpoints, R"(
  lea rax, [rip + exact_breakpoints_a]
  mov dr0, rax
  mov eax, 0x600010
  mov dr1, rax
  mov eax, 0x600020
  mov dr2, rax
  mov eax, 0x600033
  mov dr3, rax
  # DR0 executes; DR1 writes, 4 bytes; DR2 reads and writes, 8 bytes; DR3 writes, 1 byte: all local.
  mov ecx, 0x1bd00055
  mov dr7, rcx
  inc ebx
exact_breakpoints_a: inc ebx
  mov eax, [0x600010]
  mov byte ptr [0x600013], 1
exact_breakpoints_b: mov byte ptr [0x600014], 1
  mov eax, [0x600024]
exact_breakpoints_c: mov byte ptr [0x600027], al
exact_breakpoints_d: mov dword ptr [0x600030], eax
exact_breakpoints_e: mov [0x600034], eax
  mov word ptr [0x60000f], ax
exact_breakpoints_f: mov edi, 0x60000e
  mov ecx, 5
  rep stosb
exact_breakpoints_g: add dword ptr [0x600010], 1
exact_breakpoints_h: xor eax, eax
  mov dr6, rax
  mov eax, 0x400
  mov dr7, rax
  mov byte ptr [0x600013], 1
  mov rax, dr7
  cli
  hlt
)");
VMFT_LABEL(exact_breakpoints_a);
VMFT_LABEL(exact_breakpoints_b);
VMFT_LABEL(exact_breakpoints_c);
VMFT_LABEL(exact_breakpoints_d);
VMFT_LABEL(exact_breakpoints_e);
VMFT_LABEL(exact_breakpoints_f);
VMFT_LABEL(exact_breakpoints_g);
VMFT_LABEL(exact_breakpoints_h);

VMFT_CODE(exact_rep_breakpoint, R"(
  lea rax, [rip + exact_rep_breakpoint_a]
  mov dr0, rax
  mov eax, 1
  mov dr7, rax
  mov ebx, 2
1: mov edi, 0x600000
  mov ecx, 6
exact_rep_breakpoint_a: rep stosb
  dec ebx
  jnz 1b
  cli
  hlt
)");
VMFT_LABEL(exact_rep_breakpoint_a);

VMFT_CODE(exact_general_detect, R"(
  mov eax, 0x2400
  mov dr7, rax
  lea r15, [rip + 1f]
exact_general_detect_a: mov rbx, dr0
  ud2
1: mov rbx, dr7
  lea r15, [rip + 2f]
  mov rax, dr4
  ud2
2: cli
  hlt
)");
VMFT_LABEL(exact_general_detect_a);

VMFT_CODE(exact_trap_sti, R"(
  pushfq
  or dword ptr [rsp], 0x100
  popfq
  sti
exact_trap_sti_1: nop
exact_trap_sti_2: cli
exact_trap_sti_3: pushfq
exact_trap_sti_4: and dword ptr [rsp], ~0x100
exact_trap_sti_5: popfq
exact_trap_sti_6: hlt
)");
VMFT_LABEL(exact_trap_sti_1);
VMFT_LABEL(exact_trap_sti_2);

u64 offset(const u8* label, const u8* program) {
    return k::code + static_cast<u64>(label - program);
}

}  // namespace

VMFT_TEST(single_steps_trap_behind_every_instruction) {
    auto run = expect_exact({"trap flag", code_of(exact_trap_flag)});
    const u8* p = exact_trap_flag;
    // REP traps behind each iteration; MOV SS keeps its trap back; INT n clears TF before it is
    // looked at.
    std::vector<u64> wanted = {
        offset(exact_trap_flag_1, p), offset(exact_trap_flag_2, p), offset(exact_trap_flag_3, p),
        offset(exact_trap_flag_4, p), offset(exact_trap_flag_4, p), offset(exact_trap_flag_4, p),
        offset(exact_trap_flag_5, p), offset(exact_trap_flag_6, p), offset(exact_trap_flag_8, p),
        offset(exact_trap_flag_a, p), offset(exact_trap_flag_b, p), offset(exact_trap_flag_c, p),
        offset(exact_trap_flag_d, p)};
    std::vector<u64> found;
    for (const Delivered& one : run->delivered()) {
        if (one.vector == 0x80) {
            VMFT_EXPECT(one.rflags & soft::flag_tf);
            continue;
        }
        VMFT_EXPECT_EQUAL(one.vector, 1u);
        VMFT_EXPECT_EQUAL(one.dr6 & 0xf00f, single_step);
        found.push_back(one.rip);
    }
    VMFT_EXPECT(found == wanted);
    if (found != wanted)
        for (u64 rip : found) std::cout << "  " << std::hex << rip << std::dec << std::endl;
}

VMFT_TEST(sti_holds_interrupts_back_but_not_the_single_step_trap) {
    auto run = expect_exact({"trap flag and STI", code_of(exact_trap_sti)});
    std::vector<Delivered> all = run->delivered();
    VMFT_REQUIRE(all.size() >= 2);
    VMFT_EXPECT_EQUAL(all[0].rip, offset(exact_trap_sti_1, exact_trap_sti));
    VMFT_EXPECT_EQUAL(all[1].rip, offset(exact_trap_sti_2, exact_trap_sti));
}

VMFT_TEST(breakpoints_hit_what_they_watch) {
    auto run = expect_exact({"breakpoints", code_of(exact_breakpoints)});
    const u8* p = exact_breakpoints;
    struct Hit {
        u64 rip, dr6;
    };
    // An instruction breakpoint faults before, a data breakpoint traps behind. DR6 gathers, for
    // nobody clears it.
    const Hit wanted[] = {
        {offset(exact_breakpoints_a, p), 1},  {offset(exact_breakpoints_b, p), 3},
        {offset(exact_breakpoints_c, p), 7},  {offset(exact_breakpoints_d, p), 7},
        {offset(exact_breakpoints_e, p), 15}, {offset(exact_breakpoints_f, p), 15}};
    std::vector<Delivered> all = run->delivered();
    VMFT_REQUIRE(all.size() >= 6);
    for (size_t i = 0; i < 6; i++) {
        VMFT_EXPECT_EQUAL(all[i].vector, 1u);
        VMFT_EXPECT_EQUAL(all[i].rip, wanted[i].rip);
        VMFT_EXPECT_EQUAL(all[i].dr6 & 15, wanted[i].dr6);
    }
    VMFT_EXPECT(all[0].rflags & soft::flag_rf);
    // REP STOSB writes 60000e … 600012: the last three are watched, and trap at once.
    VMFT_REQUIRE(all.size() == 10);
    u64 inside = 0;
    for (size_t i = 6; i < 9; i++)
        inside += all[i].rip >= offset(exact_breakpoints_f, p) &&
                  all[i].rip <= offset(exact_breakpoints_g, p);
    VMFT_EXPECT_EQUAL(inside, 3u);
    VMFT_EXPECT_EQUAL(all[8].rip, offset(exact_breakpoints_g, p));
    VMFT_EXPECT_EQUAL(all[9].rip, offset(exact_breakpoints_h, p));
}

VMFT_TEST(a_breakpoint_on_a_rep_hits_once_however_it_is_cut) {
    auto run = expect_exact({"breakpoint on a rep",
                             code_of(exact_rep_breakpoint),
                             0,
                             {{9, 0x40}, {11, 0x41}, {40, 0x42}}});
    u64 hits = 0;
    for (const Delivered& one : run->delivered())
        hits += one.vector == 1 && one.rip == offset(exact_rep_breakpoint_a, exact_rep_breakpoint);
    VMFT_EXPECT_EQUAL(hits, 2u);
}

VMFT_TEST(general_detect_guards_the_debug_registers) {
    auto run = expect_exact({"general detect", code_of(exact_general_detect)});
    std::vector<Delivered> all = run->delivered();
    VMFT_REQUIRE(all.size() == 2);
    VMFT_EXPECT_EQUAL(all[0].vector, 1u);
    VMFT_EXPECT_EQUAL(all[0].rip, offset(exact_general_detect_a, exact_general_detect));
    VMFT_EXPECT_EQUAL(all[0].dr6 & 0x2000, 0x2000u);
    // Its delivery has cleared DR7.GD, so that the handler and the code may use them; DR4 is none
    // with CR4.DE.
    VMFT_EXPECT_EQUAL(run->cpu().gpr[soft::rbx], 0x400u);
    VMFT_EXPECT_EQUAL(all[1].vector, 6u);
}
