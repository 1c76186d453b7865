#pragma once

#include <array>
#include <optional>
#include <span>

#include "accel/kvm/trap/instruction_shape.h"
#include "accel/kvm/trap/trap_sites.h"

namespace vmft::kvm {

/// A stretch of 64-bit code, with what surrounds it, in which places are judged: is this really an
/// instruction that a compiler put here, or the inside of another one, or data? See trap.cpp.
class CodeStretch {
public:
    static constexpr unsigned bytes_before = 512, bytes_behind = 128;
    /// More at both ends: a replacement that is cut by the end must not be seen as something else,
    /// nor what its last byte may seem to begin.
    static constexpr unsigned margin = 2 * trap_bytes_max;
    static constexpr unsigned bytes_max =
        margin + bytes_before + page_bytes + bytes_behind + margin;

    /// `text` as it is in memory, replacements included: up to bytes_max bytes. `begin` and `end`
    /// bound what may be judged by: margins lie outside, where there are any.
    CodeStretch(std::span<const u8> text, unsigned begin, unsigned end);

    struct Instruction {
        bool extended = false;  ///< With REX.B in front.
    };
    /// The instruction whose opcode is the original at `offset` (which lies between begin and end).
    /// None: it is no instruction.
    std::optional<Instruction> instruction_at(unsigned offset);

private:
    const InstructionShape& shape(unsigned offset);
    bool reached(unsigned offset);
    bool likely_before(unsigned offset);
    bool likely_behind(unsigned offset);

    std::array<u8, bytes_max> bytes_;
    std::array<InstructionShape, bytes_max> shapes_;
    std::array<bool, bytes_max> known_{};
    unsigned begin_, end_;
    unsigned chain_start_ = 0;  ///< Of the judged place: the farthest start that leads to it.
};

}  // namespace vmft::kvm
