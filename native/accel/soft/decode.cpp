#include "accel/soft/decode.h"

#include <cstring>

#include "accel/soft/dispatch.h"

/// Instruction format: SDM 2A chapter 2. Only the shape is read here; what the bytes mean is the
/// selectors' business.
namespace vmft::soft {

namespace {

constexpr unsigned insn_bytes_max = 15;

/// Reads bytes of one instruction; running out (of the page, or of the 15 bytes an instruction may
/// have) is remembered.
class ByteCursor {
public:
    ByteCursor(const u8* bytes, unsigned available)
        : bytes_(bytes), available_(available < insn_bytes_max ? available : insn_bytes_max),
          cut_(available < insn_bytes_max) {}

    u8 peek() {
        if (at_ < available_) return bytes_[at_];
        exhausted_ = true;
        return 0;
    }
    u8 next() {
        u8 byte = peek();
        at_++;
        return byte;
    }
    template <typename T>
    T read() {
        T value{};
        if (at_ + sizeof(T) > available_)
            exhausted_ = true;
        else
            std::memcpy(&value, bytes_ + at_, sizeof value);
        at_ += sizeof(T);
        return value;
    }
    unsigned used() const { return at_; }
    bool exhausted() const { return exhausted_; }
    /// More bytes could help: they were cut off by the page, not by the limit of 15.
    bool cut() const { return cut_; }

private:
    const u8* bytes_;
    unsigned available_;
    bool cut_;
    unsigned at_ = 0;
    bool exhausted_ = false;
};

struct Prefixes {
    bool operand = false, address = false, lock = false, rep = false, repne = false;
    u8 segment = 0xff;
    u8 rex = 0;
};

Prefixes read_prefixes(ByteCursor& cursor, bool long_mode) {
    Prefixes prefixes;
    for (unsigned count = 0; count < insn_bytes_max; count++) {
        u8 byte = cursor.peek();
        bool legacy = true;
        switch (byte) {
        case 0x66: prefixes.operand = true; break;
        case 0x67: prefixes.address = true; break;
        case 0xf0: prefixes.lock = true; break;
        case 0xf2:
            prefixes.repne = true;
            prefixes.rep = false;
            break;
        case 0xf3:
            prefixes.rep = true;
            prefixes.repne = false;
            break;
        case 0x26:
            if (!long_mode) prefixes.segment = seg_es;
            break;
        case 0x2e:
            if (!long_mode) prefixes.segment = seg_cs;
            break;
        case 0x36:
            if (!long_mode) prefixes.segment = seg_ss;
            break;
        case 0x3e:
            if (!long_mode) prefixes.segment = seg_ds;
            break;
        case 0x64: prefixes.segment = seg_fs; break;
        case 0x65: prefixes.segment = seg_gs; break;
        default:
            legacy = false;
            if (long_mode && (byte & 0xf0) == 0x40) {
                prefixes.rex = byte;
                cursor.next();
                continue;
            }
            return prefixes;
        }
        if (legacy) prefixes.rex = 0;  // REX counts only right before the opcode.
        cursor.next();
    }
    return prefixes;
}

void plain_operand(Insn& insn) {
    insn.base = insn.index = reg_zero;
    insn.scale = 0;
    insn.disp = 0;
}

/// ModRM memory operand with 32/64-bit addressing (SDM 2A tables 2-2, 2-3).
void read_memory32(ByteCursor& cursor, const Decoding& d, Insn& insn, bool& rip_relative) {
    unsigned base_extension = d.rex & 1 ? 8 : 0, index_extension = d.rex & 2 ? 8 : 0;
    insn.segment = seg_ds;
    if (d.rm == 4) {
        u8 sib = cursor.next();
        insn.scale = sib >> 6;
        unsigned index = (sib >> 3 & 7) | index_extension, base = (sib & 7) | base_extension;
        if (index != 4) insn.index = static_cast<u8>(index);
        if ((sib & 7) == 5 && d.mod == 0) {
            insn.disp = cursor.read<i32>();
            return;
        }
        insn.base = static_cast<u8>(base);
        if (base == rsp || base == rbp) insn.segment = seg_ss;
    } else if (d.rm == 5 && d.mod == 0) {
        insn.disp = cursor.read<i32>();
        if (d.long_mode()) {
            insn.base = reg_block;
            rip_relative = true;
        }
        return;
    } else {
        insn.base = static_cast<u8>(d.rm | base_extension);
        if (insn.base == rbp) insn.segment = seg_ss;
    }
    if (d.mod == 1) insn.disp = cursor.read<i8>();
    if (d.mod == 2) insn.disp = cursor.read<i32>();
}

/// 16-bit addressing (SDM 2A table 2-1).
void read_memory16(ByteCursor& cursor, const Decoding& d, Insn& insn) {
    static constexpr u8 bases[8] = {rbx, rbx, rbp, rbp, rsi, rdi, rbp, rbx};
    static constexpr u8 indexes[8] = {rsi, rdi, rsi, rdi, reg_zero, reg_zero, reg_zero, reg_zero};
    insn.segment = seg_ds;
    if (d.mod == 0 && d.rm == 6) {
        insn.disp = cursor.read<i16>();
        return;
    }
    insn.base = bases[d.rm];
    insn.index = indexes[d.rm];
    if (insn.base == rbp) insn.segment = seg_ss;
    if (d.mod == 1) insn.disp = cursor.read<i8>();
    if (d.mod == 2) insn.disp = cursor.read<i16>();
}

u64 read_immediate(ByteCursor& cursor, const Decoding& d, Immediate kind) {
    auto extended = [](auto value) { return static_cast<u64>(static_cast<i64>(value)); };
    switch (kind) {
    case Immediate::none: return 0;
    case Immediate::byte:
    case Immediate::relative_byte: return extended(cursor.read<i8>());
    case Immediate::byte_unsigned: return cursor.read<u8>();
    case Immediate::word: return cursor.read<u16>();
    case Immediate::operand:
        return d.operand_bytes == 2 ? extended(cursor.read<i16>()) : extended(cursor.read<i32>());
    case Immediate::operand_full:
        if (d.operand_bytes == 8) return cursor.read<u64>();
        return d.operand_bytes == 2 ? extended(cursor.read<i16>()) : extended(cursor.read<i32>());
    case Immediate::address:
        if (d.address_bytes == 8) return cursor.read<u64>();
        return d.address_bytes == 4 ? cursor.read<u32>() : cursor.read<u16>();
    case Immediate::far: {
        u64 offset = d.operand_bytes == 2 ? cursor.read<u16>() : cursor.read<u32>();
        return offset | static_cast<u64>(cursor.read<u16>()) << 32;
    }
    case Immediate::enter: {
        u64 frame = cursor.read<u16>();
        return frame | static_cast<u64>(cursor.read<u8>()) << 16;
    }
    case Immediate::relative:
        // The operand-size prefix is ignored in 64-bit mode, as Intel does.
        return d.operand_bytes == 2 && !d.long_mode() ? extended(cursor.read<i16>())
                                                      : extended(cursor.read<i32>());
    }
    return 0;
}

void read_opcode(ByteCursor& cursor, Decoding& d) {
    d.map = 0;
    d.opcode = cursor.next();
    if (d.opcode != 0x0f) return;
    d.map = 1;
    d.opcode = cursor.next();
    if (d.opcode == 0x38 || d.opcode == 0x3a) {
        d.map = d.opcode == 0x38 ? 2 : 3;
        d.opcode = cursor.next();
    }
}

void set_sizes(Decoding& d, const Prefixes& prefixes) {
    bool code_is_16 = (d.mode & code_mode_mask) == code16;
    if (d.long_mode()) {
        d.operand_bytes = prefixes.rex & 8 ? 8 : prefixes.operand ? 2 : 4;
        d.address_bytes = prefixes.address ? 4 : 8;
    } else {
        d.operand_bytes = prefixes.operand != code_is_16 ? 2 : 4;
        d.address_bytes = prefixes.address != code_is_16 ? 2 : 4;
    }
    d.rex = prefixes.rex;
    d.prefix_66 = prefixes.operand;
    d.rep = prefixes.rep;
    d.repne = prefixes.repne;
    d.lock = prefixes.lock;
    d.mandatory = prefixes.rep       ? Mandatory::pf3
                  : prefixes.repne   ? Mandatory::pf2
                  : prefixes.operand ? Mandatory::p66
                                     : Mandatory::none;
}

void read_modrm(ByteCursor& cursor, Decoding& d, Insn& insn, bool& rip_relative) {
    d.modrm = cursor.next();
    d.mod = d.modrm >> 6;
    d.reg = d.modrm >> 3 & 7;
    d.rm = d.modrm & 7;
    d.memory = d.mod != 3;
    insn.reg = static_cast<u8>(d.reg | (d.rex & 4 ? 8 : 0));
    insn.rm = static_cast<u8>(d.rm | (d.rex & 1 ? 8 : 0));
    auto byte_offset = [&](unsigned number) {
        // Without REX, 4-7 name AH, CH, DH, BH: the second byte of registers 0-3.
        return static_cast<u8>(!d.rex && number >= 4 && number < 8 ? (number - 4) * 8 + 1
                                                                   : number * 8);
    };
    insn.reg8 = byte_offset(insn.reg);
    insn.rm8 = byte_offset(insn.rm);
    if (!d.memory) return;
    insn.flags |= insn_memory;
    if (d.address_bytes == 2)
        read_memory16(cursor, d, insn);
    else
        read_memory32(cursor, d, insn, rip_relative);
}

void too_long_instruction(Cpu& cpu, const Insn* insn) { raise(cpu, insn, vector_gp); }

/// What can be decoded of it counts for nothing.
void set_raising(Decoding& d, Insn& insn, Handler handler) {
    insn.handler = handler;
    d.ends_block = d.raises = true;
}

}  // namespace

void undefined_instruction(Cpu& cpu, const Insn* insn) { raise(cpu, insn, vector_ud); }

DecodeResult decode(const u8* bytes, unsigned available, u8 mode, u16 offset, Insn& insn) {
    Decoding d;
    return decode(bytes, available, mode, offset, insn, d);
}

DecodeResult decode(const u8* bytes, unsigned available, u8 mode, u16 offset, Insn& insn,
                    Decoding& d) {
    static const OpcodeTable& table = opcode_table();
    ByteCursor cursor(bytes, available);
    d = Decoding{};
    d.insn = &insn;
    d.mode = mode;
    insn = Insn{};
    insn.offset = offset;
    insn.segment = seg_ds;
    plain_operand(insn);

    Prefixes prefixes = read_prefixes(cursor, d.long_mode());
    set_sizes(d, prefixes);
    read_opcode(cursor, d);
    if (d.rep) insn.flags |= insn_rep;
    if (d.repne) insn.flags |= insn_repne;
    if (d.address_bytes == 2)
        insn.flags |= insn_address16 | insn_address_checked;
    else if (d.address_bytes == 4)
        insn.flags |= insn_address32 | insn_address_checked;

    const OpcodeEntry& entry = table.entry(d.map, d.opcode);
    bool rip_relative = false;
    if (entry.modrm) read_modrm(cursor, d, insn, rip_relative);
    // Group 3 (TEST r/m, imm) is the one opcode pair whose immediate depends on ModRM.reg.
    Immediate immediate = entry.immediate;
    if (d.map == 0 && (d.opcode & 0xfe) == 0xf6 && d.reg < 2)
        immediate = d.opcode == 0xf6 ? Immediate::byte : Immediate::operand;
    insn.imm = read_immediate(cursor, d, immediate);
    if (prefixes.segment != 0xff) insn.segment = prefixes.segment;

    if (cursor.exhausted()) {
        if (cursor.cut()) return DecodeResult::need_more_bytes;
        insn.length = insn_bytes_max;
        set_raising(d, insn, too_long_instruction);
        return DecodeResult::ends_block;
    }
    insn.length = static_cast<u8>(cursor.used());
    if (rip_relative) {
        i64 relative = static_cast<i64>(insn.disp) + offset + insn.length;
        if (relative == static_cast<i32>(relative))
            insn.disp = static_cast<i32>(relative);
        else
            insn.flags |= insn_rip_late;
    }
    if (immediate == Immediate::relative || immediate == Immediate::relative_byte)
        insn.imm += offset + insn.length;

    insn.handler = entry.select ? entry.select(d) : nullptr;
    if (!insn.handler || (d.lock && !(d.lock_allowed && d.memory)))
        set_raising(d, insn, undefined_instruction);
    if (d.ends_block) return DecodeResult::ends_block;
    return d.side_exit ? DecodeResult::side_exit : DecodeResult::ok;
}

const OpcodeTable& opcode_table() {
    static const OpcodeTable* table = [] {
        auto* filled = new OpcodeTable();
        register_integer(*filled);
        register_system(*filled);
        register_sse(*filled);
        register_x87(*filled);
        return filled;
    }();
    return *table;
}

}  // namespace vmft::soft
