#include <algorithm>
#include <cstring>

#include "differential_inputs.h"

/// From a row of the table to bytes and inputs. The order: prefixes and operands are drawn, then
/// registers by what the row's kind wants, then addresses are solved for (a register or
/// displacement is set so that the operand lies where it should), because an address register
/// overrides whatever else that register was for.
namespace vmft::differential {
namespace {

/// Rows weighted by their opcodes; integer instructions, whose operands meet in more ways, twice.
const Form& draw_form(Random& random) {
    static const std::vector<u32> ends = [] {
        std::vector<u32> sums;
        u32 sum = 0;
        for (const Form& form : forms()) {
            bool integer = form.kind < Kind::push_pop;
            sums.push_back(sum += (form.opcodes + 1) * (integer ? 2 : 1));
        }
        return sums;
    }();
    u32 at = static_cast<u32>(random.below(ends.back()));
    return forms()[static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), at) -
                                       ends.begin())];
}

bool has_width_bit(const Form& form) {
    if (form.bytes || form.kind == Kind::push_pop || form.immediate == Immediate::full)
        return false;
    if (form.map == 1) return form.opcode == 0xb0 || form.opcode == 0xc0;
    return form.map == 0 || (form.map == 2 && form.opcode == 0xf0);
}

class Generator {
public:
    Generator(u64 seed, u64 number, Instance& instance)
        : random_(seed, number), in_(instance), form_(draw_form(random_)) {
        in_.number = number;
        in_.form = &form_;
        in_.length = 0;
        in_.patches_used = in_.ignored_used = 0;
        in_.to_breakpoint = form_.kind == Kind::string && random_.chance(50);
        in_.before = Registers{};
    }

    void run() {
        draw_encoding();
        draw_registers(random_, in_);
        emit_prefixes();
        emit_opcode();
        set_inputs(random_, in_, context_);
        if (form_.operands != Operands::none) emit_operands();
        emit_immediate();
        finish();
    }

private:
    void emit(u8 byte) { in_.code[in_.length++] = byte; }
    void emit(u64 value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; i++) emit(static_cast<u8>(value >> 8 * i));
    }

    void draw_encoding() {
        in_.opcode = static_cast<u8>(form_.opcode + random_.below(form_.opcodes));
        bool choice = random_.chance(60);
        context_.memory =
            form_.operands == Operands::memory || (form_.operands == Operands::any && choice);
        bool wide_66 = form_.kind == Kind::double_shift_cl &&
                       context_.memory;  // a count above 16 would be undefined
        prefix_66_ = form_.allow_66 && !wide_66 && random_.chance(20);
        bool w = form_.allow_w && random_.chance(35);
        rex_ = static_cast<u8>((w ? 8 : 0) | random_.below(8));
        if (random_.chance(40)) rex_ &= 8;
        if (is_control_move()) rex_ &= static_cast<u8>(~4);
        has_rex_ = rex_ || random_.chance(15);
        context_.address32 = random_.chance(6);
        bool byte_wide = has_width_bit(form_) && !(in_.opcode & 1);
        in_.operand_bytes = byte_wide ? 1 : w ? 8 : prefix_66_ ? 2 : 4;
        context_.wide = w;
        context_.prefix_66 = prefix_66_;
    }

    /// MOV CR, MOV DR: LOCK means CR8 to some processors, and numbers above 7 raise #UD or #GP by
    /// taste.
    bool is_control_move() const { return form_.map == 1 && (form_.opcode & 0xfc) == 0x20; }

    void emit_prefixes() {
        u8 prefixes[6];
        unsigned count = 0;
        if (form_.prefix) prefixes[count++] = form_.prefix;
        if (prefix_66_) prefixes[count++] = 0x66;
        if (context_.address32) prefixes[count++] = 0x67;
        if (random_.chance(8)) {
            static constexpr u8 segments[] = {0x2e, 0x3e, 0x26, 0x36, 0x65};
            u8 segment = segments[random_.below(5)];
            prefixes[count++] = segment;
            if (segment == 0x65) context_.segment_base = gs_base;
        }
        if (form_.allow_rep && random_.chance(form_.kind == Kind::string ? 60 : 4))
            prefixes[count++] = random_.chance(50) ? 0xf2 : 0xf3;
        if (form_.lock && context_.memory ? random_.chance(25)
                                          : !is_control_move() && random_.chance(1)) {
            prefixes[count++] = 0xf0;
            context_.locked = true;
        }
        for (unsigned i = count; i > 1; i--) std::swap(prefixes[i - 1], prefixes[random_.below(i)]);
        bool lost_rex = count && random_.chance(2);
        for (unsigned i = 0; i < count; i++) {
            if (lost_rex && i + 1 == count)
                emit(static_cast<u8>(0x40 | random_.below(16)));  // without effect there
            emit(prefixes[i]);
        }
        if (has_rex_) emit(static_cast<u8>(0x40 | rex_));
    }

    void emit_opcode() {
        if (form_.map) emit(0x0f);
        if (form_.map == 2) emit(0x38);
        if (form_.map == 3) emit(0x3a);
        emit(in_.opcode);
    }

    void emit_operands() {
        u8 reg = form_.extension >= 0 ? static_cast<u8>(form_.extension)
                                      : static_cast<u8>(random_.below(8));
        context_.reg = static_cast<u8>(reg | (rex_ & 4 ? 8 : 0));
        if (!context_.memory) {
            u8 rm = form_.fixed_rm >= 0 ? static_cast<u8>(form_.fixed_rm)
                                        : static_cast<u8>(random_.below(8));
            context_.rm = static_cast<u8>(rm | (rex_ & 1 ? 8 : 0));
            in_.modrm = static_cast<u8>(0xc0 | reg << 3 | rm);
            emit(in_.modrm);
            set_register_operand(random_, in_, context_);
            return;
        }
        context_.target = draw_target(random_, in_, context_);
        patch_memory_operand(random_, in_, context_);
        emit_memory(reg);
    }

    void emit_memory(u8 reg) {
        u8 mod = static_cast<u8>(random_.below(3)), rm = static_cast<u8>(random_.below(8));
        in_.modrm = static_cast<u8>(mod << 6 | reg << 3 | rm);
        emit(in_.modrm);
        int base = rm | (rex_ & 1 ? 8 : 0), index = -1;
        unsigned scale = 0;
        bool only_displacement = false;
        if (rm == 4) {
            u8 sib = static_cast<u8>(random_.next());
            scale = sib >> 6;
            base = (sib & 7) | (rex_ & 1 ? 8 : 0);
            index = (sib >> 3 & 7) | (rex_ & 2 ? 8 : 0);
            if (index == base && index != 4) {  // one register cannot be solved for twice
                sib = static_cast<u8>((sib & 0xc7) | 0x20);
                index = 4 | (rex_ & 2 ? 8 : 0);
                if (index == base) index = 4, rex_in_code() &= static_cast<u8>(~2);
            }
            if (index == 4) index = -1;
            if (mod == 0 && (sib & 7) == 5) base = -1, only_displacement = true;
            emit(sib);
        } else if (mod == 0 && rm == 5) {
            rip_relative_at_ = in_.length;
            emit(0, 4);
            return;
        }
        i64 displacement = mod == 1   ? static_cast<i8>(random_.next())
                           : mod == 2 ? static_cast<i32>(random_.next()) >> random_.below(31)
                                      : 0;
        u64 rest = context_.target - context_.segment_base;
        if (only_displacement) {
            if (index >= 0) {
                u64 value = random_.chance(70) ? random_.below(256) : random_.interesting() >> 34;
                in_.before.gpr[index] = value;
                rest -= value << scale;
            }
            displacement = static_cast<i32>(rest);
        } else {
            if (index >= 0) rest -= in_.before.gpr[index] << scale;
            in_.before.gpr[base] = rest - static_cast<u64>(displacement);
            if (context_.address32) {
                in_.before.gpr[base] &= 0xffff'ffff;
                if (base != 4) in_.before.gpr[base] |= random_.next() << 32;
            }
        }
        if (mod == 1)
            emit(static_cast<u8>(displacement));
        else if (mod == 2 || only_displacement)
            emit(static_cast<u64>(displacement), 4);
    }
    /// The REX byte is the last before the opcode bytes.
    u8& rex_in_code() {
        unsigned at = in_.length - 3u - (form_.map ? 1u : 0u) - (form_.map > 1 ? 1u : 0u);
        return in_.code[at];
    }

    void emit_immediate() {
        u64 value = random_.chance(50) ? random_.interesting() : random_.next();
        unsigned operand = in_.operand_bytes == 8 ? 4 : prefix_66_ ? 2 : 4;
        switch (form_.immediate) {
        case Immediate::none: break;
        case Immediate::byte:
            if (form_.kind == Kind::double_shift_imm)
                value = in_.operand_bytes == 2 ? random_.below(17) : value;
            if (form_.kind == Kind::shift_by_imm && random_.chance(60)) value = random_.below(70);
            in_.shift_count = static_cast<u8>(value);
            emit(static_cast<u8>(value));
            break;
        case Immediate::word:
            emit(random_.chance(70) || form_.kind == Kind::far_ret ? random_.below(64) : value, 2);
            break;
        case Immediate::operand:
            emit(value, form_.kind == Kind::push_pop ? (prefix_66_ ? 2 : 4) : operand);
            break;
        case Immediate::full: emit(value, in_.operand_bytes); break;
        case Immediate::relative_byte: emit(static_cast<u8>(random_.next())); break;
        case Immediate::relative:
            emit(random_.chance(50) ? random_.below(4096) : random_.next(), 4);
            break;
        case Immediate::offset:
            context_.target = draw_target(random_, in_, context_);
            patch_memory_operand(random_, in_, context_);
            emit(context_.target - context_.segment_base, context_.address32 ? 4 : 8);
            break;
        case Immediate::enter:
            emit(random_.chance(80) ? random_.below(200) : random_.next(), 2);
            emit(static_cast<u8>(random_.chance(80) ? random_.below(4) : random_.next()));
            break;
        }
    }

    void finish() {
        // Mostly inside the page, now and then so that the last bytes lie on the page behind, which
        // is not mapped.
        u64 room = code_bytes - in_.length - 1;
        u64 at = random_.below(room);
        if (!in_.to_breakpoint && random_.chance(1))
            at = code_bytes - random_.below(in_.length + 1u);
        if (at >= code_bytes) at = code_bytes - 1;
        in_.before.rip = code_start + at;
        if (rip_relative_at_) {
            u64 displacement =
                context_.target - context_.segment_base - in_.before.rip - in_.length;
            for (unsigned i = 0; i < 4; i++)
                in_.code[rip_relative_at_ + i] = static_cast<u8>(displacement >> 8 * i);
        }
        if (form_.kind == Kind::shift_by_cl || form_.kind == Kind::double_shift_cl) {
            if (form_.kind == Kind::double_shift_cl && in_.operand_bytes == 2)
                in_.before.gpr[1] = (in_.before.gpr[1] & ~u64{0xff}) | random_.below(17);
            in_.shift_count = static_cast<u8>(in_.before.gpr[1]);
        }
        if (form_.kind == Kind::shift_by_one) in_.shift_count = 1;
        in_.shift_count &= in_.operand_bytes == 8 ? 63 : 31;
    }

    Random random_;
    Instance& in_;
    const Form& form_;
    Context context_;
    u8 rex_ = 0;
    bool has_rex_ = false, prefix_66_ = false;
    unsigned rip_relative_at_ = 0;
};

}  // namespace

void generate(u64 seed, u64 number, Instance& instance) { Generator(seed, number, instance).run(); }

}  // namespace vmft::differential
