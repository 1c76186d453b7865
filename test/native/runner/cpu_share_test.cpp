#include <atomic>

#include "machine/fake_accelerator.h"
#include "runner/fake_world.h"
#include "runner/recorded_events.h"
#include "runner/runner.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

struct Host {
    explicit Host(u64 seed) {
        MachineConfig config;
        config.memory_bytes = 8 << 20;
        config.realtime_ns = 1'700'000'000'000'000'000;
        auto own_world = std::make_unique<FakeWorld>(seed);
        world = own_world.get();
        runner = std::make_unique<Runner>(std::make_unique<Machine>(config, make_fake_accelerator),
                                          true, std::move(own_world), events);
    }

    /// Ticks per microsecond of virtual time, which follows the host's, over the next `count`
    /// segments.
    double speed(size_t count) {
        size_t first;
        {
            std::lock_guard lock(events.mutex);
            first = events.segments.size();
        }
        if (!events.wait_segments(first + count)) return 0;
        RecordedSegment begin = events.segment_at(first),
                        end = events.segment_at(first + count - 1);
        return static_cast<double>(end.run_until_ticks - begin.run_until_ticks) * 1000 /
               static_cast<double>(end.virtual_ns - begin.virtual_ns);
    }

    bool has_share(double share) {
        for (int tries = 0; tries < 5000 && runner->status().cpu_share != share; tries++)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return runner->status().cpu_share == share;
    }

    RecordedEvents events;
    FakeWorld* world;
    std::unique_ptr<Runner> runner;
};

constexpr LiveOptions recording(u64 generation) {
    LiveOptions options;
    options.generation = generation;
    options.recording = true;
    options.unacknowledged_bytes_max = u64{1} << 40;
    return options;
}

}  // namespace

VMFT_TEST(a_cpu_share_holds_whatever_wakes_the_cpu) {
    Host host(41);
    host.runner->start_live(recording(1));
    double whole = host.speed(200);
    host.runner->set_cpu_share(0.01);
    VMFT_REQUIRE(host.has_share(0.01));
    VMFT_EXPECT(host.speed(100) < whole / 4);
    std::atomic<bool> over{false};
    std::thread waker([&] {
        while (!over) host.world->wake();
    });
    VMFT_EXPECT(host.speed(100) < whole / 4);
    over = true;
    waker.join();
    host.runner->set_cpu_share(1);
    VMFT_REQUIRE(host.has_share(1));
    VMFT_EXPECT(host.speed(100) > whole / 2);
    for (double wrong : {0.0, 0.009, 1.001, -1.0}) try {
            host.runner->set_cpu_share(wrong);
            VMFT_EXPECT(false);
        } catch (const RunnerError& error) {
            VMFT_EXPECT(std::string(error.code()) == "bad-argument");
        }
}

VMFT_TEST(a_cpu_share_travels_in_the_log_and_stays_with_who_goes_live) {
    Host primary(42);
    primary.runner->start_live(recording(1));
    VMFT_REQUIRE(primary.events.wait_segments(20));
    primary.runner->set_cpu_share(0.25);
    VMFT_REQUIRE(primary.has_share(0.25));
    // The lag limit comes and goes, the share stays.
    primary.runner->set_speed_limit(0.5);
    primary.runner->set_speed_limit(1);
    primary.runner->pause();
    VMFT_REQUIRE(primary.events.wait([&] { return primary.events.paused_at.has_value(); }));

    Host backup(43);
    backup.runner->start_replica(1);
    for (const RecordedSegment& segment : primary.events.segments)
        backup.runner->feed(segment.frame);
    backup.runner->go_live(recording(2));
    VMFT_REQUIRE(backup.events.wait([&] { return backup.events.live_at.has_value(); }));
    VMFT_EXPECT(*backup.events.live_at == *primary.events.paused_at);
    VMFT_EXPECT(backup.has_share(0.25));
}
