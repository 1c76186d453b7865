#include <algorithm>

#include "accel/soft/soft.h"
#include "determinism/faulty_accelerator.h"
#include "determinism/log_replay.h"
#include "determinism/small_guest.h"
#include "machine/image/image_of.h"

using namespace vmft;
using namespace vmft::test;

/// What must be found: flipped bits and cuts in frames and images, wrong digests, a CPU that
/// computes wrongly. The echo guest serves for all: needs VMFT_GUESTS.
namespace {

constexpr unsigned flips = 4000, cuts = 500;

const GuestStart& guest() {
    static const GuestStart echo = small_guest("echo");
    return echo;
}

const RecordedRun& recorded() {
    static const RecordedRun run = record_echo(guest(), 7);
    return run;
}

/// The frame is refused, and the machine in front of it stays as it is.
void expect_refused(LogReplay& replay, Machine& machine, const std::vector<u8>& frame) {
    Position before = machine.position();
    VMFT_EXPECT(!replay.add(frame));
    VMFT_EXPECT(replay.refused() != LogFault::none);
    VMFT_EXPECT(std::string(name_of(replay.refused())) != "unknown");
    VMFT_EXPECT(machine.position() == before);
}

/// Replays with frame `index` put through `change`; expects the divergence there, with `what` in
/// its message.
template <typename Change>
void expect_divergence(size_t index, const char* what, Change change) {
    auto machine = guest().machine();
    LogReplay replay(*machine);
    VMFT_REQUIRE(replay.add_all(recorded(), 0, index));
    VMFT_EXPECT(!replay.add(changed_frame(recorded().frames[index], change)));
    VMFT_EXPECT(replay.refused() == LogFault::none);
    VMFT_EXPECT(replay.result() == Replay::Result::diverged);
    bool named = replay.message().find("divergence in segment " + std::to_string(index)) == 0 &&
                 replay.message().find(what) != std::string::npos;
    VMFT_EXPECT(named);
    if (!named) std::cout << replay.message() << std::endl;
}

/// Replays on a CPU with `fault` planted at `ticks`; expects a divergence.
void expect_found(u64 ticks, FaultyAccelerator::Fault fault, const char* what) {
    auto machine = guest().machine(
        [&](GuestMemory& memory, Platform& platform) -> std::unique_ptr<Accelerator> {
            return std::make_unique<FaultyAccelerator>(memory, platform, ticks, fault);
        });
    LogReplay replay(*machine);
    VMFT_EXPECT(!replay.add_all(recorded(), 0, recorded().frames.size()));
    VMFT_EXPECT(replay.result() == Replay::Result::diverged);
    VMFT_EXPECT(replay.message().find("divergence in segment") == 0);
    VMFT_EXPECT(machine->position().ticks >= ticks);
    if (replay.message().find(what) == std::string::npos) {
        VMFT_EXPECT(!"the message names what differs");
        std::cout << replay.message() << std::endl;
    }
}

bool types(const Record& record) { return std::holds_alternative<ConsoleInput>(record.input); }

size_t some_frame_with(bool (*wanted)(const Segment&)) {
    for (size_t i = recorded().frames.size() / 2; i < recorded().frames.size(); i++) {
        Segment segment;
        if (decode_frame(recorded().frames[i], segment) == LogFault::none && wanted(segment))
            return i;
    }
    return recorded().frames.size();
}

}  // namespace

VMFT_TEST(a_flipped_or_cut_frame_is_refused_and_never_executed) {
    if (guest().kernel.empty()) return;
    const auto& frames = recorded().frames;
    VMFT_REQUIRE(frames.size() > 50);
    Random random(11);
    auto machine = guest().machine();
    LogReplay replay(*machine);
    unsigned tried = 0;
    for (size_t i = 0; i < frames.size(); i++) {
        for (; tried < flips * (i + 1) / frames.size(); tried++) {
            std::vector<u8> bad = frames[i];
            bad[random.below(bad.size())] ^= static_cast<u8>(1 << random.below(8));
            expect_refused(replay, *machine, bad);
        }
        for (unsigned cut = 0; cut < 1 + cuts / frames.size(); cut++) {
            std::vector<u8> bad = frames[i];
            bad.resize(random.below(bad.size()));
            expect_refused(replay, *machine, bad);
        }
        std::vector<u8> longer = frames[i];
        longer.push_back(static_cast<u8>(random.next()));
        expect_refused(replay, *machine, longer);
        if (i > 0) expect_refused(replay, *machine, frames[i - 1]);
        if (i + 2 < frames.size()) expect_refused(replay, *machine, frames[i + 1]);
        // None of it has left a trace: the good one is taken.
        VMFT_REQUIRE(replay.add(frames[i]));
    }
    VMFT_EXPECT(tried >= 2000);
    VMFT_EXPECT(replay.result() == Replay::Result::ended);
}

VMFT_TEST(a_segment_that_lies_diverges_by_name) {
    if (guest().kernel.empty()) return;
    size_t any = some_frame_with([](const Segment& segment) {
        return segment.records.size() >= 2 && types(segment.records[0]);
    });
    size_t memory =
        some_frame_with([](const Segment& segment) { return segment.digest.memory_pages > 0; });
    VMFT_REQUIRE(any < recorded().frames.size() && memory < recorded().frames.size());
    expect_divergence(any, "expected state digest",
                      [](Segment& segment) { segment.digest.state ^= 1; });
    expect_divergence(memory, "expected memory digest",
                      [](Segment& segment) { segment.digest.memory ^= u64{1} << 63; });
    expect_divergence(memory, "expected memory digest",
                      [](Segment& segment) { segment.digest.memory_pages++; });
    expect_divergence(any, "outputs", [](Segment& segment) { segment.outputs_produced++; });
    expect_divergence(any, "expected an input at",
                      [](Segment& segment) { segment.records[0].position.rip ^= 1; });
    expect_divergence(any, "expected an input at",
                      [](Segment& segment) { segment.records[1].position.rcx ^= 4; });
    expect_divergence(any, "expected the segment's end at",
                      [](Segment& segment) { segment.run_until.rip += 2; });
    expect_divergence(any, "expected",
                      [](Segment& segment) { segment.records.erase(segment.records.begin()); });
    expect_divergence(any, "expected", [](Segment& segment) {
        Record again = segment.records.back();
        again.input = ControlInput{ControlKind::power_button};
        segment.records.push_back(again);
    });
}

VMFT_TEST(a_cpu_that_computes_wrongly_is_found) {
    if (guest().kernel.empty()) return;
    u64 middle = recorded().end.ticks / 2;
    // One bit each, in what only a digest can see: a register, a flag, a control bit, and a byte of
    // memory.
    expect_found(
        middle, [](soft::Cpu& cpu) { cpu.gpr[soft::r13] ^= u64{1} << 40; }, "state digest");
    expect_found(
        middle, [](soft::Cpu& cpu) { cpu.rflags ^= soft::flag_id; }, "state digest");
    expect_found(
        middle, [](soft::Cpu& cpu) { cpu.xmm[9].bytes[3] ^= 1; }, "state digest");
    expect_found(
        middle, [](soft::Cpu& cpu) { cpu.msr_tsc_aux ^= 1; }, "state digest");
    expect_found(
        middle,
        [](soft::Cpu& cpu) {
            cpu.ram[0x9000 + 0x800] ^= 0x10;
            cpu.memory->mark_dirty(9);
        },
        "memory digest");
}

VMFT_TEST(a_machine_copied_while_it_ran_goes_on_like_the_original) {
    if (guest().kernel.empty()) return;
    Random random(17);
    u64 ticks = recorded().end.ticks;
    for (u64 seed = 1; seed <= 12; seed++) {
        std::set<u64> places;
        while (places.size() < 3) places.insert(1 + random.below(ticks * 9 / 10));
        RecordedRun run = record_echo(guest(), seed, places);
        VMFT_EXPECT(!run.copies.empty());
        for (const Copy& copy : run.copies) {
            VMFT_REQUIRE(copy.machine != nullptr);
            LogReplay replay(*copy.machine);
            VMFT_EXPECT(replay.add_all(run, copy.next_frame, run.frames.size()));
            VMFT_EXPECT_EQUAL(replay.message(), "");
            VMFT_EXPECT(copy.machine->position() == run.end);
            VMFT_EXPECT_EQUAL(copy.machine->whole_memory_digest(), run.end_memory);
        }
    }
}

VMFT_TEST(a_cut_or_flipped_image_is_refused) {
    if (guest().kernel.empty()) return;
    auto original = guest().machine();
    original->apply(ClockInput{1'000'000, 2'000, 0});
    original->run(200'000);
    original->apply(ControlInput{ControlKind::snapshot});
    Image good = image_of(*original);
    auto fault_of = [&](const Image& image) {
        Machine copy(guest().config, make_soft_accelerator);
        return restore(image, copy);
    };
    VMFT_EXPECT(fault_of(good) == image::ImageFault::none);
    Random random(19);
    for (int i = 0; i < 300; i++) {
        Image bad = good;
        // The state is a small part, and the one with meaning: half of the flips go there.
        std::vector<u8>& piece =
            random.below(2) ? bad.state : bad.pages[random.below(bad.pages.size())];
        piece[random.below(piece.size())] ^= static_cast<u8>(1 << random.below(8));
        VMFT_EXPECT(fault_of(bad) != image::ImageFault::none);
        piece.resize(random.below(piece.size()));
        VMFT_EXPECT(fault_of(bad) != image::ImageFault::none);
    }
}
