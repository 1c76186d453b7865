#pragma once

#include "accel/soft/decode.h"
#include "accel/soft/dispatch.h"

/// What register_x87 puts together. Each takes D8-DF (0F AE) with its ModRM and gives
/// the handler, or null where another file's group or nothing is encoded.
namespace vmft::soft::x87 {

Handler select_arithmetic(const Decoding& d);  // x87_arithmetic.cpp: + - * / and comparisons
Handler
select_transfer(const Decoding& d);       // x87_transfer.cpp: loads, stores, FXCH, FCMOV, constants
Handler select_unary(const Decoding& d);  // x87_unary.cpp: operations on the top of the stack
Handler select_control(const Decoding& d);  // x87_control.cpp: control, status, environment
Handler select_fxsave_group(Decoding& d);   // x87_fxsave.cpp: 0F AE

void fwait(Cpu& cpu, const Insn* insn);
void emms(Cpu& cpu, const Insn* insn);

}  // namespace vmft::soft::x87
