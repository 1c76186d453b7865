#include "accel/soft/exec/sse_table.h"

/// Floating-point operations across elements: ADDSUB, HADD, HSUB, DPPS, DPPD. Those that sum
/// neighbours are put together from shuffles and one vertical instruction, because the manual
/// leaves open which of two NaNs they keep.
namespace vmft::soft {

namespace {

constexpr Form packed_form = rounding(xmm_form);
constexpr auto add_single = VMFT_HOST("addps");
constexpr auto multiply_single = VMFT_HOST("mulps");
constexpr auto add_double = VMFT_HOST("addpd");
constexpr auto multiply_double = VMFT_HOST("mulpd");

template <int control>
inline V shuffled(V a, V b) {
    return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), control));
}

/// F(elements 0 and 2 of a and b, elements 1 and 3).
template <typename F>
void horizontal_single(SseTable& table, Place place, F) {
    table.packed<packed_form>(
        place, [](V a, V b) { return F{}(shuffled<0x88>(a, b), shuffled<0xdd>(a, b)); });
}
template <typename F>
void horizontal_double(SseTable& table, Place place, F) {
    table.packed<packed_form>(
        place, [](V a, V b) { return F{}(_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b)); });
}

/// All ones in the elements whose bit is set.
inline V single_mask(unsigned bits) {
    const V of_element = _mm_setr_epi32(1, 2, 4, 8);
    return _mm_cmpeq_epi32(_mm_and_si128(_mm_set1_epi32(static_cast<int>(bits)), of_element),
                           of_element);
}
inline V double_mask(unsigned bits) {
    const V of_element = _mm_setr_epi32(1, 1, 2, 2);
    return _mm_cmpeq_epi32(_mm_and_si128(_mm_set1_epi32(static_cast<int>(bits)), of_element),
                           of_element);
}

/// Whether an unmasked exception ends a dot product between two of its steps (SDM 2A DPPS).
inline bool step_faults(const Cpu& cpu) {
    return (~cpu.mxcsr & mxcsr_masks) && (_mm_getcsr() & ~(cpu.mxcsr >> 7) & mxcsr_flags);
}

// Immediate bits 4-7: which products enter the sum; 0-3: where it goes.
constexpr auto dot_product_single = [](Cpu& cpu, const Insn* insn, const u8* source) {
    const unsigned immediate = static_cast<unsigned>(insn->imm);
    const V taken = single_mask(immediate >> 4);
    V sum = multiply_single(_mm_and_si128(xmm(cpu, insn->reg), taken),
                            _mm_and_si128(read_operand<16>(source), taken));
    if (step_faults(cpu)) return;
    sum = add_single(shuffled<0x88>(sum, sum), shuffled<0xdd>(sum, sum));
    if (step_faults(cpu)) return;
    sum = add_single(shuffled<0x00>(sum, sum), shuffled<0x55>(sum, sum));
    xmm(cpu, insn->reg) = _mm_and_si128(sum, single_mask(immediate));
};
constexpr auto dot_product_double = [](Cpu& cpu, const Insn* insn, const u8* source) {
    const unsigned immediate = static_cast<unsigned>(insn->imm);
    const V taken = double_mask(immediate >> 4);
    V sum = multiply_double(_mm_and_si128(xmm(cpu, insn->reg), taken),
                            _mm_and_si128(read_operand<16>(source), taken));
    if (step_faults(cpu)) return;
    sum = add_double(_mm_unpacklo_epi64(sum, sum), _mm_unpackhi_epi64(sum, sum));
    xmm(cpu, insn->reg) = _mm_and_si128(sum, double_mask(immediate));
};

}  // namespace

void add_sse_float_horizontal(SseTable& table) {
    table.packed<packed_form>(pf2_0f(0xd0), VMFT_HOST("addsubps"));
    table.packed<packed_form>(p66_0f(0xd0), VMFT_HOST("addsubpd"));
    horizontal_single(table, pf2_0f(0x7c), VMFT_HOST("addps"));  // HADDPS
    horizontal_single(table, pf2_0f(0x7d), VMFT_HOST("subps"));  // HSUBPS
    horizontal_double(table, p66_0f(0x7c), VMFT_HOST("addpd"));  // HADDPD
    horizontal_double(table, p66_0f(0x7d), VMFT_HOST("subpd"));  // HSUBPD

    table.both<packed_form>(p66_0f3a(0x40), dot_product_single);  // DPPS
    table.both<packed_form>(p66_0f3a(0x41), dot_product_double);  // DPPD
    table.set_immediate(p66_0f3a(0x40));
    table.set_immediate(p66_0f3a(0x41));
}

}  // namespace vmft::soft
