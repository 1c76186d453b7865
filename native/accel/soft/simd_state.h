#pragma once

#include "accel/soft/insn.h"

namespace vmft::soft {

/// Called by run() around execution. While the vCPU runs, the host's MXCSR holds the
/// guest's rounding, FTZ and DAZ with every exception masked, and collects the sticky flags, so
/// that most SSE arithmetic is one host instruction. Guests that unmask exceptions take the checked
/// path.
void simd_enter(Cpu& cpu);
/// Brings cpu.mxcsr up to date and gives the host its own MXCSR back. Must follow every simd_enter.
void simd_leave(Cpu& cpu);

/// Bits of Cpu::simd_refused, which translated code tests: no SSE instruction is available; one
/// that can raise SIMD floating-point exceptions must look whether it does (run_checked).
inline constexpr u8 simd_unavailable = 1, simd_unmasked = 2;
/// Brings it up to date. Follows every write of CR0, CR4 and MXCSR during a run.
void refresh_simd_refused(Cpu& cpu);

/// MXCSR as the guest sees it, between simd_enter and simd_leave.
u32 simd_read_mxcsr(Cpu& cpu);
/// LDMXCSR, FXRSTOR: reserved bits are the caller's to refuse.
void simd_write_mxcsr(Cpu& cpu, u32 value);

}  // namespace vmft::soft
