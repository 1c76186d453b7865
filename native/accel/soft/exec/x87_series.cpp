#include "accel/soft/exec/x87_quad.h"

/// Power series with enough terms for more than 100 bits on their ranges.
namespace vmft::soft::x87 {

quad pi() { return quad_constant(1, 0xc90fdaa22168c234, 0xc4c6628b80dc0000); }
quad log2_of_e() { return quad_constant(0, 0xb8aa3b295c17f0bb, 0xbe87fed0691d0000); }

quad sine_series(quad x) {
    quad square = x * x, sum = 1;
    for (int k = 28; k >= 2; k -= 2) sum = 1 - square * sum / (k * (k + 1));
    return x * sum;
}

quad cosine_series(quad x) {
    quad square = x * x, sum = 1;
    for (int k = 27; k >= 1; k -= 2) sum = 1 - square * sum / (k * (k + 1));
    return sum;
}

/// atan(x) = atan(c) + atan((x - c) / (1 + x·c)), c the nearest eighth.
quad arctangent_series(quad x) {
    static const quad of_eighths[9] = {0,
                                       quad_constant(-4, 0xfeadd4d5617b6e32, 0xc897989f3e888000),
                                       quad_constant(-3, 0xfadbafc96406eb15, 0x6dc79ef5f7a20000),
                                       quad_constant(-2, 0xb7b0ca0f26f78473, 0x8aa32122dcfe8000),
                                       quad_constant(-2, 0xed63382b0dda7b45, 0x6fe445ecbc3a8000),
                                       quad_constant(-1, 0x8f005d5ef7f59f9b, 0x5c835e1665c40000),
                                       quad_constant(-1, 0xa4bc7d1934f70924, 0x19a87f2a457d8000),
                                       quad_constant(-1, 0xb8053e2bc2319e73, 0xcb2da55210a48000),
                                       quad_constant(-1, 0xc90fdaa22168c234, 0xc4c6628b80dc0000)};
    int eighths = static_cast<int>(x * 8 + quad{1} / 2);
    quad nearest = static_cast<quad>(eighths) / 8;
    quad rest = (x - nearest) / (1 + x * nearest);
    quad square = rest * rest, sum = 0;
    for (int k = 29; k >= 3; k -= 2) sum = square * (quad{1} / k - sum);
    return of_eighths[eighths] + rest * (1 - sum);
}

quad power_series(quad x) {
    quad t = x * quad_constant(-1, 0xb17217f7d1cf79ab, 0xc9e3b39803f30000);  // x · ln 2
    quad sum = 1;
    for (int k = 29; k >= 2; --k) sum = 1 + t * sum / k;
    return t * sum;
}

quad half_log2_ratio(quad s) {
    quad square = s * s, sum = 0;
    for (int k = 51; k >= 3; k -= 2) sum = square * (quad{1} / k + sum);
    return s * (1 + sum) * log2_of_e();
}

}  // namespace vmft::soft::x87
