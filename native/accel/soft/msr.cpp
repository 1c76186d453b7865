#include "accel/soft/segments.h"
#include "accel/soft/system.h"

/// Model-specific registers (SDM 4). What is not listed raises #GP, as on hardware.
namespace vmft::soft {

namespace {

enum : u32 {
    msr_tsc = 0x10,
    msr_platform_id = 0x17,
    msr_apic_base = 0x1b,
    msr_feature_control = 0x3a,
    msr_tsc_adjust_address = 0x3b,
    msr_bios_sign_id = 0x8b,
    msr_mtrr_cap = 0xfe,
    msr_arch_capabilities = 0x10a,
    msr_sysenter_cs_address = 0x174,
    msr_sysenter_esp_address = 0x175,
    msr_sysenter_eip_address = 0x176,
    msr_mcg_cap = 0x179,
    msr_mcg_status = 0x17a,
    msr_misc_enable_address = 0x1a0,
    msr_mtrr_physical = 0x200,
    msr_pat_address = 0x277,
    msr_mtrr_default = 0x2ff,
    msr_tsc_deadline = 0x6e0,
    msr_x2apic_first = 0x800,
    msr_x2apic_last = 0x8ff,
    msr_efer = 0xc000'0080,
    msr_star_address = 0xc000'0081,
    msr_lstar_address = 0xc000'0082,
    msr_cstar_address = 0xc000'0083,
    msr_fmask = 0xc000'0084,
    msr_fs_base = 0xc000'0100,
    msr_gs_base = 0xc000'0101,
    msr_kernel_gs_base_address = 0xc000'0102,
    msr_tsc_aux_address = 0xc000'0103,
};

constexpr unsigned variable_ranges = 8;

// RDCL_NO, IBRS_ALL absent, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, PSCHANGE_MC_NO, TAA_NO,
// SBDR/FBSDP/PSDP_NO, BHI_NO, RFDS_NO: an interpreter speculates on nothing of the guest's.
constexpr u64 arch_capabilities = 1 | 8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x2000 | 0x4000 | 0x8000 |
                                  0x10'0000 | u64{1} << 26 | u64{1} << 27;

bool belongs_to_platform(u32 msr) {
    return msr == msr_apic_base || msr == msr_tsc_deadline ||
           (msr >= msr_x2apic_first && msr <= msr_x2apic_last);
}

/// Slot in msr_mtrr, or -1.
int mtrr_slot(u32 msr) {
    if (msr >= msr_mtrr_physical && msr < msr_mtrr_physical + 2 * variable_ranges)
        return static_cast<int>(msr - msr_mtrr_physical);
    static constexpr u32 fixed[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                    0x26b, 0x26c, 0x26d, 0x26e, 0x26f, msr_mtrr_default};
    for (unsigned i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (fixed[i] == msr) return static_cast<int>(2 * variable_ranges + i);
    return -1;
}

bool set_canonical(u64& target, u64 value) {
    if (!is_canonical(value)) return false;
    target = value;
    return true;
}

bool valid_pat(u64 value) {
    for (unsigned i = 0; i < 8; i++) {
        u8 type = static_cast<u8>(value >> (8 * i));
        if (type > 7 || type == 2 || type == 3) return false;
    }
    return true;
}

}  // namespace

bool read_msr(Cpu& cpu, u32 msr, u64& value) {
    if (belongs_to_platform(msr)) {
        if (!cpu.platform->msr_read(msr, value)) return false;
        // The guest's deadline is in counts of its own TSC, the platform's in counts before the
        // adjustment; 0 is disarmed.
        if (msr == msr_tsc_deadline && value != 0) value += cpu.msr_tsc_adjust;
        return true;
    }
    if (int slot = mtrr_slot(msr); slot >= 0) {
        value = cpu.msr_mtrr[slot];
        return true;
    }
    switch (msr) {
    case msr_tsc: value = cpu.platform->tsc() + cpu.msr_tsc_adjust; return true;
    case msr_tsc_adjust_address: value = cpu.msr_tsc_adjust; return true;
    case msr_platform_id:
    case msr_mcg_cap:
    case msr_mcg_status: value = 0; return true;
    case msr_feature_control: value = 1; return true;  // Locked: no VMX.
    case msr_bios_sign_id: value = u64{0x1d} << 32; return true;
    case msr_mtrr_cap: value = 0x500 | variable_ranges; return true;
    case msr_arch_capabilities: value = arch_capabilities; return true;
    case msr_sysenter_cs_address: value = cpu.msr_sysenter_cs; return true;
    case msr_sysenter_esp_address: value = cpu.msr_sysenter_esp; return true;
    case msr_sysenter_eip_address: value = cpu.msr_sysenter_eip; return true;
    case msr_misc_enable_address: value = cpu.msr_misc_enable; return true;
    case msr_pat_address: value = cpu.msr_pat; return true;
    case msr_efer: value = cpu.efer; return true;
    case msr_star_address: value = cpu.msr_star; return true;
    case msr_lstar_address: value = cpu.msr_lstar; return true;
    case msr_cstar_address: value = cpu.msr_cstar; return true;
    case msr_fmask: value = cpu.msr_syscall_mask; return true;
    case msr_fs_base: value = cpu.segments[seg_fs].base; return true;
    case msr_gs_base: value = cpu.segments[seg_gs].base; return true;
    case msr_kernel_gs_base_address: value = cpu.msr_kernel_gs_base; return true;
    case msr_tsc_aux_address: value = cpu.msr_tsc_aux; return true;
    default: return false;
    }
}

bool write_msr(Cpu& cpu, u32 msr, u64 value) {
    if (belongs_to_platform(msr)) {
        if (msr == msr_tsc_deadline && value != 0) value -= cpu.msr_tsc_adjust;
        return cpu.platform->msr_write(msr, value);
    }
    if (int slot = mtrr_slot(msr); slot >= 0) {
        cpu.msr_mtrr[slot] = value;
        return true;
    }
    switch (msr) {
    // Writing the counter moves the adjustment (SDM 3B 17.17.3).
    case msr_tsc: cpu.msr_tsc_adjust = value - cpu.platform->tsc(); return true;
    case msr_tsc_adjust_address: cpu.msr_tsc_adjust = value; return true;
    case msr_bios_sign_id:
    case msr_mcg_status: return true;
    case msr_sysenter_cs_address: cpu.msr_sysenter_cs = value; return true;
    case msr_sysenter_esp_address: return set_canonical(cpu.msr_sysenter_esp, value);
    case msr_sysenter_eip_address: return set_canonical(cpu.msr_sysenter_eip, value);
    case msr_misc_enable_address: cpu.msr_misc_enable = value; return true;
    case msr_pat_address:
        if (!valid_pat(value)) return false;
        cpu.msr_pat = value;
        return true;
    case msr_efer: return write_efer(cpu, value);
    case msr_star_address: cpu.msr_star = value; return true;
    case msr_lstar_address: return set_canonical(cpu.msr_lstar, value);
    case msr_cstar_address: return set_canonical(cpu.msr_cstar, value);
    case msr_fmask: cpu.msr_syscall_mask = value & 0xffff'ffff; return true;
    case msr_fs_base:
    case msr_gs_base: {
        bool fine = set_canonical(cpu.segments[msr == msr_fs_base ? seg_fs : seg_gs].base, value);
        refresh_mode(cpu);
        return fine;
    }
    case msr_kernel_gs_base_address: return set_canonical(cpu.msr_kernel_gs_base, value);
    case msr_tsc_aux_address:
        if (value >> 32) return false;
        cpu.msr_tsc_aux = value;
        return true;
    default: return false;
    }
}

}  // namespace vmft::soft
