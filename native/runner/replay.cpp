#include "runner/replay.h"

#include <algorithm>
#include <cstdio>

namespace vmft {
namespace {

/// How far the machine runs between two looks at the cancel flag: some tens of milliseconds.
constexpr u64 ticks_between_looks = 4'000'000;

std::string hexadecimal(u64 value) {
    char text[19];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

std::string text_of(const Position& position) {
    return "ticks " + std::to_string(position.ticks) + " rip " + hexadecimal(position.rip) +
           " rcx " + hexadecimal(position.rcx);
}

}  // namespace

bool Replay::run_to(u64 ticks, const std::atomic<bool>& cancel) {
    for (;;) {
        u64 here = machine_.position().ticks;
        if (here >= ticks) return true;
        MachineExit exit =
            machine_.run(ticks - here > ticks_between_looks ? here + ticks_between_looks : ticks);
        if (exit.ended() || exit.kind == ExitKind::halted) return true;
        if (cancel.load(std::memory_order_relaxed)) return false;
    }
}

Replay::Result Replay::diverged(const Segment& segment, const std::string& what) {
    message_ = "divergence in segment " + std::to_string(segment.sequence) + " of generation " +
               std::to_string(segment.generation) + " at " + text_of(machine_.position()) + ": " +
               what + "\n" + machine_.describe();
    return Result::diverged;
}

Replay::Result Replay::at_position(const Segment& segment, const Position& expected,
                                   const char* what) {
    Position here = machine_.position();
    if (here == expected) return Result::executed;
    std::string found = "expected " + std::string(what) + " at " + text_of(expected);
    if (here.ticks < expected.ticks) {
        found += machine_.end() != ExitKind::position
                     ? ", but the machine has ended: " + machine_.describe_end()
                     : ", but the CPU is halted and waits for an input";
    }
    return diverged(segment, found);
}

Replay::Result Replay::execute(const Segment& segment, u64 until_ticks,
                               const std::atomic<bool>& cancel) {
    for (const Record& record : segment.records) {
        if (record.position.ticks > until_ticks) break;
        if (!run_to(record.position.ticks, cancel)) return Result::cancelled;
        if (at_position(segment, record.position, "an input") != Result::executed)
            return Result::diverged;
        machine_.apply(record.input);
    }
    if (!run_to(std::min(segment.run_until.ticks, until_ticks), cancel)) return Result::cancelled;
    if (until_ticks < segment.run_until.ticks) {
        if (machine_.position().ticks != until_ticks)
            return diverged(segment, "expected to get to ticks " + std::to_string(until_ticks));
        return Result::reached;
    }

    if (at_position(segment, segment.run_until, "the segment's end") != Result::executed)
        return Result::diverged;
    if (machine_.outputs_produced() != segment.outputs_produced)
        return diverged(segment, "expected " + std::to_string(segment.outputs_produced) +
                                     " outputs, found " +
                                     std::to_string(machine_.outputs_produced()));
    u64 state = machine_.state_digest();
    if (state != segment.digest.state && machine_.end() == ExitKind::position) {
        // A CPU that shuts down (triple fault) does so behind its last instruction, where a run to
        // this position stops in front. If the recorded machine did, so does this one now.
        machine_.run(segment.run_until.ticks + 1);
        if (machine_.end() != ExitKind::position && machine_.position() == segment.run_until)
            state = machine_.state_digest();
    }
    if (state != segment.digest.state)
        return diverged(segment, "expected state digest " + hexadecimal(segment.digest.state) +
                                     ", found " + hexadecimal(state));
    digests_checked_++;
    if (segment.digest.memory_pages > 0) {
        MemoryDigest memory = machine_.take_memory_digest();
        if (memory.value != segment.digest.memory || memory.pages != segment.digest.memory_pages)
            return diverged(
                segment, "expected memory digest " + hexadecimal(segment.digest.memory) + " over " +
                             std::to_string(segment.digest.memory_pages) + " pages, found " +
                             hexadecimal(memory.value) + " over " + std::to_string(memory.pages));
        digests_checked_++;
    }
    return machine_.end() != ExitKind::position ? Result::ended : Result::executed;
}

}  // namespace vmft
