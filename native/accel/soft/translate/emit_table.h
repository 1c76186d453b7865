#pragma once

#include <array>
#include <map>

#include "accel/soft/translate/emitter.h"

/// Which instructions have an emitter. Groups fill the table with their add_* functions, as the
/// interpreter's groups do (decode.h); everything that is not in it runs by its handler.
namespace vmft::soft {

/// Emits host code for `guest`. Must not fail: what it cannot do, `supports` has refused.
using Emit = void (*)(Emitter& e, const GuestInsn& guest);
using Supports = bool (*)(const GuestInsn& guest);

/// What is known of an instruction before it is emitted.
inline constexpr u32 reads_flags = 1;  ///< Some or all, or keeps some that it does not write.
inline constexpr u32 sets_flags = 2;   ///< All six, whatever the operands are.
/// May take the slow path for other reasons than a ModRM memory operand.
inline constexpr u32 may_give_up = 4;
inline constexpr u32 only_address = 8;     ///< Its ModRM memory operand is not accessed (LEA, NOP).
inline constexpr u32 ends = 16;            ///< Ends the block, with jump_to() or enter_found().
inline constexpr u32 writes_reg = 32;      ///< ModRM.reg
inline constexpr u32 writes_rm = 64;       ///< ModRM.rm, when it is a register.
inline constexpr u32 writes_opcode = 128;  ///< The register in the opcode.
inline constexpr u32 writes_rax = 256;
inline constexpr u32 writes_rcx = 512;
inline constexpr u32 writes_rdx = 1024;
inline constexpr u32 writes_rsp = 2048;
inline constexpr u32 writes_rbp = 4096;
inline constexpr u32 writes_rsi = 8192;
inline constexpr u32 writes_rdi = 16384;
/// An SSE instruction: not emitted unless available. Such need no may_give_up for that.
inline constexpr u32 uses_simd = 1u << 24;
/// It can raise SIMD floating-point exceptions, all of which are masked when it is emitted.
inline constexpr u32 rounds = 1u << 25;
/// Beside sets_flags: all but some, or not for all operands. Those that it does not write it keeps
/// while somebody may look at them behind it (Emitter::flags_dead()).
inline constexpr u32 keeps_flags = 32768;

struct EmitEntry {
    Emit emit = nullptr;
    u32 traits = 0;
    Supports supports = nullptr;  ///< Null: always.
};

class EmitTable {
public:
    void set(OpcodeMap map, u8 opcode, Emit emit, u32 traits, Supports supports = nullptr) {
        entries_[static_cast<u8>(map)][opcode][0] = {emit, traits, supports};
        for (unsigned prefix = 1; prefix < 4; prefix++)
            entries_[static_cast<u8>(map)][opcode][prefix] = {emit, traits, supports};
    }
    /// Only with this mandatory prefix (SSE).
    void set(OpcodeMap map, u8 opcode, Mandatory prefix, Emit emit, u32 traits,
             Supports supports = nullptr) {
        entries_[static_cast<u8>(map)][opcode][static_cast<u8>(prefix)] = {emit, traits, supports};
    }
    /// Where the first entry refuses because of AH, CH, DH or BH. Of a group when `reg` is less
    /// than 8.
    void set_for_high_bytes(OpcodeMap map, u8 opcode, const EmitEntry& entry, unsigned reg = 8) {
        high_bytes_[{map, opcode}][reg] = entry;
    }
    /// Where ModRM.reg is part of the opcode.
    void set_in_group(OpcodeMap map, u8 opcode, unsigned reg, const EmitEntry& entry);
    void set_group(OpcodeMap map, u8 opcode, const std::array<EmitEntry, 8>& entries) {
        for (unsigned reg = 0; reg < 8; reg++) set_in_group(map, opcode, reg, entries[reg]);
    }
    /// Null: by its handler.
    const EmitEntry* find(const GuestInsn& guest) const;
    /// Calls `each(entry, map, opcode)` for every entry. One for all mandatory prefixes is there
    /// four times.
    template <typename Each>
    void for_each(Each each) const {
        for (u8 map = 0; map < 4; map++)
            for (unsigned opcode = 0; opcode < 256; opcode++)
                for (const EmitEntry& entry : entries_[map][opcode])
                    if (entry.emit) each(entry, map, static_cast<u8>(opcode));
        auto each_of = [&](const auto& groups) {
            for (const auto& [place, entries] : groups)
                for (const EmitEntry& entry : entries)
                    if (entry.emit) each(entry, static_cast<u8>(place.first), place.second);
        };
        each_of(groups_);
        each_of(high_bytes_);
    }

private:
    const EmitEntry* find_for_high_bytes(const GuestInsn& guest) const;
    using Group = std::array<EmitEntry, 8>;
    EmitEntry entries_[4][256][4];
    std::map<std::pair<OpcodeMap, u8>, Group> groups_;
    std::map<std::pair<OpcodeMap, u8>, std::array<EmitEntry, 9>> high_bytes_;
};

/// The one table, filled on first use.
const EmitTable& emit_table();

/// General registers that the instruction writes, as bits.
u32 registers_written(const GuestInsn& guest, u32 traits);

void add_alu(EmitTable& table);
void add_moves(EmitTable& table);
void add_stack(EmitTable& table);
void add_branches(EmitTable& table);
void add_hints(EmitTable& table);
void add_sse_emitters(EmitTable& table);
void add_shifts(EmitTable& table);
void add_multiply(EmitTable& table);
void add_bits(EmitTable& table);
void add_exchange(EmitTable& table);
void add_flags(EmitTable& table);
void add_strings(EmitTable& table);
void add_high_bytes(EmitTable& table);

}  // namespace vmft::soft
