#include "differential_native.h"

#include <asm/prctl.h>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace vmft::differential {
namespace {

constexpr u64 trap_flag = 0x100;
constexpr u8 breakpoint = 0xcc;

/// Order of the general registers in a signal's context, by their encoding.
constexpr int context_registers[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                       REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                       REG_R12, REG_R13, REG_R14, REG_R15};

const Instance* running = nullptr;
bool entered = false;
Result result;
sigjmp_buf back;

/// The part behind the FXSAVE image tells which components are there: x87 and SSE must be, or they
/// are reset.
void mark_loaded(u8* image) {
    constexpr u32 extended_magic = 0x46505853;
    u32 magic;
    std::memcpy(&magic, image + 464, 4);
    if (magic != extended_magic) return;
    u64 present;
    std::memcpy(&present, image + 512, 8);
    present |= 3;
    std::memcpy(image + 512, &present, 8);
}

void enter(ucontext_t* context) {
    const Registers& before = running->before;
    greg_t* registers = context->uc_mcontext.gregs;
    for (int i = 0; i < 16; i++)
        registers[context_registers[i]] = static_cast<greg_t>(before.gpr[i]);
    registers[REG_RIP] = static_cast<greg_t>(before.rip);
    registers[REG_EFL] =
        static_cast<greg_t>(before.flags | (running->to_breakpoint ? 0 : trap_flag));
    u8* image = reinterpret_cast<u8*>(context->uc_mcontext.fpregs);
    u8 software[48];
    std::memcpy(software, image + 464, sizeof software);
    std::memcpy(image, before.fx, 464);
    u32 mask = 0xffff;
    std::memcpy(image + 28, &mask, 4);
    std::memcpy(image + 464, software, sizeof software);
    mark_loaded(image);
}

void leave(const ucontext_t* context) {
    const greg_t* registers = context->uc_mcontext.gregs;
    Registers& after = result.after;
    for (int i = 0; i < 16; i++) after.gpr[i] = static_cast<u64>(registers[context_registers[i]]);
    after.rip = static_cast<u64>(registers[REG_RIP]);
    after.flags = static_cast<u64>(registers[REG_EFL]);
    std::memcpy(after.fx, context->uc_mcontext.fpregs, 512);
    u64 vector = static_cast<u64>(registers[REG_TRAPNO]);
    bool stepped = vector == 1 && !running->to_breakpoint;
    bool broke = vector == 3 && running->to_breakpoint;
    if (broke) after.rip--;
    result.fault = !stepped && !broke;
    result.vector = static_cast<u8>(vector);
    result.error = result.fault ? static_cast<u32>(registers[REG_ERR]) : 0;
    result.cr2 = vector == 14 ? static_cast<u64>(registers[REG_CR2]) : 0;
}

void handler(int signal, siginfo_t*, void* raw) {
    auto* context = static_cast<ucontext_t*>(raw);
    if (!running) {
        // Not the test's: die of it as usual.
        std::signal(signal, SIG_DFL);
        return;
    }
    if (!entered) {
        entered = true;
        enter(context);
        return;
    }
    u16 ds, es;
    asm volatile("mov %%ds, %0\n\tmov %%es, %1" : "=r"(ds), "=r"(es));
    asm volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(0));
    result.after.ds = ds;
    result.after.es = es;
    leave(context);
    siglongjmp(back, 1);
}

bool map(u64 address, u64 bytes, int protection) {
    void* wanted = reinterpret_cast<void*>(address);
    return mmap(wanted, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                0) == wanted;
}

}  // namespace

NativeCpu::NativeCpu() {
    if (!map_code() || !map(data_start, data_bytes, PROT_READ | PROT_WRITE) ||
        !map(stack_start, stack_bytes, PROT_READ | PROT_WRITE)) {
        unusable_ = "the test's addresses cannot be mapped";
        return;
    }
    std::memset(code_, breakpoint, code_bytes);
    static u8 signal_stack[1 << 16];
    stack_t alternate{};
    alternate.ss_sp = signal_stack;
    alternate.ss_size = sizeof signal_stack;
    sigaltstack(&alternate, nullptr);
    struct sigaction action {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int signal : {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE})
        sigaction(signal, &action, nullptr);
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, gs_base) != 0) unusable_ = "the GS base cannot be set";
}

bool NativeCpu::map_code() {
    int file = memfd_create("differential code", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, code_bytes) != 0) return false;
    void* writable = mmap(nullptr, code_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    void* wanted = reinterpret_cast<void*>(code_start);
    void* executable =
        mmap(wanted, code_bytes, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
    close(file);
    code_ = static_cast<u8*>(writable);
    return writable != MAP_FAILED && executable == wanted;
}

void NativeCpu::seal() { mprotect(data() + data_writable, data_bytes - data_writable, PROT_READ); }

Result NativeCpu::run(const Instance& instance) {
    u64 at = instance.before.rip - code_start;
    u64 count = at + instance.length > code_bytes ? code_bytes - at : instance.length;
    std::memcpy(code_ + at, instance.code, count);
    running = &instance;
    entered = false;
    result = {};
    if (sigsetjmp(back, 0) == 0) asm volatile("int3" ::: "memory");
    running = nullptr;
    std::memset(code_ + at, breakpoint, count);
    // The pushed flags hold the trap flag of the single step.
    if (instance.form->kind == Kind::push_flags && !result.fault &&
        result.after.gpr[4] >= stack_start && result.after.gpr[4] + 2 <= stack_start + stack_bytes)
        *reinterpret_cast<u8*>(result.after.gpr[4] + 1) &= static_cast<u8>(~1);
    return result;
}

}  // namespace vmft::differential
