#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/flags.h"

/// Jcc, JMP near, LOOP, JrCXZ. In 64-bit mode the operand is always 64 bits (66 is ignored, as
/// Intel's CPUs do); elsewhere the target is truncated to the operand size.
namespace vmft::soft {
namespace {

/// Immediate of a relative branch: its distance from the block's first byte.
template <typename Rip>
inline u64 relative_target(const Cpu& cpu, const Insn* insn) {
    return static_cast<Rip>(cpu.gpr[reg_block] + insn->imm);
}

template <unsigned Code, typename Rip>
inline u64 jump_if(Cpu& cpu, const Insn* insn) {
    return condition<Code>(cpu) ? relative_target<Rip>(cpu, insn) : next_rip(cpu, insn);
}

template <unsigned Code>
inline bool condition_met(Cpu& cpu, const Insn*) {
    return condition<Code>(cpu);
}
inline bool always(Cpu&, const Insn*) { return true; }

Handler chained(Decoding& d, Handler handler) {
    d.insn->chain = 0;
    return branching(d, handler);
}

template <typename Rip>
inline u64 jump(Cpu& cpu, const Insn* insn) {
    return relative_target<Rip>(cpu, insn);
}

/// The kinds of E0-E3, in their encoding's order.
enum class Loop : u8 { while_not_zero, while_zero, count, if_count_zero };

template <Loop Kind, typename Rip>
inline u64 loop(Cpu& cpu, const Insn* insn) {
    u64 mask = insn->flags & insn_address16   ? 0xffff
               : insn->flags & insn_address32 ? 0xffffffff
                                              : ~u64{0};
    bool taken;
    if constexpr (Kind == Loop::if_count_zero) {
        taken = (cpu.gpr[rcx] & mask) == 0;
    } else {
        u64 count = (cpu.gpr[rcx] - 1) & mask;
        cpu.gpr[rcx] = mask == 0xffff ? (cpu.gpr[rcx] & ~mask) | count : count;
        taken = count != 0;
        if constexpr (Kind == Loop::while_not_zero) taken = taken && !get_zf(cpu);
        if constexpr (Kind == Loop::while_zero) taken = taken && get_zf(cpu);
    }
    return taken ? relative_target<Rip>(cpu, insn) : next_rip(cpu, insn);
}

/// Calls the generic lambda with the type that holds a branch target.
template <typename Choose>
Handler by_target_width(Decoding& d, Choose choose) {
    return branching(d, by_operand_width(d.long_mode() ? 8 : d.operand_bytes, choose));
}

template <unsigned Code>
Handler select_jump_if(Decoding& d) {
    if (d.long_mode()) {
        // The displacement of translated code's links is 32 bits from the page.
        i64 distance = static_cast<i64>(d.insn->imm);
        if (distance != static_cast<i32>(distance + i64{page_bytes}) - i64{page_bytes})
            return chained(d, direct_branch<condition_met<Code>>);
        d.insn->chain = 0;
        d.side_exit = true;
        return conditional_branch<condition_met<Code>>;
    }
    return by_target_width(d, []<typename Rip>() -> Handler { return branch<jump_if<Code, Rip>>; });
}
Handler select_jump(Decoding& d) {
    if (d.long_mode()) return chained(d, direct_branch<always>);
    return by_target_width(d, []<typename Rip>() -> Handler { return branch<jump<Rip>>; });
}
template <Loop Kind>
Handler select_loop(Decoding& d) {
    return by_target_width(d, []<typename Rip>() -> Handler { return branch<loop<Kind, Rip>>; });
}

template <unsigned Code>
void register_condition(OpcodeTable& table) {
    table.set(OpcodeMap::one_byte, 0x70 + Code, false, Immediate::relative_byte,
              select_jump_if<Code>);
    table.set(OpcodeMap::two_byte, 0x80 + Code, false, Immediate::relative, select_jump_if<Code>);
    if constexpr (Code > 0) register_condition<Code - 1>(table);
}

}  // namespace

void register_branches(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    register_condition<15>(table);
    table.set(map, 0xe0, false, Immediate::relative_byte, select_loop<Loop::while_not_zero>);
    table.set(map, 0xe1, false, Immediate::relative_byte, select_loop<Loop::while_zero>);
    table.set(map, 0xe2, false, Immediate::relative_byte, select_loop<Loop::count>);
    table.set(map, 0xe3, false, Immediate::relative_byte, select_loop<Loop::if_count_zero>);
    table.set(map, 0xe9, false, Immediate::relative, select_jump);
    table.set(map, 0xeb, false, Immediate::relative_byte, select_jump);
}

}  // namespace vmft::soft
