#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_alu.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_steps.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/flags.h"

/// XCHG, XADD, CMPXCHG, CMPXCHG8B, CMPXCHG16B. With one vCPU, and devices that act only between
/// instructions, each is atomic as it stands; LOCK adds nothing.
namespace vmft::soft {
namespace {

void no_operation(Cpu&, const Insn*) {}

template <typename T>
inline T exchange(Cpu& cpu, const Insn* insn, T old) {
    T value = get_reg<T>(cpu, insn);
    put_reg<T>(cpu, insn, old);
    return value;
}

/// The register operand first, so that XADD r, r of one register leaves the sum.
template <typename T>
inline T exchange_add(Cpu& cpu, const Insn* insn, T old) {
    T sum = alu<Alu::add, T>(cpu, old, get_reg<T>(cpu, insn));
    put_reg<T>(cpu, insn, old);
    return sum;
}

template <typename T>
inline T accumulator(const Cpu& cpu) {
    if constexpr (sizeof(T) == 1)
        return read_reg8(cpu, rax * 8);
    else
        return read_reg<T>(cpu, rax);
}
template <typename T>
inline void set_accumulator(Cpu& cpu, T value) {
    if constexpr (sizeof(T) == 1)
        write_reg8(cpu, rax * 8, value);
    else
        write_reg<T>(cpu, rax, value);
}

/// Memory is written in either case.
template <typename T>
inline T compare_exchange(Cpu& cpu, const Insn* insn, T old) {
    T expected = accumulator<T>(cpu);
    alu<Alu::cmp, T>(cpu, expected, old);
    if (expected == old) return get_reg<T>(cpu, insn);
    set_accumulator<T>(cpu, old);
    return old;
}
/// A register is written only on success: a failure leaves its upper half alone.
template <typename T>
inline void compare_exchange_register(Cpu& cpu, const Insn* insn) {
    T old = get_rm_reg<T>(cpu, insn), expected = accumulator<T>(cpu);
    alu<Alu::cmp, T>(cpu, expected, old);
    if (expected == old)
        put_rm_reg<T>(cpu, insn, get_reg<T>(cpu, insn));
    else
        set_accumulator<T>(cpu, old);
}

Handler select_exchange(Decoding& d) {
    d.lock_allowed = d.memory;
    return by_width(width_by_opcode(d),
                    [&d]<typename T>() -> Handler { return rm_change<T, exchange<T>>(d); });
}

/// 90-97. 90 itself is NOP (and with F3 PAUSE), which keeps the upper half of RAX.
Handler select_exchange_accumulator(Decoding& d) {
    use_opcode_register(d);
    if (d.insn->rm == rax) return step<no_operation>;
    d.insn->reg = rax;
    d.insn->reg8 = rax * 8;
    return by_operand_width(d.operand_bytes,
                            [&d]<typename T>() -> Handler { return rm_change<T, exchange<T>>(d); });
}

Handler select_exchange_add(Decoding& d) {
    d.lock_allowed = d.memory;
    return by_width(width_by_opcode(d),
                    [&d]<typename T>() -> Handler { return rm_change<T, exchange_add<T>>(d); });
}

Handler select_compare_exchange(Decoding& d) {
    d.lock_allowed = d.memory;
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        if (d.memory) return rm_change<T, compare_exchange<T>>(d);
        return step<compare_exchange_register<T>>;
    });
}

void set_zero_flag(Cpu& cpu, bool on) {
    set_arithmetic_flags(cpu, (arithmetic_flags(cpu) & ~flag_zf) | (on ? flag_zf : 0));
}

inline u64 compare_exchange_pair(Cpu& cpu, const Insn*, u64 old) {
    u64 expected = u64{read_reg<u32>(cpu, rdx)} << 32 | read_reg<u32>(cpu, rax);
    bool equal = expected == old;
    set_zero_flag(cpu, equal);
    if (equal) return u64{read_reg<u32>(cpu, rcx)} << 32 | read_reg<u32>(cpu, rbx);
    write_reg<u32>(cpu, rax, static_cast<u32>(old));
    write_reg<u32>(cpu, rdx, static_cast<u32>(old >> 32));
    return old;
}

[[gnu::noinline]] void compare_exchange_16(Cpu& cpu, const Insn* insn) {
    u64 linear = linear_address(cpu, insn, 16, Access::write);
    if (linear & 15) raise(cpu, insn, vector_gp, 0);
    probe_write_slow(cpu, insn, linear, 16);
    Xmm memory;
    load_xmm(cpu, insn, linear, memory);
    u64 old[2], replacement[2] = {cpu.gpr[rbx], cpu.gpr[rcx]};
    std::memcpy(old, memory.bytes, 16);
    bool equal = old[0] == cpu.gpr[rax] && old[1] == cpu.gpr[rdx];
    if (equal) std::memcpy(memory.bytes, replacement, 16);
    store_xmm(cpu, insn, linear, memory);
    set_zero_flag(cpu, equal);
    if (equal) return;
    cpu.gpr[rax] = old[0];
    cpu.gpr[rdx] = old[1];
}

/// 0F C7: only /1 with memory; RDRAND and RDSEED (/6 /7) do not exist on this CPU.
Handler select_group_c7(Decoding& d) {
    if (d.reg != 1 || !d.memory) return nullptr;
    d.lock_allowed = true;
    return d.operand_bytes == 8 ? step<compare_exchange_16>
                                : rm_change<u64, compare_exchange_pair>(d);
}

}  // namespace

void register_exchange(OpcodeTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    table.set(one, 0x86, true, Immediate::none, select_exchange);
    table.set(one, 0x87, true, Immediate::none, select_exchange);
    for (unsigned opcode = 0x90; opcode <= 0x97; opcode++)
        table.set(one, static_cast<u8>(opcode), false, Immediate::none,
                  select_exchange_accumulator);
    table.set(two, 0xb0, true, Immediate::none, select_compare_exchange);
    table.set(two, 0xb1, true, Immediate::none, select_compare_exchange);
    table.set(two, 0xc0, true, Immediate::none, select_exchange_add);
    table.set(two, 0xc1, true, Immediate::none, select_exchange_add);
    table.set(two, 0xc7, true, Immediate::none, select_group_c7);
}

}  // namespace vmft::soft
