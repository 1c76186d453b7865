#include "accel/kvm/conformance/guest.h"
#include "accel/soft/tiny_kernel.h"

/// Code that changes itself: the next instruction, this page, another one, through another mapping,
/// by a string store. And control that goes every way there is.
namespace vmft::test::conformance {

asm(VMFT_GUEST_NAMES);

VMFT_CODE(conformance_self_modifying, R"(
  mov r12d, [g_rounds]
  sti
1:
  lea rbx, [rip + 2f]
  mov [rbx + 1], r12b
2: mov al, 0x55
  add [rbx + 1], al
  lea rbx, [rip + 4f]
  mov ecx, 4
3: mov byte ptr [rbx], 0xc3
  xor byte ptr [rbx], 4
  mov word ptr [rbx], 0xc0ff
4: .byte 0xff, 0xc0
  mov byte ptr [rbx + 1], 0xc1
  call 5f
  mov word ptr [rbx], 0xc3ff
  loop 3b
  mov edi, g_data + 0x1ffa
  mov rax, 0xb8
  stosb
  lea eax, [r12 + 0x1000]
  stosd
  mov dword ptr [rdi], 0xc3c8ff48
  mov ebp, g_data + 0x1ffa
  call rbp
  inc dword ptr [g_data + 0x1ffd]
  call rbp
  or qword ptr [g_entry_free], 1
  mov dword ptr [g_spare + 0x40], 0x00c3c3ff
  mov ebp, g_free + 0x40
  call rbp
  mov byte ptr [g_spare + 0x41], 0xc6
  call rbp
  mov word ptr [g_free + 0x40], 0x9090
  call rbp
  lea rdi, [rip + 6f]
  mov al, 0x90
  mov ecx, 12
  rep stosb
6: ud2
  ud2
  ud2
  ud2
  ud2
  ud2
  nop
  lea rdi, [rip + 6b]
  mov eax, 0x0b0f
  mov ecx, 6
  rep stosw
  mov word ptr [rip + 7f], 0x03eb
7: nop
  nop
  nop
  nop
  nop
  mov word ptr [rip + 7b], 0x9090
  dec r12d
  jnz 1b
  done
  .org conformance_self_modifying + 0x1fff
5:
  nop
  nop
  ret
)");

VMFT_CODE(conformance_control, R"(
  mov r12d, [g_rounds]
  sti
1:
  call 2f
  jmp 3f
2: enter 16, 0
  mov [rbp - 8], r12
  leave
  ret
3: push 0x1234
  push r12
  push word ptr [g_data + 0x8000]
  pop ax
  pop rbx
  pop [g_data]
  lea rax, [rip + 4f]
  push rax
  ret 0
  ud2
4: push 8
  lea rax, [rip + 5f]
  push rax
  retfq
  ud2
5: lea rax, [rip + 6f]
  mov [g_data], eax
  mov word ptr [g_data + 4], 8
  jmp fword ptr [g_data]
  ud2
6: mov rax, rsp
  push 0x10
  push rax
  pushfq
  push 8
  lea rcx, [rip + 7f]
  push rcx
  iretq
  ud2
7: mov ecx, 5
8: test cl, 1
  loopne 8b
  mov ecx, 3
  cmp ecx, ecx
8: loope 8b
  jrcxz 9f
  nop
9: xor ecx, ecx
  jrcxz 9f
  ud2
9: .byte 0x67
  jrcxz 9f
  ud2
9: mov ebx, 3
  cmp ebx, r12d
  jb 1f
  jbe 1f
  nop
1: jl 1f
  jg 1f
  nop
1: jo 1f
  js 1f
  jp 1f
  nop
1: cmovb rax, rbx
  cmovge ecx, [g_data + 0x8000]
  setz dl
  setg [g_data + 9]
  lea rax, [rip + 1f]
  jmp rax
1: lea rax, [rip + 1f]
  mov [g_data + 0x10], rax
  call [g_data + 0x10]
1: add rsp, 8
  mov eax, 0x10
  mov ds, eax
  mov es, eax
  mov fs, eax
  push fs
  pop gs
  mov rcx, gs
  str eax
  sldt ecx
  smsw edx
  sgdt [g_data + 0x20]
  lgdt [g_data + 0x20]
  sidt [g_data + 0x30]
  lidt [g_data + 0x30]
  mov rax, dr7
  mov eax, g_data
  mov dr0, rax
  mov rbx, dr0
  xor eax, eax
  mov fs, eax
  mov gs, eax
  dec r12d
  jnz 2f
  done
2: jmp g_target
.set g_target, conformance_control + 9
)");

VMFT_CODE(conformance_flags, R"(
  mov r12d, [g_rounds]
1:
  pushfq
  pop rax
  or rax, 0x240000
  push rax
  popfq
  pushfq
  pop rbx
  push 0xcd7
  popfq
  pushfq
  and qword ptr [rsp], 0x400
  popfq
  cld
  push 0x7002
  popfq
  pushfq
  pop rcx
  push 2
  popfq
  pushf
  or word ptr [rsp], 0x801
  popf
  lahf
  sahf
  mov ah, 0xd5
  sahf
  lahf
  cmc
  clc
  stc
  std
  cld
  mov eax, 5
  lock add [g_data], eax
  lock xadd [g_data], rax
  xchg [g_data + 8], rax
  lock inc dword ptr [g_data]
  lock neg byte ptr [g_data + 3]
  lock cmpxchg [g_data + 16], rcx
  mov rax, [g_data + 16]
  lock cmpxchg [g_data + 16], rcx
  cmpxchg [g_data + 24], ebx
  mov eax, [g_data + 0x20]
  mov edx, [g_data + 0x24]
  mov ebx, 0x11
  mov ecx, r12d
  lock cmpxchg8b [g_data + 0x20]
  xor eax, 1
  cmpxchg8b [g_data + 0x20]
  lock btc dword ptr [g_data + 0x28], 5
  jc 2f
  nop
2: lock bts [g_data + 0x28], r12
  setc al
  lock or word ptr [g_data + 0x30], 0x101
  lock xor [g_data + 0x38], rsp
  lock dec qword ptr [g_data + 0x40]
  lock not dword ptr [g_data + 0x44]
  fault_to 3f
  .byte 0xf0, 0x01, 0xc0
3: dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_wide_exchange, R"(
  mov r12d, [g_rounds]
1:
  mov rax, [g_data]
  mov rdx, [g_data + 8]
  lea rbx, [rdx + 3]
  lea rcx, [rax + r12]
  lock cmpxchg16b [g_data]
  setz sil
  inc rax
  cmpxchg16b [g_data]
  setz dil
  fault_to 2f
  cmpxchg16b [g_data + 8]
2: dec r12d
  jnz 1b
  done
)");

void add_code_guests(std::vector<Guest>& guests) {
    guests.push_back({"self-modifying", code_of(conformance_self_modifying)});
    guests.back().rounds = 4;
    guests.push_back({"control", code_of(conformance_control)});
    guests.back().rounds = 4;
    guests.push_back({"control, interrupted", code_of(conformance_control)});
    guests.back().rounds = 4;
    guests.back().random_interrupts = true;
    guests.push_back({"flags and locks", code_of(conformance_flags)});
    guests.back().rounds = 5;
    guests.push_back({"wide exchange", code_of(conformance_wide_exchange)});
    guests.back().rounds = 4;
    guests.back().needs = Guest::wide_exchange;
}

}  // namespace vmft::test::conformance
