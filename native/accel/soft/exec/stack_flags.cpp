#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/stack_address.h"
#include "accel/soft/flags.h"

/// PUSHF and POPF (SDM 2B, tables 4-14 and 4-15): what may be seen and changed depends on CPL, IOPL
/// and the mode.
namespace vmft::soft {
namespace {

constexpr u64 iopl_3 = 3 << 12;

bool vm86(const Cpu& cpu) { return cpu.rflags & flag_vm; }
unsigned iopl(const Cpu& cpu) { return cpu.rflags >> 12 & 3; }

template <typename T>
void push_flags(Cpu& cpu, const Insn* insn) {
    u64 flags = read_rflags(cpu) & ~(flag_vm | flag_rf);
    if (vm86(cpu) && iopl(cpu) < 3) {
        // Virtual interrupts: only the 16-bit form, which shows VIF as IF.
        if (sizeof(T) != 2 || !(cpu.cr4 & cr4_vme)) raise(cpu, insn, vector_gp, 0);
        flags = (flags & ~flag_if) | iopl_3 | (flags & flag_vif ? flag_if : 0);
    }
    push<T>(cpu, insn, static_cast<T>(flags));
}

template <typename T>
void pop_flags(Cpu& cpu, const Insn* insn) {
    u64 changeable =
        flags_arithmetic | flag_tf | flag_df | flag_nt | flag_if | flag_iopl | flag_ac | flag_id;
    bool virtual_interrupts = false;
    if (vm86(cpu)) {
        virtual_interrupts = iopl(cpu) < 3;
        if (virtual_interrupts && (sizeof(T) != 2 || !(cpu.cr4 & cr4_vme)))
            raise(cpu, insn, vector_gp, 0);
        changeable &= ~flag_iopl;
    } else if (protected_mode(cpu) && cpu.cpl > 0) {
        changeable &= ~flag_iopl;
        if (cpu.cpl > iopl(cpu)) changeable &= ~flag_if;
    }
    u64 image = peek<T>(cpu, insn);
    if constexpr (sizeof(T) == 2)
        changeable &= 0xffff;
    else
        cpu.rflags &= ~flag_rf;
    if (virtual_interrupts) {
        if ((image & flag_tf) || ((image & flag_if) && (cpu.rflags & flag_vip)))
            raise(cpu, insn, vector_gp, 0);
        cpu.rflags = (cpu.rflags & ~flag_vif) | (image & flag_if ? flag_vif : 0);
        changeable &= ~flag_if;
    }
    drop(cpu, sizeof(T));
    u64 system = changeable & ~flags_arithmetic;
    u64 before = cpu.rflags;
    cpu.rflags = (cpu.rflags & ~system) | (image & system);
    set_arithmetic_flags(cpu, image);
    if ((before ^ cpu.rflags) & flag_ac) refresh_mode(cpu);  // AC decides whether SMAP applies
}

Handler select_push_flags(Decoding& d) {
    return by_operand_width(stack_operand_bytes(d),
                            []<typename T>() -> Handler { return step<push_flags<T>>; });
}
Handler select_pop_flags(Decoding& d) {
    return by_operand_width(stack_operand_bytes(d), [&d]<typename T>() -> Handler {
        return ending(d, finish<pop_flags<T>>);
    });
}

}  // namespace

void register_stack_flags(OpcodeTable& table) {
    table.set(OpcodeMap::one_byte, 0x9c, false, Immediate::none, select_push_flags);
    table.set(OpcodeMap::one_byte, 0x9d, false, Immediate::none, select_pop_flags);
}

}  // namespace vmft::soft
