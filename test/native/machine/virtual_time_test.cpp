#include "machine/virtual_time.h"

#include "machine/random.h"
#include "test.h"

using namespace vmft;
using vmft::test::Random;

VMFT_TEST(ticks_at_is_the_first_tick_at_or_past_a_deadline) {
    Random random(1);
    for (int i = 0; i < 20000; i++) {
        VirtualTime time(0);
        u64 ticks = random.next() >> random.below(60);
        time.apply({random.next() >> (1 + random.below(60)),
                    static_cast<u32>(1 + random.next() % 20000), 0},
                   ticks);
        u64 now = time.now_ns(ticks);
        u64 deadline = now + (random.next() >> (20 + random.below(40)));
        u64 at = time.ticks_at(deadline);
        if (at == VirtualTime::never || at < ticks) continue;
        VMFT_EXPECT(time.now_ns(at) >= deadline);
        if (at > ticks) VMFT_EXPECT(time.now_ns(at - 1) < deadline);
    }
}

VMFT_TEST(virtual_time_never_runs_backwards) {
    Random random(2);
    VirtualTime time(0);
    u64 ticks = 0, last = 0;
    for (int i = 0; i < 20000; i++) {
        ticks += random.below(100000);
        VMFT_EXPECT(time.now_ns(ticks) >= last);
        last = time.now_ns(ticks);
        if (random.below(3) == 0) {
            u64 wanted = last > 5000 ? last - 5000 + random.below(10000) : 0;
            time.apply({wanted, static_cast<u32>(random.below(8000)), 0}, ticks);
            VMFT_EXPECT(time.now_ns(ticks) >= last);
            last = time.now_ns(ticks);
        }
    }
}

VMFT_TEST(a_rate_of_zero_stands_still) {
    VirtualTime time(0);
    time.apply({1000, 0, 0}, 5);
    VMFT_EXPECT_EQUAL(time.now_ns(1'000'000), 1000u);
    VMFT_EXPECT_EQUAL(time.ticks_at(1001), VirtualTime::never);
}

VMFT_TEST(the_wall_clock_follows_only_steps) {
    VirtualTime time(1'000'000'000'000);
    time.apply({1000, 1000, 1'000'000'000'000 + 50'000'000}, 0);
    VMFT_EXPECT_EQUAL(time.realtime_base_ns(), 1'000'000'000'000u);
    time.apply({2000, 1000, 1'000'500'000'000}, 0);
    VMFT_EXPECT_EQUAL(time.realtime_base_ns(), 1'000'499'998'000u);
}

VMFT_TEST(extreme_values_saturate) {
    VirtualTime time(0);
    time.apply({~u64{0} - 1, ~u32{0}, 0}, 10);
    VMFT_EXPECT_EQUAL(time.now_ns(~u64{0}), ~u64{0});
    VMFT_EXPECT_EQUAL(time.ticks_at(0), 10u);
}
