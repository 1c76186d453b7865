#include "accel/memory_type_msrs.h"
#include "accel/platform_msrs.h"
#include "accel/soft/segments.h"
#include "accel/soft/system.h"

/// Model-specific registers (SDM 4). What is not listed raises #GP, as on hardware.
namespace vmft::soft {

namespace {

// RDCL_NO, IBRS_ALL absent, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, PSCHANGE_MC_NO, TAA_NO,
// SBDR/FBSDP/PSDP_NO, BHI_NO, RFDS_NO: an interpreter speculates on nothing of the guest's.
constexpr u64 arch_capabilities = 1 | 8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x2000 | 0x4000 | 0x8000 |
                                  0x10'0000 | u64{1} << 26 | u64{1} << 27;

bool set_canonical(u64& target, u64 value) {
    if (!is_canonical(value)) return false;
    target = value;
    return true;
}

}  // namespace

bool read_msr(Cpu& cpu, u32 msr, u64& value) {
    if (is_platform_msr(msr))
        return read_platform_msr(*cpu.platform, cpu.msr_tsc_adjust, msr, value);
    if (int slot = mtrr_slot(msr); slot >= 0) {
        value = cpu.msr_mtrr[slot];
        return true;
    }
    switch (msr) {
    case msr_number::tsc: value = cpu.platform->tsc() + cpu.msr_tsc_adjust; return true;
    case msr_number::tsc_adjust: value = cpu.msr_tsc_adjust; return true;
    case msr_number::platform_id:
    case msr_number::mcg_capability:
    case msr_number::mcg_status: value = 0; return true;
    case msr_number::feature_control: value = 1; return true;  // Locked: no VMX.
    case msr_number::bios_sign_id: value = u64{0x1d} << 32; return true;
    case msr_number::mtrr_capability: value = mtrr_capability_value; return true;
    case msr_number::arch_capabilities: value = arch_capabilities; return true;
    case msr_number::sysenter_cs: value = cpu.msr_sysenter_cs; return true;
    case msr_number::sysenter_esp: value = cpu.msr_sysenter_esp; return true;
    case msr_number::sysenter_eip: value = cpu.msr_sysenter_eip; return true;
    case msr_number::misc_enable: value = cpu.msr_misc_enable; return true;
    case msr_number::pat: value = cpu.msr_pat; return true;
    case msr_number::efer: value = cpu.efer; return true;
    case msr_number::star: value = cpu.msr_star; return true;
    case msr_number::lstar: value = cpu.msr_lstar; return true;
    case msr_number::cstar: value = cpu.msr_cstar; return true;
    case msr_number::syscall_mask: value = cpu.msr_syscall_mask; return true;
    case msr_number::fs_base: value = cpu.segments[seg_fs].base; return true;
    case msr_number::gs_base: value = cpu.segments[seg_gs].base; return true;
    case msr_number::kernel_gs_base: value = cpu.msr_kernel_gs_base; return true;
    case msr_number::tsc_aux: value = cpu.msr_tsc_aux; return true;
    default: return false;
    }
}

bool write_msr(Cpu& cpu, u32 msr, u64 value) {
    if (is_platform_msr(msr))
        return write_platform_msr(*cpu.platform, cpu.msr_tsc_adjust, msr, value);
    if (int slot = mtrr_slot(msr); slot >= 0) {
        cpu.msr_mtrr[slot] = value;
        return true;
    }
    switch (msr) {
    // Writing the counter moves the adjustment (SDM 3B 17.17.3).
    case msr_number::tsc: cpu.msr_tsc_adjust = value - cpu.platform->tsc(); return true;
    case msr_number::tsc_adjust: cpu.msr_tsc_adjust = value; return true;
    case msr_number::bios_sign_id:
    case msr_number::mcg_status: return true;
    case msr_number::sysenter_cs: cpu.msr_sysenter_cs = value; return true;
    case msr_number::sysenter_esp: return set_canonical(cpu.msr_sysenter_esp, value);
    case msr_number::sysenter_eip: return set_canonical(cpu.msr_sysenter_eip, value);
    case msr_number::misc_enable: cpu.msr_misc_enable = value; return true;
    case msr_number::pat:
        if (!valid_pat(value)) return false;
        cpu.msr_pat = value;
        return true;
    case msr_number::efer: return write_efer(cpu, value);
    case msr_number::star: cpu.msr_star = value; return true;
    case msr_number::lstar: return set_canonical(cpu.msr_lstar, value);
    case msr_number::cstar: return set_canonical(cpu.msr_cstar, value);
    case msr_number::syscall_mask: cpu.msr_syscall_mask = value & 0xffff'ffff; return true;
    case msr_number::fs_base:
    case msr_number::gs_base: {
        bool fine =
            set_canonical(cpu.segments[msr == msr_number::fs_base ? seg_fs : seg_gs].base, value);
        refresh_mode(cpu);
        return fine;
    }
    case msr_number::kernel_gs_base: return set_canonical(cpu.msr_kernel_gs_base, value);
    case msr_number::tsc_aux:
        if (value >> 32) return false;
        cpu.msr_tsc_aux = value;
        return true;
    default: return false;
    }
}

}  // namespace vmft::soft
