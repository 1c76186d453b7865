#include <list>

#include "accel/kvm/conformance/guest.h"
#include "accel/kvm/conformance/random_program.h"
#include "accel/soft/tiny_kernel.h"

/// Integer, SSE and x87 computing, with flags that the manual defines only.
namespace vmft::test::conformance {

asm(VMFT_GUEST_NAMES);

VMFT_CODE(conformance_integers, R"(
  mov r12d, [g_rounds]
1:
  mov ecx, 7
  mov rax, r12
2: add rax, [g_data + 0x8000 + rcx * 8]
  adc rdx, rax
  sub rbx, rdx
  sbb ebx, ecx
  cmp rbx, rax
  setg dl
  rol rax, 7
  ror edx, 3
  rcl rbx, 1
  rcr ebp, 1
  neg rbp
  bswap rax
  movsx rsi, ax
  movzx edi, dl
  xadd rsi, rdi
  cmpxchg rdi, rbx
  lea r8, [rax + rbx * 4 + 0x77]
  xchg r9, r8
  cwde
  cdqe
  cqo
  not r9
  inc r10
  dec r10w
  bsr r11, rax
  cmp r11, rax
  cmovs r13, r11
  shld r13, rax, 1
  cmp r13, rax
  mov r14, r13
  shr r14, 1
  sub r14, r12
  sar r15, 1
  add r15, rax
  bt rax, 5
  adc r15, 0
  mul rbx
  cmp rax, rdx
  imul r14, r13, 0x1234567
  cmp r14, rax
  mov ebp, 12345
  xor edx, edx
  mov eax, r14d
  div ebp
  cmp eax, edx
  dec ecx
  jnz 2b
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_floating_point, R"(
  mov r12d, [g_rounds]
  fninit
1:
  mov ecx, 5
2: cvtsi2sd xmm0, rcx
  cvtsi2sd xmm1, r12
  addsd xmm2, xmm0
  mulsd xmm2, xmm1
  divsd xmm2, xmm0
  sqrtpd xmm3, xmm2
  cvtpd2ps xmm4, xmm3
  movups xmm5, [g_data + 0x8000 + rcx * 8]
  paddd xmm5, xmm4
  pshufd xmm6, xmm5, 0x1b
  pxor xmm7, xmm6
  movdqu [g_data + 0x40], xmm7
  punpcklbw xmm7, xmm5
  pmaddwd xmm5, xmm6
  psllq xmm6, 3
  pmovmskb eax, xmm7
  ucomisd xmm2, xmm1
  cvttsd2si rbx, xmm3
  movd xmm8, ebx
  movq rdx, xmm7
  shufps xmm8, xmm7, 0x4e
  cmpltps xmm9, xmm8
  addps xmm10, xmm4
  maxss xmm11, xmm10
  stmxcsr [g_data + 0x50]
  fild qword ptr [g_data + 0x8000]
  fild word ptr [g_data + 0x8010 + rcx * 2]
  fadd st, st(1)
  fmul st(1), st
  fsqrt
  fabs
  fxch
  fdivrp
  fst qword ptr [g_data + 0x60]
  frndint
  fistp qword ptr [g_data + 0x68]
  fld1
  fldpi
  fucomip st, st(1)
  fstp tbyte ptr [g_data + 0x70]
  fldz
  fld1
  fcom st(1)
  fnstsw ax
  fstp st
  fstp st
  fnstcw [g_data + 0x7c]
  dec ecx
  jnz 2b
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_rare, R"(
  mov r12d, [g_rounds]
1: enter 32, 2
  mov [rbp - 24], r12
  enter 0, 1
  leave
  leave
  popcnt rax, r12
  crc32 rbx, rax
  mov ecx, 0x18
  verr cx
  lsl esi, ecx
  mov ecx, 0x50
  lar edi, ecx
  fault_to 2f
  .byte 0x0f, 0xff, 0xc0
2: mov rax, cr0
  or eax, 8
  mov cr0, rax
  fld1
  fstp qword ptr [g_data]
  fault_to 3f
  mov rax, cr0
  or eax, 4
  mov cr0, rax
  xorps xmm1, xmm2
3: mov rax, cr0
  and eax, -5
  mov cr0, rax
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_saved_state, R"(
  mov r12d, [g_rounds]
  fninit
1: cvtsi2sd xmm3, r12
  fxsave64 [g_data]
  fld1
  fldpi
  xorps xmm3, xmm3
  fxrstor64 [g_data]
  fld1
  fstp st
  fninit
  dec r12d
  jnz 1b
  done
)");

namespace {

void add_random(std::vector<Guest>& guests, const char* name, const RandomProgram& wanted,
                u8 needs) {
    // The programs live as long as the guests that refer to them.
    static std::list<std::vector<u8>> programs;
    programs.push_back(random_program(wanted));
    guests.push_back({std::string(name) + " " + std::to_string(wanted.seed), programs.back()});
    guests.back().rounds = 2;
    guests.back().needs = needs;
}

}  // namespace

void add_random_guests(std::vector<Guest>& guests, u64 first_seed, u64 count) {
    for (u64 seed = first_seed; seed < first_seed + count; seed++) {
        RandomProgram integers{seed}, vectors{seed}, x87{seed};
        integers.vectors = integers.floats = integers.x87 = false;
        vectors.integers = vectors.x87 = false;
        x87.integers = x87.vectors = x87.floats = false;
        add_random(guests, "random integers", integers, Guest::nothing);
        add_random(guests, "random vectors", vectors, Guest::rare_instructions);
        add_random(guests, "random x87", x87, Guest::rare_instructions | Guest::silicon);
    }
}

void add_computing_guests(std::vector<Guest>& guests) {
    guests.push_back({"integers", code_of(conformance_integers)});
    guests.back().rounds = 3;
    guests.push_back({"floating point", code_of(conformance_floating_point)});
    guests.back().rounds = 3;
    guests.back().needs = Guest::rare_instructions;
    guests.push_back({"rare instructions", code_of(conformance_rare)});
    guests.back().rounds = 3;
    guests.back().needs = Guest::rare_instructions;
    guests.push_back({"saved floating-point state", code_of(conformance_saved_state)});
    guests.back().rounds = 3;
    guests.back().needs = Guest::rare_instructions;
}

}  // namespace vmft::test::conformance
