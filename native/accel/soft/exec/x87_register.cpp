#include "accel/soft/exec/x87_select.h"

namespace vmft::soft {
namespace {

Handler select_x87(Decoding& d) {
    d.insn->imm = (d.opcode & 7u) << 8 | d.modrm;  // for note_instruction
    for (auto select :
         {x87::select_arithmetic, x87::select_transfer, x87::select_unary, x87::select_control})
        if (Handler handler = select(d)) return handler;
    return nullptr;
}

}  // namespace

void register_x87(OpcodeTable& table) {
    for (unsigned opcode = 0xd8; opcode <= 0xdf; ++opcode)
        table.set(OpcodeMap::one_byte, static_cast<u8>(opcode), true, Immediate::none, select_x87);
    table.set(OpcodeMap::one_byte, 0x9b, false, Immediate::none,
              [](Decoding&) -> Handler { return step<x87::fwait>; });
    table.set(OpcodeMap::two_byte, 0x77, false, Immediate::none, [](Decoding& d) -> Handler {
        return d.mandatory == Mandatory::none ? step<x87::emms> : nullptr;
    });
    table.set(OpcodeMap::two_byte, 0xae, true, Immediate::none, x87::select_fxsave_group);
}

}  // namespace vmft::soft
