#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"

/// Opcodes that do nothing on this CPU: NOP with an operand, prefetches, and the hint space 0F
/// 18-1F, where ENDBR64, RDSSP and the like live on CPUs that have them (SDM 2B, NOP; table A-6).
/// Memory operands are not accessed.
namespace vmft::soft {
namespace {

void no_operation(Cpu&, const Insn*) {}

Handler select_hint(Decoding&) { return step<no_operation>; }
Handler select_prefetch(Decoding& d) { return d.memory ? step<no_operation> : nullptr; }

}  // namespace

void register_hints(OpcodeTable& table) {
    auto map = OpcodeMap::two_byte;
    table.set(map, 0x0d, true, Immediate::none, select_prefetch);
    for (unsigned opcode = 0x18; opcode <= 0x1f; opcode++)
        table.set(map, static_cast<u8>(opcode), true, Immediate::none, select_hint);
}

}  // namespace vmft::soft
