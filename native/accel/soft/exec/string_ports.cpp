#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/string_operands.h"
#include "accel/soft/system.h"

/// INS and OUTS, alone and with REP.
namespace vmft::soft {
namespace {

u16 port_in_dx(const Cpu& cpu) { return static_cast<u16>(cpu.gpr[rdx]); }

/// The port is read only when the store cannot fault any more.
template <typename T, bool Flat>
void input_one(Cpu& cpu, const Insn* insn) {
    check_io_permission(cpu, insn, port_in_dx(cpu), sizeof(T));
    u64 to = destination_linear<Flat>(cpu, insn, sizeof(T), Access::write);
    probe_write_slow(cpu, insn, to, sizeof(T));
    store<T>(cpu, insn, to, static_cast<T>(io_read(cpu, insn, port_in_dx(cpu), sizeof(T))));
    advance_index<Flat>(cpu, insn, rdi, sizeof(T));
}

template <typename T, bool Flat>
void output_one(Cpu& cpu, const Insn* insn) {
    check_io_permission(cpu, insn, port_in_dx(cpu), sizeof(T));
    T value = load<T>(cpu, insn, source_linear<Flat>(cpu, insn, sizeof(T)));
    io_write(cpu, insn, port_in_dx(cpu), sizeof(T), value);
    advance_index<Flat>(cpu, insn, rsi, sizeof(T));
}

/// Devices see one access at a time.
u64 never_many(Cpu&, const Insn*, u64) { return 0; }

template <bool Flat, auto One>
Handler choose(Decoding& d) {
    return ending(d, d.rep || d.repne ? branch<repeat<Flat, One, never_many>> : finish<One>);
}

template <typename T>
Handler select_input(Decoding& d) {
    return flat_strings(d) ? choose<true, input_one<T, true>>(d)
                           : choose<false, input_one<T, false>>(d);
}
template <typename T>
Handler select_output(Decoding& d) {
    return flat_strings(d) ? choose<true, output_one<T, true>>(d)
                           : choose<false, output_one<T, false>>(d);
}

/// There is no 64-bit port access: REX.W means 32.
Handler select_input_wide(Decoding& d) {
    return d.operand_bytes == 2 ? select_input<u16>(d) : select_input<u32>(d);
}
Handler select_output_wide(Decoding& d) {
    return d.operand_bytes == 2 ? select_output<u16>(d) : select_output<u32>(d);
}

}  // namespace

void register_string_ports(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    table.set(map, 0x6c, false, Immediate::none, select_input<u8>);
    table.set(map, 0x6d, false, Immediate::none, select_input_wide);
    table.set(map, 0x6e, false, Immediate::none, select_output<u8>);
    table.set(map, 0x6f, false, Immediate::none, select_output_wide);
}

}  // namespace vmft::soft
