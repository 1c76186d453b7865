#include <thread>

#include "log/segment_decoder.h"
#include "machine/fake_accelerator.h"
#include "runner/fake_world.h"
#include "runner/recorded_events.h"
#include "runner/runner.h"
#include "test.h"

/// A machine is copied while it runs, and its copy is the machine.

using namespace vmft;
using namespace vmft::test;

namespace {

constexpr u64 no_bound = u64{1} << 40;

struct Host {
    explicit Host(u64 seed, bool loaded = true) {
        MachineConfig config;
        config.memory_bytes = 8 << 20;
        config.realtime_ns = 1'700'000'000'000'000'000;
        auto own_world = std::make_unique<FakeWorld>(seed);
        runner = std::make_unique<Runner>(std::make_unique<Machine>(config, make_fake_accelerator),
                                          loaded, std::move(own_world), events);
    }
    bool pause() {
        runner->pause();
        return events.wait([&] { return events.paused_at.has_value(); });
    }

    /// Waits until the live machine is there.
    void run_to(u64 ticks) {
        for (int tries = 0; tries < 10'000 && runner->status().position.ticks < ticks; tries++)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    RecordedEvents events;  // Before the runner: it outlives it.
    std::unique_ptr<Runner> runner;
};

LiveOptions recording(u64 generation, bool gated) { return {generation, gated, true, no_bound}; }

template <typename Call>
bool throws(const char* code, Call call) {
    try {
        call();
    } catch (const RunnerError& error) {
        return std::string(error.code()) == code;
    }
    return false;
}

using Pieces = std::vector<std::vector<u8>>;

void read_all(image::Copy& copy, Pieces& pieces) {
    while (auto piece = copy.read(100'000)) pieces.push_back(std::move(piece->data));
}

/// Copies a live machine in some rounds and pauses it; true when all went well.
bool copy_live(Host& host, unsigned rounds, Pieces& pieces, std::vector<u8>& state) {
    // Else there is nothing to copy yet.
    host.run_to(50'000);
    host.runner->copy_begin();
    std::shared_ptr<image::Copy> copy = host.runner->copy();
    u64 changed = 0;
    for (unsigned round = 0; round < rounds; round++) {
        read_all(*copy, pieces);
        // On a busy host the vCPU may not have run since the last round.
        host.run_to(host.runner->status().position.ticks + 10'000);
        u64 left = copy->changes();
        changed += left;
        VMFT_EXPECT(left % page_bytes == 0 && left <= 8 << 20);
    }
    VMFT_EXPECT(changed > 0 || rounds < 5);
    if (!host.pause()) return false;
    state = host.runner->copy_state();
    read_all(*copy, pieces);
    return true;
}

void expect_equal(Host& one, Host& other) {
    Runner::MachineDigest first = one.runner->digest(), second = other.runner->digest();
    VMFT_EXPECT_EQUAL(first.state, second.state);
    VMFT_EXPECT_EQUAL(first.memory, second.memory);
    VMFT_EXPECT(first.position == second.position);
}

}  // namespace

VMFT_TEST(the_copy_of_a_machine_that_writes_all_the_time_is_equal) {
    for (unsigned rounds : {0u, 1u, 2u, 7u}) {
        Host primary(1 + rounds), backup(50, false);
        primary.runner->start_live({1, false, false, no_bound});
        Pieces pieces;
        std::vector<u8> state;
        VMFT_REQUIRE(copy_live(primary, rounds, pieces, state));
        VMFT_EXPECT(throws("wrong-mode", [&] { backup.runner->start_replica(1); }));
        for (const std::vector<u8>& piece : pieces) backup.runner->restore_pages(piece);
        backup.runner->restore_state(state);
        expect_equal(primary, backup);
        primary.runner->copy_end();
        VMFT_EXPECT(throws("wrong-mode", [&] { backup.runner->restore_pages(pieces[0]); }));
        VMFT_EXPECT(throws("wrong-mode", [&] { backup.runner->restore_state(state); }));

        // From there on the log.
        backup.runner->start_replica(1);
        primary.runner->resume(recording(1, true));
        VMFT_REQUIRE(primary.events.wait_segments(30));
        primary.runner->stop();
        VMFT_REQUIRE(primary.events.wait_stopped());
        for (const RecordedSegment& segment : primary.events.segments)
            backup.runner->feed(segment.frame);
        backup.runner->end_of_log();
        VMFT_REQUIRE(backup.events.wait_stopped());
        VMFT_EXPECT(backup.events.stop->reason == StopReason::log_end);
        expect_equal(primary, backup);
    }
}

VMFT_TEST(a_recording_replays_whether_or_not_the_machine_was_copied_meanwhile) {
    Host primary(2);
    primary.runner->start_live(recording(1, false));
    Pieces pieces;
    std::vector<u8> state;
    VMFT_REQUIRE(copy_live(primary, 5, pieces, state));
    primary.runner->copy_end();
    primary.runner->resume(recording(1, false));
    // Once more, and abandoned in the middle.
    primary.runner->copy_begin();
    VMFT_EXPECT(primary.runner->copy()->read(4096).has_value());
    VMFT_EXPECT(primary.runner->copy()->changes() > 0);
    primary.runner->copy_end();
    size_t there = 0;
    {
        std::lock_guard lock(primary.events.mutex);
        there = primary.events.segments.size();
    }
    VMFT_REQUIRE(primary.events.wait_segments(there + 50));
    primary.runner->control(ControlKind::power_off);
    VMFT_REQUIRE(primary.events.wait_stopped());

    u64 snapshots = 0;
    Host replica(3);
    replica.runner->start_replica(1);
    for (const RecordedSegment& segment : primary.events.segments) {
        Segment decoded;
        VMFT_REQUIRE(decode_frame(segment.frame, decoded) == LogFault::none);
        for (const Record& record : decoded.records)
            if (const auto* control = std::get_if<ControlInput>(&record.input))
                snapshots += control->kind == ControlKind::snapshot;
        replica.runner->feed(segment.frame);
    }
    VMFT_EXPECT_EQUAL(snapshots, 1u);
    VMFT_REQUIRE(replica.events.wait_stopped());
    VMFT_EXPECT(replica.events.stop->reason == StopReason::power_off);
    expect_equal(primary, replica);
}

VMFT_TEST(outputs_that_wait_wait_on_the_copy_too_and_leave_when_it_goes_live) {
    Host primary(4), backup(5, false);
    primary.runner->start_live(recording(1, true));
    VMFT_REQUIRE(primary.events.wait([&] {
        return !primary.events.segments.empty() &&
               primary.events.segments.back().outputs_produced >= 30;
    }));
    primary.runner->release_outputs(10, OutputQueue::for_ever);
    Pieces pieces;
    std::vector<u8> state;
    VMFT_REQUIRE(copy_live(primary, 1, pieces, state));
    for (const std::vector<u8>& piece : pieces) backup.runner->restore_pages(piece);
    backup.runner->restore_state(state);
    OutputQueue::Counts of_primary = primary.runner->status().outputs,
                        of_backup = backup.runner->status().outputs;
    VMFT_EXPECT_EQUAL(of_backup.released, 10u);
    VMFT_EXPECT_EQUAL(of_backup.produced, of_primary.produced);
    VMFT_EXPECT_EQUAL(of_backup.bytes_withheld, of_primary.bytes_withheld);

    // The primary says that twenty have left: the rest is for the backup to send.
    backup.runner->start_replica(2);
    backup.runner->release_outputs(20, OutputQueue::for_ever);
    VMFT_EXPECT(!backup.events.showed_anything());
    backup.runner->go_live({2, false, false, no_bound});
    VMFT_REQUIRE(backup.events.wait([&] { return backup.events.live_at || backup.events.stop; }));
    primary.runner->release_outputs(20, OutputQueue::for_ever);
    size_t gone = primary.events.console_bytes.size();
    primary.runner->release_outputs(of_primary.produced, OutputQueue::for_ever);
    std::vector<u8> rest(primary.events.console_bytes.begin() + static_cast<i64>(gone),
                         primary.events.console_bytes.end());
    VMFT_EXPECT(gone > 0 && !rest.empty());
    std::vector<u8>& sent = backup.events.console_bytes;
    VMFT_REQUIRE(
        backup.events.wait([&] { return sent.size() >= rest.size() || backup.events.stop; }));
    std::lock_guard lock(backup.events.mutex);
    VMFT_EXPECT(std::equal(rest.begin(), rest.end(), sent.begin()));
}

VMFT_TEST(damaged_pieces_are_refused_and_the_right_ones_are_taken_afterwards) {
    Host primary(6), backup(7, false);
    primary.runner->start_live({1, false, false, no_bound});
    Pieces pieces;
    std::vector<u8> state;
    VMFT_REQUIRE(copy_live(primary, 1, pieces, state));
    std::vector<u8> bad = pieces[0];
    bad[bad.size() / 2] ^= 1;
    VMFT_EXPECT(throws("image-corrupt", [&] { backup.runner->restore_pages(bad); }));
    bad = state;
    bad.pop_back();
    VMFT_EXPECT(throws("image-corrupt", [&] { backup.runner->restore_state(bad); }));
    for (const std::vector<u8>& piece : pieces) backup.runner->restore_pages(piece);
    backup.runner->restore_state(state);
    expect_equal(primary, backup);
}

VMFT_TEST(a_copy_is_served_while_the_cpu_is_paused_or_stalled_and_ends_with_the_machine) {
    Host paused(8);
    paused.runner->start_live({1, false, false, no_bound});
    VMFT_EXPECT(throws("wrong-mode", [&] { paused.runner->copy(); }));
    VMFT_EXPECT(throws("wrong-mode", [&] { paused.runner->copy_state(); }));
    VMFT_REQUIRE(paused.pause());
    VMFT_EXPECT(throws("wrong-mode", [&] { paused.runner->copy_state(); }));
    paused.runner->copy_begin();
    VMFT_EXPECT(throws("wrong-mode", [&] { paused.runner->copy_begin(); }));
    paused.runner->copy()->changes();
    Pieces pieces;
    read_all(*paused.runner->copy(), pieces);
    VMFT_EXPECT_EQUAL(paused.runner->copy()->changes(), 0u);
    VMFT_EXPECT(!paused.runner->copy()->read(4096));
    paused.runner->copy_end();
    paused.runner->copy_end();
    VMFT_EXPECT(throws("wrong-mode", [&] { paused.runner->copy(); }));

    Host stalled(9);
    stalled.runner->start_live({1, true, true, 2000});
    for (int tries = 0; tries < 2000 && !stalled.runner->status().stalled; tries++)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    VMFT_REQUIRE(stalled.runner->status().stalled);
    stalled.runner->copy_begin();
    std::shared_ptr<image::Copy> copy = stalled.runner->copy();
    read_all(*copy, pieces);
    VMFT_EXPECT_EQUAL(copy->changes(), 0u);
    stalled.runner->stop();
    VMFT_REQUIRE(stalled.events.wait_stopped());
    bool ended = false;
    try {
        copy->read(4096);
    } catch (const image::Copy::Ended&) {
        ended = true;
    }
    VMFT_EXPECT(ended);
    // Who reads when the machine goes away is told so, and touches it no more.
    Host gone(10);
    gone.runner->start_live({1, false, false, no_bound});
    gone.runner->copy_begin();
    copy = gone.runner->copy();
    std::thread reader([&] {
        try {
            for (;;) {
                Pieces some;
                read_all(*copy, some);
                copy->changes();
            }
        } catch (const image::Copy::Ended&) {
        }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    gone.runner.reset();
    reader.join();
    VMFT_EXPECT(copy->ended());
}
