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
  mov rax, cr4
  bts rax, 15
  mov cr4, rax
2: fault_to 2f
  mov rax, cr0
  btr rax, 0
  mov cr0, rax
2: fault_to 2f
  mov eax, g_free
  mov rcx, [rax]
2: fault_to 2f
  mov ebx, g_free
  mov dword ptr [rbx + 0x10], 7
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
  mov [rbx + 0x1000], r12d
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

// What only a real processor does as the manual says: an emulated one (QEMU's TCG) knows no
// unmasked floating-point exceptions, no #SS for addresses that are not canonical, no exponents
// under MMX registers, lets any address into LSTAR, and has other error codes for reserved bits and
// for reads before writes.
VMFT_CODE(conformance_silicon_faults, R"(
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
  movabs rbx, 0x8000000000000000
  fault_to 2f
  mov rbp, rbx
  mov [rbp + 8], eax
2: fault_to 2f
  mov ecx, 0xc0000082
  mov edx, 0x80000000
  xor eax, eax
  wrmsr
2: fault_to 2f
  mov dword ptr [g_data], 0x11f80
  ldmxcsr [g_data]
2: mov ebx, g_free
  fault_to 2f
  add dword ptr [rbx], 7
2: movq mm0, [g_data + 0x8000]
  paddw mm0, [g_data + 0x8008]
  movq [g_data + 0x80], mm0
  emms
  mov ebp, g_entry_free
  mov rax, 0x0008000000050007
  mov [rbp], rax
  invlpg [rbx]
  fault_to 2f
  mov al, [rbx]
2: mov ebp, g_tables + 0x2008
  mov ebx, 0x200000
  mov qword ptr [rbp], 0x2087
  mov rdx, cr3
  mov cr3, rdx
  fault_to 2f
  mov al, [rbx]
2: mov qword ptr [rbp], 0
  mov rdx, cr3
  mov cr3, rdx
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_vector_faults, R"(
  mov r12d, [g_rounds]
1:
  mov eax, 7
  cvtsi2ss xmm1, eax
  xorps xmm0, xmm0
  divss xmm1, xmm0
  fault_to 2f
  movaps xmm0, [g_data + 0x8004]
2: fault_to 2f
  addps xmm1, [g_data + 0x8008]
2: stmxcsr [g_data]
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_breakpoints, R"(
  mov r12d, [g_rounds]
  sti
  nop
1: int3
  inc rbx
  cli
  int3
  sti
  nop
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
    guests.push_back({"vector faults", code_of(conformance_vector_faults)});
    guests.back().rounds = 4;
    guests.back().needs = Guest::rare_instructions;
    guests.push_back({"faults of a real processor", code_of(conformance_silicon_faults)});
    guests.back().rounds = 4;
    guests.back().needs = Guest::rare_instructions | Guest::silicon;
    guests.push_back({"software interrupts", code_of(conformance_breakpoints)});
    guests.back().rounds = 4;
    guests.back().needs = Guest::software_interrupts;
}

}  // namespace vmft::test::conformance
