#pragma once

#include <optional>
#include <span>
#include <vector>

#include "accel/kvm/trap/trap.h"

/// The instructions that are replaced, as bytes: what they look like before and behind.
namespace vmft::kvm {

/// One of the three, or its replacement, without prefixes: 2 bytes for RDTSC, 3 for the others.
struct TrapBytes {
    KernelTraps::Kind kind = KernelTraps::Kind::none;
    u8 source_register = 0;  ///< write_cr4: 0 … 15; an original alone tells but three bits of it.

    bool operator==(const TrapBytes&) const = default;
    unsigned length() const { return kind == KernelTraps::Kind::rdtsc ? 2 : 3; }
};

inline constexpr unsigned trap_bytes_max = 3;

/// What the guest's programmer wrote: 0F 31, 0F 01 F9, 0F 22 /4 with a register operand (SDM 2B).
TrapBytes original_at(std::span<const u8> bytes);
/// What stands there instead, one instruction of the same length: OUT imm8, AL (E6) with a port of
/// layout.h, in the longer ones behind a DS prefix that means nothing.
TrapBytes replacement_at(std::span<const u8> bytes);
/// Write them; `into` has at least length() bytes.
void write_original(TrapBytes trap, std::span<u8> into);
void write_replacement(TrapBytes trap, std::span<u8> into);

/// Adds the offsets at which original_at is something and lies within `bytes`, ascending. Several
/// GB/s on text.
void find_originals(std::span<const u8> bytes, std::vector<u32>& offsets);

/// Puts every replacement in `bytes` back to the original.
void undo_replacements(std::span<u8> bytes);

}  // namespace vmft::kvm
