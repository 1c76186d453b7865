#pragma once

#include <array>
#include <string>

#include "base/types.h"

/// What two CPUs are compared by: every register that a guest can observe, in one form.
namespace vmft::test::conformance {

/// The values, as an index. Segments have four each (selector, base, limit, access as
/// soft::SegmentState has it); of one that is not usable, or null, only the selector counts, and
/// the base of FS and GS.
enum Field : unsigned {
    field_gpr = 0,
    field_rcx = 1,
    field_rip = 16,
    field_rflags,
    field_cr0,
    field_cr2,
    field_cr3,
    field_cr4,
    field_efer,
    field_dr,
    field_dr6 = field_dr + 4,
    field_dr7,
    field_segments,
    field_ldtr = field_segments + 24,
    field_tr = field_ldtr + 4,
    field_gdt_base = field_tr + 4,
    field_gdt_limit,
    field_idt_base,
    field_idt_limit,
    field_xmm,
    field_x87 = field_xmm + 32,  ///< Mantissa, then sign and exponent, of ST0, ST1, …
    field_x87_control = field_x87 + 16,
    field_x87_status,
    field_x87_tags,  ///< Abridged: bit i is set where physical register i is not empty.
    field_mxcsr,
    field_star,
    field_lstar,
    field_cstar,
    field_syscall_mask,
    field_kernel_gs_base,
    field_sysenter_cs,
    field_sysenter_esp,
    field_sysenter_eip,
    field_pat,
    field_interrupt_shadow,  ///< 1 behind STI or MOV SS.
    field_halted,
    field_count,
};

/// RF says whether the next instruction's breakpoints are held back; it lives from IRET to the next
/// instruction, and no KVM shows it reliably between two. TF is the single-stepper's.
inline constexpr u64 flags_compared = ~u64{1 << 16 | 1 << 8};

struct CpuImage {
    std::array<u64, field_count> values{};

    u64& operator[](unsigned field) { return values[field]; }
    u64 operator[](unsigned field) const { return values[field]; }
    bool operator==(const CpuImage&) const = default;

    /// `access` as descriptor bits 40-47 and 52-55. A segment that is not present reads as empty.
    void set_segment(unsigned field, u16 selector, u64 base, u32 limit, u16 access);
};

std::string field_name(unsigned field);
/// One line for each value that differs; empty when none does.
std::string differences(const CpuImage& found, const CpuImage& wanted);

}  // namespace vmft::test::conformance
