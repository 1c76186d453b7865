#include "accel/soft/exec/sse_table.h"

/// Moves of whole registers: XMM and MMX, aligned or not, and to and from general registers.
namespace vmft::soft {

namespace {

constexpr auto load_whole = [](Cpu& cpu, const Insn* insn, const u8* source) {
    xmm(cpu, insn->reg) = read_operand<16>(source);
};
constexpr auto load_quad = [](Cpu& cpu, const Insn* insn, const u8* source) {
    xmm(cpu, insn->reg) = read_operand<8>(source);
};
constexpr auto load_dword = [](Cpu& cpu, const Insn* insn, const u8* source) {
    xmm(cpu, insn->reg) = read_operand<4>(source);
};
constexpr auto get_xmm = [](Cpu& cpu, const Insn* insn) { return xmm(cpu, insn->reg); };
constexpr auto get_mmx = [](Cpu& cpu, const Insn* insn) {
    return _mm_cvtsi64_si128(static_cast<long long>(mmx(cpu, insn->reg)));
};
constexpr auto register_to_rm = [](Cpu& cpu, const Insn* insn, const u8*) {
    xmm(cpu, insn->rm) = xmm(cpu, insn->reg);
};

/// xmm, xmm/m128 at `load` and xmm/m128, xmm at `store`.
template <Form form>
void whole(SseTable& table, Place load, Place store) {
    table.both<form>(load, load_whole);
    table.registers<form>(store, register_to_rm);
    table.store<form>(store, get_xmm);
}

template <unsigned bytes>
constexpr auto mmx_from = [](Cpu& cpu, const Insn* insn, const u8* source) {
    write_mmx(cpu, insn->reg, bytes == 8 ? read_as<u64>(source) : read_as<u32>(source));
};
template <unsigned bytes>
constexpr auto xmm_to_general = [](Cpu& cpu, const Insn* insn, const u8*) {
    const u64 low = read_as<u64>(cpu.xmm[insn->reg].bytes);
    cpu.gpr[insn->rm] = bytes == 8 ? low : static_cast<u32>(low);
};
template <unsigned bytes>
constexpr auto mmx_to_general = [](Cpu& cpu, const Insn* insn, const u8*) {
    enter_mmx(cpu);
    cpu.gpr[insn->rm] = bytes == 8 ? mmx(cpu, insn->reg) : static_cast<u32>(mmx(cpu, insn->reg));
};

/// MOVD and, with REX.W, MOVQ: 0F 6E and 0F 7E.
template <unsigned bytes>
void general(SseTable& table, bool wide) {
    auto place = [wide](Place narrow) { return wide ? narrow.with_rex_w() : narrow; };
    constexpr Form with_xmm = from_general(xmm_form, bytes),
                   with_mmx = from_general(mmx_form, bytes);
    if constexpr (bytes == 8)
        table.both<with_xmm>(place(p66_0f(0x6e)), load_quad);
    else
        table.both<with_xmm>(place(p66_0f(0x6e)), load_dword);
    table.registers<with_xmm>(place(p66_0f(0x7e)), xmm_to_general<bytes>);
    table.store<with_xmm>(place(p66_0f(0x7e)), get_xmm);
    table.both<with_mmx>(place(np_0f(0x6e)), mmx_from<bytes>);
    table.registers<with_mmx>(place(np_0f(0x7e)), mmx_to_general<bytes>);
    table.store<with_mmx>(place(np_0f(0x7e)), get_mmx);
}

/// MASKMOVQ, MASKMOVDQU: stores the bytes of register `reg` whose mask byte in `rm` is negative, to
/// DS:rDI. Decoding has made [rDI] the instruction's memory operand.
template <unsigned bytes>
[[gnu::noinline]] void masked_store(Cpu& cpu, const Insn* insn, const u8* from, unsigned mask) {
    if (!mask) return;
    // Only from the first to the last chosen byte: what lies beside them may be unmapped.
    const unsigned first = static_cast<unsigned>(__builtin_ctz(mask)),
                   last = 31 - static_cast<unsigned>(__builtin_clz(mask));
    const u64 linear = linear_address(cpu, insn, bytes, Access::write);
    u8 copy[bytes];
    std::memcpy(copy, from, bytes);
    if (!fast_write<Sized<bytes>>(cpu, linear))
        probe_write_slow(cpu, insn, linear + first, last - first + 1);
    for (unsigned i = first; i <= last; i++)
        if (mask >> i & 1) store<u8>(cpu, insn, linear + i, copy[i]);
}
constexpr auto mask_move_xmm = [](Cpu& cpu, const Insn* insn, const u8* source) {
    masked_store<16>(cpu, insn, cpu.xmm[insn->reg].bytes,
                     static_cast<unsigned>(_mm_movemask_epi8(read_operand<16>(source))));
};
constexpr auto mask_move_mmx = [](Cpu& cpu, const Insn* insn, const u8* source) {
    masked_store<8>(cpu, insn, reinterpret_cast<const u8*>(&mmx(cpu, insn->reg)),
                    static_cast<unsigned>(_mm_movemask_epi8(read_operand<8>(source))) & 0xff);
    enter_mmx(cpu);
};

template <typename F, Form form>
Handler choose_mask_move(Decoding& d) {
    if (d.memory) return nullptr;
    d.insn->base = rdi;
    d.insn->index = reg_zero;
    d.insn->scale = 0;
    d.insn->disp = 0;
    return from_register<Raw<F>, form>;
}

}  // namespace

void add_sse_moves(SseTable& table) {
    whole<xmm_unaligned>(table, np_0f(0x10), np_0f(0x11));    // MOVUPS
    whole<xmm_unaligned>(table, p66_0f(0x10), p66_0f(0x11));  // MOVUPD
    whole<xmm_form>(table, np_0f(0x28), np_0f(0x29));         // MOVAPS
    whole<xmm_form>(table, p66_0f(0x28), p66_0f(0x29));       // MOVAPD
    whole<xmm_form>(table, p66_0f(0x6f), p66_0f(0x7f));       // MOVDQA
    whole<xmm_unaligned>(table, pf3_0f(0x6f), pf3_0f(0x7f));  // MOVDQU
    table.store<xmm_form>(np_0f(0x2b), get_xmm);              // MOVNTPS
    table.store<xmm_form>(p66_0f(0x2b), get_xmm);             // MOVNTPD
    table.store<xmm_form>(p66_0f(0xe7), get_xmm);             // MOVNTDQ
    table.memory<xmm_form>(p66_0f38(0x2a), load_whole);       // MOVNTDQA
    table.memory<xmm_unaligned>(pf2_0f(0xf0), load_whole);    // LDDQU

    general<4>(table, false);
    general<8>(table, true);

    table.both<mmx_form>(np_0f(0x6f), mmx_from<8>);  // MOVQ mm, mm/m64
    table.registers<mmx_form>(np_0f(0x7f), [](Cpu& cpu, const Insn* insn, const u8*) {
        write_mmx(cpu, insn->rm, mmx(cpu, insn->reg));
    });
    table.store<mmx_form>(np_0f(0x7f), get_mmx);
    table.store<mmx_form>(np_0f(0xe7), get_mmx);  // MOVNTQ

    table.both<xmm_quad>(pf3_0f(0x7e), load_quad);  // MOVQ xmm, xmm/m64
    table.registers<xmm_quad>(p66_0f(0xd6), [](Cpu& cpu, const Insn* insn, const u8*) {
        xmm(cpu, insn->rm) = _mm_move_epi64(xmm(cpu, insn->reg));
    });
    table.store<xmm_quad>(p66_0f(0xd6), get_xmm);

    constexpr Form to_xmm{
        .unit = Unit::sse_and_mmx, .file = File::mmx, .bytes = 8, .aligned = false};
    constexpr Form to_mmx{
        .unit = Unit::sse_and_mmx, .file = File::xmm, .bytes = 8, .aligned = false};
    table.registers<to_xmm>(pf3_0f(0xd6),
                            [](Cpu& cpu, const Insn* insn, const u8* source) {  // MOVQ2DQ
                                enter_mmx(cpu);
                                xmm(cpu, insn->reg) = read_operand<8>(source);
                            });
    table.registers<to_mmx>(pf2_0f(0xd6), mmx_from<8>);  // MOVDQ2Q

    table.at(np_0f(0xf7)).choose = choose_mask_move<decltype(mask_move_mmx), mmx_form>;
    table.at(p66_0f(0xf7)).choose = choose_mask_move<decltype(mask_move_xmm), xmm_form>;
}

}  // namespace vmft::soft
