#pragma once

#include <deque>
#include <vector>

#include "accel/accel.h"

namespace vmft::test {

/// A platform that is a log of what it was asked, with the tick of each, which every answer depends
/// on. Port 0x11: writing raises an interrupt.
class NotingPlatform : protected Platform {
protected:
    ~NotingPlatform() = default;
    /// The CPU's.
    virtual u64 ticks_now() const = 0;
    /// What a write to port 0x11 raises.
    virtual u8 vector_for(u32 value) const { return static_cast<u8>(value); }

    u64 note(u64 what, u64 value) {
        asked_.insert(asked_.end(), {ticks_now(), what, value});
        return asked_.size() * 0x0101;
    }

    u32 port_read(u16 port, unsigned) override { return static_cast<u32>(note(port, 0)); }
    void port_write(u16 port, unsigned, u32 value) override {
        note(port, value);
        if (port == 0x11) pending_.push_back(vector_for(value));
    }
    u64 mmio_read(u64 address, unsigned) override { return note(address, 1); }
    void mmio_write(u64 address, unsigned, u64 value) override { note(address, value); }
    bool msr_read(u32, u64&) override { return false; }
    bool msr_write(u32, u64) override { return false; }
    u8 task_priority() const override { return task_priority_; }
    void set_task_priority(u8 priority) override { task_priority_ = priority; }
    bool interrupt_pending() const override { return !pending_.empty(); }
    u8 acknowledge_interrupt() override {
        u8 vector = pending_.front();
        pending_.pop_front();
        return vector;
    }
    u64 tsc() const override { return ticks_now() * 3; }

    std::vector<u64> asked_;
    std::deque<u8> pending_;
    u8 task_priority_ = 0;
};

}  // namespace vmft::test
