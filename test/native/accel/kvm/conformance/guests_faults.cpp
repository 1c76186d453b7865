#include "accel/kvm/conformance/guest.h"
#include "accel/soft/tiny_kernel.h"

/// Exceptions: handlers that go on elsewhere, that cure what was wrong, that only return.
namespace vmft::test::conformance {

asm(VMFT_GUEST_NAMES);

VMFT_CODE(conformance_faults, R"(
  mov r12d, [g_rounds]
  sti
1:
  fault_to 2f
  xor ecx, ecx
  mov eax, 100
  cdq
  div ecx
2: fault_to 2f
  mov rdx, 1
  mov rcx, 1
  cmp ecx, ecx
  div rcx
2: fault_to 2f
  mov eax, 0x80000000
  cdq
  mov ecx, -1
  cmp ecx, ecx
  idiv ecx
2: fault_to 2f
  ud2
2: fault_to 2f
  movabs rbx, 0x8000000000000000
  mov rax, [rbx]
2: fault_to 2f
  mov rbp, rbx
  mov [rbp + 8], eax
2: fault_to 2f
  mov rsi, rbx
  mov edi, g_data
  movsq
2: fault_to 2f
  mov eax, 0x1230
  mov ds, eax
2: fault_to 2f
  mov eax, 0x38
  mov es, eax
2: fault_to 2f
  mov rax, cr0
  btr rax, 0
  mov cr0, rax
2: fault_to 2f
  mov ecx, 0xc0000082
  mov edx, 0x80000000
  xor eax, eax
  wrmsr
2: fault_to 2f
  mov eax, g_free
  mov rcx, [rax]
2: fault_to 2f
  mov ebx, g_free
  add dword ptr [rbx + 0x10], 7
2: fault_to 2f
  mov ebx, g_free + 0x100
  jmp rbx
2: fault_to 2f
  mov ebx, g_free + 0x1008
  call rbx
2: pop rax
  fault_to 2f
  push qword ptr [g_free + 0x20]
2: fault_to 2f
  push 0x10
  push rsp
  push 2
  push 0x1230
  push rbx
  iretq
2: mov esp, g_stack
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_cures, R"(
  mov r12d, [g_rounds]
  sti
1:
  fix_entry g_entry_free
  mov ebx, g_free
  mov eax, [rbx]
  fix_entry g_entry_free + 8
  add [rbx + 0x1000], r12d
  fix_entry g_entry_free + 16
  mov rcx, [rbx + 0x1ffc]
  fix_entry g_entry_free + 24
  mov [rbx + 0x2ffc], rcx
  mov edi, g_entry_free
  mov ecx, 4
2: and qword ptr [rdi], -2
  invlpg [rbx]
  add rdi, 8
  add rbx, 0x1000
  loop 2b
  mov ebx, g_free
  mov dword ptr [g_spare + 0xf00], 0x00c3c031
  fix_entry g_entry_free
  lea rdx, [rbx + 0xf00]
  mov eax, 5
  call rdx
  and qword ptr [g_entry_free], -2
  invlpg [rbx]
  mov rax, cr0
  or eax, 8
  mov cr0, rax
  fnstcw [g_data]
  mov rax, cr0
  or eax, 8
  mov cr0, rax
  movups [g_data + 16], xmm3
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_numeric_faults, R"(
  mov r12d, [g_rounds]
1:
  fninit
  mov word ptr [g_data], 0x37b
  fldcw [g_data]
  fldz
  fld1
  fdiv st, st(1)
  fault_to 2f
  fwait
2: fnclex
  fninit
  mov dword ptr [g_data], 0x1d80
  ldmxcsr [g_data]
  xorps xmm0, xmm0
  mov eax, 7
  cvtsi2ss xmm1, eax
  fault_to 2f
  divss xmm1, xmm0
2: stmxcsr [g_data + 4]
  mov dword ptr [g_data], 0x1f80
  ldmxcsr [g_data]
  divss xmm1, xmm0
  fault_to 2f
  movaps xmm0, [g_data + 0x8004]
2: dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_breakpoints, R"(
  mov r12d, [g_rounds]
  sti
1: int3
  inc rbx
  cli
  int3
  sti
  .byte 0xcd, 3
  int 4
  int 0x81
  cli
  int 0x82
  sti
  inc rbx
  dec r12d
  jnz 1b
  done
)");

void add_fault_guests(std::vector<Guest>& guests) {
    guests.push_back({"faults", code_of(conformance_faults)});
    guests.back().rounds = 2;
    guests.push_back({"faults, interrupted", code_of(conformance_faults)});
    guests.back().rounds = 2;
    guests.back().random_interrupts = true;
    guests.push_back({"faults cured", code_of(conformance_cures)});
    guests.back().rounds = 3;
    guests.push_back({"numeric faults", code_of(conformance_numeric_faults)});
    guests.back().rounds = 4;
    guests.back().needs = Guest::rare_instructions;
    guests.push_back({"software interrupts", code_of(conformance_breakpoints)});
    guests.back().rounds = 4;
    guests.back().needs = Guest::software_interrupts;
}

}  // namespace vmft::test::conformance
