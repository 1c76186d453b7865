#include "accel/soft/exec/sse_table.h"
#include "accel/soft/flags.h"

/// PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM 2B 4.1). Their control byte is an immediate that
/// the host would want at compile time, so the 16 x 16 compares are made row by row: one row is a
/// mask over the second operand's elements.
namespace vmft::soft {

namespace {

/// The control byte (SDM 2B 4.1.1).
enum Aggregation : u8 { equal_any, ranges, equal_each, equal_ordered };
struct Control {
    explicit Control(unsigned immediate)
        : words(immediate & 1), is_signed(immediate & 2),
          aggregation(static_cast<Aggregation>(immediate >> 2 & 3)), negate(immediate & 0x10),
          negate_valid_only(immediate & 0x20), high_output(immediate & 0x40) {}
    unsigned elements() const { return words ? 8 : 16; }

    bool words, is_signed;
    Aggregation aggregation;
    bool negate, negate_valid_only;
    bool high_output;  ///< Index: the highest set bit. Mask: elements instead of bits.
};

inline unsigned bits_below(unsigned count) { return (1u << count) - 1; }

/// One bit per element of a vector of all-ones and zero elements.
inline unsigned bits_of(V mask, bool words) {
    if (words) mask = _mm_packs_epi16(mask, _mm_setzero_si128());
    return static_cast<unsigned>(_mm_movemask_epi8(mask)) & 0xffff;
}
inline V broadcast(const u8* text, unsigned element, bool words) {
    return words ? _mm_set1_epi16(read_as<i16>(text + 2 * element))
                 : _mm_set1_epi8(static_cast<char>(text[element]));
}
inline unsigned equal_bits(V a, V b, bool words) {
    return bits_of(words ? _mm_cmpeq_epi16(a, b) : _mm_cmpeq_epi8(a, b), words);
}
/// a >= b.
inline unsigned at_least_bits(V a, V b, const Control& control) {
    if (control.words)
        return bits_of(
            _mm_cmpeq_epi16(control.is_signed ? _mm_max_epi16(a, b) : _mm_max_epu16(a, b), a),
            true);
    return bits_of(_mm_cmpeq_epi8(control.is_signed ? _mm_max_epi8(a, b) : _mm_max_epu8(a, b), a),
                   false);
}

/// IntRes1: `first` with `first_length` valid elements against `second`.
unsigned aggregate(const Control& control, V first, unsigned first_length, V second,
                   unsigned second_length) {
    const unsigned all = bits_below(control.elements());
    const unsigned first_valid = bits_below(first_length), second_valid = bits_below(second_length);
    alignas(16) u8 text[16];
    _mm_store_si128(reinterpret_cast<V*>(text), first);
    auto element = [&](unsigned j) { return broadcast(text, j, control.words); };
    unsigned result = 0;
    switch (control.aggregation) {
    case equal_any:
        for (unsigned j = 0; j < first_length; j++)
            result |= equal_bits(second, element(j), control.words);
        return result & second_valid;
    case ranges:
        for (unsigned j = 0; j + 1 < first_length; j += 2)
            result |= at_least_bits(second, element(j), control) &
                      at_least_bits(element(j + 1), second, control);
        return result & second_valid;
    case equal_each:
        // Two elements behind the ends are equal, one is not.
        return ((equal_bits(first, second, control.words) & first_valid & second_valid) |
                ~(first_valid | second_valid)) &
               all;
    case equal_ordered:
        result = all;
        for (unsigned j = 0; j < first_length; j++) {
            // Element j must be found j further on; beyond the register nothing is compared.
            const unsigned row = equal_bits(second, element(j), control.words) & second_valid;
            result &= row >> j | ~(all >> j);
        }
        return result & all;
    }
    return 0;
}

unsigned implicit_length(V text, const Control& control) {
    const unsigned zeros = equal_bits(text, _mm_setzero_si128(), control.words);
    return zeros ? static_cast<unsigned>(__builtin_ctz(zeros)) : control.elements();
}
/// From EAX or EDX (RAX, RDX with REX.W): the absolute value, at most all elements.
unsigned explicit_length(i64 length, const Control& control) {
    const u64 magnitude = length < 0 ? u64{0} - static_cast<u64>(length) : static_cast<u64>(length);
    return magnitude < control.elements() ? static_cast<unsigned>(magnitude) : control.elements();
}

void write_index(Cpu& cpu, unsigned result, const Control& control) {
    if (!result)
        cpu.gpr[rcx] = control.elements();
    else
        cpu.gpr[rcx] = static_cast<u64>(control.high_output ? 31 - __builtin_clz(result)
                                                            : __builtin_ctz(result));
}

void write_mask(Cpu& cpu, unsigned result, const Control& control) {
    u8 mask[16] = {};
    if (!control.high_output) {
        mask[0] = static_cast<u8>(result);
        mask[1] = static_cast<u8>(result >> 8);
    } else {
        for (unsigned byte = 0; byte < 16; byte++)
            mask[byte] = result >> (control.words ? byte / 2 : byte) & 1 ? 0xff : 0;
    }
    std::memcpy(cpu.xmm[0].bytes, mask, 16);
}

enum class Lengths : u8 { implicit, explicit32, explicit64 };
enum class Output : u8 { index, mask };

template <Lengths lengths, Output output>
[[gnu::noinline]] void compare_strings(Cpu& cpu, const Insn* insn, const u8* source) {
    const Control control(static_cast<unsigned>(insn->imm));
    const V first = xmm(cpu, insn->reg), second = read_operand<16>(source);
    unsigned first_length, second_length;
    if constexpr (lengths == Lengths::implicit) {
        first_length = implicit_length(first, control);
        second_length = implicit_length(second, control);
    } else {
        auto value = [&](Reg reg) {
            return lengths == Lengths::explicit64 ? static_cast<i64>(cpu.gpr[reg])
                                                  : static_cast<i32>(cpu.gpr[reg]);
        };
        first_length = explicit_length(value(rax), control);
        second_length = explicit_length(value(rdx), control);
    }
    unsigned result = aggregate(control, first, first_length, second, second_length);
    if (control.negate)
        result ^=
            control.negate_valid_only ? bits_below(second_length) : bits_below(control.elements());
    if constexpr (output == Output::index)
        write_index(cpu, result, control);
    else
        write_mask(cpu, result, control);
    set_arithmetic_flags(
        cpu, (result ? flag_cf : 0) | (second_length < control.elements() ? flag_zf : 0) |
                 (first_length < control.elements() ? flag_sf : 0) | (result & 1 ? flag_of : 0));
}

template <Lengths lengths, Output output>
void add(SseTable& table, Place place) {
    table.both<xmm_unaligned>(place, [](Cpu& cpu, const Insn* insn, const u8* source) {
        compare_strings<lengths, output>(cpu, insn, source);
    });
    table.set_immediate(place);
}

}  // namespace

void add_sse_strings(SseTable& table) {
    add<Lengths::explicit32, Output::mask>(table, p66_0f3a(0x60));
    add<Lengths::explicit64, Output::mask>(table, p66_0f3a(0x60).with_rex_w());
    add<Lengths::explicit32, Output::index>(table, p66_0f3a(0x61));
    add<Lengths::explicit64, Output::index>(table, p66_0f3a(0x61).with_rex_w());
    add<Lengths::implicit, Output::mask>(table, p66_0f3a(0x62));
    add<Lengths::implicit, Output::index>(table, p66_0f3a(0x63));
}

}  // namespace vmft::soft
