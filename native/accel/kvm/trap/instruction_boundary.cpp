#include "accel/kvm/trap/instruction_boundary.h"

#include <algorithm>

namespace vmft::kvm {

namespace {

/// Starts nearer than this may not have fallen into step yet.
constexpr unsigned near_bytes = 64;
/// Of the starts that lead anywhere, this share must lead to the place; and half of all must.
constexpr unsigned led_of_ten = 9;
/// Among so many instructions one may be unlikely.
constexpr unsigned likely_per_unlikely = 12;

/// What may stand in front of a replaced instruction, and harms nothing in front of OUT. (REX.R
/// would make CR12 of CR4.)
bool harmless_prefix(u8 byte) {
    return (byte & 0xf4) == 0x40 || byte == 0x2e || byte == 0x3e || byte == 0x26 || byte == 0x36;
}

bool likely(unsigned instructions, unsigned unlikely) {
    return unlikely * likely_per_unlikely <= instructions;
}

}  // namespace

CodeStretch::CodeStretch(std::span<const u8> text, unsigned begin, unsigned end)
    : begin_(begin), end_(end) {
    std::copy(text.begin(), text.end(), bytes_.begin());
    undo_replacements({bytes_.data(), text.size()});
}

const InstructionShape& CodeStretch::shape(unsigned offset) {
    if (!known_[offset]) {
        known_[offset] = true;
        shapes_[offset] = instruction_shape(bytes_.data() + offset, end_ - offset);
    }
    return shapes_[offset];
}

/// Decoding from nearly every start in front of the place comes to it.
bool CodeStretch::reached(unsigned offset) {
    const unsigned first = offset - std::min(offset - begin_, bytes_before);
    enum Verdict : u8 { misses, leads, breaks_off };
    std::array<Verdict, bytes_before + 1> verdicts;  // [offset - start]
    verdicts[0] = leads;
    unsigned starts = 0, led = 0, missed = 0;
    chain_start_ = offset;
    for (unsigned start = offset; start-- > first;) {
        unsigned length = shape(start).length;
        Verdict verdict = misses;
        if (length == 0) {
            verdict = breaks_off;
        } else if (start + length <= offset) {
            verdict = verdicts[offset - start - length];
        } else {
            // The instruction covers the place: it is the same one if only prefixes lie between.
            bool prefixes =
                std::all_of(bytes_.begin() + start, bytes_.begin() + offset, harmless_prefix);
            if (prefixes) verdict = leads;
        }
        verdicts[offset - start] = verdict;
        if (verdict == leads) chain_start_ = start;
        if (offset - start < near_bytes) continue;
        starts++;
        if (verdict == leads) led++;
        if (verdict == misses) missed++;
    }
    // Where text begins, an instruction does.
    if (offset - begin_ < near_bytes) return verdicts[offset - begin_] == leads;
    return led * 10 >= (led + missed) * led_of_ten && led * 2 >= starts;
}

bool CodeStretch::likely_before(unsigned offset) {
    unsigned instructions = 0, unlikely = 0;
    for (unsigned at = chain_start_; at < offset; at += shape(at).length) {
        instructions++;
        unlikely += shape(at).unlikely;
    }
    return likely(instructions, unlikely);
}

bool CodeStretch::likely_behind(unsigned offset) {
    unsigned instructions = 0, unlikely = 0;
    const unsigned end = std::min(end_, offset + bytes_behind);
    for (unsigned at = offset; at < end; at += shape(at).length) {
        if (shape(at).length == 0) {
            // Cut off by the end of what is known, or nothing that can be executed.
            if (end_ - at < 15) break;
            return false;
        }
        instructions++;
        unlikely += shape(at).unlikely;
    }
    return likely(instructions, unlikely);
}

std::optional<CodeStretch::Instruction> CodeStretch::instruction_at(unsigned offset) {
    if (!reached(offset) || !likely_before(offset) || !likely_behind(offset)) return {};
    // Whether the byte in front is a prefix of this instruction or the end of the one before.
    unsigned start = chain_start_;
    while (start + shape(start).length <= offset) start += shape(start).length;
    return Instruction{start < offset && (bytes_[offset - 1] & 0xf1) == 0x41};
}

}  // namespace vmft::kvm
