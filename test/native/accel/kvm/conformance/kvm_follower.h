#pragma once

#include "accel/kvm/conformance/follower.h"
#include "accel/kvm/kvm_cpu.h"

namespace vmft::test::conformance {

/// How far a step goes.
struct KvmSteps {
    bool by_counter = false;      ///< The counter steps, instead of breakpoints.
    bool in_strings = false;      ///< From one iteration of a REP instruction to the next.
    bool behind_returns = false;  ///< IRET and SWAPGS are steps of their own.
};

/// The accelerator of `--accel kvm` behind the software CPU: each place is a position that it is
/// told to run to.
///
/// It does not stop in an interrupt shadow, nor, but by steps, where RF is set: no breakpoint is
/// reported there. It stops inside a REP
/// instruction only where the counter steps and the processor executes it: a KVM that emulates does
/// all of it at once. Nor does it stop behind IRET and SWAPGS on the software KVM that was met,
/// where their step covers the next instruction too. A REP instruction that KVM emulates has done
/// all and is not over yet when its count is 0: it is made to end.
class KvmFollower : public Follower {
public:
    KvmFollower(const Guest& guest, u64 platform_seed, const kvm::KvmOptions& options,
                const KvmSteps& steps);

    bool stops_at(const Place& place) override;
    Came follow(const Place& place) override;
    std::string why() const override { return why_; }
    CpuImage image() override { return image_of(cpu_); }
    static CpuImage image_of(kvm::KvmCpu& cpu);
    GuestMemory& memory() override { return memory_; }
    ScriptedPlatform& platform() override { return platform_; }
    void collect_dirty_flags() override { cpu_.collect_dirty_flags(); }
    void dirty_flags_cleared() override { cpu_.dirty_flags_cleared(); }

protected:
    kvm::KvmCpu& cpu() { return cpu_; }

private:
    void end_string(const Place& place);

    GuestMemory memory_{memory_bytes};
    ScriptedPlatform platform_;
    kvm::KvmCpu cpu_;
    KvmSteps steps_;
    bool uncounted_next_ = false;  ///< The next instruction goes by with the last one's step.
    u64 uncounted_branches_ = 0;
    std::string why_;
};

}  // namespace vmft::test::conformance
