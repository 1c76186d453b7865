#include <algorithm>
#include <thread>

#include "base/limits.h"
#include "machine/fake_accelerator.h"
#include "runner/checkpoint/take_over.h"
#include "runner/fake_world.h"
#include "runner/recorded_events.h"
#include "runner/runner.h"
#include "test.h"

/// A primary that replicates by checkpoints, and backups that are given what it tells.

using namespace vmft;
using namespace vmft::test;

namespace {

constexpr u64 no_bound = u64{1} << 40;
constexpr u64 generation = 7;

MachineConfig small_machine() {
    MachineConfig config;
    config.memory_bytes = 8 << 20;
    config.realtime_ns = 1'700'000'000'000'000'000;
    return config;
}

struct Host {
    explicit Host(u64 seed, bool loaded = true, MachineConfig config = small_machine()) {
        runner = std::make_unique<Runner>(std::make_unique<Machine>(config, make_fake_accelerator),
                                          loaded, std::make_unique<FakeWorld>(seed), events);
    }
    bool pause() {
        {
            std::lock_guard lock(events.mutex);
            events.paused_at.reset();
        }
        runner->pause();
        return events.wait([&] { return events.paused_at.has_value(); });
    }
    size_t segments() {
        std::lock_guard lock(events.mutex);
        return events.segments.size();
    }

    RecordedEvents events;  // Before the runner: it outlives it.
    std::unique_ptr<Runner> runner;
};

LiveOptions alone() { return {generation, false, false, no_bound}; }
LiveOptions by_checkpoints(u64 of_generation = generation, u64 bound = no_bound) {
    return {of_generation, true, true, bound, Replication::checkpoint};
}

template <typename Call>
bool throws(const char* code, Call call) {
    try {
        call();
    } catch (const RunnerError& error) {
        if (std::string(error.code()) == code) return true;
        std::cout << "  " << error.code() << ": " << error.what() << std::endl;
    }
    return false;
}

/// A machine as it was cloned.
struct Clone {
    std::vector<std::vector<u8>> pieces;
    std::vector<u8> state;

    void restore(Runner& runner) const {
        for (const auto& piece : pieces) runner.restore_pages(piece);
        runner.restore_state(state);
    }
};

/// Pauses the machine, and clones it.
Clone clone(Host& host) {
    Clone clone;
    host.runner->copy_begin();
    std::shared_ptr<image::Copy> copy = host.runner->copy();
    while (auto piece = copy->read(1 << 20)) clone.pieces.push_back(std::move(piece->data));
    if (!host.pause()) return {};
    clone.state = host.runner->copy_state();
    while (auto piece = copy->read(1 << 20)) clone.pieces.push_back(std::move(piece->data));
    host.runner->copy_end();
    return clone;
}

/// What of a primary's run a backup can be shown, with what the machine was at each part's end.
struct Told {
    Clone clone;
    std::vector<std::vector<u8>> frames;
    struct Moment {
        CheckpointHead head;
        bool last = false;
        u64 state = 0, memory = 0;       ///< Of the last whole checkpoint, or the clone.
        u64 ticks = 0;                   ///< Likewise.
        u64 produced = 0, released = 0;  ///< Outputs by then, and known to have left.
    };
    std::vector<Moment> moments;  ///< By frame, as of behind it.
    Moment at_clone;
    std::vector<std::string> outputs;  ///< From 1; of those behind the clone.
    u64 outputs_at_clone = 0;
};

/// Follows frames as a backup's runner does, and notes each moment.
void follow(Told& told) {
    RecordedEvents events;
    Runner restored(std::make_unique<Machine>(small_machine(), make_fake_accelerator), false,
                    std::make_unique<FakeWorld>(99), events);
    told.clone.restore(restored);
    Runner::MachineDigest start = restored.digest();
    told.at_clone = {{}, true, start.state, start.memory, start.position.ticks, 0, 0};
    told.outputs_at_clone = restored.status().outputs.produced;
    told.at_clone.produced = told.outputs_at_clone;
    told.at_clone.released = restored.status().outputs.released;

    Machine machine(small_machine(), make_fake_accelerator);
    for (const auto& piece : told.clone.pieces) {
        image::Pages pages;
        VMFT_EXPECT(decode_pages(piece, machine.memory().pages(), pages) ==
                    image::ImageFault::none);
        image::apply_pages(pages, machine.memory());
    }
    CheckpointFeed feed;
    feed.start(generation, told.outputs_at_clone);
    Told::Moment moment = told.at_clone;
    for (const auto& frame : told.frames) {
        DecodedPart part;
        std::string reason;
        VMFT_EXPECT(decode_part_frame(frame, machine.config(), part, reason) == LogFault::none);
        moment.head = part.head;
        moment.last = part.last();
        moment.released = std::max(moment.released, part.head.outputs_released);
        VMFT_EXPECT(feed.add(std::move(part), 1, reason) == LogFault::none);
        if (!feed.empty()) {
            Checkpoint checkpoint = feed.take();
            VMFT_EXPECT(take_over(checkpoint, machine) == image::ImageFault::none);
            moment.state = machine.state_digest();
            moment.memory = machine.whole_memory_digest();
            moment.ticks = machine.position().ticks;
            moment.produced = checkpoint.head.outputs_produced;
            for (const Output& output : checkpoint.outputs)
                told.outputs.push_back({output.bytes.begin(), output.bytes.end()});
        }
        told.moments.push_back(moment);
    }
}

/// Runs a primary for so many frames, acknowledging what is `behind` frames old, and compares it
/// with what it told now and then.
Told run_primary(u64 seed, size_t frames_wanted, size_t behind) {
    Told told;
    Host primary(seed);
    primary.runner->start_live(alone());
    told.clone = clone(primary);
    VMFT_EXPECT(!told.clone.state.empty());
    std::vector<Runner::MachineDigest> digests;
    std::vector<size_t> digests_at;
    primary.runner->resume(by_checkpoints());
    Random random(seed);
    while (told.frames.size() < frames_wanted) {
        if (!primary.events.wait_segments(told.frames.size() + 1)) break;
        while (told.frames.size() < primary.segments()) {
            told.frames.push_back(primary.events.segment_at(told.frames.size()).frame);
            if (told.frames.size() <= behind) continue;
            RecordedSegment old = primary.events.segment_at(told.frames.size() - 1 - behind);
            primary.runner->acknowledge(old.sequence);
            primary.runner->release_outputs(old.outputs_produced, OutputQueue::for_ever);
        }
        if (random.below(4) != 0) continue;
        primary.runner->console_input(std::vector<u8>{'x', 'y'});
        if (!primary.pause()) break;
        while (told.frames.size() < primary.segments())
            told.frames.push_back(primary.events.segment_at(told.frames.size()).frame);
        digests.push_back(primary.runner->digest());
        digests_at.push_back(told.frames.size());
        primary.runner->acknowledge(told.frames.size() - 1 - behind);
        primary.runner->resume(by_checkpoints());
    }
    follow(told);
    VMFT_EXPECT(digests.size() > 10);
    for (size_t i = 0; i < digests.size(); i++) {
        const Told::Moment& moment = told.moments[digests_at[i] - 1];
        VMFT_EXPECT(moment.last);
        VMFT_EXPECT_EQUAL(moment.state, digests[i].state);
        VMFT_EXPECT_EQUAL(moment.memory, digests[i].memory);
        VMFT_EXPECT_EQUAL(moment.ticks, digests[i].position.ticks);
    }
    return told;
}

/// A run that several tests look at.
const Told& told_once() {
    static const Told told = run_primary(11, 260, 2);
    return told;
}

const Told::Moment& moment_behind(const Told& told, size_t frames) {
    return frames == 0 ? told.at_clone : told.moments[frames - 1];
}

bool wait_taken_over(Host& backup, const Told& told, size_t frames) {
    u64 sequence = 0;
    bool any = false;
    for (size_t i = 0; i < frames; i++)
        if (told.moments[i].last) sequence = i, any = true;
    return !any || backup.events.wait([&] {
        return backup.events.last_executed && backup.events.last_executed->sequence == sequence;
    });
}

}  // namespace

VMFT_TEST(what_a_primary_tells_is_what_it_is_at_every_checkpoint) {
    const Told& told = told_once();
    size_t whole = 0, in_parts = 0;
    for (const Told::Moment& moment : told.moments) {
        whole += moment.last;
        in_parts += !moment.last;
    }
    std::cout << whole << " checkpoints, " << in_parts << " parts before their last, "
              << told.outputs.size() << " outputs" << std::endl;
    VMFT_EXPECT(whole > 60);
    VMFT_EXPECT(in_parts > 20);
    VMFT_EXPECT(told.outputs.size() > 20);
}

VMFT_TEST(a_backup_goes_on_from_the_last_whole_checkpoint_wherever_it_is_cut) {
    const Told& told = told_once();
    Random random(3);
    for (int cut = 0; cut < 110; cut++) {
        size_t frames = cut < 4 ? static_cast<size_t>(cut) : random.below(told.frames.size() + 1);
        const Told::Moment& moment = moment_behind(told, frames);
        Host backup(random.next(), false);
        told.clone.restore(*backup.runner);
        backup.runner->start_checkpoint_replica(generation);
        for (size_t i = 0; i < frames; i++) backup.runner->feed(told.frames[i]);
        if (cut % 2 == 0) {
            VMFT_REQUIRE(wait_taken_over(backup, told, frames));
            VMFT_EXPECT(!backup.events.showed_anything());
            backup.runner->stop();
            VMFT_REQUIRE(backup.events.wait_stopped());
            Runner::MachineDigest found = backup.runner->digest();
            VMFT_EXPECT_EQUAL(found.state, moment.state);
            VMFT_EXPECT_EQUAL(found.memory, moment.memory);
            continue;
        }
        backup.runner->go_live(alone());
        VMFT_REQUIRE(backup.events.wait([&] { return backup.events.live_at.has_value(); }));
        VMFT_EXPECT_EQUAL(backup.events.live_at->ticks, moment.ticks);
        // What the primary may not have shown, and then whatever comes.
        std::string wanted;
        for (u64 output = moment.released; output < moment.produced; output++)
            if (output >= told.outputs_at_clone)
                wanted += told.outputs[output - told.outputs_at_clone];
        VMFT_REQUIRE(backup.events.wait(
            [&] { return backup.events.console_bytes.size() >= wanted.size() + 5; }));
        std::lock_guard lock(backup.events.mutex);
        std::string shown(backup.events.console_bytes.begin(), backup.events.console_bytes.end());
        if (moment.released >= told.outputs_at_clone)
            VMFT_EXPECT(shown.compare(0, wanted.size(), wanted) == 0);
    }
}

VMFT_TEST(damaged_repeated_and_foreign_parts_are_refused_without_effect) {
    const Told& told = told_once();
    Host backup(5, false);
    told.clone.restore(*backup.runner);
    backup.runner->start_checkpoint_replica(generation);
    VMFT_EXPECT(throws("wrong-mode", [&] { backup.runner->end_of_log(); }) ||
                backup.runner->status().mode == Runner::Mode::replica);
    Random random(6);
    u64 refused = 0;
    for (size_t i = 0; i < told.frames.size(); i++) {
        for (int flip = 0; flip < 5; flip++) {
            std::vector<u8> damaged = told.frames[i];
            damaged[random.below(damaged.size())] ^= static_cast<u8>(1u << random.below(8));
            refused += throws("frame-corrupt", [&] { backup.runner->feed(damaged); });
        }
        std::vector<u8> cut(told.frames[i].begin(),
                            told.frames[i].begin() +
                                static_cast<std::ptrdiff_t>(random.below(told.frames[i].size())));
        refused += throws("frame-corrupt", [&] { backup.runner->feed(cut); });
        if (i > 0)
            VMFT_EXPECT(
                throws("frame-out-of-order", [&] { backup.runner->feed(told.frames[i - 1]); }));
        if (i + 1 < told.frames.size())
            VMFT_EXPECT(
                throws("frame-out-of-order", [&] { backup.runner->feed(told.frames[i + 1]); }));
        backup.runner->feed(told.frames[i]);
    }
    VMFT_EXPECT_EQUAL(refused, told.frames.size() * 6);
    VMFT_REQUIRE(wait_taken_over(backup, told, told.frames.size()));
    backup.runner->stop();
    VMFT_REQUIRE(backup.events.wait_stopped());
    const Told::Moment& end = told.moments.back();
    VMFT_EXPECT_EQUAL(backup.runner->digest().state, end.state);
    VMFT_EXPECT_EQUAL(backup.runner->digest().memory, end.memory);

    Host other(7, false);
    told.clone.restore(*other.runner);
    other.runner->start_checkpoint_replica(generation + 1);
    VMFT_EXPECT(throws("frame-generation", [&] { other.runner->feed(told.frames[0]); }));
}

VMFT_TEST(parts_that_contradict_each_other_are_refused) {
    const Told& told = told_once();
    MachineConfig config = small_machine();
    // A part that is valid for itself, with another head.
    auto changed = [&](size_t index, auto change) {
        CheckpointPart part;
        VMFT_EXPECT(decode_checkpoint_frame(told.frames[index], part) == LogFault::none);
        change(part);
        return encode_checkpoint_frame(part);
    };
    size_t middle = 0;
    while (told.moments[middle].last) middle++;
    VMFT_REQUIRE(middle + 1 < told.frames.size());
    Host backup(8, false);
    told.clone.restore(*backup.runner);
    backup.runner->start_checkpoint_replica(generation);
    for (size_t i = 0; i <= middle; i++) backup.runner->feed(told.frames[i]);
    size_t next = middle + 1;
    u64 released_before = told.moments[middle].head.outputs_released;
    auto refuses = [&](auto change) {
        return throws("frame-corrupt", [&] { backup.runner->feed(changed(next, change)); });
    };
    VMFT_EXPECT(refuses([](CheckpointPart& part) { part.head.epoch++; }));
    VMFT_EXPECT(refuses([](CheckpointPart& part) { part.head.ticks++; }));
    VMFT_EXPECT(refuses([](CheckpointPart& part) { part.head.virtual_ns--; }));
    VMFT_EXPECT(refuses([](CheckpointPart& part) { part.head.outputs_released = ~u64{0}; }));
    VMFT_EXPECT(refuses([](CheckpointPart& part) { part.head.outputs_produced += 1000; }));
    VMFT_EXPECT(released_before == 0 || refuses([&](CheckpointPart& part) {
                    part.head.outputs_released = released_before - 1;
                }));
    VMFT_EXPECT(refuses(
        [](CheckpointPart& part) { part.pages = part.changes = part.outputs = part.state = {}; }));
    std::vector<u8> nonsense{1, 2, 3};
    VMFT_EXPECT(refuses([&](CheckpointPart& part) { part.pages = nonsense; }));
    VMFT_EXPECT(refuses([&](CheckpointPart& part) { part.changes = nonsense; }));
    VMFT_EXPECT(refuses([&](CheckpointPart& part) { part.outputs = nonsense; }));
    VMFT_EXPECT(refuses([&](CheckpointPart& part) { part.state = nonsense; }));
    backup.runner->feed(told.frames[next]);
}

VMFT_TEST(a_guest_that_nobody_acknowledges_runs_on_in_its_epoch) {
    Host primary(21);
    primary.runner->start_live(alone());
    VMFT_REQUIRE(primary.pause());
    primary.runner->resume(by_checkpoints());
    auto epochs_told = [&] {
        u64 epochs = 0;
        for (const RecordedSegment& segment : primary.events.segments) {
            CheckpointPart part;
            VMFT_EXPECT(decode_checkpoint_frame(segment.frame, part) == LogFault::none);
            epochs = std::max(epochs, part.head.epoch + !part.state.empty());
        }
        return epochs;
    };
    VMFT_REQUIRE(
        primary.events.wait([&] { return epochs_told() == limits::checkpoints_in_flight_max; }));
    u64 before = primary.runner->status().position.ticks;
    for (int look = 0; look < 2000 && primary.runner->status().position.ticks < before + 300'000;
         look++)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    VMFT_EXPECT(primary.runner->status().position.ticks >= before + 300'000);
    VMFT_EXPECT(!primary.runner->status().stalled);
    size_t segments = primary.segments();
    {
        std::lock_guard lock(primary.events.mutex);
        VMFT_EXPECT_EQUAL(epochs_told(), limits::checkpoints_in_flight_max);
    }
    // Acknowledged, it goes on at once.
    primary.runner->acknowledge(segments - 1);
    VMFT_EXPECT(primary.events.wait_segments(segments + 1));
}

VMFT_TEST(a_guest_stalls_while_too_much_is_not_acknowledged) {
    Host primary(22);
    primary.runner->start_live(alone());
    VMFT_REQUIRE(primary.pause());
    primary.runner->resume(by_checkpoints(generation, 1000));
    bool stalls = false;
    for (int look = 0; look < 2000 && !stalls; look++) {
        stalls = primary.runner->status().stalled;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    VMFT_EXPECT(stalls);
    size_t segments = primary.segments();
    primary.runner->acknowledge(segments - 1);
    VMFT_EXPECT(primary.events.wait_segments(segments + 1));
}

VMFT_TEST(a_pair_breaks_and_forms_again_by_either_way) {
    Host primary(23);
    primary.runner->start_live(alone());
    for (u64 pair = 1; pair <= 6; pair++) {
        Clone copied = clone(primary);
        size_t first = primary.segments();
        bool checkpoints = pair % 3 != 0;
        LiveOptions options =
            checkpoints ? by_checkpoints(pair) : LiveOptions{pair, true, true, no_bound};
        Host backup(30 + pair, false);
        copied.restore(*backup.runner);
        if (checkpoints)
            backup.runner->start_checkpoint_replica(pair);
        else
            backup.runner->start_replica(pair);
        primary.runner->resume(options);
        for (size_t seen = first; seen < first + 12; seen++) {
            VMFT_REQUIRE(primary.events.wait_segments(seen + 1));
            RecordedSegment segment = primary.events.segment_at(seen);
            VMFT_EXPECT_EQUAL(segment.generation, pair);
            VMFT_EXPECT_EQUAL(segment.sequence, seen - first);
            backup.runner->feed(segment.frame);
            primary.runner->acknowledge(segment.sequence);
            primary.runner->release_outputs(segment.outputs_produced, OutputQueue::for_ever);
        }
        primary.runner->reconfigure({pair, false, false, no_bound});
        backup.runner->go_live(alone());
        VMFT_REQUIRE(backup.events.wait([&] { return backup.events.live_at.has_value(); }));
        // Nothing of the old generation comes after the change.
        VMFT_REQUIRE(primary.pause());
        size_t settled = primary.segments();
        primary.runner->resume({pair, false, false, no_bound});
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
        VMFT_EXPECT_EQUAL(primary.segments(), settled);
    }
}

VMFT_TEST(the_guests_end_is_told_whole) {
    Host primary(24), backup(25, false);
    primary.runner->start_live(alone());
    Clone copied = clone(primary);
    copied.restore(*backup.runner);
    backup.runner->start_checkpoint_replica(generation);
    primary.runner->resume(by_checkpoints());
    VMFT_REQUIRE(primary.events.wait_segments(2));
    primary.runner->control(ControlKind::power_off);
    VMFT_REQUIRE(primary.events.wait_stopped());
    for (const RecordedSegment& segment : primary.events.segments)
        backup.runner->feed(segment.frame);
    VMFT_REQUIRE(backup.events.wait_stopped());
    VMFT_EXPECT(backup.events.stop->reason == StopReason::power_off);
    VMFT_EXPECT(backup.events.stop->position == primary.events.stop->position);
    VMFT_EXPECT_EQUAL(backup.runner->digest().state, primary.runner->digest().state);
    VMFT_EXPECT_EQUAL(backup.runner->digest().memory, primary.runner->digest().memory);
    // Its last words, which nobody has acknowledged.
    VMFT_EXPECT(!backup.events.showed_anything());
    backup.runner->go_live(alone());
    VMFT_EXPECT(backup.events.showed_anything());
}

VMFT_TEST(a_machine_with_a_disk_of_its_own_is_not_replicated_by_checkpoints) {
    MachineConfig config = small_machine();
    DiskConfig disk;
    disk.capacity_bytes = 1 << 20;
    disk.shared = false;
    config.disks = {disk};
    RecordedEvents events;
    Runner runner(std::make_unique<Machine>(config, make_fake_accelerator), true,
                  std::make_unique<FakeWorld>(1), events);
    VMFT_EXPECT(throws("wrong-mode", [&] { runner.start_live(by_checkpoints()); }));
}

VMFT_TEST(frames_of_the_other_kind_are_refused) {
    Host primary(26), log_backup(27, false), backup(28, false);
    primary.runner->start_live(alone());
    Clone copied = clone(primary);
    primary.runner->resume({generation, true, true, no_bound});
    VMFT_REQUIRE(primary.events.wait_segments(1));
    copied.restore(*log_backup.runner);
    copied.restore(*backup.runner);
    log_backup.runner->start_replica(generation);
    backup.runner->start_checkpoint_replica(generation);
    VMFT_EXPECT(
        throws("frame-corrupt", [&] { backup.runner->feed(primary.events.segment_at(0).frame); }));
    VMFT_EXPECT(
        throws("frame-corrupt", [&] { log_backup.runner->feed(told_once().frames.at(0)); }));
}

namespace {

/// Halts, and is woken ten times a second to write a word to each of forty pages.
class IdleGuest final : public Accelerator {
public:
    IdleGuest(GuestMemory& memory, Platform& platform) : memory_(memory), platform_(platform) {}

    RunExit run(u64 until_ticks) override {
        while (ticks_ < until_ticks) {
            if (platform_.interrupt_pending()) {
                platform_.acknowledge_interrupt();
                platform_.msr_write(0x80B, 0);  // EOI
                for (u64 page = 0; page < 40; page++)
                    memory_.write_value(0x10'0000 + page * page_bytes, ticks_);
                halted_ = false;
            }
            if (halted_) return RunExit::halted;
            step();
            ticks_++;
            return halted_ ? RunExit::halted : RunExit::device;
        }
        return RunExit::position;
    }
    u64 ticks() const override { return ticks_; }
    Position position() const override { return {ticks_, 1, 1}; }
    bool halted() const override { return halted_; }
    void set_entry(const EntryState&) override {}
    void flush_caches() override {}
    void dirty_flags_cleared() override {}
    void save(StateWriter& state) const override {
        state.put(ticks_);
        state.put(halted_);
    }
    void restore(StateReader& state) override {
        state.get(ticks_);
        state.get(halted_);
    }
    std::string describe() const override { return "idle"; }

private:
    static constexpr u64 wakes_apart_ns = 100'000'000;

    void step() {
        switch (ticks_) {
        case 0: platform_.msr_write(0x1B, 0xFEE00000 | 0x800 | 0x400 | 0x100); break;  // x2APIC
        case 1: platform_.msr_write(0x80F, 0x1FF); break;
        case 2: platform_.msr_write(0x832, 0x40040); break;  // Timer in TSC-deadline mode.
        default: platform_.msr_write(0x6E0, platform_.tsc() + wakes_apart_ns); halted_ = true;
        }
    }

    GuestMemory& memory_;
    Platform& platform_;
    u64 ticks_ = 0;
    bool halted_ = false;
};

}  // namespace

VMFT_TEST(an_idle_guest_costs_almost_nothing) {
    RecordedEvents events;
    auto own_world = std::make_unique<FakeWorld>(31);
    FakeWorld* world = own_world.get();
    Runner runner(std::make_unique<Machine>(
                      small_machine(),
                      [](GuestMemory& memory, Platform& platform) -> std::unique_ptr<Accelerator> {
                          return std::make_unique<IdleGuest>(memory, platform);
                      }),
                  true, std::move(own_world), events);
    runner.start_live(by_checkpoints());
    size_t told = 0;
    auto acknowledge_all = [&] {
        std::lock_guard lock(events.mutex);
        told = events.segments.size();
    };
    while (told < 3) {
        VMFT_REQUIRE(events.wait_segments(told + 1));
        acknowledge_all();
        runner.acknowledge(told - 1);
    }
    // The first ones bring the pages as they are.
    u64 begin = world->monotonic_ns(), bytes_before = runner.status().recorded_bytes;
    u64 virtual_before = runner.status().virtual_ns;
    constexpr size_t parts = 40;
    for (size_t more = 0; more < parts; more++) {
        VMFT_REQUIRE(events.wait_segments(told + 1));
        acknowledge_all();
        runner.acknowledge(told - 1);
    }
    double seconds = static_cast<double>(world->monotonic_ns() - begin) / 1e9;
    u64 bytes_each = (runner.status().recorded_bytes - bytes_before) / parts;
    std::cout << bytes_each << " bytes a checkpoint, " << parts << " in " << seconds << " s"
              << std::endl;
    // One a second at most, though it is woken ten times: 0.03 Mbit/s.
    VMFT_EXPECT(seconds > 0.9 * static_cast<double>(parts));
    VMFT_EXPECT(runner.status().virtual_ns - virtual_before > (parts - 5) * 1'000'000'000);
    VMFT_EXPECT(bytes_each < 4'000);
}
