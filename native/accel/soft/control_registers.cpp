#include "accel/soft/mmu.h"
#include "accel/soft/segments.h"
#include "accel/soft/simd_state.h"
#include "accel/soft/system.h"

/// Control registers and EFER: SDM 3A 2.5, and 9.8.5 for the ways in and out of long mode.
namespace vmft::soft {

namespace {

constexpr u64 cr0_known = cr0_pe | cr0_mp | cr0_em | cr0_ts | cr0_et | cr0_ne | cr0_wp | cr0_am |
                          cr0_nw | cr0_cd | cr0_pg;
constexpr u64 cr4_known = cr4_tsd | cr4_de | cr4_pse | cr4_pae | cr4_mce | cr4_pge | cr4_pce |
                          cr4_osfxsr | cr4_osxmmexcpt | cr4_smep | cr4_smap | cr4_vme | cr4_pvi;

}  // namespace

bool write_cr0(Cpu& cpu, u64 value) {
    if (value >> 32) return false;
    value = (value & cr0_known) | cr0_et;
    if ((value & cr0_pg) && !(value & cr0_pe)) return false;
    if ((value & cr0_nw) && !(value & cr0_cd)) return false;
    bool turns_paging_on = (value & cr0_pg) && !(cpu.cr0 & cr0_pg);
    bool turns_paging_off = !(value & cr0_pg) && (cpu.cr0 & cr0_pg);
    if (turns_paging_on && (cpu.efer & efer_lme)) {
        if (!(cpu.cr4 & cr4_pae) || (cpu.segments[seg_cs].access & SegmentState::long_code))
            return false;
        cpu.efer |= efer_lma;
    }
    if (turns_paging_off) {
        if (in_64bit(cpu)) return false;
        cpu.efer &= ~efer_lma;
    }
    bool flush = (cpu.cr0 ^ value) & (cr0_pg | cr0_wp | cr0_pe);
    cpu.cr0 = value;
    refresh_simd_refused(cpu);
    if (flush) tlb_flush(cpu);
    refresh_mode(cpu);
    return true;
}

bool write_cr3(Cpu& cpu, u64 value) {
    if (long_mode_active(cpu) && (value >> 40)) return false;
    cpu.cr3 = value;
    tlb_flush(cpu);
    return true;
}

bool write_cr4(Cpu& cpu, u64 value) {
    if (value & ~cr4_known) return false;
    if (long_mode_active(cpu) && !(value & cr4_pae)) return false;
    bool flush = (cpu.cr4 ^ value) & (cr4_pae | cr4_pse | cr4_pge | cr4_smep | cr4_smap);
    cpu.cr4 = value;
    refresh_simd_refused(cpu);
    if (flush) tlb_flush(cpu);
    refresh_mode(cpu);
    return true;
}

bool write_efer(Cpu& cpu, u64 value) {
    if (value & ~(efer_sce | efer_lme | efer_lma | efer_nxe)) return false;
    if ((cpu.cr0 & cr0_pg) && ((cpu.efer ^ value) & efer_lme)) return false;
    bool flush = (cpu.efer ^ value) & efer_nxe;
    cpu.efer = (value & ~efer_lma) | (cpu.efer & efer_lma);
    if (flush) tlb_flush(cpu);
    return true;
}

}  // namespace vmft::soft
