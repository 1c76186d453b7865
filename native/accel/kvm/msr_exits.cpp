#include "accel/kvm/msr_exits.h"

namespace vmft::kvm {

namespace {

// AMD's, from the Open-Source Register References of family 17h and 19h; Linux reads and writes
// these without asking CPUID first.
constexpr u32 syscfg = 0xc001'0010, hwcr = 0xc001'0015, nb_config = 0xc001'001f,
              mmio_config_base = 0xc001'0058, tseg_address = 0xc001'0112, tseg_mask = 0xc001'0113,
              interrupt_pending_message = 0xc001'0055, de_config = 0xc001'1029;

constexpr u64 de_config_lfence_serializes = 2;
// HWCR: SmmLock, TlbCacheDis, FFDIS and IgnneEm are accepted and forgotten; McStatusWrEn and
// TscFreqSel are kept; others are features that CPUID does not show.
constexpr u64 hwcr_ignored = 1 | 8 | 0x40 | 0x100;
constexpr u64 hwcr_kept = u64{1} << 18 | u64{1} << 24;

// The revision that guests take for no particular one: Intel's is the upper half, AMD's the lower.
constexpr u64 microcode_revision = u64{1} << 32 | 0x0100'0065;

constexpr u64 feature_control_locked = 1;  // No VMX.

bool is_canonical(u64 address) {
    i64 top = static_cast<i64>(address) >> 47;
    return top == 0 || top == -1;
}

}  // namespace

bool MsrExits::read(Platform& platform, u32 msr, u64& value) const {
    if (is_platform_msr(msr)) return read_platform_msr(platform, tsc_adjust_, msr, value);
    if (int slot = mtrr_slot(msr); slot >= 0) {
        value = mtrr_[slot];
        return true;
    }
    if (also_in_kvm(msr)) {
        value = sysenter_[msr - msr_number::sysenter_cs];
        return true;
    }
    switch (msr) {
    case msr_number::tsc: value = platform.tsc() + tsc_adjust_; return true;
    case msr_number::tsc_adjust: value = tsc_adjust_; return true;
    case msr_number::pat: value = pat_; return true;
    case msr_number::misc_enable: value = misc_enable_; return true;
    case msr_number::mtrr_capability: value = mtrr_capability_value; return true;
    case msr_number::bios_sign_id: value = microcode_revision; return true;
    case msr_number::feature_control: value = feature_control_locked; return true;
    case msr_number::platform_id:
    case msr_number::mcg_capability:
    case msr_number::mcg_status: value = 0; return true;
    case hwcr: value = hwcr_; return true;
    case de_config: value = de_config_lfence_serializes; return true;
    case syscfg:
    case nb_config:
    case mmio_config_base:
    case interrupt_pending_message:
    case tseg_address:
    case tseg_mask: value = 0; return true;
    default: return false;
    }
}

bool MsrExits::write(Platform& platform, u32 msr, u64 value) {
    if (is_platform_msr(msr)) return write_platform_msr(platform, tsc_adjust_, msr, value);
    if (int slot = mtrr_slot(msr); slot >= 0) {
        mtrr_[slot] = value;
        return true;
    }
    if (also_in_kvm(msr)) {
        if (msr != msr_number::sysenter_cs && !is_canonical(value)) return false;
        sysenter_[msr - msr_number::sysenter_cs] = value;
        return true;
    }
    switch (msr) {
    // Writing the counter moves the adjustment (SDM 3B 17.17.3).
    case msr_number::tsc: tsc_adjust_ = value - platform.tsc(); return true;
    case msr_number::tsc_adjust: tsc_adjust_ = value; return true;
    case msr_number::pat:
        if (!valid_pat(value)) return false;
        pat_ = value;
        return true;
    case msr_number::misc_enable: misc_enable_ = value; return true;
    case msr_number::bios_sign_id:
    case msr_number::mcg_status:
    case syscfg:
    case nb_config:
    case interrupt_pending_message: return true;
    case hwcr:
        if (value & ~(hwcr_ignored | hwcr_kept)) return false;
        hwcr_ = value & hwcr_kept;
        return true;
    case de_config: return (value & ~de_config_lfence_serializes) == 0;
    default: return false;
    }
}

void MsrExits::save(StateWriter& state) const {
    state.put(tsc_adjust_);
    state.put(pat_);
    state.put(misc_enable_);
    state.put(hwcr_);
    for (u64 value : mtrr_) state.put(value);
    for (u64 value : sysenter_) state.put(value);
}

void MsrExits::restore(StateReader& state) {
    state.get(tsc_adjust_);
    state.get(pat_);
    state.get(misc_enable_);
    state.get(hwcr_);
    for (u64& value : mtrr_) state.get(value);
    for (u64& value : sysenter_) state.get(value);
    if (!is_canonical(sysenter_[1]) || !is_canonical(sysenter_[2])) state.fail();
    if (!valid_pat(pat_) || (hwcr_ & ~hwcr_kept)) state.fail();
}

}  // namespace vmft::kvm
