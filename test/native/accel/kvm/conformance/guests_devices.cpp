#include "accel/kvm/conformance/guest.h"
#include "accel/soft/tiny_kernel.h"

/// Ports and device memory: every size, strings of them, read-modify-write.
namespace vmft::test::conformance {

asm(VMFT_GUEST_NAMES);

VMFT_CODE(conformance_ports, R"(
  mov r12d, [g_rounds]
1:
  in al, 0x10
  in ax, 0x11
  in eax, 0x12
  mov rax, -1
  mov edx, 0x1234
  in al, dx
  in ax, dx
  in eax, dx
  out dx, al
  out dx, ax
  out dx, eax
  out 0x13, al
  out 0x14, ax
  out 0x15, eax
  mov edi, g_data
  insb
  insw
  insd
  mov ecx, 5
  rep insb
  mov ecx, 3
  rep insw
  mov ecx, 4
  rep insd
  xor ecx, ecx
  rep insb
  rep outsd
  std
  mov edi, g_data + 0x103
  mov ecx, 4
  rep insb
  insw
  cld
  mov edi, g_data + 0x1ff8
  mov ecx, 5
  rep insd
  mov esi, g_data
  outsb
  outsw
  outsd
  mov ecx, 7
  rep outsb
  mov ecx, 3
  rep outsw
  mov ecx, 3
  rep outsd
  std
  mov esi, g_data + 0x203
  mov ecx, 3
  rep outsw
  cld
  mov esi, g_data + 0x1ffa
  mov ecx, 3
  rep outsd
  mov rbx, 0x500000000
  lea rdi, [rbx + g_data + 0x40]
  lea rcx, [rbx + 2]
  .byte 0x67
  rep insb
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_device_memory, R"(
  mov r12d, [g_rounds]
1:
  mov ebx, g_device
  mov al, [rbx + 1]
  mov cx, [rbx + 2]
  mov edx, [rbx + 4]
  mov rsi, [rbx + 8]
  movzx r8d, byte ptr [rbx + 3]
  movsx r9, word ptr [rbx + 6]
  movsxd r10, dword ptr [rbx + 12]
  mov [rbx + 16], al
  mov [rbx + 18], cx
  mov [rbx + 20], edx
  mov [rbx + 24], rsi
  mov byte ptr [rbx + 32], 0x12
  mov word ptr [rbx + 34], 0x1234
  mov dword ptr [rbx + 36], 0x12345678
  mov qword ptr [rbx + 40], -2
  add rax, [rbx + 48]
  sub cl, [rbx + 49]
  cmp edx, [rbx + 52]
  cmp dword ptr [rbx + 52], 7
  add [rbx + 56], rsi
  sub dword ptr [rbx + 60], 3
  adc word ptr [rbx + 62], 2
  sbb [rbx + 64], cl
  or byte ptr [rbx + 65], 0x40
  and dword ptr [rbx + 68], -5
  xor [rbx + 72], r9
  inc dword ptr [rbx + 76]
  dec byte ptr [rbx + 77]
  not qword ptr [rbx + 80]
  neg word ptr [rbx + 82]
  xchg [rbx + 88], r8
  push [rbx + 96]
  pop [rbx + 104]
  mov esi, g_device + 0x100
  mov edi, g_data
  movsb
  movsw
  movsd
  movsq
  mov ecx, 3
  rep movsd
  mov esi, g_data
  mov edi, g_device + 0x200
  movsb
  movsq
  mov ecx, 3
  rep movsw
  mov eax, 0x55aa
  stosd
  mov ecx, 4
  rep stosb
  mov esi, g_device + 0x300
  lodsb
  lodsq
  xor ecx, ecx
  rep stosq
  std
  mov edi, g_device + 0x440
  mov ecx, 3
  rep stosd
  cld
  mov eax, [rbx + rbx - g_device + 0x20]
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_model_registers, R"(
  mov r12d, [g_rounds]
1:
  mov ecx, 0x802
  rdmsr
  mov ecx, 0x80b
  xor eax, eax
  xor edx, edx
  wrmsr
  mov ecx, 0x1b
  rdmsr
  mov ecx, 0x808
  mov eax, 0x30
  wrmsr
  mov rbx, cr8
  rdmsr
  mov eax, 5
  mov cr8, rax
  rdmsr
  xor eax, eax
  mov cr8, rax
  mov ecx, 0xc0000081
  mov eax, 0x12345678
  mov edx, 0x00130008
  wrmsr
  rdmsr
  mov ecx, 0xc0000082
  xor edx, edx
  wrmsr
  rdmsr
  mov ecx, 0xc0000100
  mov eax, g_data
  xor edx, edx
  wrmsr
  mov rsi, fs:[0x10]
  mov ecx, 0xc0000101
  mov eax, g_data + 0x1000
  wrmsr
  mov ecx, 0xc0000102
  mov eax, g_data + 0x2000
  wrmsr
  mov rdi, gs:[0x18]
  swapgs
  add gs:[0x20], rdi
  swapgs
  rdmsr
  mov ecx, 0x174
  mov eax, 8
  wrmsr
  rdmsr
  mov ecx, 0x175
  wrmsr
  mov ecx, 0xc0000080
  rdmsr
  wrmsr
  mov ecx, 0x277
  rdmsr
  mov ecx, 0x12345
  fault_to 2f
  rdmsr
2: fault_to 3f
  wrmsr
3: dec r12d
  jnz 1b
  done
)");

void add_device_guests(std::vector<Guest>& guests) {
    guests.push_back({"ports", code_of(conformance_ports)});
    guests.back().rounds = 6;
    guests.push_back({"device memory", code_of(conformance_device_memory)});
    guests.back().rounds = 6;
    guests.push_back({"model registers", code_of(conformance_model_registers)});
    guests.back().rounds = 3;
}

}  // namespace vmft::test::conformance
