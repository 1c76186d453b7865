#include "differential_random.h"

namespace vmft::differential {

u64 Random::interesting() {
    switch (below(8)) {
    case 0: return below(2);
    case 1: return ~below(3);
    case 2: return u64{1} << below(64);
    case 3: return (u64{1} << below(64)) - 1;
    case 4: return next() >> below(64);
    case 5: return static_cast<u64>(static_cast<i64>(next()) >> below(64));
    case 6: return (u64{0x80} << 8 * below(8)) - below(3) + 1;
    default: return next();
    }
}

u32 Random::single() {
    u32 sign = static_cast<u32>(below(2)) << 31, fraction = static_cast<u32>(next()) & 0x7fffff;
    switch (below(12)) {
    case 0: return sign;
    case 1: return sign | 0x7f800000;
    case 2: return sign | 0x7fc00000 | fraction;
    case 3: return sign | 0x7f800000 | (fraction & 0x3fffff) | 1;
    case 4: return sign | (fraction >> below(23));
    case 5: return sign | 0x3f800000;
    case 6:
        return sign | static_cast<u32>(127 + below(40)) << 23 |
               (fraction & ~static_cast<u32>((1 << below(23)) - 1));
    case 7: return static_cast<u32>(next());
    default: return sign | static_cast<u32>(127 - 8 + below(16)) << 23 | fraction;
    }
}

u64 Random::twice() {
    u64 sign = below(2) << 63, fraction = next() >> 12;
    switch (below(12)) {
    case 0: return sign;
    case 1: return sign | u64{0x7ff} << 52;
    case 2: return sign | u64{0xfff} << 51 | fraction;
    case 3: return sign | u64{0x7ff} << 52 | fraction >> 1 | 1;
    case 4: return sign | fraction >> below(52);
    case 5: return sign | u64{1023} << 52;
    case 6: return sign | (1023 + below(70)) << 52 | (fraction & ~((u64{1} << below(52)) - 1));
    case 7: return next();
    case 8: return sign | (1023 - 160 + below(320)) << 52 | fraction;  // singles end in this range
    default: return sign | (1023 - 8 + below(16)) << 52 | fraction;
    }
}

void Random::extended(u64& mantissa, u16& sign_exponent) {
    constexpr u64 integer_bit = u64{1} << 63;
    u16 sign = static_cast<u16>(below(2) << 15);
    mantissa = next() | integer_bit;
    sign_exponent = static_cast<u16>(sign | (0x3fff - 8 + below(16)));
    switch (below(20)) {
    case 0: mantissa = 0, sign_exponent = sign; break;
    case 1: mantissa = integer_bit, sign_exponent = sign | 0x7fff; break;
    case 2: sign_exponent = sign | 0x7fff; break;
    case 3: mantissa >>= below(64), sign_exponent = sign; break;
    case 4: mantissa = next(), sign_exponent = static_cast<u16>(next()); break;
    case 5: sign_exponent = static_cast<u16>(sign | (1 + below(70))); break;
    case 6: sign_exponent = static_cast<u16>(sign | (0x7ffe - below(70))); break;
    case 7:
    case 8:
        sign_exponent = static_cast<u16>(sign | (0x3fff + below(70))),
        mantissa &= ~((u64{1} << below(63)) - 1);
        break;
    case 9: mantissa = integer_bit, sign_exponent = sign | 0x3fff; break;
    case 10: sign_exponent = static_cast<u16>(sign | (0x3fff - 1100 + below(2200))); break;
    case 11: sign_exponent = static_cast<u16>(sign | (0x3fff - 160 + below(320))); break;
    case 12: sign_exponent = static_cast<u16>(sign | (0x3fff - below(70))); break;
    default: break;
    }
}

}  // namespace vmft::differential
