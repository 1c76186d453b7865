#include "runner/runner.h"

#include <algorithm>

#include "log/segment_decoder.h"
#include "machine/drowsy_accelerator.h"
#include "machine/fake_accelerator.h"
#include "runner/fake_world.h"
#include "runner/recorded_events.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

constexpr u64 no_bound = u64{1} << 40;

/// A machine with the fake accelerator, its world and its events.
struct Host {
    explicit Host(u64 seed, bool loaded = true, u64 clock_start_ns = 1'000'000'000,
                  std::vector<DiskConfig> disks = {},
                  Machine::AcceleratorFactory make_accelerator = make_fake_accelerator) {
        MachineConfig config;
        config.disks = std::move(disks);
        config.memory_bytes = 8 << 20;
        config.realtime_ns = 1'700'000'000'000'000'000;
        auto own_world = std::make_unique<FakeWorld>(seed, clock_start_ns);
        world = own_world.get();
        runner = std::make_unique<Runner>(std::make_unique<Machine>(config, make_accelerator),
                                          loaded, std::move(own_world), events);
    }
    RecordedEvents events;  // Before the runner: it outlives it.
    FakeWorld* world;
    std::unique_ptr<Runner> runner;
};

LiveOptions recording(u64 generation, bool gated = false, u64 bound = no_bound) {
    return {generation, gated, true, bound};
}

std::vector<u8> text(const char* characters) {
    return {characters, characters + std::strlen(characters)};
}

/// Records until there are `count` segments, typing now and then; powered off at the end.
std::vector<std::vector<u8>> record(Host& host, size_t count) {
    host.runner->start_live(recording(1));
    for (size_t wanted = 10; wanted < count; wanted += 10) {
        host.runner->console_input(text("typed\n"));
        if (!host.events.wait_segments(wanted)) return {};
    }
    host.runner->control(ControlKind::power_off);
    if (!host.events.wait_stopped()) return {};
    std::vector<std::vector<u8>> frames;
    for (const RecordedSegment& segment : host.events.segments) frames.push_back(segment.frame);
    return frames;
}

bool code_is(const RunnerError& error, const char* code) {
    return std::string(error.code()) == code;
}

template <typename Call>
bool throws(const char* code, Call call) {
    try {
        call();
    } catch (const RunnerError& error) {
        return code_is(error, code);
    }
    return false;
}

}  // namespace

VMFT_TEST(a_recorded_run_replays_with_every_digest_equal) {
    Host primary(1);
    std::vector<std::vector<u8>> frames = record(primary, 900);
    VMFT_REQUIRE(frames.size() >= 890);
    VMFT_EXPECT(primary.events.stop->reason == StopReason::power_off);
    VMFT_EXPECT(primary.events.console_bytes.size() > 10);
    u64 memory_digests = 0;
    for (const auto& frame : frames) {
        Segment segment;
        VMFT_REQUIRE(decode_frame(frame, segment) == LogFault::none);
        memory_digests += segment.digest.memory_pages > 0;
    }
    VMFT_EXPECT(memory_digests > 0);

    Host backup(2);
    backup.runner->start_replica(1);
    for (const auto& frame : frames) backup.runner->feed(frame);
    VMFT_REQUIRE(backup.events.wait_stopped());
    VMFT_EXPECT(backup.events.stop->reason == StopReason::power_off);
    VMFT_EXPECT(backup.events.stop->position == primary.events.stop->position);
    VMFT_EXPECT_EQUAL(backup.events.last_executed->digests_checked, frames.size() + memory_digests);
    Runner::MachineDigest one = primary.runner->digest(), other = backup.runner->digest();
    VMFT_EXPECT_EQUAL(one.state, other.state);
    VMFT_EXPECT_EQUAL(one.memory, other.memory);
    VMFT_EXPECT(backup.events.console_bytes.empty());
}

VMFT_TEST(replay_stops_at_any_position_in_the_state_of_any_other_replay) {
    Host primary(3);
    std::vector<std::vector<u8>> frames = record(primary, 60);
    VMFT_REQUIRE(frames.size() >= 50);
    u64 end = primary.events.stop->position.ticks;
    Random random(4);
    for (int i = 0; i < 20; i++) {
        u64 until = 1 + random.below(end - 1);
        Runner::MachineDigest digests[2];
        for (auto& digest : digests) {
            Host replayer(random.next());
            replayer.runner->start_replica(std::nullopt, until);
            for (const auto& frame : frames) {
                try {
                    replayer.runner->feed(frame);
                } catch (const RunnerError&) {
                    break;  // Already there.
                }
            }
            VMFT_REQUIRE(replayer.events.wait_stopped());
            replayer.runner->end_of_log();  // Of one that has come to its own end: nothing.
            VMFT_EXPECT(replayer.events.stop->reason == StopReason::log_end);
            VMFT_EXPECT_EQUAL(replayer.events.stop->position.ticks, until);
            digest = replayer.runner->digest();
        }
        VMFT_EXPECT_EQUAL(digests[0].state, digests[1].state);
        VMFT_EXPECT_EQUAL(digests[0].memory, digests[1].memory);
    }
}

VMFT_TEST(a_damaged_log_is_refused_and_a_false_one_diverges) {
    Host primary(5);
    std::vector<std::vector<u8>> frames = record(primary, 40);
    VMFT_REQUIRE(frames.size() >= 30);

    Host backup(6);
    backup.runner->start_replica(1);
    VMFT_EXPECT(throws("frame-out-of-order", [&] { backup.runner->feed(frames[1]); }));
    backup.runner->feed(frames[0]);
    VMFT_EXPECT(throws("frame-out-of-order", [&] { backup.runner->feed(frames[0]); }));
    std::vector<u8> bad = frames[1];
    bad[bad.size() / 2] ^= 4;
    VMFT_EXPECT(throws("frame-corrupt", [&] { backup.runner->feed(bad); }));
    for (size_t i = 1; i < frames.size(); i++) backup.runner->feed(frames[i]);
    VMFT_REQUIRE(backup.events.wait_stopped());
    VMFT_EXPECT(backup.events.stop->reason == StopReason::power_off);

    Host stranger(7);
    stranger.runner->start_replica(2);
    VMFT_EXPECT(throws("frame-generation", [&] { stranger.runner->feed(frames[0]); }));

    // A well-formed segment that does not say what happened: one with a record, somewhere after the
    // start.
    size_t false_one = 20;
    Segment original;
    while (false_one + 1 < frames.size() &&
           decode_frame(frames[false_one], original) == LogFault::none && original.records.empty())
        false_one++;
    VMFT_REQUIRE(!original.records.empty());
    for (int kind = 0; kind < 4; kind++) {
        Host victim(8);
        victim.runner->start_replica(1);
        for (size_t i = 0; i < false_one; i++) victim.runner->feed(frames[i]);
        Segment segment = original;
        if (kind == 0) segment.digest.state ^= 1;
        if (kind == 1) segment.records[0].position.rip ^= 1;
        if (kind == 2)
            segment.records
                .pop_back();  // An earlier clock record may leave no trace behind a later one.
        if (kind == 3) segment.outputs_produced++;
        SegmentEncoder encoder;
        encoder.begin(segment.generation, segment.sequence);
        for (const Record& record : segment.records) encoder.add(record.position, record.input);
        victim.runner->feed(
            encoder.finish(segment.run_until, segment.digest, segment.outputs_produced, 0));
        VMFT_REQUIRE(victim.events.wait_stopped());
        VMFT_EXPECT(victim.events.stop->reason == StopReason::divergence);
        VMFT_EXPECT(victim.events.stop->message.find("segment " + std::to_string(false_one) +
                                                     " ") != std::string::npos);
    }
}

VMFT_TEST(a_backup_made_from_a_copy_follows_and_goes_live) {
    Host primary(9);
    primary.runner->start_live({0, false, false, 0});
    primary.runner->pause();
    VMFT_REQUIRE(primary.events.wait([&] { return primary.events.paused_at.has_value(); }));

    // The host of the backup was started later: its clock is behind the guest's.
    Host backup(10, false, 5'000);
    VMFT_EXPECT(throws("wrong-mode", [&] { backup.runner->start_replica(1); }));
    primary.runner->copy_begin();
    std::vector<u8> state = primary.runner->copy_state();
    while (auto piece = primary.runner->copy()->read(100'000))
        backup.runner->restore_pages(piece->data);
    primary.runner->copy_end();
    backup.runner->restore_state(state);
    backup.runner->start_replica(1);

    primary.runner->resume(recording(1, true));
    VMFT_REQUIRE(primary.events.wait_segments(100));
    VMFT_EXPECT(!primary.events.stop);
    size_t fed = 0;
    u64 produced = 0;
    {
        std::lock_guard lock(primary.events.mutex);
        for (const RecordedSegment& segment : primary.events.segments) {
            backup.runner->feed(segment.frame);
            produced = segment.outputs_produced;
            fed++;
        }
    }
    VMFT_EXPECT(!backup.world->receiving());
    primary.runner.reset();

    backup.runner->go_live(recording(2));
    VMFT_REQUIRE(backup.events.wait([&] { return backup.events.live_at || backup.events.stop; }));
    VMFT_EXPECT(!backup.events.stop);
    VMFT_EXPECT(backup.world->receiving());
    // What the primary never released leaves now.
    VMFT_EXPECT(backup.runner->status().outputs.released >= produced);
    VMFT_EXPECT(produced == 0 || backup.events.showed_anything());
    VMFT_REQUIRE(backup.events.wait_segments(20));
    RecordedSegment first = backup.events.segment_at(0);
    VMFT_EXPECT_EQUAL(first.generation, 2u);
    VMFT_EXPECT_EQUAL(first.sequence, 0u);
    u64 virtual_ns = backup.events.last_executed->virtual_ns;
    VMFT_EXPECT(first.virtual_ns >= virtual_ns);
    VMFT_EXPECT(first.virtual_ns < virtual_ns + Recorder::resting_segment_age_max_ns + 50'000'000);
    backup.runner->stop();
    VMFT_REQUIRE(backup.events.wait_stopped());
    VMFT_EXPECT(backup.events.stop->reason == StopReason::stopped);
}

VMFT_TEST(a_guest_that_powers_off_at_the_failover_says_its_last_words) {
    Host primary(31);
    primary.runner->start_live(recording(1, true));
    VMFT_REQUIRE(primary.events.wait_segments(60));
    primary.runner->control(ControlKind::power_off);
    VMFT_REQUIRE(primary.events.wait_stopped());
    std::vector<std::vector<u8>> frames;
    for (const RecordedSegment& segment : primary.events.segments) frames.push_back(segment.frame);
    // Told to go live before the log is executed, and after the guest has ended.
    for (bool early : {true, false}) {
        Host backup(31);
        backup.runner->start_replica(1);
        for (const std::vector<u8>& frame : frames) backup.runner->feed(frame);
        if (early) backup.runner->go_live(recording(2));
        VMFT_REQUIRE(backup.events.wait_stopped());
        VMFT_EXPECT(backup.events.stop->reason == StopReason::power_off);
        if (!early) {
            VMFT_EXPECT(backup.events.console_bytes.empty());
            backup.runner->go_live(recording(2));
        }
        Runner::Status status = backup.runner->status();
        VMFT_EXPECT_EQUAL(status.outputs.released, status.outputs.produced);
        VMFT_EXPECT(!backup.events.console_bytes.empty());
    }
}

VMFT_TEST(the_log_stalls_the_cpu_until_it_is_acknowledged) {
    Host primary(11);
    primary.runner->start_live(recording(1, true, 2000));
    VMFT_REQUIRE(primary.events.wait_segments(3));
    for (int tries = 0; tries < 2000 && !primary.runner->status().stalled; tries++)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    VMFT_REQUIRE(primary.runner->status().stalled);
    Position there = primary.runner->status().position;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    VMFT_EXPECT(primary.runner->status().position == there);
    size_t count = primary.events.segments.size();
    primary.runner->acknowledge(primary.events.segments.back().sequence);
    VMFT_EXPECT(primary.events.wait_segments(count + 1));

    // Without a backup nothing holds it, and everything leaves.
    primary.runner->reconfigure({1, false, false, 0});
    for (int tries = 0; tries < 2000 && primary.runner->status().stalled; tries++)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    VMFT_EXPECT(!primary.runner->status().stalled);
    primary.runner->pause();
    VMFT_REQUIRE(primary.events.wait([&] { return primary.events.paused_at.has_value(); }));
    Runner::Status status = primary.runner->status();
    VMFT_EXPECT_EQUAL(status.outputs.released, status.outputs.produced);
}

VMFT_TEST(gated_outputs_wait_for_release) {
    Host primary(12);
    primary.runner->start_live(recording(1, true));
    VMFT_REQUIRE(primary.events.wait([&] {
        return !primary.events.segments.empty() &&
               primary.events.segments.back().outputs_produced >= 5;
    }));
    VMFT_EXPECT(!primary.events.showed_anything());
    VMFT_EXPECT_EQUAL(primary.runner->status().outputs.released, 0u);
    {
        std::lock_guard lock(primary.events.mutex);
        VMFT_EXPECT(std::any_of(primary.events.segments.begin(), primary.events.segments.end(),
                                [](const RecordedSegment& segment) { return segment.urgent; }));
    }
    primary.runner->release_outputs(3, OutputQueue::for_ever);
    VMFT_EXPECT(primary.events.showed_anything());
    VMFT_EXPECT_EQUAL(primary.runner->status().outputs.released, 3u);
}

VMFT_TEST(outputs_gather_behind_one_that_is_on_its_way) {
    Host primary(14);
    primary.runner->start_live(recording(1, true));
    VMFT_REQUIRE(primary.events.wait([&] {
        return !primary.events.segments.empty() &&
               primary.events.segments.back().outputs_produced >= 40;
    }));
    primary.runner->stop();
    VMFT_REQUIRE(primary.events.wait_stopped());
    // Nothing is ever acknowledged, so each segment with outputs waits its longest behind the last
    // one.
    u64 last_ns = 0, close = 0, urgent = 0, most = 0, produced = 0;
    for (const RecordedSegment& segment : primary.events.segments) {
        if (segment.urgent && last_ns != 0) {
            urgent++;
            most = std::max(most, segment.outputs_produced - produced);
            close += segment.virtual_ns - last_ns < Recorder::output_gather_max_ns / 2;
        }
        last_ns = segment.virtual_ns;
        produced = segment.outputs_produced;
    }
    VMFT_EXPECT(urgent > 4);
    VMFT_EXPECT(most > 1);
    // Virtual time is not quite the host's; without gathering three of four are close.
    VMFT_EXPECT(close * 4 < urgent);
}

VMFT_TEST(the_outputs_of_a_guest_that_works_on_gather_whatever_is_acknowledged) {
    Host primary(16, true, 1'000'000'000, {}, make_restless_accelerator);
    primary.runner->start_live(recording(1, true));
    u64 last_ns = 0, close = 0, urgent = 0;
    for (size_t at = 0; urgent < 40; at++) {
        VMFT_REQUIRE(primary.events.wait_segments(at + 1));
        RecordedSegment segment = primary.events.segment_at(at);
        primary.runner->acknowledge(segment.sequence);
        if (!segment.urgent) continue;
        urgent++;
        close += segment.virtual_ns - last_ns < Recorder::output_gather_working_ns / 2;
        last_ns = segment.virtual_ns;
    }
    primary.runner->stop();
    VMFT_REQUIRE(primary.events.wait_stopped());
    VMFT_EXPECT(close * 4 < urgent);
}

VMFT_TEST(a_guest_that_hardly_works_has_a_segment_a_second) {
    Host primary(17, true, 1'000'000'000, {}, make_drowsy_accelerator);
    primary.runner->start_live(recording(1, true));
    VMFT_REQUIRE(primary.events.wait_segments(6));
    primary.runner->stop();
    VMFT_REQUIRE(primary.events.wait_stopped());
    // Some of its slices end in the midst of its work, and it has not rested then; it has not
    // worked for long, though.
    for (size_t at = 1; at < 6; at++) {
        u64 ns =
            primary.events.segments[at].virtual_ns - primary.events.segments[at - 1].virtual_ns;
        VMFT_EXPECT(ns > Recorder::resting_segment_age_max_ns / 10 * 9);
        VMFT_EXPECT(ns < Recorder::resting_segment_age_max_ns / 10 * 11);
    }
}

VMFT_TEST(a_start_that_waits_for_a_disk_can_be_stopped_and_runs_nothing) {
    struct HeldDisk final : DiskBackend {
        DiskGeometry geometry() const override { return {1 << 20, 512, false}; }
        void submit(DiskTransfer&&, Done) override {}
        std::string claim(const std::atomic<bool>& cancel) override {
            waits = true;
            while (!cancel) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            return "another host holds it";
        }
        std::atomic<bool> waits{false};
    };
    Host host(15, true, 1'000'000'000, {{1 << 20, 512, true, false, false, ""}});
    auto disk = std::make_shared<HeldDisk>();
    host.runner->attach_disk(0, disk);
    host.runner->start_live(recording(1));
    for (int tries = 0; tries < 2000 && !disk->waits; tries++)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    host.runner->stop();
    VMFT_REQUIRE(host.events.wait_stopped());
    VMFT_EXPECT(host.events.stop->reason == StopReason::stopped);
    VMFT_EXPECT_EQUAL(host.events.stop->position.ticks, 0u);
    VMFT_EXPECT(!host.events.showed_anything());
}

VMFT_TEST(calls_in_the_wrong_mode_are_refused) {
    Host host(13);
    VMFT_EXPECT(throws("wrong-mode", [&] { host.runner->pause(); }));
    VMFT_EXPECT(throws("wrong-mode", [&] { host.runner->resume(recording(1)); }));
    VMFT_EXPECT(throws("wrong-mode", [&] { host.runner->feed({}); }) ||
                throws("frame-corrupt", [&] { host.runner->feed({}); }));
    VMFT_EXPECT(throws("wrong-mode", [&] { host.runner->copy_begin(); }));
    VMFT_EXPECT(throws("wrong-mode", [&] { host.runner->restore_state({}); }));
    VMFT_EXPECT(throws("bad-argument", [&] { host.runner->set_speed_limit(0); }));
    host.runner->start_live(recording(1));
    VMFT_EXPECT(throws("wrong-mode", [&] { host.runner->start_live(recording(1)); }));
    VMFT_EXPECT(throws("wrong-mode", [&] { host.runner->digest(); }));
    host.runner->stop();
    host.runner->stop();
    VMFT_REQUIRE(host.events.wait_stopped());
    VMFT_EXPECT_EQUAL(host.events.stops, 1);
    host.runner->digest();
    host.runner->release_outputs(1, OutputQueue::for_ever);
    host.runner->acknowledge(1);
}
