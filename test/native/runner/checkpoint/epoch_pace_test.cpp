#include "runner/checkpoint/epoch_pace.h"

#include "test.h"

using namespace vmft;

namespace {

constexpr u64 ms = 1'000'000;

}  // namespace

VMFT_TEST(an_epoch_is_what_the_guest_runs_and_an_idle_one_is_long) {
    EpochPace pace;
    pace.begin(5'000 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(false), 5'000 * ms + EpochPace::idle_ns);
    pace.ran(19 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(false), 5'000 * ms + EpochPace::idle_ns);
    pace.ran(1 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(false), 5'020 * ms);
    pace.begin(5'030 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(false), 5'030 * ms + EpochPace::idle_ns);
}

VMFT_TEST(an_output_ends_an_epoch_early_but_not_at_once) {
    EpochPace pace;
    pace.begin(100 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(true), 104 * ms);
    pace.ran(50 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(true), 104 * ms);
}

VMFT_TEST(epochs_grow_with_what_checkpoints_cost_and_shrink_again) {
    EpochPace pace;
    pace.begin(0);
    pace.ran(1'000 * ms);
    pace.paused(8 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(false), 40 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(true), 40 * ms);
    pace.encoded(12 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(false), 60 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(true), 40 * ms);
    pace.paused(500 * ms);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(false), EpochPace::longest_ns);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(true), EpochPace::longest_ns);
    for (int epoch = 0; epoch < 200; epoch++) {
        pace.paused(ms / 10);
        pace.encoded(ms / 10);
    }
    VMFT_EXPECT_EQUAL(pace.due_at_ns(false), EpochPace::default_ns);
    VMFT_EXPECT_EQUAL(pace.due_at_ns(true), EpochPace::output_min_ns);
}
