#pragma once

#include "base/types.h"

/// The MC146818's registers and bits (data sheet, "Address map" and "Registers").
namespace vmft::rtc {

enum Register : u8 {
    reg_seconds = 0x00,
    reg_alarm_seconds = 0x01,
    reg_minutes = 0x02,
    reg_alarm_minutes = 0x03,
    reg_hours = 0x04,
    reg_alarm_hours = 0x05,
    reg_weekday = 0x06,
    reg_day = 0x07,
    reg_month = 0x08,
    reg_year = 0x09,
    reg_a = 0x0A,
    reg_b = 0x0B,
    reg_c = 0x0C,
    reg_d = 0x0D,
    reg_century = 0x32,
};

inline constexpr u8 a_update_in_progress = 0x80;
inline constexpr u8 divider_running = 0x20;  ///< A 32,768 Hz crystal.
inline constexpr u8 divider_reset = 0x60;    ///< 110 and 111: the divider is held.

inline constexpr u8 b_set = 0x80;
inline constexpr u8 b_binary = 0x04;
inline constexpr u8 b_24_hours = 0x02;

/// Flags of register C; register B enables them at the same bits.
inline constexpr u8 flag_request = 0x80;
inline constexpr u8 flag_periodic = 0x40;
inline constexpr u8 flag_alarm = 0x20;
inline constexpr u8 flag_update = 0x10;
inline constexpr u8 interrupt_bits = flag_periodic | flag_alarm | flag_update;

inline constexpr u8 d_memory_valid = 0x80;

inline constexpr u64 periodic_hz = 32'768;
/// The update-in-progress bit is up this long before a second begins; the update itself takes no
/// time.
inline constexpr u64 update_warning_ns = 244'000;

inline constexpr bool is_time(u8 index) {
    return index == reg_seconds || index == reg_minutes || index == reg_hours ||
           (index >= reg_weekday && index <= reg_year) || index == reg_century;
}

inline constexpr bool is_alarm(u8 index) {
    return index == reg_alarm_seconds || index == reg_alarm_minutes || index == reg_alarm_hours;
}

}  // namespace vmft::rtc
