#pragma once

#include "base/types.h"

namespace vmft::test {

/// The registers that an instruction under test may use, for the host to run it on.
struct HostRegisters {
    alignas(16) u8 xmm[3][16];
    u64 mm[3];
    u64 rax, rcx, rdx, rbx, rdi;
    u64 flags;
    u32 mxcsr;
    u32 harness_mxcsr;  ///< The harness keeps the test's own here.
};

/// Runs one instruction of `length` bytes on the host. An unmasked SIMD floating-point exception
/// makes it return true, with MXCSR as the processor left it; the registers are then as after the
/// exception. Anything else that the instruction may fault on ends the process.
bool run_on_host(HostRegisters& registers, const u8* code, unsigned length);

}  // namespace vmft::test
