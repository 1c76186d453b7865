#pragma once

#include "base/state_bytes.h"
#include "base/types.h"

namespace vmft {

inline constexpr u64 no_deadline_ns = ~u64{0};

/// Virtual time as devices see it: a function of the position (design: "Time").
class VirtualClock {
public:
    /// Virtual nanoseconds since the machine was created, at the position of the instruction that
    /// is being executed.
    virtual u64 now_ns() const = 0;
    /// Wall clock for the RTC: nanoseconds since 1970 at virtual time 0.
    virtual u64 realtime_base_ns() const = 0;

protected:
    ~VirtualClock() = default;
};

/// One interrupt line into the interrupt controllers. Level semantics: the device
/// holds it up while its cause lasts; edge-triggered pins see the rise.
class InterruptLine {
public:
    virtual void set(bool up) = 0;

protected:
    ~InterruptLine() = default;
};

/// What every device is: a pure state machine behind offsets. It never sees the bus,
/// the host or real time.
class Device {
public:
    virtual ~Device() = default;

    /// `offset` from the device's base; `size_bytes` 1, 2, 4 or 8. Reads of what is not there give
    /// all ones in `size_bytes`, writes have no effect; both are counted by the device or the bus.
    virtual u64 read(u64 offset, unsigned size_bytes) = 0;
    virtual void write(u64 offset, unsigned size_bytes, u64 value) = 0;

    /// The virtual time at which `advance` must be called, absolute; no_deadline_ns for none. May
    /// be in the past: then at once.
    virtual u64 deadline_ns() const { return no_deadline_ns; }
    /// Time has come to `now_ns` (may be later than the deadline: the machine was halted or a clock
    /// input jumped).
    virtual void advance(u64 now_ns) { (void)now_ns; }

    /// The whole state, in a fixed order; digests are taken over these bytes.
    virtual void save(StateWriter& state) const = 0;
    /// Total on any bytes: a bad state calls state.fail().
    virtual void restore(StateReader& state) = 0;
};

}  // namespace vmft
