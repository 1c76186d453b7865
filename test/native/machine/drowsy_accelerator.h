#pragma once

#include <memory>

#include "accel/accel.h"
#include "machine/guest_memory.h"

namespace vmft::test {

/// A guest that has hardly anything to do: its timer comes fifty times a second, and each time it
/// counts a little further than a slice of the runner's goes.
class DrowsyAccelerator final : public Accelerator {
public:
    explicit DrowsyAccelerator(Platform& platform) : platform_(platform) {}

    RunExit run(u64 until_ticks) override {
        if (ticks_ == 0) prepare_timer();
        if (work_ == 0 && platform_.interrupt_pending()) {
            platform_.acknowledge_interrupt();
            platform_.msr_write(0x80B, 0);  // EOI
            work_ = ticks_of_work;
        }
        u64 ticks = std::min(work_, until_ticks - ticks_);
        ticks_ += ticks;
        work_ -= ticks;
        if (work_ > 0) return RunExit::position;
        if (ticks > 0) platform_.msr_write(0x6E0, platform_.tsc() + timer_ns);
        return RunExit::halted;
    }

    u64 ticks() const override { return ticks_; }
    Position position() const override { return {ticks_, work_, 0}; }
    bool halted() const override { return work_ == 0; }
    void set_entry(const EntryState&) override {}
    void flush_caches() override {}
    void dirty_flags_cleared() override {}
    void save(StateWriter& state) const override {
        state.put(ticks_);
        state.put(work_);
    }
    void restore(StateReader& state) override {
        state.get(ticks_);
        state.get(work_);
    }
    std::string describe() const override { return std::to_string(work_) + " to do"; }

private:
    static constexpr u64 ticks_of_work = 250'000;
    static constexpr u64 timer_ns = 20'000'000;  ///< The guest's TSC counts nanoseconds.

    void prepare_timer() {
        platform_.msr_write(0x1B, 0xFEE00000 | 0x800 | 0x400 | 0x100);  // x2APIC
        platform_.msr_write(0x80F, 0x1FF);                              // software enable
        platform_.msr_write(0x832, 0x40040);  // timer in TSC-deadline mode, vector 0x40
    }

    Platform& platform_;
    u64 ticks_ = 0, work_ = ticks_of_work;
};

inline std::unique_ptr<Accelerator> make_drowsy_accelerator(GuestMemory&, Platform& platform) {
    return std::make_unique<DrowsyAccelerator>(platform);
}

}  // namespace vmft::test
