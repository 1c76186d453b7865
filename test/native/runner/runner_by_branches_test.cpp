#include <limits>

#include "machine/machine.h"
#include "runner/fake_world.h"
#include "runner/recorded_events.h"
#include "runner/runner.h"
#include "test.h"

/// The runner over an accelerator that counts branches: what it does when that fails, and when it
/// asks to be broken out of.
namespace vmft::test {

namespace {

constexpr u64 start_ns = 1'000'000'000;

/// What a test looks at while the runner's thread runs.
struct Seen {
    std::atomic<u64> runs{0}, earliest_break_out_ns{std::numeric_limits<u64>::max()};
};

/// Each run is one exit of the guest's own.
class BranchesAccelerator : public Accelerator {
public:
    BranchesAccelerator(Platform& platform, Seen& seen) : platform_(platform), seen_(seen) {}

    RunExit run(u64) override {
        exits_++;
        touch_device(platform_, exits_);
        seen_.runs++;
        return RunExit::device;
    }
    TickUnit tick_unit() const override { return TickUnit::branches; }
    void break_out_at(u64 monotonic_ns) override {
        u64 earliest = seen_.earliest_break_out_ns;
        if (monotonic_ns < earliest) seen_.earliest_break_out_ns = monotonic_ns;
    }
    u64 ticks() const override { return exits_; }
    Position position() const override { return {exits_, 0, 0, 0, exits_}; }
    bool halted() const override { return false; }
    void set_entry(const EntryState&) override {}
    void flush_caches() override {}
    void dirty_flags_cleared() override {}
    void save(StateWriter& state) const override { state.put(exits_); }
    void restore(StateReader& state) override { state.get(exits_); }
    std::string describe() const override { return "exits"; }

protected:
    virtual void touch_device(Platform&, u64) {}

    Platform& platform_;
    Seen& seen_;
    u64 exits_ = 0;
};

/// Its guest sets the local APIC's timer to the end of time, a little earlier each time.
class LateTimers final : public BranchesAccelerator {
    using BranchesAccelerator::BranchesAccelerator;

    void touch_device(Platform& platform, u64 exit) override {
        constexpr u64 step_ns = 50'000;
        switch (exit) {
        case 1: platform.msr_write(0x1B, 0xFEE0'0D00); break;       // x2APIC
        case 2: platform.msr_write(0x80F, 0x1FF); break;            // software enable
        case 3: platform.msr_write(0x832, 0x4'0000 | 0x40); break;  // timer in TSC-deadline mode
        default: platform.msr_write(0x6E0, ~u64{0} - start_ns - (exit % 64) * step_ns); break;
        }
    }
};

/// Fails in its third run, and for good.
class BrokenAccelerator final : public BranchesAccelerator {
public:
    using BranchesAccelerator::BranchesAccelerator;

    Position position() const override {
        if (exits_ >= 3) fail();
        return BranchesAccelerator::position();
    }

private:
    [[noreturn]] static void fail() {
        throw AcceleratorFault(AcceleratorFault::Kind::host, "KVM: KVM_RUN failed");
    }
    void touch_device(Platform&, u64 exit) override {
        if (exit == 3) fail();
    }
};

/// Halts at its third exit, without a branch since the first.
class HaltingAccelerator final : public BranchesAccelerator {
    using BranchesAccelerator::BranchesAccelerator;

    RunExit run(u64 until_ticks) override {
        if (exits_ < 3) BranchesAccelerator::run(until_ticks);
        return exits_ < 3 ? RunExit::device : RunExit::halted;
    }
    RunExit run_to(const Position&) override { return run(0); }
    Position position() const override { return {1, 0, 0, 0, exits_}; }
};

template <typename Kind>
struct Host {
    Host() {
        MachineConfig config;
        config.memory_bytes = 1 << 20;
        auto make = [this](GuestMemory&, Platform& platform) {
            return std::make_unique<Kind>(platform, seen);
        };
        runner = std::make_unique<Runner>(std::make_unique<Machine>(config, make), true,
                                          std::make_unique<FakeWorld>(1, start_ns), events);
    }
    Seen seen;
    RecordedEvents events;
    std::unique_ptr<Runner> runner;
};

}  // namespace

VMFT_TEST(an_accelerator_that_fails_for_good_ends_the_machine_only) {
    Host<BrokenAccelerator> host;
    host.runner->start_live({1, false, true, 1 << 20});
    VMFT_REQUIRE(host.events.wait_stopped());
    VMFT_EXPECT(host.events.stop->reason == StopReason::accelerator_failed);
    VMFT_EXPECT(host.events.stop->message == "KVM: KVM_RUN failed");
    VMFT_EXPECT_EQUAL(host.events.stop->position.exits, 2u);
    VMFT_EXPECT(host.runner->status().mode == Runner::Mode::stopped);
}

VMFT_TEST(a_timer_at_the_end_of_time_does_not_break_the_guest_out_at_once) {
    Host<LateTimers> host;
    host.runner->start_live({1, false, false, 1 << 20});
    while (host.seen.runs < 200) std::this_thread::yield();
    host.runner->pause();
    VMFT_REQUIRE(host.events.wait([&] { return host.events.paused_at.has_value(); }));
    // A pause does ask for it at once.
    host.seen.earliest_break_out_ns = std::numeric_limits<u64>::max();
    host.runner->resume({1, false, false, 1 << 20});
    u64 runs = host.seen.runs;
    while (host.seen.runs < runs + 200) std::this_thread::yield();
    VMFT_EXPECT(host.seen.earliest_break_out_ns >= start_ns);
}

VMFT_TEST(a_replica_that_halts_before_an_exit_of_the_log_says_so) {
    Seen seen;
    MachineConfig config;
    config.memory_bytes = 1 << 20;
    Machine machine(config, [&](GuestMemory&, Platform& platform) {
        return std::make_unique<HaltingAccelerator>(platform, seen);
    });
    Segment segment;
    segment.run_until = {1, 0, 0, 0, 5};
    Replay replay(machine);
    std::atomic<bool> cancel{false};
    VMFT_EXPECT(replay.execute(segment, Replay::no_limit, cancel) == Replay::Result::diverged);
    VMFT_EXPECT(replay.message().find("the CPU is halted") != std::string::npos);
}

}  // namespace vmft::test
