# The way from PVH's entry (32-bit protected mode, flat segments, no paging; Xen's
# docs/misc/pvh.pandoc) to guest_main in 64-bit mode, with the first 4 GiB mapped one to one
# by 2 MiB pages that user mode may use too.

.section .note.Xen, "a", @note
    .align 4
    .long 4                     # name size
    .long 8                     # descriptor size
    .long 18                    # XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_start

.section .text.start, "ax"
.code32
.global pvh_start
pvh_start:
    cli
    cld
    mov $stack_top, %esp

    # One PML4 entry, four PDPT entries, 4 * 512 pages of 2 MiB.
    movl $page_directory_pointers + 7, pml4
    mov $page_directory_pointers, %edi
    mov $page_directories + 7, %eax
    mov $4, %ecx
1:  mov %eax, (%edi)
    add $8, %edi
    add $0x1000, %eax
    loop 1b

    mov $page_directories, %edi
    mov $0x87, %eax             # present, writable, user, 2 MiB
    mov $2048, %ecx
2:  mov %eax, (%edi)
    add $8, %edi
    add $0x200000, %eax
    loop 2b

    mov %cr4, %eax
    or $0x20, %eax              # PAE
    mov %eax, %cr4
    mov $pml4, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx       # EFER: long mode, no-execute, SYSCALL
    rdmsr
    or $0x901, %eax
    wrmsr
    mov %cr0, %eax
    or $0x80010000, %eax        # paging, write protection
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $0x08, $long_mode

.code64
long_mode:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    mov $stack_top, %rsp

    # The task register, for the stack that interrupts from user mode take.
    mov $task_state, %rax
    mov %rax, %rdx
    shl $16, %rax
    movabs $0x000000ffffff0000, %rcx
    and %rcx, %rax
    movabs $0x0000890000000067, %rcx
    or %rcx, %rax
    mov %rax, gdt_task
    mov $interrupt_stack_top, %rax
    mov %rax, task_state + 4
    movw $104, task_state + 102 # no I/O permission map: user mode may use no port
    mov $0x28, %eax
    ltr %ax

    xor %ebp, %ebp
    call guest_main
    call power_off

.data
.align 16
gdt:
    .quad 0
    .quad 0x00af9b000000ffff    # 0x08 kernel code, 64 bit
    .quad 0x00cf93000000ffff    # 0x10 kernel data
    .quad 0x00cff3000000ffff    # 0x18 user data
    .quad 0x00affb000000ffff    # 0x20 user code, 64 bit
gdt_task:
    .quad 0                     # 0x28 task state, two entries
    .quad 0
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .quad gdt

.bss
.align 4096
.global pml4
pml4: .skip 4096
page_directory_pointers: .skip 4096
.global page_directories
page_directories: .skip 4 * 4096
.skip 16384
stack_top:
.skip 8192
interrupt_stack_top:
task_state: .skip 104

.section .note.GNU-stack, "", @progbits
