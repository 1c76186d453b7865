#pragma once

#include "device/device.h"

namespace vmft {

/// One counter of the 8254 (Intel 82C54 data sheet), as a function of its clock's tick
/// number: every method takes the present tick of the 1.193182 MHz clock. Nothing here ticks by
/// itself.
class PitChannel {
public:
    explicit PitChannel(bool gate) : gate_(gate) {}

    /// A control word that selects this counter (not latch, not read-back).
    void write_control(u8 value, u64 tick);
    void write_count(u8 value, u64 tick);
    u8 read_count(u64 tick);
    void latch_count(u64 tick);
    void latch_status(u64 tick);

    bool gate() const { return gate_; }
    void set_gate(bool up, u64 tick);

    bool output(u64 tick) const;

    static constexpr u64 never = ~u64{0};
    /// The tick of the first rise of the output after the last one that take_rises() has reported;
    /// never for none.
    u64 next_rise() const { return next_rise_; }
    /// Whether the output has risen up to `tick`, however often.
    bool take_rises(u64 tick);

    void save(StateWriter& state) const;
    void restore(StateReader& state);

private:
    bool periodic() const { return mode_ == 2 || mode_ == 3; }
    u32 modulus() const { return bcd_ ? 10000 : 65536; }
    u64 elapsed(u64 tick) const;
    u32 count_at(u64 tick) const;
    u16 visible_count(u64 tick) const;
    u8 status(u64 tick) const;
    void load(u32 count, u64 tick);
    void settle(u64 tick);
    void recompute_rise(u64 after_tick);

    // Programming.
    u8 mode_ = 0;
    u8 access_ = 3;  ///< 1 low byte, 2 high byte, 3 low then high.
    bool bcd_ = false;
    bool gate_;
    bool high_byte_next_write_ = false, high_byte_next_read_ = false;
    u8 written_low_ = 0;
    bool count_latched_ = false, status_latched_ = false;
    u16 latched_count_ = 0;
    u8 latched_status_ = 0;

    // Counting. Started: the count has been loaded (modes 1 and 5: and triggered).
    bool loaded_ = false;  ///< A whole count has been written since the control word.
    bool started_ = false;
    u32 reload_ = 0x10000;  ///< 1 … modulus; written, taken at the next load.
    u32 period_ = 0x10000;  ///< The count in use.
    u64 start_tick_ = 0;    ///< When `period_` was loaded.
    bool held_ = false;     ///< Modes 0, 2, 3, 4: the gate is down.
    u64 held_elapsed_ = 0;  ///< Ticks counted when the gate went down.
    u64 switch_tick_ =
        never;  ///< Modes 2 and 3: the end of the period after which `reload_` is used.
    u64 next_rise_ = never;
};

}  // namespace vmft
