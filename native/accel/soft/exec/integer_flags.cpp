#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/flags.h"

/// LAHF, SAHF, CMC, CLC, STC, CLD, STD.
namespace vmft::soft {
namespace {

constexpr unsigned ah_offset = 1;
constexpr u64 flags_in_ah = flag_sf | flag_zf | flag_af | flag_pf | flag_cf;

void load_ah(Cpu& cpu, const Insn*) {
    write_reg8(cpu, ah_offset, static_cast<u8>((arithmetic_flags(cpu) & flags_in_ah) | 2));
}
void store_ah(Cpu& cpu, const Insn*) {
    set_arithmetic_flags(cpu, (arithmetic_flags(cpu) & flag_of) |
                                  (read_reg8(cpu, ah_offset) & flags_in_ah));
}
void complement_carry(Cpu& cpu, const Insn*) { cpu.lazy_aux ^= aux_carry | aux_overflow; }
void clear_carry(Cpu& cpu, const Insn*) { set_cf(cpu, false); }
void set_carry(Cpu& cpu, const Insn*) { set_cf(cpu, true); }
void clear_direction(Cpu& cpu, const Insn*) { cpu.rflags &= ~flag_df; }
void set_direction(Cpu& cpu, const Insn*) { cpu.rflags |= flag_df; }

template <auto Op>
Handler select_plain(Decoding&) {
    return step<Op>;
}

}  // namespace

void register_flags(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    table.set(map, 0x9e, false, Immediate::none, select_plain<store_ah>);
    table.set(map, 0x9f, false, Immediate::none, select_plain<load_ah>);
    table.set(map, 0xf5, false, Immediate::none, select_plain<complement_carry>);
    table.set(map, 0xf8, false, Immediate::none, select_plain<clear_carry>);
    table.set(map, 0xf9, false, Immediate::none, select_plain<set_carry>);
    table.set(map, 0xfc, false, Immediate::none, select_plain<clear_direction>);
    table.set(map, 0xfd, false, Immediate::none, select_plain<set_direction>);
}

}  // namespace vmft::soft
