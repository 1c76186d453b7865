#pragma once

#include <memory>

#include "accel/accel.h"
#include "machine/guest_memory.h"

namespace vmft::test {

/// An accelerator whose guest is a random walk: every tick changes one register by a fixed rule
/// and, depending on it, writes RAM, reads or writes ports, reads the time, arms the local APIC's
/// timer or halts. Everything it reads goes into the register, so that two runs that differ
/// anywhere soon differ everywhere.
class FakeAccelerator final : public Accelerator {
public:
    /// `rests`: the guest halts now and then.
    FakeAccelerator(GuestMemory& memory, Platform& platform, bool rests = true)
        : memory_(memory), platform_(platform), rests_(rests) {}

    RunExit run(u64 until_ticks) override {
        while (ticks_ < until_ticks) {
            if (platform_.interrupt_pending()) {
                walk_ ^= platform_.acknowledge_interrupt();
                platform_.msr_write(0x80B, 0);  // EOI
                interrupts_++;
                halted_ = false;
            }
            if (halted_) return RunExit::halted;
            bool device = step();
            ticks_++;
            if (halted_ && !platform_.interrupt_pending()) return RunExit::halted;
            if (device) return RunExit::device;
        }
        return RunExit::position;
    }

    u64 ticks() const override { return ticks_; }
    Position position() const override { return {ticks_, walk_, walk_ * 3}; }
    bool halted() const override { return halted_; }
    void set_entry(const EntryState&) override {}
    void flush_caches() override {}
    void dirty_flags_cleared() override {}
    void save(StateWriter& state) const override {
        state.put(ticks_);
        state.put(walk_);
        state.put(interrupts_);
        state.put(static_cast<u8>(halted_));
    }
    void restore(StateReader& state) override {
        state.get(ticks_);
        state.get(walk_);
        state.get(interrupts_);
        halted_ = state.get<u8>() != 0;
    }
    std::string describe() const override { return "walk " + std::to_string(walk_); }

private:
    static constexpr u8 vector = 0x40;

    /// One instruction; whether it touched a device.
    bool step() {
        walk_ = walk_ * 6364136223846793005 + 1442695040888963407;
        switch (ticks_) {
        case 0: return platform_.msr_write(0x1B, 0xFEE00000 | 0x800 | 0x400 | 0x100);  // x2APIC
        case 1: return platform_.msr_write(0x80F, 0x1FF);             // software enable
        case 2: return platform_.msr_write(0x832, 0x40000 | vector);  // timer in TSC-deadline mode
        default: break;
        }
        u64 dice = walk_ >> 52;  // 0 … 4095
        if (dice < 400) {
            u64 address = 0x10'0000 + (walk_ >> 20) % 0x40'0000;
            memory_.write_value(address & ~u64{7}, walk_);
            return false;
        }
        if (dice < 404) return put(0x3F8, 'a' + (walk_ >> 30) % 26);
        if (dice < 405) return put(0x3F8, '\n');
        if (dice < 408) return take(platform_.port_read(0x40, 1));
        if (dice < 410) return take(platform_.port_read(0x3FD, 1));
        if (dice < 413) return take(platform_.port_read(0x3F8, 1));
        if (dice < 420) return take(platform_.tsc());
        if (dice < 423)
            return platform_.msr_write(0x6E0, platform_.tsc() + 1 + (walk_ >> 20) % 100'000);
        if (dice < 424 && rests_) {
            platform_.msr_write(0x6E0, platform_.tsc() + 1 + (walk_ >> 20) % 1'000'000);
            halted_ = true;
            return true;
        }
        return false;
    }
    bool put(u16 port, u64 value) {
        platform_.port_write(port, 1, static_cast<u32>(value & 0xff));
        return true;
    }
    bool take(u64 value) {
        walk_ ^= value;
        return true;
    }

    GuestMemory& memory_;
    Platform& platform_;
    const bool rests_;
    u64 ticks_ = 0, walk_ = 1, interrupts_ = 0;
    bool halted_ = false;
};

inline std::unique_ptr<Accelerator> make_fake_accelerator(GuestMemory& memory, Platform& platform) {
    return std::make_unique<FakeAccelerator>(memory, platform);
}

/// Of a guest that always has something to do.
inline std::unique_ptr<Accelerator> make_restless_accelerator(GuestMemory& memory,
                                                              Platform& platform) {
    return std::make_unique<FakeAccelerator>(memory, platform, false);
}

}  // namespace vmft::test
