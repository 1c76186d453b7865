#include "accel/kvm/trap/text_guest.h"

#include "accel/soft/tiny_kernel.h"

namespace vmft::test {

VMFT_CODE(text_guest_ordinary, R"(
  push rbp
  mov rbp, rsp
  push r12
  push rbx
  mov rbx, rdi
  mov r12, rsi
  test rdi, rdi
  je 1f
  mov rax, qword ptr [rdi + 0x18]
  mov rdx, qword ptr gs:[0x28]
  lea rcx, [rax + rdx * 4 + 0x1f0]
  cmp dword ptr [rcx + 0x44], 0x3e7
  jne 1f
  and eax, 0xfffffff0
  add rsp, 0x10
  mov esi, 0xcc0
  call 1f
1:
  movzx eax, byte ptr [rbx + 0x31]
  shl rax, 5
  sub rsp, 0x10
  or rax, r12
  mov qword ptr [rbx + 8], rax
  cmp r12, rax
  jae 2f
  lock inc dword ptr [rbx]
  nop dword ptr [rax + rax]
2:
  xor eax, eax
  pop rbx
  pop r12
  pop rbp
  ret
  int3
  int3
)");

namespace {

constexpr u64 present_writable = 3;
constexpr u64 tables_end = 0x4'0000;

}  // namespace

std::vector<u8> ordinary_code(size_t bytes) {
    std::vector<u8> code;
    while (code.size() < bytes) append(code, code_of(text_guest_ordinary));
    return code;
}

kvm_sregs TextGuest::registers() const {
    kvm_sregs system{};
    system.cr0 = u64{1} << 31 | 1;
    system.cr3 = root;
    system.cr4 = 0x20;
    system.efer = 0xd00;
    return system;
}

/// The table of `level` that holds the linear address's entry.
u64 TextGuest::table_for(u64 linear, unsigned level, u64 from_root) {
    u64 table = from_root;
    for (unsigned at = 4; at > level; at--) {
        u64 slot = table + (linear >> (12 + 9 * (at - 1)) & 511) * 8, entry = 0;
        memory.read_value(slot, entry);
        if (entry == 0 && next_table_ < tables_end) {
            entry = next_table_ | present_writable;
            next_table_ += page_bytes;
            memory.write_value(slot, entry);
        }
        table = entry & ~page_mask;
    }
    return table + (linear >> (12 + 9 * (level - 1)) & 511) * 8;
}

void TextGuest::map(u64 linear, u64 physical, u64 flags, u64 from_root) {
    memory.write_value(table_for(linear, 1, from_root), physical | flags | present_writable);
}

void TextGuest::map_large(u64 linear, u64 physical, u64 flags) {
    memory.write_value(table_for(linear, 2, root), physical | flags | pte_large | present_writable);
}

void TextGuest::unmap(u64 linear) { memory.write_value(table_for(linear, 1, root), u64{0}); }

void TextGuest::write(u64 linear, std::span<const u8> bytes) {
    kvm::write_linear(memory, kvm::PagingState::of(registers()), linear, bytes);
}

std::vector<u8> TextGuest::read(u64 linear, size_t count) const {
    std::vector<u8> bytes(count);
    bytes.resize(kvm::read_linear(memory, kvm::PagingState::of(registers()), linear, bytes));
    return bytes;
}

}  // namespace vmft::test
