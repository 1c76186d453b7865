#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_steps.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/stack_address.h"
#include "accel/soft/flags.h"

/// MOV to and from segment registers, LES, LDS, LSS, LFS, LGS, ARPL.
namespace vmft::soft {
namespace {

template <typename T>
inline T selector_value(Cpu& cpu, const Insn* insn) {
    return cpu.segments[insn->reg & 7].selector;
}

/// 8C: memory gets 16 bits, a register the selector zero-extended to its width.
Handler select_from_segment(Decoding& d) {
    if (d.reg >= seg_count) return nullptr;
    if (d.memory) return rm_target<u16, selector_value<u16>>(d);
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return rm_target<T, selector_value<T>>(d);
    });
}

template <bool Memory>
void to_segment(Cpu& cpu, const Insn* insn) {
    auto which = static_cast<SegmentRegister>(insn->reg & 7);
    load_segment(cpu, insn, which, get_rm<u16, Memory>(cpu, insn));
    if (which == seg_ss) cpu.interrupt_shadow = InterruptShadow::mov_ss;
}

/// 8E. Always ends the block: SS opens an interrupt shadow, and outside 64-bit mode the stack's
/// width may change.
Handler select_to_segment(Decoding& d) {
    if (d.reg >= seg_count || d.reg == seg_cs) return nullptr;
    return ending(d, d.memory ? finish<to_segment<true>> : finish<to_segment<false>>);
}

/// A far pointer: offset first, then the selector.
template <typename T, SegmentRegister Which>
void load_far_pointer(Cpu& cpu, const Insn* insn) {
    u64 linear = linear_address(cpu, insn, sizeof(T) + 2, Access::read);
    T offset = load<T>(cpu, insn, linear);
    u64 behind = in_64bit(cpu) ? linear + sizeof(T) : (linear + sizeof(T)) & 0xffffffff;
    u16 selector = load<u16>(cpu, insn, behind);
    load_segment(cpu, insn, Which, selector);
    put_reg<T>(cpu, insn, offset);
}

template <SegmentRegister Which>
Handler select_far_pointer(Decoding& d) {
    // C4 and C5 are VEX prefixes in 64-bit mode, and with a register operand everywhere.
    if (!d.memory || (d.map == 0 && d.long_mode())) return nullptr;
    return by_operand_width(d.operand_bytes, [&d]<typename T>() -> Handler {
        return ending(d, finish<load_far_pointer<T, Which>>);
    });
}

/// ARPL: the RPL of rm is raised to that of reg; ZF tells whether it was.
inline u16 adjust_rpl(Cpu& cpu, const Insn* insn, u16 old) {
    unsigned wanted = get_reg<u16>(cpu, insn) & 3;
    bool raised = (old & 3u) < wanted;
    set_arithmetic_flags(cpu, (arithmetic_flags(cpu) & ~flag_zf) | (raised ? flag_zf : 0));
    return raised ? static_cast<u16>((old & ~3u) | wanted) : old;
}
template <bool Memory>
void adjust_rpl_protected(Cpu& cpu, const Insn* insn) {
    if (!protected_mode(cpu)) raise(cpu, insn, vector_ud);
    change_rm<u16, Memory>(cpu, insn, [&cpu, insn](u16 old) { return adjust_rpl(cpu, insn, old); });
}

/// MOVSXD: the source is 32 bits wide, 16 with a 16-bit operand.
template <typename T, typename From>
inline void sign_extended(Cpu& cpu, const Insn* insn, From value) {
    put_reg<T>(cpu, insn, static_cast<T>(sign_extend(value)));
}

/// 63: MOVSXD in 64-bit mode, else ARPL.
Handler select_63(Decoding& d) {
    if (!d.long_mode())
        return d.memory ? step<adjust_rpl_protected<true>> : step<adjust_rpl_protected<false>>;
    switch (d.operand_bytes) {
    case 2: return rm_source<u16, sign_extended<u16, u16>>(d);
    case 4: return rm_source<u32, sign_extended<u32, u32>>(d);
    default: return rm_source<u32, sign_extended<u64, u32>>(d);
    }
}

}  // namespace

void register_move_segment(OpcodeTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    table.set(one, 0x63, true, Immediate::none, select_63);
    table.set(one, 0x8c, true, Immediate::none, select_from_segment);
    table.set(one, 0x8e, true, Immediate::none, select_to_segment);
    table.set(one, 0xc4, true, Immediate::none, select_far_pointer<seg_es>);
    table.set(one, 0xc5, true, Immediate::none, select_far_pointer<seg_ds>);
    table.set(two, 0xb2, true, Immediate::none, select_far_pointer<seg_ss>);
    table.set(two, 0xb4, true, Immediate::none, select_far_pointer<seg_fs>);
    table.set(two, 0xb5, true, Immediate::none, select_far_pointer<seg_gs>);
}

}  // namespace vmft::soft
