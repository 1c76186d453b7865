#pragma once

#include "accel/soft/cpu.h"

// Debian's libxbyak-dev: a header-only assembler that is kept up with the x86 manuals.
#include <xbyak/xbyak.h>

/// Which host register holds what while translated code runs.
///
///   guest rAX rCX rDX rBX rSP rBP rSI rDI R8 R9     r10 rcx r11 rbx r12 rbp rsi rdi r8 r9
///   guest R10 … R15                                 memory (Cpu::gpr)
///   guest XMM0 … XMM15                              the same
///   r15   the Cpu, plus cpu_bias (so that its first fields have one-byte displacements)
///   r14   Cpu::ticks_left
///   rax, rdx, r13   temporaries; rsp is the host's stack
///
/// rAX and rDX are not where they are in the guest because LAHF, SAHF, MUL, DIV and CMPXCHG name
/// rAX and rDX; rCX is, for the sake of shifts.
namespace vmft::soft {

using HostReg = Xbyak::Reg;
using HostReg64 = Xbyak::Reg64;

namespace host {
inline const HostReg64 cpu(15), ticks(14);
/// Temporaries: rax, which saving and restoring flags destroys, rdx and r13.
inline const HostReg64 flags_temp(0), temp(2), address_temp(13);
}  // namespace host

inline constexpr int cpu_bias = 128;

/// Number of the host register of guest register `reg`; -1: it is in memory.
inline constexpr int home_of[16] = {10, 1, 11, 3, 12, 5, 6, 7, 8, 9, -1, -1, -1, -1, -1, -1};
inline constexpr bool in_host_register(unsigned reg) { return home_of[reg] >= 0; }

/// Displacement of a field of Cpu from host::cpu.
#define VMFT_CPU_FIELD(field) (static_cast<int>(offsetof(::vmft::soft::Cpu, field)) - cpu_bias)

inline int gpr_displacement(unsigned reg) {
    return VMFT_CPU_FIELD(gpr) + static_cast<int>(reg) * 8;
}

}  // namespace vmft::soft
