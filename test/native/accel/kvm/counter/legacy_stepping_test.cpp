#include <iostream>

#include "accel/kvm/counter/counter_guest.h"
#include "accel/kvm/counter/step_counter.h"
#include "test.h"

/// Stepping in real mode and in 32-bit protected mode: other frames, other tables.
asm(R"(
.pushsection .rodata
.code16
guest_real_begin:
    mov $3, %bx
1:  pushf
    pop %ax
    int $0x40
    ud2
    xor %cx, %cx
    div %cx
    in $0x33, %al
    sti
    pushfl
    pop %edx
    dec %bx
    jnz 1b                       # 3
    mov $5, %cx
2:  loop 2b                      # 5
    pushf
    push %cs
    push $guest_real_third - guest_real_begin + 0xa000
    iret
guest_real_third:
    mov %ss, %ax
    mov %ax, %ss
    pushf
    out %al, $0xf0
guest_real_two:
    push %bp
    mov %sp, %bp
    addw $2, 2(%bp)
    mov 6(%bp), %ax
    mov %ax, (0x900)
    pop %bp
    iret
guest_real_return:
    push %bp
    mov %sp, %bp
    mov 6(%bp), %ax
    mov %ax, (0x904)
    pop %bp
    iret
guest_real_end:

.code32
guest_protected_begin:
    mov $3, %ebx
1:  pushf
    pop %eax
    int $0x40
    ud2
    mov $0x1234, %eax
    mov %eax, %ds
    pushfw
    popfw
    dec %ebx
    jnz 1b                       # 3
    jecxz 2f                     # 1
    nop
2:  pushf
    push %cs
    call 3f
3:  pop %eax
    add $4f - 3b, %eax
    push %eax
    iret
4:  mov %ss, %eax
    mov %eax, %ss
    pushf
    out %al, $0xf0
guest_protected_error:
    add $4, %esp
guest_protected_two:
    addl $2, (%esp)
    push %eax
    mov 12(%esp), %eax
    and $0xffff, %eax            # What RF is, is another matter.
    mov %eax, 0x900
    pop %eax
    iret
guest_protected_return:
    push %eax
    mov 12(%esp), %eax
    mov %eax, 0x904
    pop %eax
    iret
guest_protected_end:
.code64
.popsection
)");

#define VMFT_GUEST_LABEL(name) extern "C" const vmft::u8 name[]
VMFT_GUEST_LABEL(guest_real_begin);
VMFT_GUEST_LABEL(guest_real_end);
VMFT_GUEST_LABEL(guest_real_two);
VMFT_GUEST_LABEL(guest_real_return);
VMFT_GUEST_LABEL(guest_protected_begin);
VMFT_GUEST_LABEL(guest_protected_end);
VMFT_GUEST_LABEL(guest_protected_two);
VMFT_GUEST_LABEL(guest_protected_error);
VMFT_GUEST_LABEL(guest_protected_return);

namespace vmft::kvm::test {
namespace {

constexpr u64 legacy_gdt = 0x5000, legacy_idt = 0x6000;
constexpr u16 code_selector = 0x08;
/// In the first segment: the lab's emulated processor takes breakpoints for offsets.
constexpr u64 real_mode_code = 0xa000;

void enter_real_mode(CounterGuest& guest) {
    kvm_sregs system = guest.vcpu().system_registers();
    system.cr0 = 0x10;
    system.cr3 = system.cr4 = system.efer = 0;
    kvm_segment data{};
    data.limit = 0xffff;
    data.type = 3;
    data.present = data.s = 1;
    system.ds = system.es = system.ss = system.fs = system.gs = data;
    system.cs = data;
    system.cs.type = 0xb;
    system.idt.base = 0;
    system.idt.limit = 0x3ff;
    guest.vcpu().set_system_registers(system);
    guest.memory().write(real_mode_code, {guest_real_begin, guest_real_end});
    auto handler = [&](u8 vector, const u8* entry) {
        u64 offset = real_mode_code + static_cast<u64>(entry - guest_real_begin);
        guest.memory().write_value<u32>(vector * 4, static_cast<u32>(offset));
    };
    handler(0, guest_real_two);
    handler(6, guest_real_two);
    handler(0x40, guest_real_return);
    kvm_regs registers = guest.vcpu().registers();
    registers.rip = real_mode_code;
    guest.vcpu().set_registers(registers);
}

void enter_protected_mode(CounterGuest& guest) {
    guest.memory().write_value<u64>(legacy_gdt + code_selector, 0x00cf'9b00'0000'ffff);
    guest.memory().write_value<u64>(legacy_gdt + 0x10, 0x00cf'9300'0000'ffff);
    kvm_sregs system = guest.vcpu().system_registers();
    system.cr0 = 0x11;
    system.cr3 = system.cr4 = system.efer = 0;
    system.cs.l = 0;
    system.cs.db = 1;
    system.gdt.base = legacy_gdt;
    system.gdt.limit = 0x17;
    system.idt.base = legacy_idt;
    system.idt.limit = 0x7ff;
    guest.vcpu().set_system_registers(system);
    auto handler = [&](u8 vector, const u8* entry) {
        u64 offset = CounterGuest::code + static_cast<u64>(entry - guest_protected_begin);
        guest.memory().write_value(legacy_idt + vector * u64{8},
                                   (offset & 0xffff) | u64{code_selector} << 16 |
                                       u64{0x8e00} << 32 | (offset >> 16 & 0xffff) << 48);
    };
    handler(6, guest_protected_two);
    handler(13, guest_protected_error);
    handler(0x40, guest_protected_return);
}

void compare(const char* name, const GuestCode& code, void (*enter_mode)(CounterGuest&),
             u64 branches) {
    KvmHost* host = kvm_host();
    if (!host) return;
    CounterGuest free(*host, code), stepped(*host, code);
    enter_mode(free);
    enter_mode(stepped);
    if (free.run_free() != CounterGuest::End::port) {
        std::cout << "skipped: " << name << ", run free: " << free.reason << "\n";
        return;
    }
    StepCounter counter(stepped.vcpu(), stepped.memory());
    do {
        VMFT_EXPECT(counter.enter(std::nullopt) == Counter::Came::exit);
    } while (stepped.answer());
    if (!stepped.reason.empty()) std::cout << name << ": " << stepped.reason << "\n";
    VMFT_EXPECT(same_state(free, stepped));
    VMFT_EXPECT_EQUAL(counter.ticks(), branches);
}

VMFT_TEST(stepping_in_real_mode) {
    compare("real mode", {guest_real_begin, guest_real_end}, enter_real_mode, 8);
}

VMFT_TEST(stepping_in_protected_mode) {
    compare("32-bit protected mode", {guest_protected_begin, guest_protected_end},
            enter_protected_mode, 4);
}

}  // namespace
}  // namespace vmft::kvm::test
