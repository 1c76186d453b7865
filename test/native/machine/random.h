#pragma once

#include "base/types.h"

namespace vmft::test {

/// A small seeded generator (xorshift64*): the same numbers everywhere.
class Random {
public:
    explicit Random(u64 seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
    u64 next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545f4914f6cdd1d;
    }
    /// 0 … bound - 1.
    u64 below(u64 bound) { return (next() >> 11) % bound; }

private:
    u64 state_;
};

}  // namespace vmft::test
