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
    std::string text = "ticks " + std::to_string(position.ticks) + " rip " +
                       hexadecimal(position.rip) + " rcx " + hexadecimal(position.rcx);
    if (position.exits != 0 || position.registers != 0)
        text += " exits " + std::to_string(position.exits) + " registers " +
                hexadecimal(position.registers);
    return text;
}

}  // namespace

bool Replay::run_to(const Position& target, const std::atomic<bool>& cancel) {
    bool by_branches = machine_.tick_unit() == TickUnit::branches;
    for (;;) {
        Position here = machine_.position();
        if (by_branches ? here == target : here.ticks >= target.ticks) return true;
        Position next = target;
        if (!by_branches && target.ticks - here.ticks > ticks_between_looks)
            next.ticks = here.ticks + ticks_between_looks;
        MachineExit exit = machine_.run_to(next);
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
    if (here.ticks < expected.ticks || here.exits < expected.exits) {
        found += machine_.end() != ExitKind::position
                     ? ", but the machine has ended: " + machine_.describe_end()
                     : ", but the CPU is halted and waits for an input";
    }
    return diverged(segment, found);
}

Replay::Result Replay::complete(const Segment& segment, DiskCompletionInput& completion,
                                const std::atomic<bool>& cancel) {
    DiskQueue::Outcome outcome = disks_->complete(completion, cancel);
    switch (outcome.kind) {
    case DiskQueue::Outcome::Kind::ok: return Result::executed;
    case DiskQueue::Outcome::Kind::cancelled: return Result::cancelled;
    case DiskQueue::Outcome::Kind::diverged: return diverged(segment, outcome.message);
    case DiskQueue::Outcome::Kind::failed: break;
    }
    message_ = outcome.message;
    return Result::disk_failed;
}

Replay::Result Replay::execute(Segment segment, u64 until_ticks, const std::atomic<bool>& cancel) {
    try {
        return execute_exactly(segment, until_ticks, cancel);
    } catch (const AcceleratorFault& fault) {
        // The log asks for what this machine does not do: that is a divergence. Everything else is
        // the host's.
        if (fault.kind() != AcceleratorFault::Kind::overshoot &&
            fault.kind() != AcceleratorFault::Kind::diverged)
            throw;
        return diverged(segment, fault.what());
    }
}

Replay::Result Replay::execute_exactly(Segment& segment, u64 until_ticks,
                                       const std::atomic<bool>& cancel) {
    bool by_branches = machine_.tick_unit() == TickUnit::branches;
    if (disks_ != nullptr) {
        for (const Record& record : segment.records)
            if (const auto* completion = std::get_if<DiskCompletionInput>(&record.input))
                disks_->expect(*completion);
    }
    for (Record& record : segment.records) {
        if (record.position.ticks > until_ticks && !by_branches) break;
        if (!run_to(record.position, cancel)) return Result::cancelled;
        if (at_position(segment, record.position, "an input") != Result::executed)
            return Result::diverged;
        // A tick is no position by branches: the first one recorded there or behind it is.
        if (record.position.ticks > until_ticks) return Result::reached;
        auto* completion = std::get_if<DiskCompletionInput>(&record.input);
        if (completion != nullptr && disks_ != nullptr) {
            Result result = complete(segment, *completion, cancel);
            if (result != Result::executed) return result;
        }
        machine_.apply(record.input);
    }
    if (until_ticks < segment.run_until.ticks && !by_branches) {
        Position wanted;
        wanted.ticks = until_ticks;
        if (!run_to(wanted, cancel)) return Result::cancelled;
        if (machine_.position().ticks != until_ticks)
            return diverged(segment, "expected to get to ticks " + std::to_string(until_ticks));
        return Result::reached;
    }
    if (!run_to(segment.run_until, cancel)) return Result::cancelled;

    if (at_position(segment, segment.run_until, "the segment's end") != Result::executed)
        return Result::diverged;
    if (machine_.outputs_produced() != segment.outputs_produced)
        return diverged(segment, "expected " + std::to_string(segment.outputs_produced) +
                                     " outputs, found " +
                                     std::to_string(machine_.outputs_produced()));
    u64 state = machine_.state_digest();
    if (state != segment.digest.state && machine_.end() == ExitKind::position && !by_branches) {
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
    if (machine_.end() != ExitKind::position) return Result::ended;
    return by_branches && until_ticks <= segment.run_until.ticks ? Result::reached
                                                                 : Result::executed;
}

}  // namespace vmft
