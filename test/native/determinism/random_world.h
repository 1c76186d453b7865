#pragma once

#include <functional>

#include "determinism/simulated_disks.h"
#include "machine/machine.h"
#include "machine/random.h"

namespace vmft::test {

/// Everything a host could do to a guest, drawn from a seed: a clock that jitters, changes its rate
/// and is late, typed lines and bytes, frames that fit and frames that are rubbish, random numbers,
/// disks that answer in any order. The only real time is none.
class RandomWorld {
public:
    struct Habits {
        std::vector<std::string> lines;  ///< Typed one by one, in order, each after a while.
        bool random_bytes = false;       ///< And bytes of any kind between them.
        std::string
            typing_begins_behind;  ///< Console text after which the typing begins; empty: at once.
        u32 guest_address = 0;     ///< IPv4 of the guest, for frames that mean it; 0: no frames.
        u64 inputs_apart_ticks =
            3'000'000;  ///< Between two looks at keyboard and network, at most; drawn.
        u64 slice_ticks_max = 600'000;
        std::vector<DiskConfig> disks;         ///< As the guest's.
        std::vector<std::string> disk_images;  ///< What they begin with (SimulatedDisks).
        u64 one_disk_error_in = 0;             ///< Requests; 0: none fails.
    };

    RandomWorld(u64 seed, Habits habits)
        : random_(seed), habits_(std::move(habits)), disks_(habits_.disks, habits_.disk_images) {}

    using Take = std::function<void(Input&&)>;
    /// Inputs for where the machine is, each handed to `take`, which applies it. `console` is what
    /// was seen so far.
    void inputs(Machine& machine, const std::string& console, const Take& take);
    /// The machine is halted and its next timer is due at `deadline_ns`: what wakes it.
    void wake(Machine& machine, u64 deadline_ns, const std::string& console, const Take& take);
    /// Ticks to run before the next look: often many, now and then a few.
    u64 slice();
    /// The guest's disks; a machine that this world is to serve has them for a listener.
    SimulatedDisks& disks() { return disks_; }

private:
    void end_disk_requests(const Take& take);
    ClockInput clock(const Machine& machine);
    void type(Machine& machine, const std::string& console, const Take& take);

    Random random_;
    Habits habits_;
    SimulatedDisks disks_;
    size_t next_line_ = 0;
    bool typing_ = false;
    u64 next_clock_ticks_ = 0, next_inputs_ticks_ = 0;
    std::vector<u8> waiting_bytes_;
};

}  // namespace vmft::test
