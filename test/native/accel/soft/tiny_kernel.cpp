#include "accel/soft/tiny_kernel.h"

#include <cstring>

#include "accel/soft/flags.h"

namespace vmft::test::tiny_kernel {

VMFT_CODE(tiny_kernel_handler, R"(
  push rax
  mov rax, [rsp + 8]
  mov [r14], rax
  mov rax, [rsp + 16]
  mov [r14 + 8], rax
  mov rax, [rsp + 24]
  mov [r14 + 16], rax
  mov rax, cr2
  mov [r14 + 24], rax
  mov rax, [rsp + 40]
  mov [r14 + 32], rax
  mov rax, dr6
  mov [r14 + 40], rax
  mov rax, [rsp + 32]
  mov [r14 + 48], rax
  mov rax, [rsp + 48]
  mov [r14 + 56], rax
  add r14, 64
  test r15, r15
  jz 1f
  mov [rsp + 24], r15
  xor r15d, r15d
1:
  pop rax
  add rsp, 16
  iretq
)");

namespace {

constexpr u64 root = 0x1'0000, tables_end = 0x3'0000, system_ram = 0x3'0000;
constexpr u64 idt = 0x1000, stubs = 0x2000, handler = 0x3000, fault_log = 0x6000,
              fault_log_bytes = 0x2000, tss = 0x100;
constexpr u64 stub_bytes = 16;

template <typename T>
void put(GuestMemory& memory, u64 offset, T value) {
    std::memcpy(memory.data() + offset, &value, sizeof value);
}
u64 get(const GuestMemory& memory, u64 offset) {
    u64 value;
    std::memcpy(&value, memory.data() + offset, sizeof value);
    return value;
}

/// push 0 (where the CPU pushes no error), push vector, jmp to the handler.
void put_stub(GuestMemory& memory, u8 vector) {
    u8* at = memory.data() + system_ram + stubs + vector * stub_bytes;
    unsigned length = 0;
    if (!soft::pushes_error_code(vector)) at[length++] = 0x6a, at[length++] = 0;
    at[length++] = 0x68;
    u32 number = vector;
    std::memcpy(at + length, &number, 4), length += 4;
    at[length++] = 0xe9;
    i32 distance = static_cast<i32>(handler - (stubs + vector * stub_bytes + length + 4));
    std::memcpy(at + length, &distance, 4);
}

void build_tables(GuestMemory& memory) {
    for (u64 page = 0; page < 0x9; page++)
        map(memory, kernel + page * page_bytes, system_ram + page * page_bytes, pte_write);
    for (u64 at = root; at < tables_end; at += page_bytes)
        map(memory, tables + at - root, at, pte_write | pte_no_execute);
    for (u64 page = 0; page < 4; page++)
        map(memory, code + page * page_bytes, code_ram + page * page_bytes, pte_write | pte_user);
    for (u64 page = 0; page < 4; page++)
        map(memory, data + page * page_bytes, data_ram + page * page_bytes, pte_write | pte_user);
    map(memory, absent, 0, 0);
    write_entry(memory, absent, 0x5'6000 | pte_write | pte_user);  // Not present, else good.
    map(memory, user_stack_top - page_bytes, 0x5'8000, pte_write | pte_user);
    map(memory, device, device_physical, pte_write | pte_user);
}

void build_system(GuestMemory& memory) {
    put<u64>(memory, system_ram + kernel_code, 0x00af'9b00'0000'ffff);
    put<u64>(memory, system_ram + kernel_data, 0x00cf'9300'0000'ffff);
    put<u64>(memory, system_ram + (user_data & ~7u), 0x00cf'f300'0000'ffff);
    put<u64>(memory, system_ram + (user_code & ~7u), 0x00af'fb00'0000'ffff);
    u64 task_state = kernel + tss;
    put<u64>(memory, system_ram + task,
             103 | (task_state & 0xff'ffff) << 16 | u64{0x8b} << 40 |
                 (task_state >> 24 & 0xff) << 56);
    put<u64>(memory, system_ram + task + 8, task_state >> 32);
    put<u64>(memory, system_ram + tss + 4, interrupt_stack_top);
    put<u16>(memory, system_ram + tss + 102, 104);
    for (unsigned vector = 0; vector < 256; vector++) {
        put_stub(memory, static_cast<u8>(vector));
        set_handler(memory, static_cast<u8>(vector), kernel + stubs + vector * stub_bytes);
    }
    std::memcpy(memory.data() + system_ram + handler, tiny_kernel_handler,
                static_cast<size_t>(tiny_kernel_handler_end - tiny_kernel_handler));
}

}  // namespace

void map(GuestMemory& memory, u64 linear, u64 physical, u64 flags) {
    u64 table = root;
    for (unsigned shift = 39; shift > page_shift; shift -= 9) {
        u64 at = table + (linear >> shift & 511) * 8;
        if (get(memory, at) == 0) {
            u64 next = root + page_bytes;
            while (next < tables_end && get(memory, next + page_bytes - 8) != 0) next += page_bytes;
            // The last entry of a table in use is marked: bit 11 is the operating system's.
            put<u64>(memory, next + page_bytes - 8, 0x800);
            put<u64>(memory, at, next | 7);
        }
        table = get(memory, at) & ~page_mask & ~pte_no_execute;
    }
    put<u64>(memory, table + (linear >> page_shift & 511) * 8, physical | flags | 1);
}

u64 entry_offset(GuestMemory& memory, u64 linear) {
    u64 table = root;
    for (unsigned shift = 39; shift > page_shift; shift -= 9)
        table = get(memory, table + (linear >> shift & 511) * 8) & ~page_mask & ~pte_no_execute;
    return table + (linear >> page_shift & 511) * 8;
}
u64 read_entry(GuestMemory& memory, u64 linear) {
    return get(memory, entry_offset(memory, linear));
}
void write_entry(GuestMemory& memory, u64 linear, u64 entry) {
    put<u64>(memory, entry_offset(memory, linear), entry);
}

void set_handler(GuestMemory& memory, u8 vector, u64 linear) {
    u64 gate = system_ram + idt + u64{vector} * 16;
    // User mode may raise INT3, INTO and the upper half.
    u64 attributes = vector == 3 || vector == 4 || vector >= 0x80 ? 0xee : 0x8e;
    put<u64>(memory, gate,
             (linear & 0xffff) | u64{kernel_code} << 16 | attributes << 40 |
                 (linear >> 16 & 0xffff) << 48);
    put<u64>(memory, gate + 8, linear >> 32);
}

void build(GuestMemory& memory, SoftCpu& accelerator, std::span<const u8> program, u8 cpl) {
    build_tables(memory);
    build_system(memory);
    std::memcpy(memory.data() + code_ram, program.data(), program.size());

    soft::Cpu& cpu = accelerator.cpu();
    cpu.cr0 =
        soft::cr0_pe | soft::cr0_mp | soft::cr0_et | soft::cr0_ne | soft::cr0_wp | soft::cr0_pg;
    cpu.cr3 = root;
    cpu.cr4 = soft::cr4_pae | soft::cr4_osfxsr | soft::cr4_osxmmexcpt | soft::cr4_de;
    cpu.efer = soft::efer_sce | soft::efer_lme | soft::efer_lma | soft::efer_nxe;
    cpu.gdtr = {kernel, task + 15};
    cpu.idtr = {kernel + idt, 0xfff};
    cpu.ldtr = {};
    cpu.tr = {task, 0x8b, 103, kernel + tss};
    bool user = cpl == 3;
    for (soft::SegmentState& segment : cpu.segments) segment = {};
    cpu.segments[soft::seg_cs] = {user ? user_code : kernel_code,
                                  static_cast<u16>(user ? 0xa0fb : 0xa09b), 0xffff'ffff, 0};
    cpu.segments[soft::seg_ss] = {user ? user_data : kernel_data,
                                  static_cast<u16>(user ? 0xc0f3 : 0xc093), 0xffff'ffff, 0};
    cpu.cpl = cpl;
    cpu.rip = code;
    cpu.rflags = 2 | soft::flag_if;
    soft::set_arithmetic_flags(cpu, 0);
    cpu.gpr[soft::rsp] = user ? user_stack_top : kernel_stack_top;
    cpu.gpr[soft::r14] = kernel + fault_log;
    accelerator.registers_changed();
}

std::vector<Delivered> delivered(GuestMemory& memory, const SoftCpu& cpu) {
    u64 end = const_cast<SoftCpu&>(cpu).cpu().gpr[soft::r14] - (kernel + fault_log);
    std::vector<Delivered> all(end <= fault_log_bytes ? end / sizeof(Delivered) : 0);
    if (!all.empty())
        std::memcpy(all.data(), memory.data() + system_ram + fault_log,
                    all.size() * sizeof(Delivered));
    return all;
}

}  // namespace vmft::test::tiny_kernel
