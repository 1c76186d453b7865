#include "accel/kvm/conformance/guest.h"
#include "accel/soft/tiny_kernel.h"

/// User mode: into it by IRET and SYSRET, out of it by SYSCALL, software interrupts, interrupts and
/// the faults of what user mode may not do.
namespace vmft::test::conformance {

asm(VMFT_GUEST_NAMES);

VMFT_CODE(conformance_user_mode, R"(
  mov ecx, 0xc0000081
  xor eax, eax
  mov edx, 0x00100008
  wrmsr
  mov ecx, 0xc0000082
  lea rax, [rip + 7f]
  xor edx, edx
  wrmsr
  mov ecx, 0xc0000084
  mov eax, 0xfd5
  wrmsr
  and qword ptr [0x13000 + 0x3a * 8], -5
  mov rax, cr3
  mov cr3, rax
  mov r12d, [g_rounds]
  push 0x1b
  push g_user_stack
  push 0x202
  push 0x23
  lea rax, [rip + 1f]
  push rax
  iretq
1: mov ebx, 3
  syscall
  nop
  std
  syscall
  cld
  int 0x80
  add rbx, rax
  push rbx
  pushfq
  pop rcx
  push 0x3202
  popfq
  pushfq
  pop rdx
  fault_to 2f
  cli
2: fault_to 2f
  hlt
2: fault_to 2f
  in al, 0x10
2: fault_to 2f
  mov rax, cr3
2: fault_to 2f
  mov ecx, 0xc0000080
  rdmsr
2: fault_to 2f
  mov rax, [0x3a000]
2: fault_to 2f
  mov [0x3a008], rax
2: fault_to 2f
  ud2
2: fault_to 2f
  xor ecx, ecx
  div ecx
2: mov eax, 0x1b
  mov ds, eax
  mov es, eax
  fault_to 2f
  mov eax, 0x10
  mov ds, eax
2: fix_entry g_entry_free
  mov [g_free], rbx
  mov edi, g_data + 0xfe0
  mov ecx, 9
  rep stosq
  mov ecx, 5
  xor edx, edx
4: add edx, ecx
  cvtsi2sd xmm1, edx
  mulsd xmm1, xmm1
  loop 4b
  mov r10, rsp
  mov esp, 0x3a100
  fault_to 4f
  pop rdx
4: fault_to 4f
  call 4f
4: xor esp, esp
  mov eax, 8
  syscall
  nop
  mov rsp, r10
  mov eax, 9
  syscall
  dec r12d
  jnz 1b
  mov eax, 60
  syscall
  ud2
7: cmp eax, 60
  je 9f
  swapgs
  mov [g_data + 0x700], rsp
  mov rsp, g_stack
  push r11
  push rcx
  inc dword ptr [g_data + 0x708]
  cmp eax, 9
  jne 8f
  and qword ptr [g_entry_free], -2
  invlpg [g_free]
8: mov eax, [g_data + 0x708]
  pop rcx
  pop r11
  mov rsp, [g_data + 0x700]
  swapgs
  sysretq
9: mov rsp, g_stack
  done
)");

VMFT_CODE(conformance_user_breakpoints, R"(
  mov ecx, 0xc0000081
  xor eax, eax
  mov edx, 0x00100008
  wrmsr
  mov ecx, 0xc0000082
  lea rax, [rip + 3f]
  xor edx, edx
  wrmsr
  mov ecx, 0xc0000084
  mov eax, 0xfd5
  wrmsr
  mov r12d, [g_rounds]
  push 0x1b
  push g_user_stack
  push 0x202
  push 0x23
  lea rax, [rip + 1f]
  push rax
  iretq
1: int3
  inc rbx
  .byte 0xcd, 3
  int 4
  mov ecx, 3
2: loop 2b
  dec r12d
  jnz 1b
  syscall
3: mov rsp, g_stack
  done
)");

void add_user_guests(std::vector<Guest>& guests) {
    guests.push_back({"user mode", code_of(conformance_user_mode)});
    guests.back().rounds = 3;
    guests.back().needs = Guest::user_mode;
    guests.push_back({"user mode, interrupted", code_of(conformance_user_mode)});
    guests.back().rounds = 6;
    guests.back().needs = Guest::user_mode;
    guests.back().random_interrupts = true;
    guests.push_back({"user mode, breakpoint instructions", code_of(conformance_user_breakpoints)});
    guests.back().rounds = 3;
    guests.back().needs = Guest::user_mode | Guest::software_interrupts;
}

}  // namespace vmft::test::conformance
