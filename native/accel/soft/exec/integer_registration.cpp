#include "accel/soft/exec/integer_registration.h"

namespace vmft::soft {

void register_integer(OpcodeTable& table) {
    register_alu(table);
    register_unary(table);
    register_multiply(table);
    register_shift(table);
    register_bits(table);
    register_move(table);
    register_move_segment(table);
    register_convert(table);
    register_exchange(table);
    register_decimal(table);
    register_flags(table);
    register_hints(table);
    register_crc32(table);
    register_branches(table);
    register_calls(table);
    register_traps(table);
    register_stack(table);
    register_stack_frames(table);
    register_stack_segments(table);
    register_stack_flags(table);
    register_string_moves(table);
    register_string_compares(table);
    register_string_ports(table);
    register_ports(table);
}

}  // namespace vmft::soft
