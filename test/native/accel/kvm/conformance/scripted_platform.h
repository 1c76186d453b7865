#pragma once

#include <deque>
#include <vector>

#include "accel/accel.h"

namespace vmft::test::conformance {

/// The machine around a guest, the same for every CPU: what is read follows from the number of the
/// access, and every access is written down.
///
///   port_raise      writing raises that vector at once
///   port_wake       writing queues a vector that comes when the CPU halts
///   port_later      vector | accesses << 8: raised after so many further accesses
///   port_end        the guest is done
///   port_failed     the guest met what it did not expect (a vector)
///   any other port, and device memory: reads give values, writes are noted
///   device memory at raise_offset: as port_raise
///   x2APIC: TPR is the task priority, SELF IPI raises, others are noted; #GP where there is none
class ScriptedPlatform final : public Platform {
public:
    static constexpr u16 port_raise = 0x40, port_wake = 0x41, port_later = 0x42, port_end = 0x43,
                         port_failed = 0x45;
    static constexpr u64 device = 0x1000'0000, raise_offset = 0xfc0;

    struct Access {
        u64 kind, address, size, value;
        bool operator==(const Access&) const = default;
    };

    explicit ScriptedPlatform(u64 seed) : seed_(seed) {}

    /// The same interrupt from outside, for both CPUs at the same position.
    void raise(u8 vector) {
        pending_.push_back(vector);
        raised_.push_back(vector);
    }
    /// All that came from outside so far.
    const std::vector<u8>& raised() const { return raised_; }
    /// The CPU is halted: raises what is queued for that. False: nothing is.
    bool wake();
    bool ended() const { return ended_; }
    bool failed() const { return failed_; }
    u8 failed_vector() const { return failed_vector_; }

    const std::vector<Access>& accesses() const { return accesses_; }
    u64 acknowledged() const { return acknowledged_; }
    bool anything_pending() const { return !pending_.empty(); }

    u32 port_read(u16 port, unsigned size_bytes) override;
    void port_write(u16 port, unsigned size_bytes, u32 value) override;
    u64 mmio_read(u64 address, unsigned size_bytes) override;
    void mmio_write(u64 address, unsigned size_bytes, u64 value) override;
    bool msr_read(u32 msr, u64& value) override;
    bool msr_write(u32 msr, u64 value) override;
    u8 task_priority() const override { return task_priority_; }
    void set_task_priority(u8 priority) override { task_priority_ = priority; }
    bool interrupt_pending() const override {
        return !pending_.empty() && pending_.front() >> 4 > task_priority_;
    }
    u8 acknowledge_interrupt() override;
    u64 tsc() const override { return accesses_.size(); }

private:
    u64 note(u64 kind, u64 address, unsigned size_bytes, u64 value);
    u64 read_value(u64 kind, u64 address, unsigned size_bytes);

    struct Later {
        u64 at_access;
        u8 vector;
    };
    u64 seed_;
    std::vector<Access> accesses_;
    std::vector<u8> raised_;
    std::deque<u8> pending_, wakes_;
    std::vector<Later> later_;
    u64 apic_base_ = 0xfee0'0d00;
    u64 acknowledged_ = 0;
    u8 task_priority_ = 0, failed_vector_ = 0;
    bool ended_ = false, failed_ = false;
};

}  // namespace vmft::test::conformance
