#pragma once

#include "accel/soft/soft_cpu.h"

namespace vmft::test {

/// A software CPU with a planted bug: at one tick it changes something that it should not. What the
/// digests are for must find it.
class FaultyAccelerator final : public Accelerator {
public:
    using Fault = void (*)(soft::Cpu&);

    FaultyAccelerator(GuestMemory& memory, Platform& platform, u64 ticks, Fault fault)
        : cpu_(memory, platform), fault_ticks_(ticks), fault_(fault) {}

    RunExit run(u64 until_ticks) override {
        if (ticks() >= fault_ticks_ && fault_ != nullptr) {
            fault_(cpu_.cpu());
            fault_ = nullptr;
        }
        if (fault_ != nullptr && until_ticks > fault_ticks_) {
            RunExit exit = cpu_.run(fault_ticks_);
            return exit == RunExit::position ? run(until_ticks) : exit;
        }
        return cpu_.run(until_ticks);
    }
    u64 ticks() const override { return cpu_.ticks(); }
    Position position() const override { return cpu_.position(); }
    bool halted() const override { return cpu_.halted(); }
    void set_entry(const EntryState& entry) override { cpu_.set_entry(entry); }
    void flush_caches() override { cpu_.flush_caches(); }
    void dirty_flags_cleared() override { cpu_.dirty_flags_cleared(); }
    void save(StateWriter& state) const override { cpu_.save(state); }
    void restore(StateReader& state) override { cpu_.restore(state); }
    std::string describe() const override { return cpu_.describe(); }

private:
    SoftCpu cpu_;
    u64 fault_ticks_;
    Fault fault_;
};

}  // namespace vmft::test
