#include "accel/soft/host_instruction.h"

#include <csignal>
#include <cstddef>
#include <cstring>
#include <sys/mman.h>
#include <ucontext.h>

namespace vmft::test {

namespace {

constexpr u32 mxcsr_masks = 0x1f80;

volatile bool faulted;
volatile u32 faulted_mxcsr;
volatile unsigned instruction_length;

/// Steps over the instruction and keeps the MXCSR that it faulted with.
void on_floating_point_exception(int, siginfo_t*, void* context) {
    auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
    faulted = true;
    faulted_mxcsr = machine.fpregs->mxcsr;
    machine.fpregs->mxcsr |= mxcsr_masks;
    machine.gregs[REG_RIP] += instruction_length;
}

static_assert(offsetof(HostRegisters, mm) == 48 && offsetof(HostRegisters, rax) == 72 &&
              offsetof(HostRegisters, flags) == 112 && offsetof(HostRegisters, mxcsr) == 120 &&
              offsetof(HostRegisters, harness_mxcsr) == 124);

extern "C" void vmft_test_call_with_registers(HostRegisters* registers, const void* code);
asm(R"(
  .text
  .globl vmft_test_call_with_registers
vmft_test_call_with_registers:
  pushq %rbx
  pushq %r12
  pushq %r13
  movq %rdi, %r12
  movq %rsi, %r13
  stmxcsr 124(%r12)
  ldmxcsr 120(%r12)
  movaps (%r12), %xmm0
  movaps 16(%r12), %xmm1
  movaps 32(%r12), %xmm2
  movq 48(%r12), %mm0
  movq 56(%r12), %mm1
  movq 64(%r12), %mm2
  movq 72(%r12), %rax
  movq 80(%r12), %rcx
  movq 88(%r12), %rdx
  movq 96(%r12), %rbx
  movq 104(%r12), %rdi
  pushq 112(%r12)
  popfq
  call *%r13
  pushfq
  popq 112(%r12)
  cld
  movq %rax, 72(%r12)
  movq %rcx, 80(%r12)
  movq %rdx, 88(%r12)
  movq %rbx, 96(%r12)
  movq %rdi, 104(%r12)
  movaps %xmm0, (%r12)
  movaps %xmm1, 16(%r12)
  movaps %xmm2, 32(%r12)
  movq %mm0, 48(%r12)
  movq %mm1, 56(%r12)
  movq %mm2, 64(%r12)
  emms
  stmxcsr 120(%r12)
  ldmxcsr 124(%r12)
  popq %r13
  popq %r12
  popq %rbx
  ret
)");

u8* code_page() {
    static u8* page = [] {
        struct sigaction action {};
        action.sa_sigaction = on_floating_point_exception;
        action.sa_flags = SA_SIGINFO;
        sigaction(SIGFPE, &action, nullptr);
        void* mapped = mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return mapped == MAP_FAILED ? nullptr : static_cast<u8*>(mapped);
    }();
    return page;
}

}  // namespace

bool run_on_host(HostRegisters& registers, const u8* code, unsigned length) {
    u8* page = code_page();
    std::memcpy(page, code, length);
    page[length] = 0xc3;  // ret
    faulted = false;
    instruction_length = length;
    vmft_test_call_with_registers(&registers, page);
    if (faulted) registers.mxcsr = faulted_mxcsr;
    return faulted;
}

}  // namespace vmft::test
