#include "accel/kvm/counter/stepping_guests.h"

/// The guests, in assembler. rsi: data, rdi: other data (CounterGuest).
asm(R"(
.pushsection .rodata
.code64

guest_branches_begin:
    mov $5, %ecx
1:  dec %ecx
    jnz 1b                       # 5
    mov $3, %ecx
2:  loop 2b                      # 3
    jrcxz 3f                     # 1
    ud2
3:  jecxz 4f                     # 1
    ud2
4:  mov $4, %ecx
    xor %eax, %eax
5:  loope 5b                     # 4
    cmp $1, %eax
    .byte 0x0f, 0x84             # je near: 1
    .long 6f - . - 4
    setz %dl
    cmovz %eax, %edx
6:  mov $2, %ecx
7:  loopne 7b                    # 2
    jmp 8f
8:  call 9f
    out %al, $0xf0
9:  ret
guest_branches_end:

guest_flags_begin:
    pushf
    pop %rax
    stc
    pushfq
    pushfw
    push $0x246
    popfq
    pushfq
    pop %rbx
    sti
    pushfq
    cli
    sti
    nop
    pushfq
    cli
    pushfq
    cld
    std
    pushfq
    pop %rdx
    cld
    out %al, $0xf0
guest_flags_end:

guest_string_begin:
    mov $300, %ecx
    rep movsb
    mov $30, %ecx
    xor %eax, %eax
    rep stosq
    mov $0x30000, %esi
    mov $0x30000, %edi
    mov $40, %ecx
    repe cmpsb
    jne 1f                       # 1
    mov $0, %ecx
    rep movsb
    sti
    jc 2f                        # 1
2:  cli
1:  mov $50, %ecx
    mov $5, %al
    mov $0x30000, %edi
    repne scasb
    out %al, $0xf0
guest_string_end:

guest_exits_begin:
    mov $3, %r12d
1:  in $0x40, %al
    mov %al, (%rsi)
    in $0x41, %eax
    out %eax, $0x42
    mov $0x400010, %edx
    mov (%rdx), %rax
    mov %rax, 8(%rsi)
    mov %r12b, (%rdx)
    add %r12d, (%rdx)
    mov $0x43, %edx
    mov $3, %ecx
    mov $0x31100, %edi
    rep insb
    mov $3, %ecx
    rep outsw
    xor %ecx, %ecx
    rep outsb
    xor %eax, %eax
    mov %eax, %ecx
    cpuid
    mov $0x30000, %esi
    pushfq
    dec %r12d
    jnz 1b                       # 3
    out %al, $0xf0
guest_exits_end:

guest_page_fault_begin:
    mov $4, %ebx
1:  mov $0x800000, %eax
    mov (%rax), %edx             # 2 bytes
    stc
    mov %ebx, (%rax)
    mov $8, %ecx
    mov %rax, %rdi
    rep movsb                    # 2 bytes
    dec %ebx
    jnz 1b                       # 4
    pushfq
    out %al, $0xf0
guest_page_fault_handler:
    jc 1f                        # 12
1:  push %rax
    mov 24(%rsp), %rax
    mov 32(%rsp), %rax
    mov %rax, 0x100(%rsi)
    addq $8, 0x108(%rsi)
    mov %cr2, %rax
    mov %rax, 0x110(%rsi)
    pop %rax
    addq $8, %rsp
    addq $2, (%rsp)
    iretq
guest_page_fault_end:

guest_faults_begin:
    mov $3, %ebp
1:  ud2                          # 2 bytes
    xor %ecx, %ecx
    div %ecx                     # 2 bytes
    mov $0x1234, %eax
    mov %eax, %ds                # 2 bytes, #GP
    mov $0xc0000999, %ecx
    dec %ebp
    jnz 1b                       # 3
    mov %cr0, %rax
    or $8, %al
    mov %rax, %cr0
    movaps %xmm0, %xmm1          # 3 bytes, #NM
    clts
    movaps %xmm0, %xmm1
    out %al, $0xf0
guest_faults_three:
    addq $1, (%rsp)
guest_faults_two:
    addq $2, (%rsp)
    incq 0x200(%rsi)
    pushfq
    pop 0x208(%rsi)
    iretq
guest_faults_error:
    add $8, %rsp
    jmp guest_faults_two
guest_faults_end:

guest_system_call_begin:
    mov $0x12345, %r11d
    lea guest_system_call_user(%rip), %rcx
    mov $0x202, %r11d
    sysretq
guest_system_call_user:
    mov $3, %ebx
1:  syscall
    pushfq
    pop %rdx
    dec %ebx
    jnz 1b                       # 3
    xor %ebp, %ebp
    syscall
    ud2
guest_system_call_entry:
    mov %r11, 0x300(%rsi)
    mov %rcx, 0x308(%rsi)
    test %ebx, %ebx
    jz 2f                        # 4
    pushfq
    sysretq
2:  out %al, $0xf0
guest_system_call_end:

guest_interrupt_return_begin:
    mov $0x10, %eax
    push %rax
    push $0x8f00
    push $0x246
    push $8
    lea 1f(%rip), %rax
    push %rax
    iretq
1:  pushfq
    pushfq
    popfq
    out %al, $0xf0
guest_interrupt_return_end:

guest_software_interrupt_begin:
    mov $3, %ebx
1:  int $0x40
    int3
    pushfq
    dec %ebx
    jnz 1b                       # 3
    out %al, $0xf0
guest_software_interrupt_handler:
    jmp 2f
2:  push %rax
    mov 24(%rsp), %rax
    add %rax, (%rsi)
    pop %rax
    iretq
guest_software_interrupt_end:

guest_debug_trap_begin:
    mov $2, %ebx
1:  .byte 0xf1
    dec %ebx
    jnz 1b                       # 2
    mov %dr6, %rax
    out %al, $0xf0
guest_debug_trap_handler:
    incq (%rsi)
    iretq
guest_debug_trap_end:

guest_stack_segment_begin:
    mov $0x10, %eax
    mov %eax, %ss
    pushfq
    mov %eax, %ss
    mov $0x8f00, %esp
    mov $3, %ecx
1:  mov %eax, %ss
    loop 1b                      # 3
    pushfq
    mov %eax, %ss
    out %al, $0x55
    mov %eax, %ss
    ud2
    out %al, $0xf0
guest_stack_segment_handler:
    addq $2, (%rsp)
    iretq
guest_stack_segment_end:

guest_own_steps_begin:
    pushfq
    orq $0x100, (%rsp)
    popfq
    nop
    mov $2, %ecx
1:  loop 1b                      # 2
    pushfq
    out %al, $0x44
    andq $~0x100, (%rsp)
    popfq
    nop
    out %al, $0xf0
guest_own_steps_handler:
    push %rax
    incq (%rsi)
    mov 8(%rsp), %rax
    add %rax, 8(%rsi)
    mov %dr6, %rax
    mov %rax, 16(%rsi)
    pop %rax
    iretq
guest_own_steps_end:

guest_self_modifying_begin:
    mov $4, %ebx
    lea 2f(%rip), %rdx
1:  movb $0x90, (%rdx)
    movb $0xf8, 1(%rdx)
    test $1, %bl
    jz 2f                        # 4
    movb $0x75, (%rdx)
    movb $0x00, 1(%rdx)
2:  .byte 0x90, 0x90             # 2 as jnz
    dec %ebx
    jnz 1b                       # 4
    out %al, $0xf0
guest_self_modifying_end:
.popsection
)");

#define VMFT_GUEST_LABEL(name) extern "C" const vmft::u8 name[]
#define VMFT_GUEST(name)                                                                           \
    VMFT_GUEST_LABEL(guest_##name##_begin);                                                        \
    VMFT_GUEST_LABEL(guest_##name##_end)
VMFT_GUEST(branches);
VMFT_GUEST(flags);
VMFT_GUEST(string);
VMFT_GUEST(exits);
VMFT_GUEST(page_fault);
VMFT_GUEST_LABEL(guest_page_fault_handler);
VMFT_GUEST(faults);
VMFT_GUEST_LABEL(guest_faults_two);
VMFT_GUEST_LABEL(guest_faults_three);
VMFT_GUEST_LABEL(guest_faults_error);
VMFT_GUEST(system_call);
VMFT_GUEST_LABEL(guest_system_call_entry);
VMFT_GUEST(interrupt_return);
VMFT_GUEST(software_interrupt);
VMFT_GUEST_LABEL(guest_software_interrupt_handler);
VMFT_GUEST(debug_trap);
VMFT_GUEST_LABEL(guest_debug_trap_handler);
VMFT_GUEST(stack_segment);
VMFT_GUEST_LABEL(guest_stack_segment_handler);
VMFT_GUEST(own_steps);
VMFT_GUEST_LABEL(guest_own_steps_handler);
VMFT_GUEST(self_modifying);

#define VMFT_CODE(name) guest_##name##_begin, guest_##name##_end

namespace vmft::kvm::test {

std::span<const SteppingGuest> stepping_guests() {
    static constexpr u8 system_call = CounterGuest::system_call_vector;
    static const SteppingGuest guests[] = {
        {"branches", 17, {VMFT_CODE(branches)}},
        {"flags", 0, {VMFT_CODE(flags)}},
        {"string", 2, {VMFT_CODE(string)}},
        {"exits", 3, {VMFT_CODE(exits)}},
        {"page_fault", 16, {VMFT_CODE(page_fault), {{14, guest_page_fault_handler}}}},
        {"faults",
         3,
         {VMFT_CODE(faults),
          {{0, guest_faults_two},
           {6, guest_faults_two},
           {7, guest_faults_three},
           {13, guest_faults_error}}}},
        {"system_call", 7, {VMFT_CODE(system_call), {{system_call, guest_system_call_entry}}}},
        {"interrupt_return", 0, {VMFT_CODE(interrupt_return)}},
        {"software_interrupt",
         3,
         {VMFT_CODE(software_interrupt),
          {{3, guest_software_interrupt_handler}, {0x40, guest_software_interrupt_handler}}}},
        {"debug_trap", 2, {VMFT_CODE(debug_trap), {{1, guest_debug_trap_handler}}}},
        {"stack_segment", 3, {VMFT_CODE(stack_segment), {{6, guest_stack_segment_handler}}}},
        {"own_steps", 2, {VMFT_CODE(own_steps), {{1, guest_own_steps_handler}}}},
        {"self_modifying", 10, {VMFT_CODE(self_modifying)}},
    };
    return guests;
}

}  // namespace vmft::kvm::test
