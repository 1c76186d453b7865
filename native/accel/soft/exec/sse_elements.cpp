#include "accel/soft/exec/sse_table.h"

/// Single elements: PINSR, PEXTR, INSERTPS, EXTRACTPS.
namespace vmft::soft {

namespace {

/// Byte offset of the element of `bytes` that the immediate chooses; the immediate's high bits are
/// ignored.
template <unsigned bytes>
inline unsigned element_offset(const Insn* insn, unsigned register_bytes = 16) {
    return static_cast<unsigned>(insn->imm) * bytes & (register_bytes - 1);
}

template <unsigned bytes>
constexpr auto insert = [](Cpu& cpu, const Insn* insn, const u8* source) {
    u8 element[bytes];
    std::memcpy(element, source, bytes);
    std::memcpy(cpu.xmm[insn->reg].bytes + element_offset<bytes>(insn), element, bytes);
};
template <unsigned bytes>
inline u64 element(const Cpu& cpu, unsigned number, const Insn* insn) {
    u64 value = 0;
    std::memcpy(&value, cpu.xmm[number].bytes + element_offset<bytes>(insn), bytes);
    return value;
}
/// 0F 3A 14-17: from ModRM.reg to r/m.
template <unsigned bytes>
constexpr auto extract_to_rm = [](Cpu& cpu, const Insn* insn, const u8*) {
    cpu.gpr[insn->rm] = element<bytes>(cpu, insn->reg, insn);
};
template <unsigned bytes>
constexpr auto extracted = [](Cpu& cpu, const Insn* insn) {
    return _mm_cvtsi64_si128(static_cast<long long>(element<bytes>(cpu, insn->reg, insn)));
};

template <unsigned bytes>
void add_extract(SseTable& table, Place place) {
    constexpr Form form = from_general(xmm_form, bytes);
    table.registers<form>(place, extract_to_rm<bytes>);
    table.store<form>(place, extracted<bytes>);
    table.set_immediate(place);
}
template <unsigned bytes>
void add_insert(SseTable& table, Place place) {
    table.both<from_general(xmm_form, bytes)>(place, insert<bytes>);
    table.set_immediate(place);
}

/// INSERTPS: immediate bits 4-5 choose the place, bits 0-3 clear elements.
inline void insert_single(Cpu& cpu, const Insn* insn, u32 value) {
    u8* destination = cpu.xmm[insn->reg].bytes;
    std::memcpy(destination + (insn->imm >> 4 & 3) * 4, &value, 4);
    for (unsigned i = 0; i < 4; i++)
        if (insn->imm >> i & 1) std::memset(destination + 4 * i, 0, 4);
}

/// PINSRW, PEXTRW on MMX registers.
void add_mmx_words(SseTable& table) {
    table.both<from_general(mmx_form, 2)>(np_0f(0xc4), [](Cpu& cpu, const Insn* insn,
                                                          const u8* source) {
        const unsigned shift = element_offset<2>(insn, 8) * 8;
        const u64 word = read_as<u16>(source);
        write_mmx(cpu, insn->reg, (mmx(cpu, insn->reg) & ~(u64{0xffff} << shift)) | word << shift);
    });
    table.registers<mmx_form>(np_0f(0xc5), [](Cpu& cpu, const Insn* insn, const u8* source) {
        enter_mmx(cpu);
        cpu.gpr[insn->reg] = read_as<u16>(source + element_offset<2>(insn, 8));
    });
    table.set_immediate(np_0f(0xc4));
    table.set_immediate(np_0f(0xc5));
}

}  // namespace

void add_sse_elements(SseTable& table) {
    add_insert<2>(table, p66_0f(0xc4));                  // PINSRW
    add_insert<1>(table, p66_0f3a(0x20));                // PINSRB
    add_insert<4>(table, p66_0f3a(0x22));                // PINSRD
    add_insert<8>(table, p66_0f3a(0x22).with_rex_w());   // PINSRQ
    add_extract<1>(table, p66_0f3a(0x14));               // PEXTRB
    add_extract<2>(table, p66_0f3a(0x15));               // PEXTRW r/m
    add_extract<4>(table, p66_0f3a(0x16));               // PEXTRD
    add_extract<8>(table, p66_0f3a(0x16).with_rex_w());  // PEXTRQ
    add_extract<4>(table, p66_0f3a(0x17));               // EXTRACTPS
    table.registers<xmm_form>(
        p66_0f(0xc5), [](Cpu& cpu, const Insn* insn, const u8* source) {  // PEXTRW r, xmm
            cpu.gpr[insn->reg] = read_as<u16>(source + element_offset<2>(insn));
        });

    table.registers<xmm_form>(
        p66_0f3a(0x21), [](Cpu& cpu, const Insn* insn, const u8* source) {  // INSERTPS
            insert_single(cpu, insn, read_as<u32>(source + (insn->imm >> 6 & 3) * 4));
        });
    table.memory<xmm_dword>(p66_0f3a(0x21), [](Cpu& cpu, const Insn* insn, const u8* source) {
        insert_single(cpu, insn, read_as<u32>(source));
    });
    table.set_immediate(p66_0f3a(0x21));
    add_mmx_words(table);
}

}  // namespace vmft::soft
