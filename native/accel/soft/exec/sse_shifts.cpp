#include "accel/soft/exec/sse_table.h"

/// Packed shifts: the count is a register or memory operand (D1-D3, E1, E2, F1-F3), or an immediate
/// (groups 12-14: 0F 71, 72, 73 with ModRM.reg choosing). A count of the width or more gives zeros
/// or signs, as on the host.
namespace vmft::soft {

namespace {

/// r/m = F(r/m, immediate).
template <typename F>
constexpr auto xmm_by_immediate = [](Cpu& cpu, const Insn* insn, const u8*) {
    V& operand = xmm(cpu, insn->rm);
    operand = F{}(operand, _mm_cvtsi32_si128(static_cast<int>(insn->imm & 0xff)));
};
template <typename F>
constexpr auto mmx_by_immediate = [](Cpu& cpu, const Insn* insn, const u8*) {
    const V operand = _mm_cvtsi64_si128(static_cast<long long>(mmx(cpu, insn->rm)));
    const V result = F{}(operand, _mm_cvtsi32_si128(static_cast<int>(insn->imm & 0xff)));
    write_mmx(cpu, insn->rm, static_cast<u64>(_mm_cvtsi128_si64(result)));
};

struct Group {
    Handler xmm[8] = {}, mmx[8] = {};
};
Group groups[3];  // 0F 71, 72, 73; filled once, by add_sse_shifts

Handler choose_by_reg(Decoding& d) {
    if (d.memory) return nullptr;
    const Group& group = groups[d.opcode - 0x71];
    return d.mandatory == Mandatory::p66 ? group.xmm[d.reg] : group.mmx[d.reg];
}

/// One shift in its four forms: `opcode` with a count operand, and number `reg` of the group 0F
/// `group`.
template <typename F>
void shift(SseTable& table, u8 opcode, u8 group, u8 reg, F f) {
    table.packed_both(OpcodeMap::two_byte, opcode, f);
    groups[group - 0x71].xmm[reg] = from_register<Raw<decltype(xmm_by_immediate<F>)>, xmm_form>;
    groups[group - 0x71].mmx[reg] = from_register<Raw<decltype(mmx_by_immediate<F>)>, mmx_form>;
}

inline V byte_numbers() {
    return _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/// PSRLDQ and PSLLDQ as byte shuffles: a control byte with bit 7 gives zero.
constexpr auto bytes_right = [](V a, V count) {
    const V bytes =
        _mm_shuffle_epi8(_mm_min_epu8(count, _mm_cvtsi32_si128(16)), _mm_setzero_si128());
    return _mm_shuffle_epi8(a,
                            _mm_add_epi8(_mm_add_epi8(byte_numbers(), bytes), _mm_set1_epi8(0x70)));
};
constexpr auto bytes_left = [](V a, V count) {
    const V bytes =
        _mm_shuffle_epi8(_mm_min_epu8(count, _mm_cvtsi32_si128(16)), _mm_setzero_si128());
    return _mm_shuffle_epi8(a, _mm_sub_epi8(byte_numbers(), bytes));
};

}  // namespace

void add_sse_shifts(SseTable& table) {
    shift(table, 0xd1, 0x71, 2, [](V a, V count) { return _mm_srl_epi16(a, count); });  // PSRLW
    shift(table, 0xe1, 0x71, 4, [](V a, V count) { return _mm_sra_epi16(a, count); });  // PSRAW
    shift(table, 0xf1, 0x71, 6, [](V a, V count) { return _mm_sll_epi16(a, count); });  // PSLLW
    shift(table, 0xd2, 0x72, 2, [](V a, V count) { return _mm_srl_epi32(a, count); });  // PSRLD
    shift(table, 0xe2, 0x72, 4, [](V a, V count) { return _mm_sra_epi32(a, count); });  // PSRAD
    shift(table, 0xf2, 0x72, 6, [](V a, V count) { return _mm_sll_epi32(a, count); });  // PSLLD
    shift(table, 0xd3, 0x73, 2, [](V a, V count) { return _mm_srl_epi64(a, count); });  // PSRLQ
    shift(table, 0xf3, 0x73, 6, [](V a, V count) { return _mm_sll_epi64(a, count); });  // PSLLQ
    groups[2].xmm[3] =
        from_register<Raw<decltype(xmm_by_immediate<decltype(bytes_right)>)>, xmm_form>;  // PSRLDQ
    groups[2].xmm[7] =
        from_register<Raw<decltype(xmm_by_immediate<decltype(bytes_left)>)>, xmm_form>;  // PSLLDQ
    for (u8 opcode : {0x71, 0x72, 0x73}) {
        for (Place place : {np_0f(opcode), p66_0f(opcode)}) {
            table.at(place).choose = choose_by_reg;
            table.set_immediate(place);
        }
    }
}

}  // namespace vmft::soft
