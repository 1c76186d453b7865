#pragma once

#include "accel/soft/decode.h"

/// What selectors share: operand width, and operands that the opcode names itself.
namespace vmft::soft {

/// Bytes of the operand where the opcode's lowest bit tells 8 bits from the operand size.
inline unsigned width_by_opcode(const Decoding& d) { return d.opcode & 1 ? d.operand_bytes : 1; }

/// Bytes that a push or pop moves: 64-bit mode has no 32-bit form, and 64 bits is the default.
inline unsigned stack_operand_bytes(const Decoding& d) {
    return d.long_mode() && d.operand_bytes != 2 ? 8 : d.operand_bytes;
}

/// Calls the generic lambda `choose` with u8, u16, u32 or u64 as its template argument.
template <typename Choose>
Handler by_width(unsigned bytes, Choose choose) {
    switch (bytes) {
    case 1: return choose.template operator()<u8>();
    case 2: return choose.template operator()<u16>();
    case 4: return choose.template operator()<u32>();
    default: return choose.template operator()<u64>();
    }
}

/// As by_width, for instructions without an 8-bit form.
template <typename Choose>
Handler by_operand_width(unsigned bytes, Choose choose) {
    switch (bytes) {
    case 2: return choose.template operator()<u16>();
    case 4: return choose.template operator()<u32>();
    default: return choose.template operator()<u64>();
    }
}

/// Makes `number` (REX applied) the rm operand, as if ModRM had named it.
inline void use_register(Decoding& d, unsigned number) {
    d.insn->rm = static_cast<u8>(number);
    bool high_byte = !d.rex && number >= 4;
    d.insn->rm8 = static_cast<u8>(high_byte ? (number - 4) * 8 + 1 : number * 8);
    d.memory = false;
}

/// The register in the opcode's low three bits becomes the rm operand.
inline void use_opcode_register(Decoding& d) {
    use_register(d, (d.opcode & 7u) | (d.rex & 1u) << 3);
}

/// AL, AX, EAX or RAX becomes the rm operand.
inline void use_accumulator(Decoding& d) { use_register(d, rax); }

}  // namespace vmft::soft
