#include "accel/kvm/conformance/guest.h"
#include "accel/soft/tiny_kernel.h"

/// Page tables: mapped anew, large pages, accessed and dirty bits, write protection, no-execute.
namespace vmft::test::conformance {

asm(VMFT_GUEST_NAMES);

VMFT_CODE(conformance_paging, R"(
  mov r12d, [g_rounds]
  sti
1:
  mov ebx, g_free
  mov ebp, g_entry_free
  mov qword ptr [rbp], g_spare + 7
  invlpg [rbx]
  mov [rbx], r12
  mov rax, [rbp]
  mov qword ptr [rbp], g_spare + 0x1007
  invlpg [rbx]
  mov rcx, [rbx]
  mov rax, [rbp]
  mov [rbx + 8], rcx
  mov rax, [rbp]
  mov qword ptr [rbp], g_spare + 5
  mov rdx, cr3
  mov cr3, rdx
  mov rcx, [rbx]
  fault_to 2f
  mov [rbx], rcx
2: mov rax, [rbp]
  mov rdx, cr0
  btr rdx, 16
  mov cr0, rdx
  mov [rbx + 16], rcx
  mov rax, [rbp]
  bts rdx, 16
  mov cr0, rdx
  fault_to 2f
  mov [rbx + 24], rcx
2: mov rax, 0x8000000000050007
  mov [rbp], rax
  invlpg [rbx]
  mov dword ptr [rbx + 0x20], 0xc3c3c3c3
  lea rdx, [rbx + 0x20]
  fault_to 2f
  call rdx
2: pop rax
  btr qword ptr [rbp], 63
  invlpg [rbx]
  call rdx
  mov rax, [rbp]
  mov qword ptr [rbp], 0
  invlpg [rbx]
  dec r12d
  jnz 1b
  done
)");

VMFT_CODE(conformance_large_pages, R"(
  mov r12d, [g_rounds]
1:
  mov ebp, g_tables + 0x2008
  mov ebx, 0x200000
  mov qword ptr [rbp], 0x87
  mov rcx, [rbx + g_data + 0x8000]
  mov rax, [rbp]
  mov [rbx + g_data], r12
  mov rdx, [g_data]
  mov rax, [rbp]
  inc qword ptr [g_data]
  mov rcx, [rbx + g_data]
  mov dword ptr [rbx + g_spare], 0xc3c1ff48
  lea rsi, [rbx + g_spare]
  call rsi
  mov qword ptr [rbp], 0x85
  mov rdx, cr3
  mov cr3, rdx
  mov rcx, [rbx + g_data]
  fault_to 2f
  mov [rbx + g_data], rcx
2: mov qword ptr [rbp], 0x14007
  mov qword ptr [g_tables + 0x4000 + 0x30 * 8], g_spare + 0x2007
  mov rdx, cr3
  mov cr3, rdx
  add [rbx + g_data + 0x40], ecx
  mov rax, [g_tables + 0x4000 + 0x30 * 8]
  mov rax, [rbp]
  mov qword ptr [rbp], 0
  mov rdx, cr3
  mov cr3, rdx
  fault_to 2f
  mov rax, [rbx]
2: dec r12d
  jnz 1b
  done
)");

// Another address space: the same code, other data; and global pages.
VMFT_CODE(conformance_address_spaces, R"(
  mov esi, g_tables
  mov edi, 0x60000
  mov ecx, 512
  rep movsq
  mov esi, g_tables + 0x1000
  mov edi, 0x61000
  mov ecx, 512
  rep movsq
  mov esi, g_tables + 0x2000
  mov edi, 0x62000
  mov ecx, 512
  rep movsq
  mov qword ptr [0x60000], 0x61007
  mov qword ptr [0x61000], 0x62007
  mov qword ptr [0x62010], 0x63007
  mov qword ptr [0x63000], g_spare + 0x3007
  mov qword ptr [g_entry_free], g_spare + 0x2007
  mov r12d, [g_rounds]
  mov ebx, g_free
  sti
1:
  add [rbx], r12
  mov eax, 0x60000
  mov cr3, rax
  sub [rbx], r12
  mov rcx, [rbx]
  mov eax, g_tables
  mov cr3, rax
  add rcx, [rbx]
  or qword ptr [g_entry_free + 8], 0x101
  mov rax, cr4
  bts rax, 7
  mov cr4, rax
  inc qword ptr [rbx + 0x1000]
  mov rdx, cr3
  mov cr3, rdx
  btr rax, 7
  mov cr4, rax
  dec r12d
  jnz 1b
  done
)");

void add_paging_guests(std::vector<Guest>& guests) {
    guests.push_back({"paging", code_of(conformance_paging)});
    guests.back().rounds = 4;
    guests.push_back({"large pages", code_of(conformance_large_pages)});
    guests.back().rounds = 4;
    guests.push_back({"address spaces", code_of(conformance_address_spaces)});
    guests.back().rounds = 4;
    guests.back().random_interrupts = true;
}

}  // namespace vmft::test::conformance
