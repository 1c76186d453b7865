#include "accel/soft/exec/sse_table.h"

/// Shuffles, interleaving, packing, alignment. Those with an immediate that the host would want at
/// compile time run as byte shuffles with a control from a table.
namespace vmft::soft {

namespace {

struct alignas(16) Control {
    u8 bytes[16];
};
struct Controls {
    Control of[256];
    V operator[](unsigned immediate) const {
        return _mm_load_si128(reinterpret_cast<const V*>(&of[immediate]));
    }
};

/// Four elements of `width` bytes, beginning at byte `first`, chosen by two immediate bits each;
/// the rest stays.
constexpr Controls four_elements(unsigned width, unsigned first) {
    Controls controls{};
    for (unsigned immediate = 0; immediate < 256; immediate++) {
        for (unsigned byte = 0; byte < 16; byte++)
            controls.of[immediate].bytes[byte] = static_cast<u8>(byte);
        for (unsigned byte = 0; byte < 4 * width; byte++) {
            const unsigned chosen = immediate >> 2 * (byte / width) & 3;
            controls.of[immediate].bytes[first + byte] =
                static_cast<u8>(first + chosen * width + byte % width);
        }
    }
    return controls;
}
constexpr Controls dword_controls = four_elements(4, 0), low_word_controls = four_elements(2, 0),
                   high_word_controls = four_elements(2, 8);

/// Two operands of the MMX form side by side in one register.
inline V together(V low, V high) { return _mm_unpacklo_epi64(low, high); }
inline V upper_half(V v) { return _mm_unpackhi_epi64(v, v); }

/// Interleaves halves. On MMX the low quadwords of two XMM registers, interleaved, hold the result
/// of both instructions.
template <typename Low, typename High>
void interleave(SseTable& table, u8 low_opcode, u8 high_opcode, Low low, High high) {
    table.packed(p66_0f(low_opcode), low);
    table.packed(p66_0f(high_opcode), high);
    table.packed_mmx<mmx_dword>(np_0f(low_opcode), low);
    table.packed_mmx(np_0f(high_opcode), [](V a, V b) { return upper_half(Low{}(a, b)); });
}

template <typename Pack>
void pack(SseTable& table, u8 opcode, Pack f) {
    table.packed(p66_0f(opcode), f);
    table.packed_mmx(np_0f(opcode), [](V a, V b) {
        const V both = together(a, b);
        return Pack{}(both, both);
    });
}

/// Bytes `count` … `count` + 15 of the 32 bytes b, a (b lower); beyond them, zeros.
inline V align_right(V a, V b, unsigned count) {
    const V numbers = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const V out_of_range =
        _mm_set1_epi8(0x70);  // Makes 16 and more have bit 7, which chooses zero.
    const V shifted = _mm_add_epi8(numbers, _mm_set1_epi8(static_cast<char>(count & 15)));
    if (count < 16) {
        const V from_a = _mm_shuffle_epi8(a, _mm_sub_epi8(shifted, _mm_set1_epi8(16)));
        return _mm_or_si128(from_a, _mm_shuffle_epi8(b, _mm_add_epi8(shifted, out_of_range)));
    }
    return count < 32 ? _mm_shuffle_epi8(a, _mm_add_epi8(shifted, out_of_range))
                      : _mm_setzero_si128();
}

}  // namespace

void add_sse_shuffles(SseTable& table) {
    table.packed(p66_0f(0x70), [](V, V b, unsigned immediate) {
        return _mm_shuffle_epi8(b, dword_controls[immediate]);
    });  // PSHUFD
    table.packed(pf2_0f(0x70), [](V, V b, unsigned immediate) {
        return _mm_shuffle_epi8(b, low_word_controls[immediate]);
    });  // PSHUFLW
    table.packed(pf3_0f(0x70), [](V, V b, unsigned immediate) {
        return _mm_shuffle_epi8(b, high_word_controls[immediate]);
    });  // PSHUFHW
    table.packed_mmx(np_0f(0x70), [](V, V b, unsigned immediate) {
        return _mm_shuffle_epi8(b, low_word_controls[immediate]);
    });                                                           // PSHUFW
    table.packed(np_0f(0xc6), [](V a, V b, unsigned immediate) {  // SHUFPS
        const V control = dword_controls[immediate];
        return _mm_blend_epi16(_mm_shuffle_epi8(a, control), _mm_shuffle_epi8(b, control), 0xf0);
    });
    table.packed(p66_0f(0xc6), [](V a, V b, unsigned immediate) {  // SHUFPD
        const V low = immediate & 1 ? upper_half(a) : a, high = immediate & 2 ? upper_half(b) : b;
        return together(low, high);
    });
    table.packed(p66_0f38(0x00), [](V a, V b) { return _mm_shuffle_epi8(a, b); });  // PSHUFB
    table.packed_mmx(np_0f38(0x00), [](V a, V b) {
        return _mm_shuffle_epi8(a, _mm_and_si128(b, _mm_set1_epi8(static_cast<char>(0x87))));
    });

    interleave(
        table, 0x60, 0x68, [](V a, V b) { return _mm_unpacklo_epi8(a, b); },
        [](V a, V b) { return _mm_unpackhi_epi8(a, b); });
    interleave(
        table, 0x61, 0x69, [](V a, V b) { return _mm_unpacklo_epi16(a, b); },
        [](V a, V b) { return _mm_unpackhi_epi16(a, b); });
    interleave(
        table, 0x62, 0x6a, [](V a, V b) { return _mm_unpacklo_epi32(a, b); },
        [](V a, V b) { return _mm_unpackhi_epi32(a, b); });
    for (Place place : {p66_0f(0x6c), p66_0f(0x14)})  // PUNPCKLQDQ, UNPCKLPD
        table.packed(place, [](V a, V b) { return _mm_unpacklo_epi64(a, b); });
    for (Place place : {p66_0f(0x6d), p66_0f(0x15)})  // PUNPCKHQDQ, UNPCKHPD
        table.packed(place, [](V a, V b) { return _mm_unpackhi_epi64(a, b); });
    table.packed(np_0f(0x14), [](V a, V b) { return _mm_unpacklo_epi32(a, b); });  // UNPCKLPS
    table.packed(np_0f(0x15), [](V a, V b) { return _mm_unpackhi_epi32(a, b); });  // UNPCKHPS

    pack(table, 0x63, [](V a, V b) { return _mm_packs_epi16(a, b); });              // PACKSSWB
    pack(table, 0x67, [](V a, V b) { return _mm_packus_epi16(a, b); });             // PACKUSWB
    pack(table, 0x6b, [](V a, V b) { return _mm_packs_epi32(a, b); });              // PACKSSDW
    table.packed(p66_0f38(0x2b), [](V a, V b) { return _mm_packus_epi32(a, b); });  // PACKUSDW

    table.packed(p66_0f3a(0x0f), [](V a, V b, unsigned immediate) {
        return align_right(a, b, immediate);
    });  // PALIGNR
    table.packed_mmx(np_0f3a(0x0f), [](V a, V b, unsigned immediate) {
        return align_right(_mm_setzero_si128(), together(b, a), immediate);
    });
}

}  // namespace vmft::soft
