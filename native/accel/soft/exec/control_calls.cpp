#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/stack_address.h"

/// CALL, RET and JMP near. A target that is not canonical faults here, before anything changes (SDM
/// 2A, CALL).
namespace vmft::soft {
namespace {

template <typename Rip>
inline u64 checked_target(Cpu& cpu, const Insn* insn, u64 target) {
    if constexpr (sizeof(Rip) == 8) {
        if (!is_canonical(target)) [[unlikely]]
            raise(cpu, insn, vector_gp, 0);
    }
    return target;
}

template <typename Rip>
inline void push_return(Cpu& cpu, const Insn* insn) {
    push<Rip>(cpu, insn, static_cast<Rip>(next_rip(cpu, insn)));
}

template <typename Rip>
inline u64 call_relative(Cpu& cpu, const Insn* insn) {
    push_return<Rip>(cpu, insn);
    return static_cast<Rip>(cpu.gpr[reg_block] + insn->imm);
}

template <typename Rip, bool Memory>
inline u64 call_indirect(Cpu& cpu, const Insn* insn) {
    u64 target = get_rm<Rip, Memory>(cpu, insn);
    if constexpr (sizeof(Rip) == 8) {
        if (!is_canonical(target)) [[unlikely]] {
            // The push faults first, as on processors.
            stack_probe_write(cpu, insn, cpu.gpr[rsp] - 8, 8);
            raise(cpu, insn, vector_gp, 0);
        }
    }
    push_return<Rip>(cpu, insn);
    return target;
}

template <typename Rip, bool Memory>
inline u64 jump_indirect(Cpu& cpu, const Insn* insn) {
    return checked_target<Rip>(cpu, insn, get_rm<Rip, Memory>(cpu, insn));
}

/// `insn->imm` further bytes of arguments are dropped: 0 for C3.
template <typename Rip>
inline u64 return_near(Cpu& cpu, const Insn* insn) {
    u64 target = checked_target<Rip>(cpu, insn, peek<Rip>(cpu, insn));
    drop(cpu, sizeof(Rip) + insn->imm);
    return target;
}

template <typename Choose>
Handler by_target_width(Decoding& d, Choose choose) {
    return branching(d, by_operand_width(d.long_mode() ? 8 : d.operand_bytes, choose));
}

// CALL and RET of 64-bit code when the stack is in the TLB, without a frame (operand_steps.h says
// why).

inline void enter(Cpu& cpu, u64 target) {
    const Insn* first = enter_block(cpu, target);
    if (first) VMFT_GO(cpu, first);
    VMFT_LEAVE(cpu);
}

[[gnu::noinline]] void call_relative_slow(Cpu& cpu, const Insn* insn) {
    return branch<call_relative<u64>>(cpu, insn);
}
void call_relative_fast(Cpu& cpu, const Insn* insn) {
    u64 sp = cpu.gpr[rsp] - 8;
    if (u8* host = fast_write<u64>(cpu, sp)) [[likely]] {
        u64 back = next_rip(cpu, insn);
        std::memcpy(host, &back, sizeof back);
        cpu.gpr[rsp] = sp;
        return enter(cpu, cpu.gpr[reg_block] + insn->imm);
    }
    return call_relative_slow(cpu, insn);
}

[[gnu::noinline]] void return_near_slow(Cpu& cpu, const Insn* insn) {
    return branch<return_near<u64>>(cpu, insn);
}
void return_near_fast(Cpu& cpu, const Insn* insn) {
    u64 sp = cpu.gpr[rsp];
    if (const u8* host = fast_read<u64>(cpu, sp)) [[likely]] {
        u64 target;
        std::memcpy(&target, host, sizeof target);
        if (is_canonical(target)) [[likely]] {
            cpu.gpr[rsp] = sp + 8 + insn->imm;
            return enter(cpu, target);
        }
    }
    return return_near_slow(cpu, insn);
}

Handler select_call(Decoding& d) {
    if (d.long_mode()) return branching(d, call_relative_fast);
    return by_target_width(d, []<typename Rip>() -> Handler { return branch<call_relative<Rip>>; });
}
Handler select_return(Decoding& d) {
    if (d.long_mode()) return branching(d, return_near_fast);
    return by_target_width(d, []<typename Rip>() -> Handler { return branch<return_near<Rip>>; });
}

}  // namespace

Handler select_call_indirect(Decoding& d) {
    return by_target_width(d, [&d]<typename Rip>() -> Handler {
        return d.memory ? branch<call_indirect<Rip, true>> : branch<call_indirect<Rip, false>>;
    });
}
Handler select_jump_indirect(Decoding& d) {
    return by_target_width(d, [&d]<typename Rip>() -> Handler {
        return d.memory ? branch<jump_indirect<Rip, true>> : branch<jump_indirect<Rip, false>>;
    });
}

void register_calls(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    table.set(map, 0xe8, false, Immediate::relative, select_call);
    table.set(map, 0xc2, false, Immediate::word, select_return);
    table.set(map, 0xc3, false, Immediate::none, select_return);
}

}  // namespace vmft::soft
