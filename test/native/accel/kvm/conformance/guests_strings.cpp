#include "accel/kvm/conformance/guest.h"
#include "accel/soft/tiny_kernel.h"

/// String instructions: sizes, directions, counts, page borders, faults in their middle.
namespace vmft::test::conformance {

asm(VMFT_GUEST_NAMES);

VMFT_CODE(conformance_strings, R"(
  mov r12d, [g_rounds]
  sti
1:
  mov esi, g_data + 0x8000
  mov edi, g_data
  mov ecx, 9
  rep movsb
  mov ecx, 5
  rep movsw
  mov ecx, 7
  rep movsd
  mov ecx, 12
  rep movsq
  movsb
  movsq
  xor ecx, ecx
  rep movsq
  rep stosb
  repe cmpsb
  repne scasb
  mov edi, g_data + 3
  mov esi, g_data
  mov ecx, 15
  rep movsb
  std
  mov edi, g_data + 0x43
  mov esi, g_data + 0x40
  mov ecx, 10
  rep movsb
  mov ecx, 4
  rep movsq
  mov ecx, 3
  rep stosw
  lodsd
  lodsb
  cld
  mov rax, 0x1122334455667788
  mov edi, g_data + 0xff9
  mov ecx, 5
  rep stosd
  mov ecx, 4
  rep stosq
  stosb
  stosw
  mov esi, g_data + 0x8000
  mov edi, g_data + 0x8100
  mov ecx, 10
  repe cmpsb
  mov ecx, 6
  repne cmpsw
  mov edi, g_data + 0x8002
  mov esi, g_data + 0x8002
  mov ecx, 5
  repe cmpsq
  seta bl
  cmpsd
  mov edi, g_data + 0x8000
  mov al, [g_data + 0x8006]
  mov ecx, 20
  repne scasb
  mov ecx, 5
  repe scasw
  mov eax, 0x88
  mov ecx, 4
  repne scasd
  scasq
  mov esi, g_data + 0x8000
  mov ecx, 4
  rep lodsb
  lodsw
  lodsq
  lodsd
  mov rsi, 0x500000000 + g_data
  mov rdi, 0x600000000 + g_data + 0x100
  mov rcx, 0x700000003
  .byte 0x67
  rep movsb
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_string_faults, R"(
  mov r12d, [g_rounds]
  sti
1:
  mov ebx, g_free
  fix_entry g_entry_free + 8
  or qword ptr [g_entry_free], 1
  mov edi, g_free + 0xff0
  mov esi, g_data + 0x8000
  mov ecx, 7
  rep movsq
  fault_to 2f
  mov edi, g_free + 0x1ff4
  mov ecx, 9
  rep stosd
2: std
  mov rsi, 0x10
  mov edi, g_free + 0x2008
  fault_to 2f
  mov ecx, 9
  rep movsb
2: cld
  mov esi, g_free + 0x1ffd
  fix_entry g_entry_free + 16
  mov edi, g_data
  mov ecx, 5
  repe cmpsw
  mov esi, g_free + 0x2ff8
  mov edi, g_free + 0x1ff0
  fault_to 2f
  mov ecx, 4
  rep movsd
2: mov edi, g_free + 0x3000
  fault_to 2f
  mov al, 1
  mov ecx, 4
  repne scasb
2: and qword ptr [g_entry_free], -2
  invlpg [rbx]
  and qword ptr [g_entry_free + 8], -2
  invlpg [rbx + 0x1000]
  and qword ptr [g_entry_free + 16], -2
  invlpg [rbx + 0x2000]
  xor esi, esi
  dec r12d
  jnz 1b
  done
)");

// OUTS only: KVM reads the port for INS ahead of the page that it then cannot write to.
VMFT_CODE(conformance_string_ports_faults, R"(
  mov r12d, [g_rounds]
1:
  mov ebx, g_free
  or qword ptr [g_entry_free], 1
  mov edx, 0x77
  mov esi, g_free + 0x1000
  fault_to 2f
  mov ecx, 2
  rep outsd
2: fix_entry g_entry_free + 8
  mov esi, g_free + 0xffa
  mov ecx, 6
  rep outsw
  and qword ptr [g_entry_free], -2
  invlpg [rbx]
  and qword ptr [g_entry_free + 8], -2
  invlpg [rbx + 0x1000]
  dec r12d
  jnz 1b
  done
)");

void add_string_guests(std::vector<Guest>& guests) {
    guests.push_back({"strings", code_of(conformance_strings)});
    guests.back().rounds = 3;
    guests.push_back({"strings, interrupted", code_of(conformance_strings)});
    guests.back().rounds = 3;
    guests.back().random_interrupts = true;
    guests.push_back({"string faults", code_of(conformance_string_faults)});
    guests.back().rounds = 3;
    guests.push_back({"string faults, interrupted", code_of(conformance_string_faults)});
    guests.back().rounds = 3;
    guests.back().random_interrupts = true;
    guests.push_back({"port string faults", code_of(conformance_string_ports_faults)});
    guests.back().rounds = 3;
}

}  // namespace vmft::test::conformance
