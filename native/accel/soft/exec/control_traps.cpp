#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/flags.h"
#include "accel/soft/interrupts.h"

/// INT n, INT3, INT1, INTO, BOUND, and the opcodes kept undefined: UD0, UD1, UD2.
namespace vmft::soft {
namespace {

bool virtual_8086_below_iopl_3(const Cpu& cpu) {
    return (cpu.rflags & flag_vm) && (cpu.rflags & flag_iopl) != flag_iopl;
}

void interrupt(Cpu& cpu, const Insn* insn) {
    if (virtual_8086_below_iopl_3(cpu)) raise(cpu, insn, vector_gp, 0);
    raise_software_interrupt(cpu, insn, static_cast<u8>(insn->imm), true);
}
void breakpoint(Cpu& cpu, const Insn* insn) {
    raise_software_interrupt(cpu, insn, vector_bp, true);
}
/// INT1 is no software interrupt: the gate's DPL does not matter (SDM 3A 6.12.1.2).
void debug_trap(Cpu& cpu, const Insn* insn) {
    raise_software_interrupt(cpu, insn, vector_db, false);
}
void overflow(Cpu& cpu, const Insn* insn) {
    if (get_of(cpu)) raise_software_interrupt(cpu, insn, vector_of, true);
}

/// #BR unless lower <= index <= upper, signed; the bounds are a pair in memory.
template <typename T>
void bound(Cpu& cpu, const Insn* insn) {
    using Signed = std::make_signed_t<T>;
    u64 linear = linear_address(cpu, insn, 2 * sizeof(T), Access::read);
    auto lower = static_cast<Signed>(load<T>(cpu, insn, linear));
    auto upper = static_cast<Signed>(load<T>(cpu, insn, (linear + sizeof(T)) & 0xffffffff));
    auto index = static_cast<Signed>(get_reg<T>(cpu, insn));
    if (index < lower || index > upper) raise(cpu, insn, vector_br);
}

Handler select_interrupt(Decoding& d) { return ending(d, transfer<interrupt>); }
Handler select_breakpoint(Decoding& d) { return ending(d, transfer<breakpoint>); }
Handler select_debug_trap(Decoding& d) { return ending(d, transfer<debug_trap>); }
Handler select_overflow(Decoding& d) {
    return d.long_mode() ? nullptr : ending(d, finish<overflow>);
}
Handler select_bound(Decoding& d) {
    if (d.long_mode() || !d.memory) return nullptr;
    return d.operand_bytes == 2 ? step<bound<u16>> : step<bound<u32>>;
}
Handler select_undefined(Decoding&) { return nullptr; }

}  // namespace

void register_traps(OpcodeTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    table.set(one, 0x62, true, Immediate::none, select_bound);
    table.set(one, 0xcc, false, Immediate::none, select_breakpoint);
    table.set(one, 0xcd, false, Immediate::byte_unsigned, select_interrupt);
    table.set(one, 0xce, false, Immediate::none, select_overflow);
    table.set(one, 0xf1, false, Immediate::none, select_debug_trap);
    table.set(two, 0x0b, false, Immediate::none, select_undefined);
    table.set(two, 0xb9, true, Immediate::none, select_undefined);
    table.set(two, 0xff, true, Immediate::none, select_undefined);
}

}  // namespace vmft::soft
