#pragma once

#include "base/types.h"

namespace vmft {

/// A date and time of the proleptic Gregorian calendar, UTC.
struct CalendarTime {
    i64 year = 1970;
    unsigned month = 1, day = 1;  ///< From 1.
    unsigned hour = 0, minute = 0, second = 0;
    unsigned weekday = 5;  ///< 1 Sunday … 7 Saturday; derived.
};

/// `seconds` since 1970, any within ±2^40.
CalendarTime calendar_of(i64 seconds);
/// Total: out-of-range fields carry over as arithmetic says; `weekday` is ignored.
i64 seconds_of(const CalendarTime& time);

}  // namespace vmft
