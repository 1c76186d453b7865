#pragma once

#include <vector>

#include "base/types.h"

namespace vmft::test::conformance {

/// What a random program may consist of.
struct RandomProgram {
    u64 seed = 1;
    unsigned instructions = 200;  ///< In its loop, beside those that make flags defined again.
    bool integers = true, vectors = true, floats = true, x87 = true;
};

/// A program for guest.h: random instructions of the software CPU's own differential test, on
/// registers and data that begin random, with short branches among them; [g_rounds] rounds. None of
/// them faults, none reads a flag that the manual leaves undefined.
std::vector<u8> random_program(const RandomProgram& wanted);

/// Flags that the manual leaves undefined behind the instruction (SDM 2). They stay so until the
/// next that sets them, which the guests' next instruction is. AF behind AND, OR, XOR and TEST is
/// not among them: it is 0 on every CPU compared here.
u64 undefined_flags(const u8* code, size_t available);

}  // namespace vmft::test::conformance
