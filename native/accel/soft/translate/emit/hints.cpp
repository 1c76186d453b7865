#include "accel/soft/translate/emit/operands.h"

/// What does nothing but take its place: NOP with an operand and the hint space 0F 18-1F,
/// prefetches, fences (exec/integer_hints.cpp); and CLFLUSH, which does nothing behind a byte
/// load's checks, and MOVNTI, which is a store like any other (exec/integer_move.cpp).
namespace vmft::soft {

using namespace host;

namespace {

void nop(Emitter&, const GuestInsn&) {}

void fence_or_flush(Emitter& e, const GuestInsn& g) {
    if (g.d.memory) e.memory(Emitter::Access::read, 1);
}

void store_nontemporal(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.d.rex_w() ? 8 : 4;
    HostAddress address = e.memory(Emitter::Access::write, bytes);
    e.mov(e.at(bytes, address), e.source(g.reg(), bytes, flags_temp));
}

}  // namespace

void add_hints(EmitTable& table) {
    auto two = OpcodeMap::two_byte;
    table.set(two, 0x0d, nop, only_address);
    for (unsigned opcode = 0x18; opcode <= 0x1f; opcode++)
        table.set(two, static_cast<u8>(opcode), nop, only_address);
    // The memory forms of /5 and /6, and those with a prefix, are not in this CPU.
    for (unsigned reg = 5; reg < 8; reg++)
        table.set_in_group(two, 0xae, reg, {fence_or_flush, 0, nullptr});
    table.set(two, 0xc3, Mandatory::none, store_nontemporal, 0);
}

}  // namespace vmft::soft
