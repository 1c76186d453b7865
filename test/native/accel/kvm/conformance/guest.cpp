#include "accel/kvm/conformance/guest.h"

#include <cstring>

#include "accel/kvm/conformance/scripted_platform.h"
#include "accel/soft/tiny_kernel.h"
#include "base/check.h"

namespace vmft::test::conformance {

asm(VMFT_GUEST_NAMES);

// Long mode with SSE and no-execute, the tables loaded; then the program. CR4.TSD is set because
// the KVM accelerator sets it at the guest's first exit.
VMFT_CODE(conformance_boot, R"(
  mov eax, 0x624
  mov cr4, rax
  mov ecx, 0xc0000080
  rdmsr
  or eax, 0x801
  wrmsr
  mov eax, 0x80010033
  mov cr0, rax
  lidt [0x7040]
  mov eax, 0x28
  ltr ax
  xor eax, eax
  mov fs, eax
  mov gs, eax
  fninit
  xor ebx, ebx
  xor ecx, ecx
  mov esp, g_stack
  mov ebp, g_code
  jmp rbp
)");

// Writes down what came, and goes on as the program asked. Interrupts are answered at a port;
// 0x50 to 0x5f let others in meanwhile.
VMFT_CODE(conformance_handler, R"(
  push rax
  push rbx
  push rcx
  mov rbx, [g_count]
  lea rcx, [rbx + 1]
  mov [g_count], rcx
  and ebx, 63
  lea ebx, [rbx * 8]
  lea ebx, [rbx * 8]
  mov rax, [rsp + 24]
  mov [rbx + 0x6000], rax
  mov rcx, [rsp + 32]
  mov [rbx + 0x6008], rcx
  mov rcx, [rsp + 40]
  mov [rbx + 0x6010], rcx
  mov rcx, [rsp + 48]
  mov [rbx + 0x6018], rcx
  mov rcx, [rsp + 64]
  mov [rbx + 0x6020], rcx
  mov rcx, cr2
  mov [rbx + 0x6028], rcx
  cmp eax, 0x20
  jae 5f
  cmp eax, 5
  jb 1f
  cmp eax, 7
  je 4f
  cmp eax, 14
  je 3f
  jmp 2f
1: test eax, eax
  jnz 9f
2: mov rbx, [g_resume]
  cmp rbx, 0
  je 8f
  mov [rsp + 40], rbx
  mov qword ptr [g_resume], 0
  jmp 9f
3: mov rbx, [g_fix]
  cmp rbx, 0
  je 2b
  or qword ptr [rbx], 1
  mov qword ptr [g_fix], 0
  jmp 9f
4: mov rbx, cr0
  test bl, 8
  jz 2b
  clts
  jmp 9f
5: out 0x44, al
  cmp eax, 0x50
  jb 9f
  cmp eax, 0x60
  jae 9f
  sti
  nop
  nop
  cli
9: pop rcx
  pop rbx
  pop rax
  add rsp, 16
  iretq
8: out 0x45, al
  cli
  hlt
)");

namespace {

constexpr u64 writable = 2, user = 4;

template <typename T>
void put(GuestMemory& memory, u64 at, T value) {
    std::memcpy(memory.data() + at, &value, sizeof value);
}

void put_code(GuestMemory& memory, u64 at, std::span<const u8> code) {
    std::memcpy(memory.data() + at, code.data(), code.size());
}

void build_paging(GuestMemory& memory) {
    // Of a walk that ends at an absent page, processors may mark the upper entries or not: they are
    // marked before.
    put<u64>(memory, tables_at, (tables_at + 0x1000) | 0x27);
    put<u64>(memory, tables_at + 0x1000, (tables_at + 0x2000) | 0x27);
    for (u64 linear : {u64{0}, free_at, device_at})
        put<u64>(memory, tables_at + 0x2000 + (linear >> 21) * 8,
                 (entry_at(linear) & ~page_mask) | 0x27);
    for (u64 linear = 0; linear < mapped_end; linear += page_bytes)
        put<u64>(memory, entry_at(linear), linear | user | writable | 1);
    for (u64 page = 0; page < 4; page++)
        put<u64>(memory, entry_at(free_at + page * page_bytes),
                 (spare_at + page * page_bytes) | user | writable);
    put<u64>(memory, entry_at(device_at), ScriptedPlatform::device | user | writable | 1);
}

void build_descriptors(GuestMemory& memory) {
    put<u64>(memory, gdt_at + kernel_code, 0x00af'9b00'0000'ffff);
    put<u64>(memory, gdt_at + kernel_data, 0x00cf'9300'0000'ffff);
    put<u64>(memory, gdt_at + (user_data & ~7u), 0x00cf'f300'0000'ffff);
    put<u64>(memory, gdt_at + (user_code & ~7u), 0x00af'fb00'0000'ffff);
    put<u64>(memory, gdt_at + task, 103 | task_at << 16 | u64{0x89} << 40);
    put<u64>(memory, gdt_at + absent_data, 0x00cf'1300'0000'ffff);
    put<u64>(memory, task_at + 4, interrupt_stack_top);
    put<u64>(memory, task_at + 36, double_fault_stack_top);
    put<u16>(memory, task_at + 102, 104);
    put<u16>(memory, variables_at + 0x40, 0xfff);
    put<u64>(memory, variables_at + 0x42, idt_at);
}

bool pushes_error(unsigned vector) {
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

/// Gate, and push 0 (where the CPU pushes no error), push vector, jmp to the handler.
void build_vector(GuestMemory& memory, unsigned vector) {
    u64 stub = stubs_at + vector * stub_bytes;
    u8* at = memory.data() + stub;
    unsigned length = 0;
    if (!pushes_error(vector)) at[length++] = 0x6a, at[length++] = 0;
    at[length++] = 0x68;
    u32 number = vector;
    std::memcpy(at + length, &number, 4), length += 4;
    at[length++] = 0xe9;
    i32 distance = static_cast<i32>(handler_at - (stub + length + 4));
    std::memcpy(at + length, &distance, 4);

    // User mode may raise INT3, INTO and the upper half; 0x60 to 0x6f leave IF as it is.
    u64 kind = vector >= 0x60 && vector <= 0x6f ? 0x8f : 0x8e;
    if (vector == 3 || vector == 4 || vector >= 0x80) kind |= 0x60;
    u64 stack = vector == 8 ? 1 : 0;
    put<u64>(memory, idt_at + vector * 16,
             stub | u64{kernel_code} << 16 | stack << 32 | kind << 40);
}

}  // namespace

void build(GuestMemory& memory, const Guest& guest) {
    VMFT_CHECK(guest.program.size() <= code_bytes_max);
    build_paging(memory);
    build_descriptors(memory);
    for (unsigned vector = 0; vector < 256; vector++) build_vector(memory, vector);
    put_code(memory, handler_at, code_of(conformance_handler));
    put_code(memory, boot_at, code_of(conformance_boot));
    put_code(memory, code_at, guest.program);
    put<u64>(memory, variables_at + 0x20, guest.rounds);
    // Data to compute with: the same everywhere, and no two bytes in a row the same.
    for (u64 i = 0; i < 0x2000; i++)
        memory.data()[data_at + 0x8000 + i] = static_cast<u8>(i * 167 + (i >> 8) * 13);
    if (guest.prepare) guest.prepare(memory);
}

Accelerator::EntryState entry_state() {
    Accelerator::EntryState entry;
    entry.rip = boot_at;
    entry.rsp = stack_top;
    entry.cr3 = tables_at;
    entry.long_mode = true;
    entry.gdt_base = gdt_at;
    entry.gdt_limit = absent_data + 7;
    entry.code_selector = kernel_code;
    entry.data_selector = kernel_data;
    return entry;
}

std::vector<Guest> guests() {
    std::vector<Guest> all;
    add_device_guests(all);
    add_interrupt_guests(all);
    add_fault_guests(all);
    add_string_guests(all);
    add_code_guests(all);
    add_paging_guests(all);
    add_user_guests(all);
    add_computing_guests(all);
    return all;
}

}  // namespace vmft::test::conformance
