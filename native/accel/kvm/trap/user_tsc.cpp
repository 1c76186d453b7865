#include "accel/kvm/trap/user_tsc.h"

#include <array>

#include "accel/kvm/trap/trap_sites.h"

/// RDTSC in user mode: nobody can patch all programs, so CR4.TSD is kept on and the instruction
/// faults: #GP(0), into the guest's kernel, which would kill the program. A hardware breakpoint on
/// the handler's first instruction comes before that: there the exception frame tells where user
/// mode was, and nothing but the frame, RSP, RIP, RFLAGS, CS and SS has changed (SDM 3A 6.14). All
/// of it is taken back, as IRETQ would, and user mode goes on behind the instruction.
///
/// The frame stays in the kernel's stack below its top, where the next entry overwrites it. It is
/// the same on all replicas.
namespace vmft::kvm {

namespace {

constexpr u64 efer_lma = 0x400;
constexpr u8 vector_gp = 13;
constexpr u64 flag_fixed = 2, flag_tf = 0x100, flag_rf = 0x10000;
constexpr u64 dr6_single_step = 1 << 14;
constexpr u8 vector_db = 1;
constexpr unsigned instruction_bytes_max = 15;

/// What the CPU pushes in 64-bit mode for an exception with an error code, from RSP upwards.
struct ExceptionFrame {
    u64 error, rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(ExceptionFrame) == 48);

template <typename T>
bool read(const GuestMemory& memory, const kvm_sregs& system, u64 linear, T& value) {
    std::span<u8> into(reinterpret_cast<u8*>(&value), sizeof value);
    return read_linear(memory, PagingState::of(system), linear, into) == sizeof value;
}

/// A code or data segment by its selector, from the GDT or LDT (SDM 3A 3.4.5). None: outside the
/// table, not present, or a system descriptor.
std::optional<kvm_segment> segment(const kvm_sregs& system, const GuestMemory& memory,
                                   u16 selector) {
    bool local = selector & 4;
    if (local && system.ldt.unusable) return {};
    u64 base = local ? system.ldt.base : system.gdt.base;
    u64 limit = local ? system.ldt.limit : system.gdt.limit;
    u64 offset = selector & ~7u, descriptor = 0;
    if ((!local && offset == 0) || offset + 7 > limit) return {};
    if (!read(memory, system, base + offset, descriptor)) return {};
    kvm_segment found{};
    found.selector = selector;
    found.base = (descriptor >> 16 & 0xff'ffff) | (descriptor >> 56 << 24);
    found.limit = static_cast<u32>((descriptor & 0xffff) | (descriptor >> 32 & 0xf'0000));
    found.type = descriptor >> 40 & 15;
    found.s = descriptor >> 44 & 1;
    found.dpl = descriptor >> 45 & 3;
    found.present = descriptor >> 47 & 1;
    found.avl = descriptor >> 52 & 1;
    found.l = descriptor >> 53 & 1;
    found.db = descriptor >> 54 & 1;
    found.g = descriptor >> 55 & 1;
    if (found.g) found.limit = found.limit << 12 | 0xfff;
    found.type |= 1;  // Accessed: loading it for user mode has set that.
    if (!found.present || !found.s) return {};
    return found;
}

struct UserInstruction {
    KernelTraps::Kind kind;
    u8 length;
};

/// The instruction at user mode's rip. What kernel scans have made of RDTSC counts as well: the
/// pages of the vDSO lie in the kernel's image.
std::optional<UserInstruction> instruction_at(const kvm_sregs& system, const GuestMemory& memory,
                                              const kvm_segment& code, u64 rip) {
    std::array<u8, instruction_bytes_max> bytes;
    u64 linear = code.l ? rip : static_cast<u32>(code.base + rip);
    size_t count = read_linear(memory, PagingState::of(system), linear, bytes);
    size_t at = 0;
    for (bool prefix = true; prefix && at < count; at += prefix) {
        switch (bytes[at]) {
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
        case 0x66:
        case 0x67:
        case 0xf2:
        case 0xf3: break;
        default: prefix = code.l && (bytes[at] & 0xf0) == 0x40;
        }
    }
    std::span<const u8> opcode(bytes.data() + at, count - at);
    TrapBytes trap = original_at(opcode);
    if (trap.kind == KernelTraps::Kind::none) trap = replacement_at(opcode);
    if (trap.kind != KernelTraps::Kind::rdtsc && trap.kind != KernelTraps::Kind::rdtscp) return {};
    return UserInstruction{trap.kind, static_cast<u8>(at + trap.length())};
}

}  // namespace

std::optional<u64> gp_handler(const kvm_sregs& registers, const GuestMemory& memory) {
    constexpr u64 gate_bytes = 16;
    if (!(registers.efer & efer_lma)) return {};
    if (registers.idt.limit < (vector_gp + 1) * gate_bytes - 1) return {};
    std::array<u64, 2> gate;
    if (!read(memory, registers, registers.idt.base + vector_gp * gate_bytes, gate)) return {};
    bool present = gate[0] >> 47 & 1;
    u64 type = gate[0] >> 40 & 0x1f;  // 64-bit interrupt or trap gate (SDM 3A 6.14.1)
    if (!present || (type != 14 && type != 15)) return {};
    return (gate[0] & 0xffff) | (gate[0] >> 32 & 0xffff'0000) | gate[1] << 32;
}

std::optional<UserState> behind_user_rdtsc(const kvm_regs& registers, const kvm_sregs& system,
                                           const GuestMemory& memory, u64 tsc, u32 tsc_aux) {
    ExceptionFrame frame;
    if (!(system.efer & efer_lma) || !read(memory, system, registers.rsp, frame)) return {};
    if (frame.error != 0 || (frame.cs & 3) != 3 || (frame.ss & 3) != 3) return {};
    auto code = segment(system, memory, static_cast<u16>(frame.cs));
    auto stack = segment(system, memory, static_cast<u16>(frame.ss));
    if (!code || !stack || !(code->type & 8) || (stack->type & 8) || stack->dpl != 3) return {};
    auto instruction = instruction_at(system, memory, *code, frame.rip);
    if (!instruction) return {};

    UserState user{registers, system, (frame.rflags & flag_tf) != 0};
    user.system.cs = *code;
    user.system.ss = *stack;
    user.registers.rip = frame.rip + instruction->length;
    user.registers.rsp = frame.rsp;
    if (!code->l) user.registers.rip = static_cast<u32>(user.registers.rip);
    // A fault saves RF set; a retired instruction leaves it clear.
    user.registers.rflags = (frame.rflags & ~flag_rf) | flag_fixed;
    user.registers.rax = static_cast<u32>(tsc);
    user.registers.rdx = tsc >> 32;
    if (instruction->kind == KernelTraps::Kind::rdtscp) user.registers.rcx = tsc_aux;
    return user;
}

bool resume_behind_rdtsc(Vcpu& vcpu, GuestMemory& memory, u64 tsc, u32 tsc_aux) {
    auto user = behind_user_rdtsc(vcpu.registers(), vcpu.system_registers(), memory, tsc, tsc_aux);
    if (!user) return false;
    vcpu.set_system_registers(user->system);
    vcpu.set_registers(user->registers);
    if (user->single_step) {
        kvm_debugregs debug = vcpu.debug_registers();
        debug.dr6 |= dr6_single_step;
        vcpu.set_debug_registers(debug);
        vcpu.inject_exception(vector_db);
    }
    return true;
}

}  // namespace vmft::kvm
