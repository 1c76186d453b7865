#include "accel/soft/exec/system.h"
#include "accel/soft/mmu.h"

namespace vmft::soft {

void check_io_permission(Cpu& cpu, const Insn* insn, u16 port, unsigned size_bytes) {
    bool virtual_8086 = cpu.rflags & flag_vm;
    if (!(cpu.cr0 & cr0_pe)) return;
    if (!virtual_8086 && cpu.cpl <= (cpu.rflags >> 12 & 3)) return;
    // The I/O permission map of a 32/64-bit TSS (SDM 1 18.5.2): two bytes are read, so that a port
    // range may cross.
    bool wide = cpu.tr.usable() && cpu.tr.type() >= 9;
    if (!wide || cpu.tr.limit < 103) raise(cpu, insn, vector_gp);
    u16 map = system_load<u16>(cpu, insn, cpu.tr.base + 102);
    u64 at = map + port / 8u;
    if (at + 1 > cpu.tr.limit) raise(cpu, insn, vector_gp);
    u16 bits = system_load<u16>(cpu, insn, cpu.tr.base + at);
    unsigned mask = ((1u << size_bytes) - 1) << (port & 7);
    if (bits & mask) raise(cpu, insn, vector_gp);
}

u32 io_read(Cpu& cpu, const Insn* insn, u16 port, unsigned size_bytes) {
    if (!cpu.io_allowed) retry_alone(cpu, insn);
    sync_ticks(cpu, insn);
    cpu.device_touched = true;
    return cpu.platform->port_read(port, size_bytes);
}

void io_write(Cpu& cpu, const Insn* insn, u16 port, unsigned size_bytes, u32 value) {
    if (!cpu.io_allowed) retry_alone(cpu, insn);
    sync_ticks(cpu, insn);
    cpu.device_touched = true;
    cpu.platform->port_write(port, size_bytes, value);
}

}  // namespace vmft::soft
