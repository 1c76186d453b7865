// User mode: IRET into it, SYSCALL and SYSRET, a software interrupt, and the faults of what user
// mode may not do.

#include "guest.h"

extern "C" {
guest::u64 kernel_stack;
guest::u64 system_calls;
guest::u64 system_call_rflags;
void system_call_entry();
void leave_user_mode();
void enter_user_mode(void (*function)(), void* stack_top);
}

// enter_user_mode returns when user mode raises the vector that leave_user_mode is the handler of.
// A system call counts, keeps the flags that user mode had, and answers its argument plus one.
asm(R"(
.text
enter_user_mode:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, kernel_stack
    push $0x1b
    push %rsi
    push $0x2
    push $0x23
    push %rdi
    iretq
leave_user_mode:
    mov kernel_stack, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    cld
    ret
system_call_entry:
    incq system_calls
    mov %r11, system_call_rflags
    lea 1(%rdi), %rax
    sysretq
)");

namespace {

using namespace guest;

constexpr u32 msr_star = 0xc0000081;
constexpr u32 msr_lstar = 0xc0000082;
constexpr u32 msr_sfmask = 0xc0000084;
constexpr u8 leave_vector = 0x81;
constexpr u8 kernel_only_vector = 0x80;
constexpr u64 direction_flag = 1 << 10;
constexpr u64 calls_wanted = 1000;

alignas(16) u8 user_stack[8192];
volatile u64 faults;
volatile u64 fault_code;
volatile u64 fault_cs;
volatile u64 wrong_answers;
volatile u64 cs_seen;
u64 resume_at;

__attribute__((interrupt)) void on_protection_fault(InterruptFrame* frame, u64 error_code) {
    faults = faults + 1;
    fault_code = error_code;
    fault_cs = frame->cs;
    frame->rip = resume_at;
}

__attribute__((interrupt)) void on_kernel_only(InterruptFrame*) {}

[[noreturn]] void leave() {
    asm volatile("int $0x81");
    __builtin_unreachable();
}

u64 system_call(u64 argument) {
    u64 answer;
    asm volatile("syscall" : "=a"(answer) : "D"(argument) : "rcx", "r11", "memory");
    return answer;
}

void make_system_calls() {
    u64 cs;
    asm volatile("mov %%cs, %0" : "=r"(cs));
    cs_seen = cs;
    for (u64 i = 0; i < calls_wanted; ++i) {
        if (system_call(i) != i + 1) wrong_answers = wrong_answers + 1;
    }
    asm volatile("std");
    system_call(0);
    asm volatile("cld");
    leave();
}

#define FORBIDDEN(name, instruction)                                                               \
    void name() {                                                                                  \
        asm volatile("leaq 1f(%%rip), %%rax; movq %%rax, %0; xor %%eax, %%eax;" instruction "; 1:" \
                     : "=m"(resume_at)                                                             \
                     :                                                                             \
                     : "rax", "rcx", "rdx", "memory");                                             \
        leave();                                                                                   \
    }

FORBIDDEN(clear_interrupt_flag, "cli")
FORBIDDEN(halt, "hlt")
FORBIDDEN(read_port, "in $0x60, %%al")
FORBIDDEN(write_control_register, "mov %%rax, %%cr3")
FORBIDDEN(write_model_register, "mov $0xc0000080, %%ecx; wrmsr")
FORBIDDEN(raise_kernel_only_vector, "int $0x80")

void run(void (*function)()) { enter_user_mode(function, user_stack + sizeof user_stack - 8); }

void check_forbidden(const char* name, void (*function)(), u64 expected_code) {
    u64 before = faults;
    run(function);
    expect(faults == before + 1 && fault_code == expected_code && (fault_cs & 3) == 3, name);
}

}  // namespace

extern "C" void guest_main() {
    set_fault_handler(13, on_protection_fault);
    set_handler(kernel_only_vector, on_kernel_only);
    set_handler(leave_vector, reinterpret_cast<void (*)(InterruptFrame*)>(leave_user_mode), true);
    write_msr(msr_star, u64(0x13) << 48 | u64(0x08) << 32);
    write_msr(msr_lstar, reinterpret_cast<u64>(system_call_entry));
    write_msr(msr_sfmask, direction_flag);

    run(make_system_calls);
    expect((cs_seen & 3) == 3, "user-mode: privilege level 3");
    expect(system_calls == calls_wanted + 1 && wrong_answers == 0, "user-mode: system calls");
    expect((system_call_rflags & direction_flag) != 0, "user-mode: flags kept in r11");
    check_forbidden("user-mode: cli", clear_interrupt_flag, 0);
    check_forbidden("user-mode: hlt", halt, 0);
    check_forbidden("user-mode: in", read_port, 0);
    check_forbidden("user-mode: mov to cr3", write_control_register, 0);
    check_forbidden("user-mode: wrmsr", write_model_register, 0);
    check_forbidden("user-mode: int of the kernel's", raise_kernel_only_vector,
                    kernel_only_vector * 8 + 2);
}
