#pragma once

#include "accel/soft/decode.h"

/// The files behind register_integer, each with its own opcodes.
namespace vmft::soft {

void register_alu(OpcodeTable& table);
void register_unary(OpcodeTable& table);
void register_multiply(OpcodeTable& table);
void register_shift(OpcodeTable& table);
void register_bits(OpcodeTable& table);
void register_move(OpcodeTable& table);
void register_move_segment(OpcodeTable& table);
void register_convert(OpcodeTable& table);
void register_exchange(OpcodeTable& table);
void register_decimal(OpcodeTable& table);
void register_flags(OpcodeTable& table);
void register_hints(OpcodeTable& table);
void register_crc32(OpcodeTable& table);
void register_branches(OpcodeTable& table);
void register_calls(OpcodeTable& table);
void register_traps(OpcodeTable& table);
void register_stack(OpcodeTable& table);
void register_stack_frames(OpcodeTable& table);
void register_stack_segments(OpcodeTable& table);
void register_stack_flags(OpcodeTable& table);
void register_string_moves(OpcodeTable& table);
void register_string_compares(OpcodeTable& table);
void register_string_ports(OpcodeTable& table);
void register_ports(OpcodeTable& table);

// Opcodes shared by several subjects: the group's file asks these by ModRM.reg.
Handler select_test_immediate(Decoding& d);  // F6/F7 /0 /1
Handler select_not(Decoding& d);             // F6/F7 /2
Handler select_neg(Decoding& d);             // F6/F7 /3
Handler select_multiply(Decoding& d);        // F6/F7 /4-/7
Handler select_increment(Decoding& d);       // FE/FF /0 /1
Handler select_call_indirect(Decoding& d);   // FF /2
Handler select_jump_indirect(Decoding& d);   // FF /4
Handler select_push_rm(Decoding& d);         // FF /6

}  // namespace vmft::soft
