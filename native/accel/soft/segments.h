#pragma once

#include "accel/soft/insn.h"

namespace vmft::soft {

/// MOV Sreg, POP Sreg, LDS…: loads ES, SS, DS, FS or GS with all checks (SDM 3A 5.4) by the present
/// mode.
void load_segment(Cpu& cpu, const Insn* insn, SegmentRegister which, u16 selector);

/// Reads a descriptor and unpacks it; raises `vector`(selector) when the index is beyond the table.
struct Descriptor {
    u64 raw = 0;
    u64 raw_high = 0;  ///< Second half of a 16-byte system descriptor in long mode.
    SegmentState state;
};
Descriptor read_descriptor(Cpu& cpu, const Insn* insn, u16 selector, Vector vector, bool wide);
SegmentState unpack_descriptor(u64 raw, u16 selector);

/// Sets the accessed bit of a code or data descriptor in memory where it is clear.
void mark_accessed(Cpu& cpu, const Insn* insn, u16 selector, Descriptor& descriptor);

/// Recomputes what follows from CS, SS, CPL, CR0, CR4, EFER and AC: code mode, effective bases, TLB
/// context.
void refresh_mode(Cpu& cpu);

/// Installs CS after all checks: the hidden part, CPL and the mode.
void set_code_segment(Cpu& cpu, const SegmentState& state, u8 cpl);

inline bool long_mode_active(const Cpu& cpu) { return cpu.efer & efer_lma; }
inline bool in_64bit(const Cpu& cpu) { return (cpu.code_mode & code_mode_mask) == code64; }
inline bool protected_mode(const Cpu& cpu) { return (cpu.cr0 & cr0_pe) && !(cpu.rflags & flag_vm); }
inline bool is_canonical(u64 address) {
    return static_cast<u64>(static_cast<i64>(address << 16) >> 16) == address;
}

}  // namespace vmft::soft
