#include <thread>

#include "accel/kvm/conformance/kvm_here.h"
#include "determinism/small_guest.h"
#include "runner/recorded_events.h"
#include "runner/runner.h"
#include "world/host_world.h"

using namespace vmft;
using namespace vmft::test;
using namespace vmft::test::conformance;

/// A pair on this host's KVM without a counter, by checkpoints; the primary dies again and again.
/// Needs VMFT_GUESTS.
namespace {

constexpr u64 no_bound = u64{1} << 40;

struct Replica {
    explicit Replica(const GuestStart& guest, bool loaded) {
        auto machine = std::make_unique<Machine>(guest.config, [](GuestMemory& memory,
                                                                  Platform& platform) {
            return kvm::make_kvm_accelerator(
                memory, platform, kvm_here().options({.kind = kvm::CounterOptions::Kind::none}));
        });
        if (loaded) machine->load({guest.kernel, {}});
        runner = std::make_unique<Runner>(std::move(machine), loaded, std::make_unique<HostWorld>(),
                                          events);
    }
    std::string shown() {
        std::lock_guard lock(events.mutex);
        return {events.console_bytes.begin(), events.console_bytes.end()};
    }
    bool shows(const std::string& text) {
        return events.wait([&] {
            std::string so_far(events.console_bytes.begin(), events.console_bytes.end());
            return so_far.find(text) != std::string::npos;
        });
    }

    RecordedEvents events;
    std::unique_ptr<Runner> runner;
};

void type(Replica& replica, const std::string& line) {
    replica.runner->console_input({reinterpret_cast<const u8*>(line.data()), line.size()});
}

/// Copies a live machine into a backup and resumes it as that one's primary.
bool form(Replica& primary, Replica& backup, u64 generation) {
    primary.runner->copy_begin();
    std::shared_ptr<image::Copy> copy = primary.runner->copy();
    while (auto piece = copy->read(1 << 20)) backup.runner->restore_pages(piece->data);
    primary.runner->pause();
    if (!primary.events.wait([&] { return primary.events.paused_at.has_value(); })) return false;
    std::vector<u8> state = primary.runner->copy_state();
    while (auto piece = copy->read(1 << 20)) backup.runner->restore_pages(piece->data);
    backup.runner->restore_state(state);
    primary.runner->copy_end();
    backup.runner->start_checkpoint_replica(generation);
    primary.runner->resume({generation, true, true, no_bound, Replication::checkpoint});
    return true;
}

/// Hands parts over until the primary shows `text`; false when it does not.
bool serve_until(Replica& primary, Replica& backup, size_t& fed, const std::string& text) {
    for (int look = 0; look < 4000; look++) {
        size_t there = 0;
        {
            std::lock_guard lock(primary.events.mutex);
            there = primary.events.segments.size();
        }
        for (; fed < there; fed++) {
            RecordedSegment part = primary.events.segment_at(fed);
            backup.runner->feed(part.frame);
            primary.runner->acknowledge(part.sequence);
            primary.runner->release_outputs(part.outputs_produced, OutputQueue::for_ever);
        }
        if (primary.shown().find(text) != std::string::npos) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
}

std::string line_of(int number) { return std::string(static_cast<size_t>(number), 'x'); }
std::string answer_to(int number) { return "echo: " + std::to_string(number) + " bytes"; }

}  // namespace

VMFT_TEST(a_guest_on_kvm_without_a_counter_outlives_its_primaries) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    if (guest_path("VMFT_GUESTS").empty()) VMFT_SKIP("VMFT_GUESTS is not set");
    GuestStart guest = small_guest("echo");
    auto primary = std::make_unique<Replica>(guest, true);
    primary->runner->start_live({0, false, false, no_bound});
    VMFT_REQUIRE(primary->shows("ready"));
    int line = 1;
    for (u64 generation = 1; generation <= 5; generation++) {
        auto backup = std::make_unique<Replica>(guest, false);
        VMFT_REQUIRE(form(*primary, *backup, generation));
        size_t fed = 0;
        for (int more = 0; more < 4; more++, line++) {
            type(*primary, line_of(line) + "\r");
            VMFT_REQUIRE(serve_until(*primary, *backup, fed, answer_to(line)));
        }
        // One that the backup never hears of: it is typed again, as a client would send it.
        type(*primary, line_of(line) + "\r");
        std::this_thread::sleep_for(std::chrono::milliseconds(generation * 3));
        VMFT_EXPECT(primary->shown().find(answer_to(line)) == std::string::npos);
        primary.reset();
        backup->runner->go_live({generation, false, false, no_bound});
        VMFT_REQUIRE(backup->events.wait([&] { return backup->events.live_at.has_value(); }));
        type(*backup, line_of(line) + "\r");
        VMFT_EXPECT(backup->shows(answer_to(line)));
        line++;
        primary = std::move(backup);
        std::lock_guard lock(primary->events.mutex);
        primary->events.paused_at.reset();
    }
    type(*primary, "quit\r");
    VMFT_REQUIRE(primary->events.wait_stopped());
    VMFT_EXPECT(primary->events.stop->reason == StopReason::power_off);
}

VMFT_TEST(a_machine_without_a_counter_neither_records_nor_replays) {
    const KvmHere& here = kvm_here();
    if (!here.why_not.empty()) VMFT_SKIP(here.why_not);
    if (guest_path("VMFT_GUESTS").empty()) VMFT_SKIP("VMFT_GUESTS is not set");
    Replica replica(small_guest("echo"), true);
    auto refused = [](auto call) {
        try {
            call();
        } catch (const RunnerError& error) {
            return std::string(error.code()) == "accelerator-unavailable";
        }
        return false;
    };
    VMFT_EXPECT(refused([&] { replica.runner->start_replica(1); }));
    VMFT_EXPECT(refused([&] { replica.runner->start_live({1, true, true, no_bound}); }));
    replica.runner->start_live({1, false, false, no_bound});
    VMFT_EXPECT(replica.shows("ready"));
    VMFT_EXPECT(refused([&] { replica.runner->reconfigure({1, true, true, no_bound}); }));
}
