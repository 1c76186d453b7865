#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/system.h"
#include "accel/soft/flags.h"
#include "accel/soft/mmu.h"
#include "accel/soft/simd_state.h"

/// Control and debug registers, MSRs, CPUID, time stamps, HLT, CLI and STI.
namespace vmft::soft {

namespace {

// Control registers ------------------------------------------------------------------

void op_read_cr(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    u64 value = 0;
    switch (insn->reg) {
    case 0: value = cpu.cr0; break;
    case 2: value = cpu.cr2; break;
    case 3: value = cpu.cr3; break;
    case 4: value = cpu.cr4; break;
    case 8: value = cpu.platform->task_priority(); break;
    }
    cpu.gpr[insn->rm] = in_64bit(cpu) ? value : static_cast<u32>(value);
}

void op_write_cr(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    u64 value = in_64bit(cpu) ? cpu.gpr[insn->rm] : static_cast<u32>(cpu.gpr[insn->rm]);
    bool fine = true;
    switch (insn->reg) {
    case 0: fine = write_cr0(cpu, value); break;
    case 2: cpu.cr2 = value; break;
    case 3: fine = write_cr3(cpu, value); break;
    case 4: fine = write_cr4(cpu, value); break;
    case 8:
        fine = value <= 15;
        if (fine) {
            if (!cpu.io_allowed) retry_alone(cpu, insn);
            sync_ticks(cpu, insn);
            cpu.platform->set_task_priority(static_cast<u8>(value));
            cpu.device_touched = true;
        }
        break;
    }
    if (!fine) raise(cpu, insn, vector_gp);
}

void op_clts(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    cpu.cr0 &= ~cr0_ts;
    refresh_simd_refused(cpu);
}

// Debug registers (SDM 3B 17.2) ------------------------------------------------------------

unsigned debug_register(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    unsigned which = insn->reg;
    if (which == 4 || which == 5) {
        if (cpu.cr4 & cr4_de) raise(cpu, insn, vector_ud);
        which += 2;
    }
    if (which > 7) raise(cpu, insn, vector_ud);
    if (cpu.dr7 & (1 << 13)) {
        cpu.dr6 |= 1 << 13;
        raise(cpu, insn, vector_db);
    }
    return which;
}

void op_read_dr(Cpu& cpu, const Insn* insn) {
    unsigned which = debug_register(cpu, insn);
    u64 value = which < 4 ? cpu.dr[which] : which == 6 ? cpu.dr6 : cpu.dr7;
    cpu.gpr[insn->rm] = in_64bit(cpu) ? value : static_cast<u32>(value);
}

void op_write_dr(Cpu& cpu, const Insn* insn) {
    unsigned which = debug_register(cpu, insn);
    u64 value = in_64bit(cpu) ? cpu.gpr[insn->rm] : static_cast<u32>(cpu.gpr[insn->rm]);
    if (which < 4) {
        if (in_64bit(cpu) && !is_canonical(value)) raise(cpu, insn, vector_gp);
        cpu.dr[which] = value;
    } else {
        if (value >> 32) raise(cpu, insn, vector_gp);
        if (which == 6)
            cpu.dr6 = (value & 0xe00f) | 0xffff'0ff0;
        else
            cpu.dr7 = (value & 0xffff'2bff) | 0x400;
    }
    // Watched pages lose their shortcuts. Emptying the cache is architecturally allowed and rare.
    tlb_flush(cpu);
}

// MSRs, identification, time -----------------------------------------------------------------

void op_rdmsr(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    sync_ticks(cpu, insn);
    u64 value = 0;
    if (!read_msr(cpu, static_cast<u32>(cpu.gpr[rcx]), value)) raise(cpu, insn, vector_gp);
    cpu.gpr[rax] = static_cast<u32>(value);
    cpu.gpr[rdx] = value >> 32;
}

void op_wrmsr(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    // A write may change deadlines: like a device access, it runs alone and ends the run.
    if (!cpu.io_allowed) retry_alone(cpu, insn);
    sync_ticks(cpu, insn);
    u64 value = (cpu.gpr[rax] & 0xffff'ffff) | cpu.gpr[rdx] << 32;
    if (!write_msr(cpu, static_cast<u32>(cpu.gpr[rcx]), value)) raise(cpu, insn, vector_gp);
    cpu.device_touched = true;
}

void op_cpuid(Cpu& cpu, const Insn*) {
    u32 leaf = static_cast<u32>(cpu.gpr[rax]);
    CpuidResult result = cpuid(cpu, leaf, static_cast<u32>(cpu.gpr[rcx]));
    cpu.gpr[rax] = result.eax;
    cpu.gpr[rbx] = result.ebx;
    cpu.gpr[rcx] = result.ecx;
    cpu.gpr[rdx] = result.edx;
}

void op_rdtsc(Cpu& cpu, const Insn* insn) {
    if ((cpu.cr4 & cr4_tsd) && cpu.cpl != 0) raise(cpu, insn, vector_gp);
    sync_ticks(cpu, insn);
    u64 tsc = cpu.platform->tsc() + cpu.msr_tsc_adjust;
    cpu.gpr[rax] = static_cast<u32>(tsc);
    cpu.gpr[rdx] = tsc >> 32;
}

void op_rdpmc(Cpu& cpu, const Insn* insn) { raise(cpu, insn, vector_gp); }

// Flow -----------------------------------------------------------------------------------------

void op_hlt(Cpu& cpu, const Insn* insn) {
    require_cpl0(cpu, insn);
    cpu.halted = true;
}

void op_cache(Cpu& cpu, const Insn* insn) { require_cpl0(cpu, insn); }

bool may_change_if(const Cpu& cpu) {
    return cpu.cpl <= (cpu.rflags >> 12 & 3) || !(cpu.cr0 & cr0_pe);
}

void op_cli(Cpu& cpu, const Insn* insn) {
    if (!may_change_if(cpu)) raise(cpu, insn, vector_gp);
    cpu.rflags &= ~flag_if;
}

void op_sti(Cpu& cpu, const Insn* insn) {
    if (!may_change_if(cpu)) raise(cpu, insn, vector_gp);
    if (!(cpu.rflags & flag_if)) cpu.interrupt_shadow = InterruptShadow::sti;
    cpu.rflags |= flag_if;
}

bool valid_cr(unsigned reg) { return reg == 0 || reg == 2 || reg == 3 || reg == 4 || reg == 8; }

/// MOV CRn ignores ModRM.mod; encodings with mod != 3 take extra bytes on no CPU, and no compiler
/// makes them.
Handler select_read_cr(Decoding& d) {
    return !d.memory && valid_cr(d.insn->reg) ? step<op_read_cr> : nullptr;
}
Handler select_write_cr(Decoding& d) {
    return !d.memory && valid_cr(d.insn->reg) ? ending(d, finish<op_write_cr>) : nullptr;
}
Handler select_read_dr(Decoding& d) { return d.memory ? nullptr : step<op_read_dr>; }
Handler select_write_dr(Decoding& d) { return d.memory ? nullptr : ending(d, finish<op_write_dr>); }

template <auto Op>
Handler select_step(Decoding&) {
    return step<Op>;
}
template <auto Op>
Handler select_finish(Decoding& d) {
    return ending(d, finish<Op>);
}

}  // namespace

void register_system_control(OpcodeTable& table) {
    auto two_byte = [&](u8 opcode, bool modrm, Select select) {
        table.set(OpcodeMap::two_byte, opcode, modrm, Immediate::none, select);
    };
    two_byte(0x06, false, select_step<op_clts>);
    two_byte(0x08, false, select_step<op_cache>);  // INVD
    two_byte(0x09, false, select_step<op_cache>);  // WBINVD
    two_byte(0x20, true, select_read_cr);
    two_byte(0x21, true, select_read_dr);
    two_byte(0x22, true, select_write_cr);
    two_byte(0x23, true, select_write_dr);
    two_byte(0x30, false, select_finish<op_wrmsr>);
    two_byte(0x31, false, select_step<op_rdtsc>);
    two_byte(0x32, false, select_step<op_rdmsr>);
    two_byte(0x33, false, select_step<op_rdpmc>);
    two_byte(0xa2, false, select_step<op_cpuid>);
    table.set(OpcodeMap::one_byte, 0xf4, false, Immediate::none, select_finish<op_hlt>);
    table.set(OpcodeMap::one_byte, 0xfa, false, Immediate::none, select_step<op_cli>);
    table.set(OpcodeMap::one_byte, 0xfb, false, Immediate::none, select_finish<op_sti>);
}

void register_system(OpcodeTable& table) {
    register_system_far(table);
    register_system_tables(table);
    register_system_control(table);
    register_system_entry(table);
}

}  // namespace vmft::soft
