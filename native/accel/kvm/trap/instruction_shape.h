#pragma once

#include "base/types.h"

namespace vmft::kvm {

/// How the bytes at some place look as one instruction of 64-bit code.
struct InstructionShape {
    u8 length = 0;  ///< In bytes, 1 … 15; 0: no instruction, or cut off by the end of the bytes.
    bool unlikely = false;  ///< Compilers and kernels hardly ever write it; data often looks so.
};

/// Looks at `bytes` (`available` of them, at most 15 are used). Lengths come from the software
/// CPU's decoder, and by the format alone (SDM 2A 2, appendix A) for what that CPU lacks (VEX, EVEX
/// and newer opcodes).
InstructionShape instruction_shape(const u8* bytes, unsigned available);

}  // namespace vmft::kvm
