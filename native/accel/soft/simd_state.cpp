#include "accel/soft/simd_state.h"

#include <xmmintrin.h>

namespace vmft::soft {

namespace {

constexpr u32 mxcsr_flags = 0x3f, mxcsr_masks = 0x1f80, mxcsr_underflow_mask = 0x800,
              mxcsr_flush_to_zero = 0x8000;

/// The host's own, while the guest's is in the register.
thread_local u32 host_mxcsr = 0x1f80;

/// What the host register holds for the guest's MXCSR.
void load_host(const Cpu& cpu) {
    u32 value = (cpu.mxcsr & 0xffff) | mxcsr_masks;
    // With underflow unmasked FTZ has no effect (SDM 1 10.2.3.3).
    if (!(cpu.mxcsr & mxcsr_underflow_mask)) value &= ~mxcsr_flush_to_zero;
    _mm_setcsr(value);
}

}  // namespace

void refresh_simd_refused(Cpu& cpu) {
    const bool unavailable = (cpu.cr0 & (cr0_em | cr0_ts)) || !(cpu.cr4 & cr4_osfxsr);
    const bool unmasked = ~cpu.mxcsr & mxcsr_masks;
    cpu.simd_refused =
        static_cast<u8>((unavailable ? simd_unavailable : 0) | (unmasked ? simd_unmasked : 0));
}

void simd_enter(Cpu& cpu) {
    host_mxcsr = _mm_getcsr();
    load_host(cpu);
    refresh_simd_refused(cpu);
}

void simd_leave(Cpu& cpu) {
    cpu.mxcsr = (cpu.mxcsr & ~mxcsr_flags) | (_mm_getcsr() & mxcsr_flags);
    _mm_setcsr(host_mxcsr);
}

u32 simd_read_mxcsr(Cpu& cpu) { return (cpu.mxcsr & ~mxcsr_flags) | (_mm_getcsr() & mxcsr_flags); }

void simd_write_mxcsr(Cpu& cpu, u32 value) {
    cpu.mxcsr = value;
    load_host(cpu);
    refresh_simd_refused(cpu);
}

}  // namespace vmft::soft
