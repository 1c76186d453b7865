#pragma once

#include "accel/soft/insn.h"

/// Decoding in two steps: decode.cpp reads prefixes, opcode, ModRM, SIB, displacement and
/// immediate by the opcode table's shape, then the entry's selector picks the handler. Groups of
/// instructions fill the table with their register_* functions.
namespace vmft::soft {

enum class OpcodeMap : u8 { one_byte, two_byte /* 0F */, three_byte_38, three_byte_3a };

enum class Immediate : u8 {
    none,
    byte,           ///< 8 bits, sign-extended
    byte_unsigned,  ///< 8 bits, zero-extended
    word,           ///< 16 bits, zero-extended
    operand,        ///< 16 or 32 bits by operand size, sign-extended to 64
    operand_full,   ///< 16, 32 or 64 bits by operand size (MOV r, imm)
    address,        ///< 16, 32 or 64 bits by address size (MOV moffs), zero-extended
    far,            ///< offset (16/32 by operand size) in bits 0-31, selector in bits 32-47
    enter,          ///< imm16 in bits 0-15, imm8 in bits 16-23
    relative_byte,  ///< branch: Insn::imm = target - block rip
    relative,       ///< 16 or 32 bits (always 32 in 64-bit mode)
};

/// SSE's mandatory prefix: F3 and F2 (the last one) win over 66.
enum class Mandatory : u8 { none, p66, pf3, pf2 };

/// What a selector sees. It may change `insn` and sets the outputs.
struct Decoding {
    Insn* insn = nullptr;
    u8 mode = 0;           ///< CodeMode (16, 32, 64) and code_stack32
    u8 operand_bytes = 4;  ///< 2, 4, 8: by mode, 66 and REX.W
    u8 address_bytes = 8;  ///< 2, 4, 8
    u8 map = 0, opcode = 0;
    u8 rex = 0;  ///< 0 or 0x40-0x4f
    bool prefix_66 = false, rep = false, repne = false, lock = false;
    Mandatory mandatory = Mandatory::none;
    u8 modrm = 0;
    u8 mod = 0, reg = 0, rm = 0;  ///< Raw ModRM fields, 0-3 and 0-7, without REX
    bool memory = false;          ///< mod != 3
    // Outputs:
    bool ends_block = false;    ///< The handler is a branch, finish or transfer.
    bool raises = false;        ///< It is no instruction: its handler does nothing but raise.
    bool side_exit = false;     ///< A conditional branch behind which the block goes on.
    bool branches = false;      ///< It is a branch: nothing is looked at before the next block.
    bool lock_allowed = false;  ///< LOCK is legal on this form (and it has a memory destination).

    bool long_mode() const { return (mode & code_mode_mask) == code64; }
    bool rex_w() const { return rex & 8; }
};

/// Picks the handler; null means #UD.
using Select = Handler (*)(Decoding& d);

struct OpcodeEntry {
    Select select = nullptr;
    bool modrm = false;
    Immediate immediate = Immediate::none;
};

class OpcodeTable {
public:
    void set(OpcodeMap map, u8 opcode, bool modrm, Immediate immediate, Select select) {
        entries_[static_cast<u8>(map)][opcode] = {select, modrm, immediate};
    }
    const OpcodeEntry& entry(u8 map, u8 opcode) const { return entries_[map][opcode]; }

private:
    OpcodeEntry entries_[4][256];
};

/// The one table, filled on first use.
const OpcodeTable& opcode_table();

void register_integer(OpcodeTable& table);  // exec/integer_*.cpp, control flow, strings
void register_system(OpcodeTable& table);   // exec/system_*.cpp
void register_sse(OpcodeTable& table);      // exec/sse_*.cpp, MMX
void register_x87(OpcodeTable& table);      // exec/x87_*.cpp, FXSAVE group (0F AE)

inline Handler ending(Decoding& d, Handler handler) {
    d.ends_block = true;
    return handler;
}
/// As ending, for a handler that is a branch (dispatch.h).
inline Handler branching(Decoding& d, Handler handler) {
    d.branches = true;
    return ending(d, handler);
}

/// Decodes the instruction whose bytes start at `bytes` (`available` of them, at most 15 are used).
/// Fills `insn` but for `offset`-dependent parts, which need `offset` from the block's start.
enum class DecodeResult : u8 { ok, side_exit, ends_block, need_more_bytes };
DecodeResult decode(const u8* bytes, unsigned available, u8 mode, u16 offset, Insn& insn);
/// The same, keeping what was read (`d.insn` is `insn`).
DecodeResult decode(const u8* bytes, unsigned available, u8 mode, u16 offset, Insn& insn,
                    Decoding& d);

/// Handler of an undefined instruction: raises #UD. A decodable length is not needed.
void undefined_instruction(Cpu& cpu, const Insn* insn);

}  // namespace vmft::soft
