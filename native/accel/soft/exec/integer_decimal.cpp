#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/flags.h"

/// AAA, AAS, AAM, AAD, DAA, DAS, SALC: none of them in 64-bit mode (SDM 2A). Flags the SDM leaves
/// undefined: OF is 0, and AAA and AAS set SF, ZF and PF by AL.
namespace vmft::soft {
namespace {

u8 read_al(const Cpu& cpu) { return read_reg8(cpu, 0); }
void write_al(Cpu& cpu, u8 value) { write_reg8(cpu, 0, value); }

void set_flags_decimal(Cpu& cpu, bool cf, bool af) {
    set_flags_logic<u8>(cpu, read_al(cpu));
    set_cf_of(cpu, cf, false);
    if (af) cpu.lazy_aux |= aux_half;
}

template <bool Subtract>
void ascii_adjust(Cpu& cpu, const Insn*) {
    bool adjust = (read_al(cpu) & 15) > 9 || get_af(cpu);
    if (adjust) {
        u16 ax = read_reg<u16>(cpu, rax);
        write_reg<u16>(cpu, rax, static_cast<u16>(Subtract ? ax - 0x106 : ax + 0x106));
    }
    write_al(cpu, read_al(cpu) & 15);
    set_flags_decimal(cpu, adjust, adjust);
}

template <bool Subtract>
void decimal_adjust(Cpu& cpu, const Insn*) {
    u8 before = read_al(cpu);
    bool carry = get_cf(cpu), low = (before & 15) > 9 || get_af(cpu), high = before > 0x99 || carry;
    unsigned al = before;
    bool cf = high;
    if (low) {
        if (Subtract) cf = cf || al < 6;
        al = Subtract ? al - 6 : al + 6;
    }
    if (high) al = Subtract ? al - 0x60 : al + 0x60;
    write_al(cpu, static_cast<u8>(al));
    set_flags_decimal(cpu, cf, low);
}

void ascii_after_multiply(Cpu& cpu, const Insn* insn) {
    unsigned base = insn->imm & 0xff;
    if (base == 0) raise(cpu, insn, vector_de);
    unsigned al = read_al(cpu);
    write_reg<u16>(cpu, rax, static_cast<u16>((al / base) << 8 | al % base));
    set_flags_decimal(cpu, false, false);
}

void ascii_before_divide(Cpu& cpu, const Insn* insn) {
    u16 ax = read_reg<u16>(cpu, rax);
    write_reg<u16>(cpu, rax, static_cast<u8>((ax & 0xff) + (ax >> 8) * (insn->imm & 0xff)));
    set_flags_decimal(cpu, false, false);
}

void set_al_by_carry(Cpu& cpu, const Insn*) { write_al(cpu, get_cf(cpu) ? 0xff : 0); }

template <auto Op>
Handler select_legacy(Decoding& d) {
    return d.long_mode() ? nullptr : step<Op>;
}

}  // namespace

void register_decimal(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    table.set(map, 0x27, false, Immediate::none, select_legacy<decimal_adjust<false>>);
    table.set(map, 0x2f, false, Immediate::none, select_legacy<decimal_adjust<true>>);
    table.set(map, 0x37, false, Immediate::none, select_legacy<ascii_adjust<false>>);
    table.set(map, 0x3f, false, Immediate::none, select_legacy<ascii_adjust<true>>);
    table.set(map, 0xd4, false, Immediate::byte_unsigned, select_legacy<ascii_after_multiply>);
    table.set(map, 0xd5, false, Immediate::byte_unsigned, select_legacy<ascii_before_divide>);
    table.set(map, 0xd6, false, Immediate::none, select_legacy<set_al_by_carry>);
}

}  // namespace vmft::soft
