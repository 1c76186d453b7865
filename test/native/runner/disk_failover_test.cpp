#include <algorithm>
#include <set>
#include <thread>

#include "disk/sim_storage.h"
#include "machine/machine.h"
#include "runner/disk_guest.h"
#include "runner/fake_world.h"
#include "runner/recorded_events.h"
#include "runner/runner.h"
#include "test.h"

/// A guest that asks its disk for all kinds of things at random loses its primary at each step of a
/// write's life and at random moments; the backup goes live, and the disk must in the end be the
/// one that a single machine would have left.

using namespace vmft;
using namespace vmft::test;

namespace {

struct Kind {
    const char* name;
    bool shared, reads_on_backup;
    Replication replication = Replication::replay;
};
constexpr Kind kinds[] = {
    {"shared", true, false},
    {"shared, read by the backup", true, true},
    {"private", false, false},
    {"private, read by the backup", false, true},
    {"shared, by checkpoints", true, false, Replication::checkpoint},
    {"shared, by checkpoints, read by the backup", true, true, Replication::checkpoint}};

struct Scenario {
    Kind kind = kinds[0];
    CrashPoint point = CrashPoint::none;
    u64 count = 0;  ///< Of `point`; without one, how many segments are sent.
    u64 seed = 1;
    u64 requests = 60;
    // Planted faults.
    bool claims_are_ignored = false, everything_is_released = false, flushes_are_ignored = false;
    bool reads_are_reported_early = false;
};

struct Host {
    Host(const Scenario& scenario, u64 seed, SimStorage& storage, CrashTrigger crash,
         std::shared_ptr<GuestHistory> past = nullptr) {
        MachineConfig config;
        config.memory_bytes = 8 << 20;
        config.realtime_ns = 1'700'000'000'000'000'000;
        DiskConfig disk;
        disk.capacity_bytes = DiskGuest::blocks * DiskGuest::block_bytes;
        disk.shared = scenario.kind.shared;
        disk.reads_on_backup = scenario.kind.reads_on_backup;
        config.disks.push_back(disk);
        auto factory = [&](GuestMemory& memory, Platform& platform) {
            return std::make_unique<DiskGuest>(memory, platform, scenario.requests, history, past);
        };
        runner =
            std::make_unique<Runner>(std::make_unique<Machine>(config, factory), true,
                                     std::make_unique<FakeWorld>(seed), events, std::move(crash));
        runner->attach_disk(0, storage.open(sim));
    }
    RecordedEvents events;  // Before the runner: it outlives it.
    std::shared_ptr<GuestHistory> history = std::make_shared<GuestHistory>();
    std::shared_ptr<SimHost> sim = std::make_shared<SimHost>();
    std::unique_ptr<Runner> runner;
};

/// What is wrong with the disk after all that the guest did, in its order.
std::string judge(const GuestHistory& history, const Medium& medium) {
    std::vector<u8> model(DiskGuest::blocks, 0);
    for (size_t i = 0; i < history.requests.size(); i++) {
        const GuestRequest& request = history.requests[i];
        std::string name = "request " + std::to_string(i + 1) + " (" + request.what + ")";
        if (!request.ended) return name + " has not ended";
        if (request.went_wrong) return name + " failed";
        for (u64 block = 0; block < request.blocks; block++) {
            u64 at = request.block + block;
            if (request.what == 'w') {
                model[at] = request.value;
                continue;
            }
            // What it asked for before the read, or anything since that may have been done.
            std::set<u8> allowed{model[at]};
            for (size_t later = i + 1; later < request.asked_when_ended; later++) {
                const GuestRequest& other = history.requests[later];
                if (other.what == 'w' && at >= other.block && at < other.block + other.blocks)
                    allowed.insert(other.value);
            }
            if (!allowed.contains(request.found.at(block)))
                return name + " found " + std::to_string(request.found[block]) + " in block " +
                       std::to_string(at) + ", not " + std::to_string(model[at]);
        }
    }
    for (size_t block = 0; block < model.size(); block++) {
        if (medium.blocks[block] != model[block])
            return "block " + std::to_string(block) + " holds " +
                   std::to_string(medium.blocks[block]) + ", not " + std::to_string(model[block]);
        if (medium.durable[block] != model[block])
            return "block " + std::to_string(block) + " was flushed and is lost";
    }
    return {};
}

bool finishes(Host& host) {
    for (int tries = 0; tries < 20'000; tries++) {
        {
            std::lock_guard lock(host.events.mutex);
            if (host.events.stop) return false;
            // Before it is live, its own disk may be behind what its guest was told.
            if (host.history->finished && host.events.live_at) return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

/// Between the two hosts: sends segments, and tells the primary what the backup has.
class Wire {
public:
    Wire(const Scenario& scenario, Host& primary, Host& backup)
        : scenario_(scenario), primary_(primary), backup_(backup), random_(scenario.seed + 77) {}

    /// Until the primary is dead or its guest has finished.
    void run() {
        while (!dead() && !backup_stopped() && !(primary_.history->finished && all_sent())) {
            tell_reads();
            if (all_sent()) {
                std::this_thread::sleep_for(std::chrono::microseconds(50));
                continue;
            }
            if (scenario_.point == CrashPoint::none && sent_ >= scenario_.count) {
                primary_.sim->dead = true;
                return;
            }
            RecordedSegment segment = primary_.events.segment_at(sent_);
            if (dead()) return;
            try {
                backup_.runner->feed(segment.frame);
            } catch (const RunnerError&) {
                return;  // It has stopped, and says why.
            }
            sent_++;
            std::this_thread::sleep_for(std::chrono::microseconds(random_.below(200)));
            if (dead()) return;
            primary_.runner->acknowledge(segment.sequence);
            if (dead()) return;
            primary_.runner->release_outputs(scenario_.everything_is_released
                                                 ? segment.outputs_produced + 1000
                                                 : segment.outputs_produced,
                                             OutputQueue::for_ever);
        }
    }

private:
    bool dead() const { return primary_.sim->dead; }
    bool backup_stopped() {
        std::lock_guard lock(backup_.events.mutex);
        return backup_.events.stop.has_value();
    }
    bool all_sent() {
        std::lock_guard lock(primary_.events.mutex);
        return sent_ >= primary_.events.segments.size();
    }
    void tell_reads() {
        std::unique_lock lock(backup_.events.mutex);
        u64 done = backup_.events.last_executed ? backup_.events.last_executed->disk_reads_done : 0;
        lock.unlock();
        primary_.runner->disk_reads_done(scenario_.reads_are_reported_early ? ~u64{0} - 1 : done);
    }

    const Scenario& scenario_;
    Host &primary_, &backup_;
    Random random_;
    size_t sent_ = 0;
};

/// One life of a pair. Empty, or what went wrong.
std::string live_through(const Scenario& scenario, bool* crashed = nullptr) {
    SimStorage first(scenario.seed, DiskGuest::blocks),
        second(scenario.seed + 1, DiskGuest::blocks);
    SimStorage& other = scenario.kind.shared ? first : second;
    for (SimStorage* storage : {&first, &second}) {
        storage->claims_are_ignored = scenario.claims_are_ignored;
        storage->flushes_are_ignored = scenario.flushes_are_ignored;
    }
    auto primary_dies = std::make_shared<std::function<void()>>();
    Host primary(
        scenario, scenario.seed + 2, first,
        CrashTrigger(scenario.point, scenario.count, [primary_dies] { (*primary_dies)(); }));
    *primary_dies = [sim = primary.sim] { sim->dead = true; };
    bool checkpoints = scenario.kind.replication == Replication::checkpoint;
    Host backup(scenario, scenario.seed + 3, other, {}, checkpoints ? primary.history : nullptr);
    if (checkpoints)
        backup.runner->start_checkpoint_replica(1);
    else
        backup.runner->start_replica(1);
    primary.runner->start_live({1, true, true, u64{1} << 40, scenario.kind.replication});
    Wire(scenario, primary, backup).run();
    if (crashed) *crashed = primary.sim->dead;
    primary.sim->dead = true;
    primary.runner.reset();

    if (!backup.events.stop) backup.runner->go_live({2, false, false, 0});
    if (!finishes(backup)) {
        std::string why = "the backup's guest does not come to its end";
        std::lock_guard lock(backup.events.mutex);
        return backup.events.stop ? why + ": " + backup.events.stop->message : why;
    }
    backup.runner->stop();
    if (!backup.events.wait_stopped()) return "the backup does not stop";
    Medium medium = other.settle();
    if (first.overlaps + second.overlaps > 0) return "overlapping transfers were issued together";
    return judge(*backup.history, medium);
}

void expect_fine(const Scenario& scenario, bool* crashed = nullptr) {
    std::string fault = live_through(scenario, crashed);
    if (fault.empty()) return;
    std::string what = std::string(scenario.kind.name) + ", " +
                       crash_point_names[static_cast<size_t>(scenario.point)] + " " +
                       std::to_string(scenario.count) + ", seed " + std::to_string(scenario.seed) +
                       ": " + fault;
    fail(__FILE__, __LINE__, what.c_str());
}

/// Whether one of so many lives goes wrong.
bool is_caught(Scenario scenario, int lives) {
    for (int i = 0; i < lives; i++) {
        scenario.seed += 100;
        if (!live_through(scenario).empty()) return true;
    }
    return false;
}

}  // namespace

VMFT_TEST(a_pair_that_loses_nobody_leaves_the_disk_of_one_machine) {
    for (const Kind& kind : kinds) {
        Scenario scenario;
        scenario.kind = kind;
        scenario.count = ~u64{0};
        scenario.requests = 200;
        bool crashed = true;
        expect_fine(scenario, &crashed);
        VMFT_EXPECT(!crashed);
    }
}

VMFT_TEST(a_process_counts_steps_only_while_a_backup_has_the_machine) {
    int deaths = 0;
    CrashTrigger crash(
        CrashPoint::write_done, 2, [&] { deaths++; }, true);
    auto steps = [&] {
        for (int i = 0; i < 5; i++) crash.at(CrashPoint::write_done);
    };
    steps();
    VMFT_EXPECT(deaths == 0);
    crash.backup_has_machine(true);
    crash.at(CrashPoint::write_done);
    crash.at(CrashPoint::write_issued);
    crash.backup_has_machine(false);
    steps();
    VMFT_EXPECT(deaths == 0);
    crash.backup_has_machine(true);
    crash.at(CrashPoint::write_done);
    VMFT_EXPECT(deaths == 1);
}

VMFT_TEST(a_primary_that_dies_at_any_step_of_a_write_leaves_the_disk_of_one_machine) {
    int crashes = 0;
    for (const Kind& kind : kinds) {
        for (u8 point = 1; point < std::size(crash_point_names); point++) {
            for (u64 count : {1, 2, 5, 9, 14}) {
                Scenario scenario;
                scenario.kind = kind;
                scenario.point = static_cast<CrashPoint>(point);
                scenario.count = count;
                scenario.seed = 1000 * point + count;
                bool crashed = false;
                expect_fine(scenario, &crashed);
                crashes += crashed;
            }
        }
    }
    VMFT_EXPECT(crashes >= 150);
}

VMFT_TEST(a_primary_that_dies_at_any_moment_leaves_the_disk_of_one_machine) {
    Random random(5);
    for (const Kind& kind : kinds) {
        for (int i = 0; i < 25; i++) {
            Scenario scenario;
            scenario.kind = kind;
            scenario.count = random.below(60);
            scenario.seed = random.next() >> 8;
            expect_fine(scenario);
        }
    }
}

VMFT_TEST(a_disk_that_is_not_claimed_is_caught) {
    Scenario scenario;
    scenario.claims_are_ignored = true;
    scenario.point = CrashPoint::write_issued;
    scenario.count = 9;
    VMFT_EXPECT(is_caught(scenario, 50));
}

VMFT_TEST(a_gate_that_lets_everything_out_is_caught) {
    Scenario scenario;
    scenario.everything_is_released = true;
    scenario.point = CrashPoint::write_done;
    scenario.count = 12;
    VMFT_EXPECT(is_caught(scenario, 50));
}

VMFT_TEST(a_gate_that_lets_everything_out_is_caught_with_checkpoints_too) {
    Scenario scenario;
    scenario.kind = kinds[4];
    scenario.everything_is_released = true;
    scenario.point = CrashPoint::write_done;
    scenario.count = 12;
    VMFT_EXPECT(is_caught(scenario, 50));
}

VMFT_TEST(a_disk_that_forgets_to_flush_is_caught) {
    Scenario scenario;
    scenario.flushes_are_ignored = true;
    scenario.count = 10;
    VMFT_EXPECT(is_caught(scenario, 1));
}

VMFT_TEST(a_write_that_does_not_wait_for_the_backups_read_is_caught) {
    Scenario scenario;
    scenario.kind = kinds[1];
    scenario.reads_are_reported_early = true;
    scenario.count = ~u64{0};
    scenario.requests = 200;
    VMFT_EXPECT(is_caught(scenario, 20));
}
