#include "world/wake.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "test.h"
#include "world/entropy.h"
#include "world/host_clock.h"

namespace vmft {
namespace {

VMFT_TEST(reasons_add_up_and_are_kept) {
    Wake wake;
    VMFT_EXPECT_EQUAL(wake.take(), 0u);
    wake.post(wake_reason::input);
    wake.post(wake_reason::stop);
    VMFT_EXPECT_EQUAL(wake.posted(), wake_reason::input | wake_reason::stop);
    VMFT_EXPECT_EQUAL(wake.wait_until(Wake::forever_ns), wake_reason::input | wake_reason::stop);
    VMFT_EXPECT_EQUAL(wake.take(), 0u);
}

VMFT_TEST(a_deadline_is_never_early) {
    Wake wake;
    Wake::sharpen_timers_of_this_thread();
    VMFT_EXPECT_EQUAL(wake.wait_until(0), 0u);
    for (u64 wait_ns : {10'000, 100'000, 1'000'000}) {
        u64 deadline_ns = host_monotonic_ns() + wait_ns;
        VMFT_EXPECT_EQUAL(wake.wait_until(deadline_ns), 0u);
        VMFT_EXPECT(host_monotonic_ns() >= deadline_ns);
    }
}

VMFT_TEST(no_post_is_lost) {
    // Each answers the other: a lost post would leave both waiting for ever.
    Wake here, there;
    constexpr u32 rounds = 20000;
    std::thread other([&] {
        for (u32 i = 0; i < rounds; i++) {
            there.wait_until(Wake::forever_ns);
            here.post(wake_reason::log);
        }
    });
    u32 answered = 0;
    for (u32 i = 0; i < rounds; i++) {
        there.post(wake_reason::input);
        answered += here.wait_until(Wake::forever_ns) == wake_reason::log;
    }
    other.join();
    VMFT_EXPECT_EQUAL(answered, rounds);
}

VMFT_TEST(posts_of_many_threads) {
    Wake wake;
    std::atomic<bool> done{false};
    std::vector<std::thread> posters;
    for (u32 bit = 0; bit < 2; bit++)
        posters.emplace_back([&, bit] {
            while (!done) wake.post(1u << bit);
        });
    u32 seen = 0;
    while (seen != 3) seen |= wake.wait_until(host_monotonic_ns() + 100'000);
    done = true;
    for (std::thread& poster : posters) poster.join();
    VMFT_EXPECT_EQUAL(seen, 3u);
}

VMFT_TEST(host_clock_and_randomness) {
    u64 before = host_monotonic_ns();
    VMFT_EXPECT(host_monotonic_ns() >= before);
    VMFT_EXPECT(host_realtime_ns() > u64{1'600'000'000} * 1'000'000'000);
    std::vector<u8> one(1000), two(1000);
    host_random(one);
    host_random(two);
    host_random({});
    VMFT_EXPECT(one != two);
    VMFT_EXPECT(std::count(one.begin(), one.end(), 0) < 100);
}

}  // namespace
}  // namespace vmft
