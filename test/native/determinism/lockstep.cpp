#include "determinism/lockstep.h"

#include <algorithm>
#include <cstring>

#include "accel/soft/tlb_contents.h"
#include "determinism/seen_disk_requests.h"

namespace vmft::test {
namespace {

constexpr u64 pieces = 64;  ///< Into which a stretch is cut that ends in a difference.

/// The stretch from one stop to the next in which the two began to differ.
struct Stretch {
    u64 number = ~u64{0};  ///< Of the stop behind it.
    u64 equal_ticks = 0, ticks = 0;
};

class Lockstep {
public:
    Lockstep(const GuestStart& guest, const LockstepPlan& plan)
        : plan_(plan), random_(plan.seed ^ 0x10c5), world_(plan.seed, plan.habits) {
        TranslatorOptions interpreted;
        interpreted.enabled = false;
        tested_ = guest.machine(factory(plan.options, tested_cpu_));
        reference_ = guest.machine(factory(interpreted, reference_cpu_));
        if (!tested_ || !reference_) return;
        tested_->set_output_listener(&tested_outputs_);
        reference_->set_output_listener(&reference_outputs_);
        tested_->set_disk_listener(&tested_requests_);
        reference_->set_disk_listener(&reference_requests_);
        tested_->watch_changes(tested_changes_.emplace(tested_->memory().pages()));
        reference_->watch_changes(reference_changes_.emplace(reference_->memory().pages()));
    }

    /// To the end or to a difference. In `slow` the machines go step by step, and nothing is
    /// compared before.
    LockstepResult run(Stretch slow, Stretch& found) {
        LockstepResult result;
        if (!tested_ || !reference_) {
            result.difference = "the guest was refused";
            return result;
        }
        auto take = [this](Input&& input) {
            tested_->apply(input);
            reference_->apply(input);
        };
        bool whole = slow.number == ~u64{0};
        while (reference_->end() == ExitKind::position) {
            world_.inputs(*reference_, reference_outputs_.console, take);
            u64 ticks = reference_->position().ticks;
            if (ticks >= plan_.ticks_max || result.stops >= plan_.stops_max) break;
            u64 until = std::min(ticks + draw_distance(), plan_.ticks_max);
            result.stops++;
            if (result.stops == slow.number) {
                narrow(slow, until, found, result);
                break;
            }
            MachineExit exit = run_both(until);
            if (reference_->position().ticks == until) result.drawn_stops++;
            if (whole) result.difference = difference(result.stops % plan_.stops_per_memory == 0);
            if (!result.difference.empty()) {
                found = {result.stops, ticks, until};
                break;
            }
            if (exit.kind == ExitKind::halted)
                world_.wake(*reference_, exit.next_deadline_ns, reference_outputs_.console, take);
        }
        if (whole && result.difference.empty()) result.difference = end_difference();
        result.ticks = reference_->position().ticks;
        result.end = reference_->end();
        result.console = reference_outputs_.console;
        result.disk_requests = reference_requests_.count();
        return result;
    }

private:
    static Machine::AcceleratorFactory factory(const TranslatorOptions& options, SoftCpu*& made) {
        return [options, &made](GuestMemory& memory, Platform& platform) {
            auto cpu = std::make_unique<SoftCpu>(memory, platform, options);
            made = cpu.get();
            return cpu;
        };
    }

    u64 draw_distance() {
        switch (random_.below(16)) {
        case 0: return 1 + random_.below(3);
        case 1: return 1 + random_.below(200);
        default: return 1 + random_.below(plan_.apart_ticks_max);
        }
    }

    MachineExit run_both(u64 until) {
        if (plan_.fault != nullptr && !faulty_ && tested_->position().ticks >= plan_.fault_ticks) {
            plan_.fault(tested_cpu_->cpu());
            faulty_ = true;
        }
        tested_->run(until);
        return reference_->run(until);
    }

    /// The last stretch in small steps, every one compared with all memory that was written.
    void narrow(const Stretch& slow, u64 until, Stretch& found, LockstepResult& result) {
        u64 from = slow.equal_ticks, to = std::min(slow.ticks, until);
        run_both(from);
        u64 step = std::max<u64>((to - from) / pieces, 1);
        for (u64 at = from; at < to;) {
            std::string before = code_at_rip(reference_cpu_->cpu());
            u64 next = std::min(at + step, to);
            MachineExit exit = run_both(next);
            result.difference = difference(true);
            if (!result.difference.empty()) {
                found = {slow.number, at, next};
                result.difference += "\nreference in front of it: " + before + "\ntested:\n" +
                                     tested_->describe() + "reference:\n" + reference_->describe();
                return;
            }
            if (exit.kind != ExitKind::position || reference_->position().ticks < next) return;
            at = next;
        }
    }

    std::string at_tick(const std::string& what) const {
        return "at tick " + std::to_string(reference_->position().ticks) + ": " + what;
    }

    std::string difference(bool memory_too) {
        if (tested_->position() != reference_->position() || tested_->end() != reference_->end())
            return at_tick("the position, tick " + std::to_string(tested_->position().ticks));
        tested_state_.clear();
        reference_state_.clear();
        tested_->save(tested_state_);
        reference_->save(reference_state_);
        if (tested_state_.bytes() != reference_state_.bytes()) return at_tick("saved state");
        if (tested_outputs_.digest() != reference_outputs_.digest()) return at_tick("outputs");
        if (tested_requests_.digest() != reference_requests_.digest())
            return at_tick("what was asked of the disks");
        std::string text = tlb_difference(tested_cpu_->cpu(), reference_cpu_->cpu());
        if (!text.empty()) return at_tick(text);
        return memory_too ? memory_difference() : "";
    }

    std::string memory_difference() {
        tested_->collect_changes();
        reference_->collect_changes();
        std::vector<u32> pages, others;
        tested_changes_->take(pages, ~u64{0});
        reference_changes_->take(others, ~u64{0});
        if (pages != others) return at_tick("which pages were written");
        for (u64 page : pages) {
            u64 at = page * page_bytes;
            if (std::memcmp(tested_->memory().data() + at, reference_->memory().data() + at,
                            page_bytes) != 0)
                return at_tick("memory in page " + std::to_string(page));
        }
        return "";
    }

    std::string end_difference() {
        std::string text = difference(true);
        if (text.empty() && tested_->whole_memory_digest() != reference_->whole_memory_digest())
            text = "memory at the end";
        return text;
    }

    const LockstepPlan& plan_;
    Random random_;
    RandomWorld world_;
    std::unique_ptr<Machine> tested_, reference_;
    SoftCpu *tested_cpu_ = nullptr, *reference_cpu_ = nullptr;
    SeenOutputs tested_outputs_, reference_outputs_;
    SeenDiskRequests tested_requests_{&world_.disks()}, reference_requests_;
    std::optional<image::PageSet> tested_changes_, reference_changes_;
    StateWriter tested_state_, reference_state_;
    bool faulty_ = false;
};

}  // namespace

LockstepResult run_lockstep(const GuestStart& guest, const LockstepPlan& plan) {
    Stretch found;
    LockstepResult result = Lockstep(guest, plan).run({}, found);
    if (result.difference.empty()) return result;
    std::string all = result.difference;
    // In memory it may have been for longer than since the last stop: from here on every stop
    // compares memory too.
    LockstepPlan closer = plan;
    closer.stops_per_memory = 1;
    if (LockstepResult again = Lockstep(guest, closer).run({}, found); !again.difference.empty())
        all = again.difference;
    while (found.number != ~u64{0} && found.ticks - found.equal_ticks > 1) {
        Stretch narrower;
        LockstepResult again = Lockstep(guest, closer).run(found, narrower);
        if (again.difference.empty()) {
            all += "\n(run again in smaller steps, it does not show)";
            break;
        }
        all = again.difference;
        if (narrower.ticks - narrower.equal_ticks >= found.ticks - found.equal_ticks) break;
        found = narrower;
    }
    result.difference = all;
    return result;
}

}  // namespace vmft::test
