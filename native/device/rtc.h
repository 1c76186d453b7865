#pragma once

#include <array>

#include "device/calendar.h"
#include "device/device.h"

namespace vmft {

/// The real-time clock and its CMOS memory (MC146818A data sheet; century in register 0x32,
/// announced in the FADT). Offsets: 0 index port (0x70), 1 data port (0x71).
///
/// Its time is the wall clock of virtual time, shifted by what the guest has set. Interrupts
/// missed in a jump of time are delivered as one.
class RealTimeClock final : public Device {
public:
    /// The clock is not asked yet.
    RealTimeClock(const VirtualClock& clock, InterruptLine& line);

    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;
    u64 deadline_ns() const override;
    void advance(u64 now_ns) override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;

private:
    using Registers = std::array<u8, 128>;

    bool stopped() const;  ///< SET, or the divider is in reset: time stands still.
    i64 second_at(u64 now_ns) const;
    u64 fraction_ns_at(u64 now_ns) const;
    u64 ns_of_second(i64 second) const;
    u64 periodic_ticks() const;  ///< Ticks of 32,768 Hz per periodic interrupt; 0: off.

    u8 encode(unsigned value) const;
    unsigned decode(u8 value) const;
    u8 encode_hour(unsigned hour) const;
    unsigned decode_hour(u8 value) const;
    void show_time(i64 second);
    i64 shown_second() const;
    void set_second(i64 second, u64 now_ns);

    u8 read_register(u8 index);
    void write_register(u8 index, u8 value);
    void write_control(u8 index, u8 value);
    void catch_up(u64 now_ns);
    bool alarm_between(i64 after, i64 until) const;
    void find_alarm();
    void update_line();

    const VirtualClock& clock_;
    InterruptLine& line_;
    u8 index_ = 0;
    Registers registers_{};   ///< Time registers hold the time only while it stands still.
    i64 offset_seconds_ = 0;  ///< Added to the wall clock.
    u32 phase_ns_ = 0;        ///< Added before that: 0 … 999,999,999.
    static constexpr i64 unseen = -(i64{1} << 40);
    i64 seen_second_ = unseen;       ///< Updates up to this one have set their flags.
    u64 seen_periodic_ = 0;          ///< Ticks of 32,768 Hz since virtual time 0, likewise.
    i64 next_alarm_ = i64{1} << 60;  ///< Derived: the first matching second after seen_second_.
};

}  // namespace vmft
