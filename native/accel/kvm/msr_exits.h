#pragma once

#include "accel/memory_type_msrs.h"
#include "accel/msr_numbers.h"
#include "accel/platform_msrs.h"
#include "base/state_bytes.h"

namespace vmft::kvm {

/// The model-specific registers whose accesses come to user space (msr_filter.h): memory types and
/// the time-stamp counter's adjustment are kept here without effect, the platform's are asked for
/// there, and some more have a fixed answer. All else raises #GP, as on a processor without the
/// feature. Registers of Intel's and AMD's are answered alike: a guest asks for its maker's.
class MsrExits {
public:
    /// False: #GP.
    bool read(Platform& platform, u32 msr, u64& value) const;
    bool write(Platform& platform, u32 msr, u64 value);

    /// What the guest's TSC is ahead of Platform::tsc().
    u64 tsc_adjust() const { return tsc_adjust_; }
    /// RDTSCP is not offered, so neither is its register.
    u64 tsc_aux() const { return 0; }
    u64 pat() const { return pat_; }

    /// SYSENTER's three come here although KVM needs them: AMD's KVM gives the host only their
    /// lower halves, while its guest reads what it wrote. What is written here goes to KVM as well.
    static bool also_in_kvm(u32 msr) {
        return msr >= msr_number::sysenter_cs && msr <= msr_number::sysenter_eip;
    }

    void save(StateWriter& state) const;
    /// Marks `state` failed when a value is one that the guest could not have written.
    void restore(StateReader& state);

private:
    u64 tsc_adjust_ = 0;
    u64 pat_ = pat_at_reset;
    u64 misc_enable_ = 1;  ///< Fast strings.
    u64 hwcr_ = hwcr_at_reset;
    u64 mtrr_[mtrr_slots] = {};
    u64 sysenter_[3] = {};

    static constexpr u64 hwcr_at_reset = 1 << 24;  ///< TscFreqSel: the TSC counts at one rate.
};

}  // namespace vmft::kvm
