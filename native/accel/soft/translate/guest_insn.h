#pragma once

#include "accel/soft/decode.h"

namespace vmft::soft {

/// One guest instruction as emitters see it. `d` holds the encoding's fields; of `insn` only the
/// memory operand, the immediate and the lengths are meant for them (selectors may have exchanged
/// its registers).
struct GuestInsn {
    Insn insn;
    Decoding d;
    unsigned index = 0;    ///< In its block.
    i32 rip_offset = 0;    ///< Of its first byte in the page.
    i32 block_offset = 0;  ///< Of the block's first byte in the page.

    i32 next_offset() const { return rip_offset + insn.length; }
    /// ModRM.reg and ModRM.rm with REX.
    unsigned reg() const { return d.reg | (d.rex & 4u) << 1; }
    unsigned rm() const { return d.rm | (d.rex & 1u) << 3; }
    /// The register in the opcode's low three bits.
    unsigned opcode_register() const { return (d.opcode & 7u) | (d.rex & 1u) << 3; }
    /// Bytes of the operand where the opcode's lowest bit tells 8 bits from the operand size.
    unsigned width() const { return d.opcode & 1 ? d.operand_bytes : 1; }
    /// Bytes that a push or pop moves.
    unsigned stack_bytes() const { return d.operand_bytes == 2 ? 2 : 8; }
    /// Whether 8-bit register `number` is AH, CH, DH or BH.
    bool high_byte(unsigned number) const { return !d.rex && number >= 4 && number < 8; }
    /// Whether the memory operand's address is computed as 64 bits (no 67 prefix).
    bool wide_address() const { return !(insn.flags & insn_address_checked); }
};

}  // namespace vmft::soft
