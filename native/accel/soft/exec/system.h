#pragma once

#include "accel/soft/decode.h"
#include "accel/soft/segments.h"
#include "accel/soft/system.h"

namespace vmft::soft {

void register_system_far(OpcodeTable& table);
void register_system_tables(OpcodeTable& table);
void register_system_control(OpcodeTable& table);
void register_system_entry(OpcodeTable& table);

/// JMP and CALL m16:16/32/64 (FF /5 and /3): group 5 is registered with the integer instructions.
Handler select_far_jmp_memory(Decoding& d);
Handler select_far_call_memory(Decoding& d);

}  // namespace vmft::soft
