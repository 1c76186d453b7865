#include "accel/soft/exec/sse_table.h"

namespace vmft::soft {

void SseTable::register_all(OpcodeTable& table, Select select) const {
    for (unsigned map = 0; map < maps; map++) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            bool used = false;
            for (const auto& by_width : cells_[map][opcode])
                for (const Cell& cell : by_width)
                    used |= cell.registers || cell.memory || cell.choose;
            if (!used) continue;
            table.set(static_cast<OpcodeMap>(map + 1), static_cast<u8>(opcode), true,
                      immediate_[map][opcode] ? Immediate::byte_unsigned : Immediate::none, select);
        }
    }
}

namespace {

const SseTable& sse_table() {
    static const SseTable table = [] {
        SseTable filled;
        add_sse_moves(filled);
        add_sse_partial_moves(filled);
        add_sse_integer(filled);
        add_sse_integer_extended(filled);
        add_sse_shifts(filled);
        add_sse_shuffles(filled);
        add_sse_blends(filled);
        add_sse_elements(filled);
        add_sse_float(filled);
        add_sse_float_horizontal(filled);
        add_sse_approximations(filled);
        add_sse_compares(filled);
        add_sse_converts(filled);
        add_sse_strings(filled);
        return filled;
    }();
    return table;
}

Handler select_sse(Decoding& d) {
    const SseTable::Cell& cell = sse_table().find(d);
    if (cell.choose) return cell.choose(d);
    return d.memory ? cell.memory : cell.registers;
}

}  // namespace

void register_sse(OpcodeTable& table) { sse_table().register_all(table, select_sse); }

}  // namespace vmft::soft
