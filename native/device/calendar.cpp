#include "device/calendar.h"

namespace vmft {

namespace {

constexpr i64 seconds_per_day = 86'400;
constexpr i64 days_per_400_years = 146'097;
constexpr i64 days_0000_to_1970 = 719'468;  // from 1 March of year 0

i64 floor_div(i64 a, i64 b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

// Years are counted from 1 March, so that the leap day is a year's last.

CalendarTime calendar_of(i64 seconds) {
    CalendarTime time;
    i64 days = floor_div(seconds, seconds_per_day);
    i64 rest = seconds - days * seconds_per_day;
    time.hour = static_cast<unsigned>(rest / 3600);
    time.minute = static_cast<unsigned>(rest / 60 % 60);
    time.second = static_cast<unsigned>(rest % 60);
    i64 weekday = (days + 4) % 7;  // 1970-01-01 was a Thursday
    time.weekday = static_cast<unsigned>(weekday < 0 ? weekday + 7 : weekday) + 1;

    i64 shifted = days + days_0000_to_1970;
    i64 era = floor_div(shifted, days_per_400_years);
    i64 day_of_era = shifted - era * days_per_400_years;
    // Years passed in the era: take out the leap days of 4, 100 and 400 years before dividing.
    i64 year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    i64 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    i64 month_from_march =
        (5 * day_of_year + 2) / 153;  // five months have 153 days: 31, 30, 31, 30, 31
    time.day = static_cast<unsigned>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    time.month =
        static_cast<unsigned>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    time.year = era * 400 + year_of_era + (time.month <= 2 ? 1 : 0);
    return time;
}

i64 seconds_of(const CalendarTime& time) {
    i64 month = static_cast<i64>(time.month) - 1;
    i64 year = time.year + floor_div(month, 12);
    month -= floor_div(month, 12) * 12;
    i64 month_from_march = (month + 10) % 12;
    if (month < 2) year--;
    i64 era = floor_div(year, 400);
    i64 year_of_era = year - era * 400;
    i64 day_of_year = (153 * month_from_march + 2) / 5;
    i64 days = era * days_per_400_years + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
               day_of_year + static_cast<i64>(time.day) - 1 - days_0000_to_1970;
    return days * seconds_per_day + i64{time.hour} * 3600 + i64{time.minute} * 60 +
           i64{time.second};
}

}  // namespace vmft
