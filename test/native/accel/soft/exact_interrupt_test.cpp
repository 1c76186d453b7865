#include <algorithm>

#include "accel/soft/exact_run.h"

using namespace vmft;
using namespace vmft::test;
namespace k = vmft::test::tiny_kernel;

/// Interrupts, their shadows and their way from user mode: the same at whatever tick the run is
/// cut.
namespace {

VMFT_CODE(exact_user_loop, R"(
  mov ecx, 40
1: inc rax
  add rbx, rax
  xor rdx, rbx
  loop 1b
  int 0x90
  ud2
exact_user_loop_done:
  jmp exact_user_loop_done
)");
VMFT_LABEL(exact_user_loop_done);

VMFT_CODE(exact_shadows, R"(
  cli
  mov al, 0x41
  out 0x11, al
  nop
  sti
exact_shadows_a: inc rbx
exact_shadows_b: inc rbx
  cli
  mov al, 0x42
  out 0x11, al
  mov eax, 0x18
  sti
  mov ss, eax
exact_shadows_c: inc rbx
exact_shadows_d: inc rbx
  mov al, 0x43
  mov eax, 0x18
  mov ss, eax
exact_shadows_e: inc rbx
  cli
  mov al, 0x44
  out 0x11, al
  sti
  cli
  nop
  sti
  hlt
exact_shadows_f: inc rbx
  cli
  hlt
)");
VMFT_LABEL(exact_shadows_b);
VMFT_LABEL(exact_shadows_d);
VMFT_LABEL(exact_shadows_f);

VMFT_CODE(exact_shadowed_rep, R"(
  cli
  mov al, 0x41
  out 0x11, al
  mov edi, 0x600000
  mov ecx, 6
  sti
exact_shadowed_rep_a: rep stosb
  cli
  mov al, 0x42
  out 0x11, al
  mov esi, 0x600000
  mov ecx, 6
  mov eax, 0x18
  sti
  mov ss, eax
exact_shadowed_rep_b: rep lodsb
  mov [0x600008], rcx
  cli
  hlt
)");
VMFT_LABEL(exact_shadowed_rep_a);
VMFT_LABEL(exact_shadowed_rep_b);

VMFT_CODE(exact_halts, R"(
  mov ecx, 5
1: sti
  hlt
  inc rbx
  cli
  loop 1b
  cli
  hlt
)");

VMFT_CODE(exact_software_interrupts, R"(
  int 0x80
exact_software_a: int3
exact_software_b: .byte 0xf1
exact_software_c: lea r15, [rip + exact_software_d]
  ud2
exact_software_d: mov rax, rsp
  push 0x18
  push rax
  pushfq
  push 0x10
  lea rax, [rip + exact_software_e]
  push rax
  iretq
  ud2
exact_software_e: pushfq
  cli
  popfq
  cli
  hlt
)");
VMFT_LABEL(exact_software_a);
VMFT_LABEL(exact_software_b);
VMFT_LABEL(exact_software_c);

VMFT_CODE(exact_devices, R"(
  mov ecx, 4
  mov edx, 0x10
  mov ebx, 0x800000
1: inc rsi
  in al, dx
  add rsi, rax
  out dx, eax
  mov [rbx + 8], rax
  add rsi, [rbx]
  rdtsc
  add rsi, rax
  loop 1b
  mov rdi, rbx
  mov ecx, 3
  mov edx, 0x10
  rep stosb
  mov edi, 0x600000
  mov ecx, 3
  rep insb
  mov al, 0x45
  out 0x11, al
  inc rsi
  lea r15, [rip + 2f]
  mov ebx, 0x604000
  push qword ptr [rbx]
2: inc rsi
  mov ebx, 0x800000
  lea r15, [rip + 3f]
  mov esi, 0x800000
  mov edi, 0x604000
  movsq
3: cli
  hlt
)");

u64 offset(const u8* label, const u8* program) {
    return k::code + static_cast<u64>(label - program);
}

}  // namespace

VMFT_TEST(a_device_interrupt_in_user_mode_pushes_on_the_kernels_stack) {
    // The handler's first instruction pushes where user mode may not: it must run with the
    // supervisor's rights.
    for (u64 at = 1; at < 60; at += 7) {
        Scenario scenario{"user loop", code_of(exact_user_loop), 3, {{at, 0x40}, {at + 13, 0x50}}};
        scenario.prepare = [](GuestMemory&, soft::Cpu& cpu) { cpu.gpr[soft::r15] = 0; };
        scenario.ticks_max = 400;
        ExactRun run(scenario);
        run.run_to(300);
        std::vector<Delivered> all = run.delivered();
        VMFT_REQUIRE(all.size() >= 2);
        VMFT_EXPECT_EQUAL(all[0].vector, 0x40u);
        VMFT_EXPECT_EQUAL(all[0].cs, u64{k::user_code});
        VMFT_EXPECT_EQUAL(all[0].rsp, k::user_stack_top);
        VMFT_EXPECT_EQUAL(all[1].vector, 0x50u);
        for (const Delivered& one : all) VMFT_EXPECT(one.vector != 14 && one.vector != 8);
    }
}

VMFT_TEST(user_mode_is_cut_anywhere) {
    Scenario scenario{"user loop to a fault",
                      code_of(exact_user_loop),
                      3,
                      {{9, 0x40}, {30, 0x41}, {31, 0x42}, {90, 0x43}}};
    scenario.prepare = [](GuestMemory&, soft::Cpu& cpu) { cpu.gpr[soft::r15] = 0; };
    // After INT 90 comes UD2 for ever: what is looked at is the way there.
    scenario.ticks_max = 2'000;
    ExactRun stepped(scenario), whole(scenario);
    while (stepped.ticks() < 600) stepped.run_to(stepped.ticks() + 1);
    whole.run_to(600);
    VMFT_EXPECT_EQUAL(stepped.digest(), whole.digest());
    std::vector<u64> vectors = vectors_of(whole);
    VMFT_REQUIRE(vectors.size() > 6);
    VMFT_EXPECT((std::vector<u64>(vectors.begin(), vectors.begin() + 6) ==
                 std::vector<u64>{0x40, 0x41, 0x42, 0x43, 0x90, 6}));
}

VMFT_TEST(sti_and_mov_ss_hold_interrupts_for_one_instruction) {
    auto run = expect_exact({"shadows", code_of(exact_shadows)});
    std::vector<Delivered> all = run->delivered();
    VMFT_REQUIRE(all.size() == 3);
    VMFT_EXPECT_EQUAL(all[0].vector, 0x41u);
    VMFT_EXPECT_EQUAL(all[0].rip, offset(exact_shadows_b, exact_shadows));
    VMFT_EXPECT_EQUAL(all[1].vector, 0x42u);
    VMFT_EXPECT_EQUAL(all[1].rip, offset(exact_shadows_d, exact_shadows));
    VMFT_EXPECT_EQUAL(all[2].vector, 0x44u);
    VMFT_EXPECT_EQUAL(all[2].rip, offset(exact_shadows_f, exact_shadows));
}

VMFT_TEST(an_interrupt_that_waits_comes_before_the_second_iteration) {
    for (u32 after_runs : {0u, 1000u}) {
        Scenario scenario{"shadowed REP", code_of(exact_shadowed_rep)};
        scenario.translator.after_runs = after_runs;
        auto run = expect_exact(scenario);
        std::vector<Delivered> all = run->delivered();
        VMFT_REQUIRE(all.size() == 2);
        VMFT_EXPECT_EQUAL(all[0].rip, offset(exact_shadowed_rep_a, exact_shadowed_rep));
        VMFT_EXPECT_EQUAL(all[1].rip, offset(exact_shadowed_rep_b, exact_shadowed_rep));
        VMFT_EXPECT_EQUAL(run->data(0), 0x4141'4141'4141u);
        VMFT_EXPECT_EQUAL(run->data(8), 0u);
    }
}

VMFT_TEST(hlt_wakes_at_the_same_place) {
    auto run =
        expect_exact({"halts",
                      code_of(exact_halts),
                      0,
                      {{3, 0x60}, {20, 0x61}, {21, 0x62}, {22, 0x63}, {100, 0x64}, {300, 0x65}}});
    VMFT_EXPECT(run->delivered().size() >= 5);
}

VMFT_TEST(software_interrupts_retire_with_their_delivery) {
    auto run = expect_exact({"software interrupts",
                             code_of(exact_software_interrupts),
                             0,
                             {{2, 0x66}, {40, 0x67}, {64, 0x68}}});
    std::vector<Delivered> all = run->delivered();
    VMFT_REQUIRE(all.size() == 7);
    std::vector<u64> wanted_vectors = {0x80, 3, 1, 6};
    std::vector<u64> software;
    for (const Delivered& one : all)
        if (one.vector < 0x60 || one.vector == 0x80) software.push_back(one.vector);
    VMFT_EXPECT(software == wanted_vectors);
    for (const Delivered& one : all) {
        if (one.vector == 0x80)
            VMFT_EXPECT_EQUAL(one.rip, offset(exact_software_a, exact_software_interrupts));
        if (one.vector == 3)
            VMFT_EXPECT_EQUAL(one.rip, offset(exact_software_b, exact_software_interrupts));
        if (one.vector == 1)
            VMFT_EXPECT_EQUAL(one.rip, offset(exact_software_c, exact_software_interrupts));
    }
}

VMFT_TEST(devices_in_the_middle_of_a_block) {
    auto run =
        expect_exact({"devices", code_of(exact_devices), 0, {{11, 0x46}, {12, 0x47}, {50, 0x48}}});
    // Every touch happened once: 4 rounds of 4, 3 of REP STOSB, 3 of REP INSB, one to raise, and
    // the read before the fault of MOVSQ.
    VMFT_EXPECT_EQUAL(run->platform_log().size() / 3, 4u * 4 + 3 + 3 + 1 + 1);
    std::vector<u64> vectors = vectors_of(*run);
    VMFT_EXPECT_EQUAL(std::count(vectors.begin(), vectors.end(), 14), 2);
}
