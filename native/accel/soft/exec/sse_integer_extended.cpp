#include "accel/soft/exec/sse_table.h"
#include "accel/soft/flags.h"

/// Packed integers of SSSE3, SSE4.1 and SSE4.2.
namespace vmft::soft {

namespace {

/// Horizontal operations pair elements over both operands; on MMX the operands are the two halves
/// of one register.
template <typename F>
void horizontal(SseTable& table, u8 opcode, F) {
    table.packed(p66_0f38(opcode), [](V a, V b) { return F{}(a, b); });
    table.packed_mmx(np_0f38(opcode), [](V a, V b) {
        V halves = _mm_unpacklo_epi64(a, b);
        return F{}(halves, halves);
    });
}

void add_ssse3(SseTable& table) {
    horizontal(table, 0x01, [](V a, V b) { return _mm_hadd_epi16(a, b); });   // PHADDW
    horizontal(table, 0x02, [](V a, V b) { return _mm_hadd_epi32(a, b); });   // PHADDD
    horizontal(table, 0x03, [](V a, V b) { return _mm_hadds_epi16(a, b); });  // PHADDSW
    horizontal(table, 0x05, [](V a, V b) { return _mm_hsub_epi16(a, b); });   // PHSUBW
    horizontal(table, 0x06, [](V a, V b) { return _mm_hsub_epi32(a, b); });   // PHSUBD
    horizontal(table, 0x07, [](V a, V b) { return _mm_hsubs_epi16(a, b); });  // PHSUBSW

    auto both = [&table](u8 opcode, auto f) {
        table.packed_both(OpcodeMap::three_byte_38, opcode, f);
    };
    both(0x04, [](V a, V b) { return _mm_maddubs_epi16(a, b); });  // PMADDUBSW
    both(0x08, [](V a, V b) { return _mm_sign_epi8(a, b); });      // PSIGNB
    both(0x09, [](V a, V b) { return _mm_sign_epi16(a, b); });     // PSIGNW
    both(0x0a, [](V a, V b) { return _mm_sign_epi32(a, b); });     // PSIGND
    both(0x0b, [](V a, V b) { return _mm_mulhrs_epi16(a, b); });   // PMULHRSW
    both(0x1c, [](V, V b) { return _mm_abs_epi8(b); });            // PABSB
    both(0x1d, [](V, V b) { return _mm_abs_epi16(b); });           // PABSW
    both(0x1e, [](V, V b) { return _mm_abs_epi32(b); });           // PABSD
}

void add_extensions(SseTable& table) {
    table.packed<xmm_quad>(p66_0f38(0x20),
                           [](V, V b) { return _mm_cvtepi8_epi16(b); });  // PMOVSXBW
    table.packed<xmm_dword>(p66_0f38(0x21),
                            [](V, V b) { return _mm_cvtepi8_epi32(b); });  // PMOVSXBD
    table.packed<xmm_word>(p66_0f38(0x22),
                           [](V, V b) { return _mm_cvtepi8_epi64(b); });  // PMOVSXBQ
    table.packed<xmm_quad>(p66_0f38(0x23),
                           [](V, V b) { return _mm_cvtepi16_epi32(b); });  // PMOVSXWD
    table.packed<xmm_dword>(p66_0f38(0x24),
                            [](V, V b) { return _mm_cvtepi16_epi64(b); });  // PMOVSXWQ
    table.packed<xmm_quad>(p66_0f38(0x25),
                           [](V, V b) { return _mm_cvtepi32_epi64(b); });  // PMOVSXDQ
    table.packed<xmm_quad>(p66_0f38(0x30),
                           [](V, V b) { return _mm_cvtepu8_epi16(b); });  // PMOVZXBW
    table.packed<xmm_dword>(p66_0f38(0x31),
                            [](V, V b) { return _mm_cvtepu8_epi32(b); });  // PMOVZXBD
    table.packed<xmm_word>(p66_0f38(0x32),
                           [](V, V b) { return _mm_cvtepu8_epi64(b); });  // PMOVZXBQ
    table.packed<xmm_quad>(p66_0f38(0x33),
                           [](V, V b) { return _mm_cvtepu16_epi32(b); });  // PMOVZXWD
    table.packed<xmm_dword>(p66_0f38(0x34),
                            [](V, V b) { return _mm_cvtepu16_epi64(b); });  // PMOVZXWQ
    table.packed<xmm_quad>(p66_0f38(0x35),
                           [](V, V b) { return _mm_cvtepu32_epi64(b); });  // PMOVZXDQ
}

void add_sse4(SseTable& table) {
    table.packed(p66_0f38(0x28), [](V a, V b) { return _mm_mul_epi32(a, b); });    // PMULDQ
    table.packed(p66_0f38(0x40), [](V a, V b) { return _mm_mullo_epi32(a, b); });  // PMULLD
    table.packed(p66_0f38(0x29), [](V a, V b) { return _mm_cmpeq_epi64(a, b); });  // PCMPEQQ
    table.packed(p66_0f38(0x37), [](V a, V b) { return _mm_cmpgt_epi64(a, b); });  // PCMPGTQ
    table.packed(p66_0f38(0x38), [](V a, V b) { return _mm_min_epi8(a, b); });     // PMINSB
    table.packed(p66_0f38(0x39), [](V a, V b) { return _mm_min_epi32(a, b); });    // PMINSD
    table.packed(p66_0f38(0x3a), [](V a, V b) { return _mm_min_epu16(a, b); });    // PMINUW
    table.packed(p66_0f38(0x3b), [](V a, V b) { return _mm_min_epu32(a, b); });    // PMINUD
    table.packed(p66_0f38(0x3c), [](V a, V b) { return _mm_max_epi8(a, b); });     // PMAXSB
    table.packed(p66_0f38(0x3d), [](V a, V b) { return _mm_max_epi32(a, b); });    // PMAXSD
    table.packed(p66_0f38(0x3e), [](V a, V b) { return _mm_max_epu16(a, b); });    // PMAXUW
    table.packed(p66_0f38(0x3f), [](V a, V b) { return _mm_max_epu32(a, b); });    // PMAXUD
    table.packed(p66_0f38(0x41), [](V, V b) { return _mm_minpos_epu16(b); });      // PHMINPOSUW

    table.packed(p66_0f3a(0x42), [](V a, V b, unsigned immediate) {  // MPSADBW
        switch (immediate & 7) {
        case 0: return _mm_mpsadbw_epu8(a, b, 0);
        case 1: return _mm_mpsadbw_epu8(a, b, 1);
        case 2: return _mm_mpsadbw_epu8(a, b, 2);
        case 3: return _mm_mpsadbw_epu8(a, b, 3);
        case 4: return _mm_mpsadbw_epu8(a, b, 4);
        case 5: return _mm_mpsadbw_epu8(a, b, 5);
        case 6: return _mm_mpsadbw_epu8(a, b, 6);
        default: return _mm_mpsadbw_epu8(a, b, 7);
        }
    });

    table.both<xmm_form>(p66_0f38(0x17),
                         [](Cpu& cpu, const Insn* insn, const u8* source) {  // PTEST
                             const V a = xmm(cpu, insn->reg), b = read_operand<16>(source);
                             set_arithmetic_flags(cpu, (_mm_testz_si128(a, b) ? flag_zf : 0) |
                                                           (_mm_testc_si128(a, b) ? flag_cf : 0));
                         });
}

}  // namespace

void add_sse_integer_extended(SseTable& table) {
    add_ssse3(table);
    add_extensions(table);
    add_sse4(table);
}

}  // namespace vmft::soft
