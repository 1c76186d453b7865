#include "accel/kvm/conformance/guest.h"
#include "accel/soft/tiny_kernel.h"

/// Interrupts: where they may come and where not, nested, waking a halted CPU, held by CR8.
namespace vmft::test::conformance {

asm(VMFT_GUEST_NAMES);

VMFT_CODE(conformance_interrupts, R"(
  mov r12d, [g_rounds]
1:
  cli
  raise 0x30
  nop
  inc rbx
  sti
  inc rbx
  inc rbx
  cli
  raise 0x31
  mov eax, 0x10
  sti
  inc rbx
  inc rbx
  mov ss, eax
  inc rbx
  cli
  raise 0x32
  sti
  cli
  nop
  sti
  nop
  nop
  raise 0x33
  inc rbx
  raise 0x52
  inc rbx
  mov eax, 0x234
  out p_later, eax
  raise 0x53
  inc rbx
  inc rbx
  cli
  raise 0x43
  pushfq
  or qword ptr [rsp], 0x200
  popfq
  inc rbx
  inc rbx
  mov byte ptr [g_raise_device], 0x45
  inc rbx
  cli
  raise 0x46
  sti
  inc rbx
  inc rbx
  mov ecx, 12
3: inc rsi
  add rdi, rsi
  loop 3b
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_halts, R"(
  mov r12d, [g_rounds]
1:
  cli
  wake 0x35
  sti
  hlt
  inc rbx
  cli
  wake 0x36
  sti
  hlt
  inc rbx
  cli
  raise 0x37
  sti
  hlt
  inc rbx
  cli
  mov eax, 0x13a
  out p_later, eax
  in al, 0x10
  sti
  hlt
  inc rbx
  wake 0x54
  wake 0x3b
  hlt
  inc rbx
  hlt
  inc rbx
  dec r12d
  jnz 1b
  done
)");

// One interrupt right behind the other's return, in the other's handler, and in front of HLT.
VMFT_CODE(conformance_interrupts_in_a_row, R"(
  mov r12d, [g_rounds]
1:
  cli
  raise 0x38
  raise 0x61
  raise 0x39
  sti
  nop
  nop
  inc rbx
  cli
  raise 0x38
  wake 0x39
  sti
  nop
  hlt
  inc rbx
  cli
  raise 0x38
  raise 0x39
  sti
  hlt
  inc rbx
  cli
  raise 0x63
  raise 0x64
  raise 0x52
  raise 0x53
  sti
  mov ecx, 3
2: loop 2b
  cli
  raise 0x44
  mov rax, rsp
  push 0x10
  push rax
  push 0x202
  push 8
  lea rax, [rip + 2f]
  push rax
  iretq
2: inc rbx
  int 0x80
  cli
  int 0x90
  raise 0x46
  int 0x62
  sti
  inc rbx
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_priority, R"(
  sti
  mov r12d, [g_rounds]
1:
  mov eax, 8
  mov cr8, rax
  raise 0x41
  nop
  nop
  mov rcx, cr8
  mov eax, 3
  mov cr8, rax
  inc rbx
  inc rbx
  raise 0x31
  nop
  xor eax, eax
  mov cr8, rax
  inc rbx
  mov ecx, 0x83f
  mov eax, 0x42
  xor edx, edx
  wrmsr
  inc rbx
  mov ecx, 0x808
  mov eax, 0x50
  wrmsr
  raise 0x43
  nop
  nop
  xor eax, eax
  mov ecx, 0x808
  wrmsr
  inc rbx
  inc rbx
  mov eax, 15
  mov cr8, rax
  cli
  raise 0x44
  xor eax, eax
  mov cr8, rax
  nop
  sti
  nop
  nop
  dec r12d
  jnz 1b
  done
)");

// Nothing but the guest's own work: what comes, comes from outside.
VMFT_CODE(conformance_interrupted, R"(
  sti
  mov r12d, [g_rounds]
1: mov ecx, 9
2: imul rax, rcx, 77
  add rbx, rax
  mov [g_data + rcx * 8], rbx
  xor rdx, [g_data + 0x8000 + rcx * 8]
  rol rdx, 1
  loop 2b
  mov ecx, 6
  mov edi, g_data + 0x100
  rep stosq
  mov ecx, 6
  mov esi, g_data + 0x100
  mov edi, g_data + 0x108
  rep movsb
  cli
  inc rbx
  sti
  call 3f
  pushfq
  pop rax
  mov eax, 0x10
  mov ss, eax
  mov rsp, rsp
  in al, 0x20
  dec r12d
  jnz 1b
  done
3: push rbp
  mov rbp, rsp
  lea rax, [rip + 1b]
  leave
  ret
)");

void add_interrupt_guests(std::vector<Guest>& guests) {
    guests.push_back({"interrupts", code_of(conformance_interrupts)});
    guests.back().rounds = 3;
    guests.push_back({"halts", code_of(conformance_halts)});
    guests.back().rounds = 3;
    guests.push_back({"interrupts in a row", code_of(conformance_interrupts_in_a_row)});
    guests.back().rounds = 3;
    guests.back().needs = Guest::exact_returns | Guest::software_interrupts;
    guests.push_back({"priority", code_of(conformance_priority)});
    guests.back().rounds = 3;
    guests.push_back({"interrupted", code_of(conformance_interrupted)});
    guests.back().rounds = 12;
    guests.back().random_interrupts = true;
    guests.push_back({"interrupts, and others", code_of(conformance_interrupts)});
    guests.back().rounds = 3;
    guests.back().random_interrupts = true;
}

}  // namespace vmft::test::conformance
