#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/system.h"

/// IN and OUT.
namespace vmft::soft {
namespace {

template <bool PortInDx>
inline u16 port_of(const Cpu& cpu, const Insn* insn) {
    return static_cast<u16>(PortInDx ? cpu.gpr[rdx] : insn->imm);
}

template <typename T, bool PortInDx>
void input(Cpu& cpu, const Insn* insn) {
    u16 port = port_of<PortInDx>(cpu, insn);
    check_io_permission(cpu, insn, port, sizeof(T));
    T value = static_cast<T>(io_read(cpu, insn, port, sizeof(T)));
    if constexpr (sizeof(T) == 1)
        write_reg8(cpu, rax * 8, value);
    else
        write_reg<T>(cpu, rax, value);
}

template <typename T, bool PortInDx>
void output(Cpu& cpu, const Insn* insn) {
    u16 port = port_of<PortInDx>(cpu, insn);
    check_io_permission(cpu, insn, port, sizeof(T));
    io_write(cpu, insn, port, sizeof(T), static_cast<T>(cpu.gpr[rax]));
}

template <bool PortInDx>
Handler select_input(Decoding& d) {
    if (!(d.opcode & 1)) return ending(d, finish<input<u8, PortInDx>>);
    return ending(d, d.operand_bytes == 2 ? finish<input<u16, PortInDx>>
                                          : finish<input<u32, PortInDx>>);
}
template <bool PortInDx>
Handler select_output(Decoding& d) {
    if (!(d.opcode & 1)) return ending(d, finish<output<u8, PortInDx>>);
    return ending(d, d.operand_bytes == 2 ? finish<output<u16, PortInDx>>
                                          : finish<output<u32, PortInDx>>);
}

}  // namespace

void register_ports(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    table.set(map, 0xe4, false, Immediate::byte_unsigned, select_input<false>);
    table.set(map, 0xe5, false, Immediate::byte_unsigned, select_input<false>);
    table.set(map, 0xe6, false, Immediate::byte_unsigned, select_output<false>);
    table.set(map, 0xe7, false, Immediate::byte_unsigned, select_output<false>);
    table.set(map, 0xec, false, Immediate::none, select_input<true>);
    table.set(map, 0xed, false, Immediate::none, select_input<true>);
    table.set(map, 0xee, false, Immediate::none, select_output<true>);
    table.set(map, 0xef, false, Immediate::none, select_output<true>);
}

}  // namespace vmft::soft
