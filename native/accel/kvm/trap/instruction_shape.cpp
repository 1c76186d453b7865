#include "accel/kvm/trap/instruction_shape.h"

#include <algorithm>

#include "accel/soft/decode.h"

namespace vmft::kvm {

namespace {

constexpr unsigned instruction_bytes_max = 15;
constexpr u8 mode64 = soft::code64 | soft::code_stack32;

/// 256 opcodes as a bit each, from ranges.
class OpcodeSet {
public:
    struct Range {
        u8 first, last;
    };
    constexpr OpcodeSet(std::initializer_list<Range> ranges) {
        for (Range range : ranges)
            for (unsigned opcode = range.first; opcode <= range.last; opcode++)
                bits_[opcode >> 6] |= u64{1} << (opcode & 63);
    }
    constexpr bool has(u8 opcode) const { return bits_[opcode >> 6] >> (opcode & 63) & 1; }

private:
    u64 bits_[4] = {};
};

/// Carries, string I/O, x87, LOOP, far and decimal things, XCHG with RAX, absolute moves.
constexpr OpcodeSet unlikely_one_byte = {
    {0x04, 0x04}, {0x0c, 0x0c}, {0x10, 0x10}, {0x12, 0x12}, {0x14, 0x14}, {0x18, 0x18},
    {0x1a, 0x1a}, {0x1c, 0x1c}, {0x2c, 0x2c}, {0x34, 0x34}, {0x6c, 0x6f}, {0x70, 0x71},
    {0x7a, 0x7b}, {0x8c, 0x8c}, {0x8f, 0x8f}, {0x91, 0x97}, {0x9b, 0x9b}, {0x9e, 0xa3},
    {0xa6, 0xa7}, {0xac, 0xad}, {0xc2, 0xc2}, {0xc8, 0xc8}, {0xca, 0xca}, {0xcd, 0xce},
    {0xd7, 0xe3}, {0xf1, 0xf1}, {0xf4, 0xf5}, {0xf8, 0xf9}, {0xfd, 0xfd}};
/// MMX and SSE, and what is rare: kernels keep vectors to a few functions.
constexpr OpcodeSet unlikely_two_byte = {{0x02, 0x04}, {0x0a, 0x0a}, {0x0c, 0x0c}, {0x0e, 0x17},
                                         {0x24, 0x2f}, {0x33, 0x37}, {0x39, 0x39}, {0x3b, 0x3f},
                                         {0x4a, 0x4b}, {0x50, 0x7f}, {0x8a, 0x8b}, {0x9a, 0x9b},
                                         {0xa6, 0xa7}, {0xaa, 0xaa}, {0xb4, 0xb5}, {0xb9, 0xb9},
                                         {0xc2, 0xc2}, {0xc4, 0xc6}, {0xd0, 0xff}};
/// Opcodes of 0F that take an immediate byte.
constexpr OpcodeSet immediate_two_byte = {{0x70, 0x73}, {0xa4, 0xa4}, {0xac, 0xac},
                                          {0xba, 0xba}, {0xc2, 0xc2}, {0xc4, 0xc6}};

struct Opening {
    unsigned bytes = 0;  ///< Of legacy prefixes and REX.
    bool rex = false, fs = false;
};

Opening read_opening(const u8* bytes, unsigned available) {
    Opening opening;
    for (; opening.bytes < available; opening.bytes++) {
        u8 byte = bytes[opening.bytes];
        switch (byte) {
        case 0x64: opening.fs = true; break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x65:
        case 0x66:
        case 0x67:
        case 0xf0:
        case 0xf2:
        case 0xf3: break;
        default:
            if ((byte & 0xf0) == 0x40) {
                opening.rex = true;
                opening.bytes++;
            }
            return opening;
        }
    }
    return opening;
}

/// Bytes of ModRM, SIB and displacement with 32/64-bit addressing; 0: cut off.
unsigned operand_bytes(const u8* bytes, unsigned available) {
    if (available < 1) return 0;
    u8 mod = bytes[0] >> 6, rm = bytes[0] & 7;
    if (mod == 3) return 1;
    unsigned used = 1;
    if (rm == 4) {
        if (available < 2) return 0;
        used = 2;
        if (mod == 0 && (bytes[1] & 7) == 5) return 6;
    } else if (rm == 5 && mod == 0) {
        return 5;
    }
    return used + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

/// VEX and EVEX; `at` is where C4, C5 or 62 stands. `head` counts the bytes up to the opcode.
InstructionShape vector_shape(const u8* bytes, unsigned available, unsigned at) {
    u8 escape = bytes[at];
    unsigned head = escape == 0xc5 ? 2 : escape == 0xc4 ? 3 : 4;
    if (at + head + 2 > available) return {};
    unsigned map = 1;
    if (escape == 0xc4) map = bytes[at + 1] & 0x1f;
    if (escape == 0x62) {
        if ((bytes[at + 1] & 8) || !(bytes[at + 2] & 4)) return {};
        map = bytes[at + 1] & 7;
        if (map == 5 || map == 6) map = 2;  // FP16: no immediates to speak of.
    }
    if (map < 1 || map > 3) return {};
    at += head;
    u8 opcode = bytes[at++];
    bool immediate = map == 3 || (map == 1 && immediate_two_byte.has(opcode));
    unsigned operand = 0;
    if (!(map == 1 && opcode == 0x77 && escape != 0x62)) {  // VZEROUPPER has no ModRM.
        operand = operand_bytes(bytes + at, available - at);
        if (operand == 0) return {};
    }
    unsigned length = at + operand + (immediate ? 1 : 0);
    if (length > available) return {};
    return {static_cast<u8>(length), true};
}

/// An opcode of the 0F maps that the software CPU's table has nothing for: nearly all take ModRM.
InstructionShape unknown_shape(const u8* bytes, unsigned available, unsigned at) {
    at++;
    if (at >= available) return {};
    u8 opcode = bytes[at++];
    bool immediate = immediate_two_byte.has(opcode), operand = true;
    bool likely = opcode == 0x0b || opcode == 0x0d;  // UD2 (BUG and WARN), PREFETCHW
    if (opcode == 0x38 || opcode == 0x3a) {
        immediate = opcode == 0x3a;
        at++;
    } else if (opcode == 0x33 || opcode == 0x34 || opcode == 0x35 || opcode == 0x37 ||
               opcode == 0x77 || opcode == 0xaa || opcode == 0x08 || opcode == 0x09 ||
               opcode == 0x0b) {
        operand = false;  // RDPMC, SYSENTER, SYSEXIT, GETSEC, EMMS, RSM, INVD, WBINVD, UD2
    }
    if (operand) {
        unsigned used = at < available ? operand_bytes(bytes + at, available - at) : 0;
        if (used == 0) return {};
        at += used;
    }
    if (immediate) at++;
    if (at > available) return {};
    return {static_cast<u8>(at), !likely};
}

bool unlikely(const u8* bytes, unsigned length, unsigned at) {
    u8 opcode = bytes[at];
    if (opcode != 0x0f) {
        // ADD [RAX], AL: zeros.
        bool zeros = opcode == 0 && at + 1 < length && bytes[at + 1] == 0;
        return zeros || unlikely_one_byte.has(opcode);
    }
    return at + 1 < length && unlikely_two_byte.has(bytes[at + 1]);
}

}  // namespace

InstructionShape instruction_shape(const u8* bytes, unsigned available) {
    available = std::min(available, instruction_bytes_max);
    Opening opening = read_opening(bytes, available);
    if (opening.bytes >= available) return {};
    u8 opcode = bytes[opening.bytes];
    if (opcode == 0xc4 || opcode == 0xc5 || opcode == 0x62)
        return opening.rex ? InstructionShape{} : vector_shape(bytes, available, opening.bytes);

    soft::Insn insn;
    soft::Decoding decoding;
    if (soft::decode(bytes, available, mode64, 0, insn, decoding) ==
        soft::DecodeResult::need_more_bytes)
        return {};
    if (!decoding.raises) {
        bool odd = opening.fs || unlikely(bytes, insn.length, opening.bytes);
        return {insn.length, odd};
    }
    bool too_long = insn.handler != soft::undefined_instruction;
    if (too_long || opcode != 0x0f) return {};
    if (opening.bytes + 1 < available) {
        // A group with ModRM (XSAVE, RDRAND …): its length is known, only the CPU lacks it.
        u8 second = bytes[opening.bytes + 1];
        const auto& entry = soft::opcode_table().entry(1, second);
        if (second != 0x38 && second != 0x3a && entry.select)
            return {insn.length,
                    second != 0x01 && second != 0x0b && second != 0xae && second != 0xc7};
    }
    return unknown_shape(bytes, available, opening.bytes);
}

}  // namespace vmft::kvm
