#pragma once

#include "accel/soft/insn.h"

namespace vmft::soft {

/// #GP unless CPL <= IOPL or the TSS's I/O map allows every port in [port, port+size).
void check_io_permission(Cpu& cpu, const Insn* insn, u16 port, unsigned size_bytes);
/// Port access through the platform; runs the instruction alone when it does not yet.
u32 io_read(Cpu& cpu, const Insn* insn, u16 port, unsigned size_bytes);
void io_write(Cpu& cpu, const Insn* insn, u16 port, unsigned size_bytes, u32 value);

/// Raises #GP(0) unless CPL is 0.
inline void require_cpl0(Cpu& cpu, const Insn* insn) {
    if (cpu.cpl != 0) raise(cpu, insn, vector_gp);
}

/// CPUID of the one fixed model (docs/determinism.md).
struct CpuidResult {
    u32 eax, ebx, ecx, edx;
};
CpuidResult cpuid(const Cpu& cpu, u32 leaf, u32 subleaf);

/// RDMSR/WRMSR; false: #GP(0).
bool read_msr(Cpu& cpu, u32 msr, u64& value);
bool write_msr(Cpu& cpu, u32 msr, u64 value);

/// MOV to control registers, with the SDM's checks; false: #GP(0).
bool write_cr0(Cpu& cpu, u64 value);
bool write_cr3(Cpu& cpu, u64 value);
bool write_cr4(Cpu& cpu, u64 value);
bool write_efer(Cpu& cpu, u64 value);

}  // namespace vmft::soft
