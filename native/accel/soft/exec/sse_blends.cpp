#include "accel/soft/exec/sse_table.h"

/// Blends of SSE4.1: by immediate, and by the signs in XMM0.
namespace vmft::soft {

namespace {

/// For each immediate value a mask of `elements` elements.
template <unsigned elements>
inline V mask_of(unsigned immediate) {
    const V bits = elements == 8   ? _mm_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128)
                   : elements == 4 ? _mm_setr_epi16(1, 1, 2, 2, 4, 4, 8, 8)
                                   : _mm_setr_epi16(1, 1, 1, 1, 2, 2, 2, 2);
    return _mm_cmpeq_epi16(_mm_and_si128(_mm_set1_epi16(static_cast<short>(immediate)), bits),
                           bits);
}
template <unsigned elements>
constexpr auto by_immediate = [](V a, V b, unsigned immediate) {
    return _mm_blendv_epi8(a, b, mask_of<elements>(immediate));
};

/// F is a lambda (V, V, V mask).
template <typename F>
void by_xmm0(SseTable& table, u8 opcode, F) {
    table.both<xmm_form>(p66_0f38(opcode), [](Cpu& cpu, const Insn* insn, const u8* source) {
        xmm(cpu, insn->reg) = F{}(xmm(cpu, insn->reg), read_operand<16>(source), xmm(cpu, 0));
    });
}

}  // namespace

void add_sse_blends(SseTable& table) {
    table.packed(p66_0f3a(0x0c), by_immediate<4>);                                       // BLENDPS
    table.packed(p66_0f3a(0x0d), by_immediate<2>);                                       // BLENDPD
    table.packed(p66_0f3a(0x0e), by_immediate<8>);                                       // PBLENDW
    by_xmm0(table, 0x10, [](V a, V b, V mask) { return _mm_blendv_epi8(a, b, mask); });  // PBLENDVB
    by_xmm0(table, 0x14, [](V a, V b, V mask) {
        return _mm_blendv_epi8(a, b, _mm_srai_epi32(mask, 31));
    });                                          // BLENDVPS
    by_xmm0(table, 0x15, [](V a, V b, V mask) {  // BLENDVPD
        return _mm_blendv_epi8(a, b, _mm_shuffle_epi32(_mm_srai_epi32(mask, 31), 0xf5));
    });
}

}  // namespace vmft::soft
