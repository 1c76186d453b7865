#include "accel/soft/exec/sse_table.h"

/// Packed integer arithmetic, logic and compares of MMX, SSE and SSE2.
namespace vmft::soft {

namespace {

void add_sums(SseTable& table) {
    auto both = [&table](u8 opcode, auto f) { table.packed_both(OpcodeMap::two_byte, opcode, f); };
    both(0xfc, [](V a, V b) { return _mm_add_epi8(a, b); });    // PADDB
    both(0xfd, [](V a, V b) { return _mm_add_epi16(a, b); });   // PADDW
    both(0xfe, [](V a, V b) { return _mm_add_epi32(a, b); });   // PADDD
    both(0xd4, [](V a, V b) { return _mm_add_epi64(a, b); });   // PADDQ
    both(0xec, [](V a, V b) { return _mm_adds_epi8(a, b); });   // PADDSB
    both(0xed, [](V a, V b) { return _mm_adds_epi16(a, b); });  // PADDSW
    both(0xdc, [](V a, V b) { return _mm_adds_epu8(a, b); });   // PADDUSB
    both(0xdd, [](V a, V b) { return _mm_adds_epu16(a, b); });  // PADDUSW
    both(0xf8, [](V a, V b) { return _mm_sub_epi8(a, b); });    // PSUBB
    both(0xf9, [](V a, V b) { return _mm_sub_epi16(a, b); });   // PSUBW
    both(0xfa, [](V a, V b) { return _mm_sub_epi32(a, b); });   // PSUBD
    both(0xfb, [](V a, V b) { return _mm_sub_epi64(a, b); });   // PSUBQ
    both(0xe8, [](V a, V b) { return _mm_subs_epi8(a, b); });   // PSUBSB
    both(0xe9, [](V a, V b) { return _mm_subs_epi16(a, b); });  // PSUBSW
    both(0xd8, [](V a, V b) { return _mm_subs_epu8(a, b); });   // PSUBUSB
    both(0xd9, [](V a, V b) { return _mm_subs_epu16(a, b); });  // PSUBUSW
}

void add_products(SseTable& table) {
    auto both = [&table](u8 opcode, auto f) { table.packed_both(OpcodeMap::two_byte, opcode, f); };
    both(0xd5, [](V a, V b) { return _mm_mullo_epi16(a, b); });  // PMULLW
    both(0xe5, [](V a, V b) { return _mm_mulhi_epi16(a, b); });  // PMULHW
    both(0xe4, [](V a, V b) { return _mm_mulhi_epu16(a, b); });  // PMULHUW
    both(0xf4, [](V a, V b) { return _mm_mul_epu32(a, b); });    // PMULUDQ
    both(0xf5, [](V a, V b) { return _mm_madd_epi16(a, b); });   // PMADDWD
    both(0xf6, [](V a, V b) { return _mm_sad_epu8(a, b); });     // PSADBW
    both(0xe0, [](V a, V b) { return _mm_avg_epu8(a, b); });     // PAVGB
    both(0xe3, [](V a, V b) { return _mm_avg_epu16(a, b); });    // PAVGW
}

void add_orders(SseTable& table) {
    auto both = [&table](u8 opcode, auto f) { table.packed_both(OpcodeMap::two_byte, opcode, f); };
    both(0x74, [](V a, V b) { return _mm_cmpeq_epi8(a, b); });   // PCMPEQB
    both(0x75, [](V a, V b) { return _mm_cmpeq_epi16(a, b); });  // PCMPEQW
    both(0x76, [](V a, V b) { return _mm_cmpeq_epi32(a, b); });  // PCMPEQD
    both(0x64, [](V a, V b) { return _mm_cmpgt_epi8(a, b); });   // PCMPGTB
    both(0x65, [](V a, V b) { return _mm_cmpgt_epi16(a, b); });  // PCMPGTW
    both(0x66, [](V a, V b) { return _mm_cmpgt_epi32(a, b); });  // PCMPGTD
    both(0xda, [](V a, V b) { return _mm_min_epu8(a, b); });     // PMINUB
    both(0xde, [](V a, V b) { return _mm_max_epu8(a, b); });     // PMAXUB
    both(0xea, [](V a, V b) { return _mm_min_epi16(a, b); });    // PMINSW
    both(0xee, [](V a, V b) { return _mm_max_epi16(a, b); });    // PMAXSW
}

void add_logic(SseTable& table) {
    constexpr auto conjunction = [](V a, V b) { return _mm_and_si128(a, b); };
    constexpr auto not_first = [](V a, V b) { return _mm_andnot_si128(a, b); };
    constexpr auto disjunction = [](V a, V b) { return _mm_or_si128(a, b); };
    constexpr auto difference = [](V a, V b) { return _mm_xor_si128(a, b); };
    auto all = [&table](u8 integer, u8 floating, auto f) {
        table.packed_both(OpcodeMap::two_byte, integer, f);
        table.packed(np_0f(floating), f);
        table.packed(p66_0f(floating), f);
    };
    all(0xdb, 0x54, conjunction);  // PAND, ANDPS, ANDPD
    all(0xdf, 0x55, not_first);    // PANDN, ANDNPS, ANDNPD
    all(0xeb, 0x56, disjunction);  // POR, ORPS, ORPD
    all(0xef, 0x57, difference);   // PXOR, XORPS, XORPD
}

}  // namespace

void add_sse_integer(SseTable& table) {
    add_sums(table);
    add_products(table);
    add_orders(table);
    add_logic(table);
}

}  // namespace vmft::soft
