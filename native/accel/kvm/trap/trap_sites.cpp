#include "accel/kvm/trap/trap_sites.h"

#include <emmintrin.h>

#include <bit>
#include <cstring>

#include "machine/layout.h"

namespace vmft::kvm {

using Kind = KernelTraps::Kind;

namespace {

constexpr u8 escape = 0x0f, out_immediate = 0xe6, prefix_ds = 0x3e;
constexpr u8 modrm_cr4 = 0xe0;  // mod 3, reg 4

}  // namespace

TrapBytes original_at(std::span<const u8> bytes) {
    if (bytes.size() < 2 || bytes[0] != escape) return {};
    if (bytes[1] == 0x31) return {Kind::rdtsc, 0};
    if (bytes.size() < 3) return {};
    if (bytes[1] == 0x01 && bytes[2] == 0xf9) return {Kind::rdtscp, 0};
    if (bytes[1] == 0x22 && (bytes[2] & 0xf8) == modrm_cr4)
        return {Kind::write_cr4, static_cast<u8>(bytes[2] & 7)};
    return {};
}

TrapBytes replacement_at(std::span<const u8> bytes) {
    if (bytes.size() < 2) return {};
    if (bytes[0] == out_immediate)
        return bytes[1] == layout::trap_rdtsc ? TrapBytes{Kind::rdtsc, 0} : TrapBytes{};
    if (bytes.size() < 3 || bytes[0] != prefix_ds || bytes[1] != out_immediate) return {};
    if (bytes[2] == layout::trap_rdtscp) return {Kind::rdtscp, 0};
    if ((bytes[2] & 0xf0) == layout::trap_write_cr4)
        return {Kind::write_cr4, static_cast<u8>(bytes[2] & 15)};
    return {};
}

void write_original(TrapBytes trap, std::span<u8> into) {
    into[0] = escape;
    switch (trap.kind) {
    case Kind::none: break;
    case Kind::rdtsc: into[1] = 0x31; break;
    case Kind::rdtscp:
        into[1] = 0x01;
        into[2] = 0xf9;
        break;
    case Kind::write_cr4:
        into[1] = 0x22;
        into[2] = static_cast<u8>(modrm_cr4 | (trap.source_register & 7));
        break;
    }
}

void write_replacement(TrapBytes trap, std::span<u8> into) {
    const unsigned out = trap.length() - 2;
    if (out > 0) into[0] = prefix_ds;
    into[out] = out_immediate;
    switch (trap.kind) {
    case Kind::none: break;
    case Kind::rdtsc: into[out + 1] = layout::trap_rdtsc; break;
    case Kind::rdtscp: into[out + 1] = layout::trap_rdtscp; break;
    case Kind::write_cr4:
        into[out + 1] = static_cast<u8>(layout::trap_write_cr4 | trap.source_register);
        break;
    }
}

void find_originals(std::span<const u8> bytes, std::vector<u32>& offsets) {
    auto look = [&](size_t at) {
        if (original_at(bytes.subspan(at)).kind != Kind::none)
            offsets.push_back(static_cast<u32>(at));
    };
    const __m128i first = _mm_set1_epi8(escape), rdtsc = _mm_set1_epi8(0x31),
                  group7 = _mm_set1_epi8(0x01), write_cr = _mm_set1_epi8(0x22);
    size_t at = 0;
    // 16 places at a time: 0F, and behind it one of the three second bytes.
    for (; at + 17 <= bytes.size(); at += 16) {
        const u8* here = bytes.data() + at;
        __m128i now = _mm_loadu_si128(reinterpret_cast<const __m128i*>(here));
        __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(here + 1));
        __m128i second =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(next, rdtsc), _mm_cmpeq_epi8(next, group7)),
                         _mm_cmpeq_epi8(next, write_cr));
        auto hits =
            static_cast<u32>(_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(now, first), second)));
        for (; hits; hits &= hits - 1) look(at + static_cast<size_t>(std::countr_zero(hits)));
    }
    for (; at < bytes.size(); at++) look(at);
}

void undo_replacements(std::span<u8> bytes) {
    u8* const end = bytes.data() + bytes.size();
    for (u8* at = bytes.data(); at < end; at++) {
        at = static_cast<u8*>(std::memchr(at, out_immediate, static_cast<size_t>(end - at)));
        if (!at) return;
        u8* start = at > bytes.data() && at[-1] == prefix_ds ? at - 1 : at;
        TrapBytes trap = replacement_at({start, end});
        if (trap.kind == Kind::none) trap = replacement_at({start = at, end});
        if (trap.kind != Kind::none) write_original(trap, {start, end});
    }
}

}  // namespace vmft::kvm
