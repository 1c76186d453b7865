#pragma once

#include "device/device.h"

namespace vmft {

/// The local APIC's timer (SDM 3A 11.5.4): counts layout::local_apic_timer_hz, divided, over
/// virtual time; or waits for the TSC (layout::tsc_hz) to reach a deadline. It knows nothing of the
/// LVT's mask.
class ApicTimer {
public:
    enum class Mode : u8 { one_shot = 0, periodic = 1, tsc_deadline = 2 };

    Mode mode() const { return mode_; }
    /// Entering or leaving TSC-deadline mode disarms.
    void set_mode(Mode mode, u64 now_ns);

    u32 initial_count() const { return mode_ == Mode::tsc_deadline ? 0 : initial_count_; }
    /// Starts counting from `count`; 0 stops. No effect in TSC-deadline mode.
    void set_initial_count(u32 count, u64 now_ns);
    u32 current_count(u64 now_ns) const;

    /// The divide configuration register: bits 0, 1 and 3.
    u32 divide_configuration() const { return divide_configuration_; }
    /// A running count goes on from where it is, at the new speed.
    void set_divide_configuration(u32 value, u64 now_ns);

    /// Zero when disarmed or in another mode.
    u64 tsc_deadline() const { return tsc_deadline_; }
    /// No effect outside TSC-deadline mode.
    void set_tsc_deadline(u64 tsc);

    void stop();
    u64 deadline_ns() const { return deadline_ns_; }
    /// Whether the timer fired, once at most however far time has jumped: periods missed are lost,
    /// the phase is kept.
    bool advance(u64 now_ns);

    void save(StateWriter& state) const;
    void restore(StateReader& state);

private:
    u64 divisor() const;
    void recompute_deadline();

    Mode mode_ = Mode::one_shot;
    u32 initial_count_ = 0;
    u32 divide_configuration_ = 0;
    bool counting_ = false;
    u64 expiry_tick_ = 0;  ///< Of the undivided clock; meaningful while counting.
    u64 tsc_deadline_ = 0;
    u64 deadline_ns_ = no_deadline_ns;  ///< Derived.
};

}  // namespace vmft
