#pragma once

#include "device/device.h"

namespace vmft {

/// ACPI fixed hardware (ACPI 6.3 section 4.8): PM1a event and control blocks and the 32-bit PM
/// timer, as one block of 12 ports from layout::pm1a_event. Always in ACPI mode (SCI_EN reads 1).
class PowerManagement final : public Device {
public:
    /// `sci` is level-triggered.
    PowerManagement(const VirtualClock& clock, InterruptLine& sci) : clock_(clock), sci_(sci) {}

    /// The operator presses the fixed-feature power button.
    void press_power_button();
    /// The guest has entered S5; stays true.
    bool power_off_requested() const { return power_off_requested_; }

    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;
    u64 deadline_ns() const override;
    void advance(u64 now_ns) override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;

    static constexpr u64 block_bytes = 12;

private:
    void catch_up(u64 now_ns);
    void update_sci();
    u8 read_byte(u64 offset) const;
    void write_byte(u64 offset, u8 value);

    const VirtualClock& clock_;
    InterruptLine& sci_;
    u16 status_ = 0, enable_ = 0;
    u16 control_ = 1;
    u64 timer_half_ = 0;  ///< Changes of the timer's top bit already shown in TMR_STS.
    bool power_off_requested_ = false;
};

}  // namespace vmft
