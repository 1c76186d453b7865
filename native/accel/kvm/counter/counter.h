#pragma once

#include <memory>
#include <optional>
#include <string>

#include "accel/kvm/vcpu/vcpu.h"

namespace vmft::kvm {

/// Counts the conditional branches that the guest retires, and enters the guest so that it comes
/// back near a count. Four kinds: `perf` (the host's performance counters), `step` (KVM's
/// single-step, an instruction an entry: exact and slow), `simulated` (step underneath, with an
/// overflow that comes late as a performance counter's does: for tests), `none` (no branches but
/// the host's time: ticks only grow, and no stop is exact).
///
/// vCPU thread only. Throws AcceleratorFault (counter_lost, unavailable, host).
class Counter {
public:
    enum class Came : u8 {
        exit,        ///< The guest made an exit: vcpu.run_page() (never KVM_EXIT_DEBUG of our own).
        trap,        ///< The next instruction is the one at set_trap's address; it has not begun.
        breakpoint,  ///< The next instruction is the one at the breakpoint; it has not begun.
        overflow,    ///< The armed count was reached, up to skid_max() branches ago.
        kicked,      ///< Vcpu::kick_at.
    };

    virtual ~Counter() = default;

    /// False: `ticks()` is no property of the guest, and `arm` throws.
    virtual bool exact() const { return true; }

    /// Branches retired since the counter was made or `set`; exact whenever the vCPU is out.
    virtual u64 ticks() = 0;
    /// Goes on counting from here (after a restore).
    virtual void set(u64 ticks) = 0;

    /// Overflows once when `ticks()` gets to `at` or soon after, never before; at most skid_max()
    /// late. Disarms what was armed. `at` in the past: at the next entry.
    virtual void arm(u64 at) = 0;
    virtual void disarm() = 0;
    virtual u64 skid_max() const = 0;

    /// A lasting breakpoint beside enter's (none: off).
    virtual void set_trap(std::optional<u64> rip) = 0;

    /// Enters the guest. Where the next instruction is the one at a breakpoint already, it is
    /// executed first. When both lie at one address, Came::trap.
    virtual Came enter(std::optional<u64> breakpoint_rip) = 0;

    virtual const char* name() const = 0;
};

struct CounterOptions {
    enum class Kind : u8 { perf, step, simulated, none } kind = Kind::perf;
    u64 skid = 0;         ///< simulated: the largest skid. perf: 0 takes the CPU's.
    u64 random_seed = 1;  ///< simulated.
};

/// Throws AcceleratorFault (unavailable): no such event here, not permitted (names the setting),
/// in use. `memory` is for reading the guest's instructions.
std::unique_ptr<Counter> make_counter(const CounterOptions& options, Vcpu& vcpu,
                                      GuestMemory& memory);

}  // namespace vmft::kvm
