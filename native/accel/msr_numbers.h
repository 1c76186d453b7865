#pragma once

#include "base/types.h"

/// Model-specific registers by number (SDM 4), for every accelerator.
namespace vmft::msr_number {

inline constexpr u32 tsc = 0x10, platform_id = 0x17, apic_base = 0x1b, feature_control = 0x3a,
                     tsc_adjust = 0x3b, bios_sign_id = 0x8b, mtrr_capability = 0xfe,
                     arch_capabilities = 0x10a, sysenter_cs = 0x174, sysenter_esp = 0x175,
                     sysenter_eip = 0x176, mcg_capability = 0x179, mcg_status = 0x17a,
                     misc_enable = 0x1a0, pat = 0x277, tsc_deadline = 0x6e0, x2apic_first = 0x800,
                     x2apic_last = 0x8ff, efer = 0xc000'0080, star = 0xc000'0081,
                     lstar = 0xc000'0082, cstar = 0xc000'0083, syscall_mask = 0xc000'0084,
                     fs_base = 0xc000'0100, gs_base = 0xc000'0101, kernel_gs_base = 0xc000'0102,
                     tsc_aux = 0xc000'0103;

}  // namespace vmft::msr_number
