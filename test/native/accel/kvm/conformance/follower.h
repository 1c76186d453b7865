#pragma once

#include <memory>

#include "accel/kvm/conformance/cpu_image.h"
#include "accel/kvm/conformance/guest.h"
#include "accel/kvm/conformance/scripted_platform.h"

namespace vmft::test::conformance {

/// Where the software CPU, which leads, stands: behind a retired instruction.
struct Place {
    u64 ticks = 0;     ///< Instructions, iterations of REP apart.
    u64 branches = 0;  ///< Conditional branches retired so far.
    CpuImage image;
    std::span<const u8> code;  ///< From the instruction on that retired last.
    bool branched = false;     ///< It was a conditional branch.
    bool resume_flag = false;  ///< RF is set.
    bool in_string = false;    ///< Between two iterations of a REP instruction.
    u64 string_rip = 0;        ///< Of that instruction.
    u64 string_bytes = 0;      ///< Its length.
};

/// A CPU that goes from place to place behind the software CPU, each with its own memory and
/// platform.
///
/// What is a place for both: SoftCpu retires one instruction at a time, delivers interrupts and
/// faults with the next one, and retires nothing at a fault; INT n and its kin retire with their
/// delivery. A follower is always told of a place behind a retired instruction, and passes through
/// what comes before it (a delivery) by itself: what it left behind is compared with the next
/// place. The accesses of a REP string instruction to a port or a device are one exit to some
/// CPUs: such a follower comes back ahead, and the software CPU catches up.
class Follower {
public:
    enum class Came : u8 { there, ahead, failed };

    virtual ~Follower() = default;

    /// Whether it can stop at a place; else it is asked again at the next.
    virtual bool stops_at(const Place& place) = 0;
    virtual Came follow(const Place& place) = 0;
    /// Why the last follow() failed.
    virtual std::string why() const { return {}; }

    /// Whether something from outside may come here.
    virtual bool takes_inputs() { return true; }

    virtual CpuImage image() = 0;
    virtual GuestMemory& memory() = 0;
    virtual ScriptedPlatform& platform() = 0;
    /// The dirty flags of memory() cover all writes so far.
    virtual void collect_dirty_flags() = 0;
    virtual void dirty_flags_cleared() = 0;
};

using FollowerFactory = std::function<std::unique_ptr<Follower>(const Guest&, u64 platform_seed)>;

}  // namespace vmft::test::conformance
