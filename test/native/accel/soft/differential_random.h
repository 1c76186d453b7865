#pragma once

#include "base/types.h"

namespace vmft::differential {

/// SplitMix64: every instance is drawn from its own, made of seed and number.
class Random {
public:
    Random(u64 seed, u64 number) : state_(seed * 0x9e3779b97f4a7c15 + number * 0xd1342543de82ef95) {
        next();
    }

    u64 next() {
        u64 z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    u64 below(u64 bound) { return next() % bound; }
    bool chance(unsigned percent) { return below(100) < percent; }

    /// Numbers on which arithmetic goes wrong.
    u64 interesting();
    u32 single();
    u64 twice();
    /// An 80-bit value: mantissa, then sign and exponent.
    void extended(u64& mantissa, u16& sign_exponent);

private:
    u64 state_;
};

}  // namespace vmft::differential
