#pragma once

#include "accel/soft/translate/emit_table.h"

/// What emitters share.
namespace vmft::soft {

/// Guest registers by number, where the host's names would be found first.
inline constexpr unsigned rax_of_guest = 0, rcx_of_guest = 1, rdx_of_guest = 2, rsp_of_guest = 4,
                          rbp_of_guest = 5;

/// The immediate as the host's instruction takes it, sign-extended.
inline u32 immediate_of(const GuestInsn& g) { return static_cast<u32>(g.insn.imm); }

// Refusals (EmitEntry::supports): AH, CH, DH, BH have no place of their own in the host.
inline bool no_high_byte_rm(const GuestInsn& g) {
    return g.width() != 1 || g.d.memory || !g.high_byte(g.rm());
}
inline bool no_high_byte_reg(const GuestInsn& g) { return g.width() != 1 || !g.high_byte(g.reg()); }
inline bool no_high_bytes(const GuestInsn& g) { return no_high_byte_rm(g) && no_high_byte_reg(g); }

}  // namespace vmft::soft
