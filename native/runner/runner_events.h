#pragma once

#include <string>
#include <vector>

#include "accel/accelerator_fault.h"
#include "base/position.h"

namespace vmft {

/// One recorded frame, with what the protocol needs to know about it; mirrors RecordedSegment in
/// machine.ts.
struct RecordedSegment {
    u64 generation = 0;
    u64 sequence = 0;
    std::vector<u8> frame;
    u64 run_until_ticks = 0;
    u64 virtual_ns = 0;
    u64 outputs_produced = 0;
    bool urgent = false;  ///< An output waits for this segment's acknowledgement.
};

struct ExecutionProgress {
    u64 sequence = 0;
    Position position;
    u64 virtual_ns = 0;
    u64 digests_checked = 0;
    u64 disk_reads_done = 0;  ///< Of those that the log left to this replica.
};

/// Why a machine stopped; the names are those of StopReason in machine.ts.
enum class StopReason : u8 {
    power_off,
    guest_reset,
    triple_fault,
    divergence,
    stopped,
    log_end,
    accelerator_unavailable,
    accelerator_failed,
    cannot_execute,
    counter_lost,
    position_missed,
    disk_failed,  ///< A replica's own disk cannot go on, or none can be claimed.
    internal_error
};

inline const char* name_of(StopReason reason) {
    switch (reason) {
    case StopReason::power_off: return "power-off";
    case StopReason::guest_reset: return "guest-reset";
    case StopReason::triple_fault: return "triple-fault";
    case StopReason::divergence: return "divergence";
    case StopReason::stopped: return "stopped";
    case StopReason::log_end: return "log-end";
    case StopReason::accelerator_unavailable: return "accelerator-unavailable";
    case StopReason::accelerator_failed: return "accelerator-failed";
    case StopReason::cannot_execute: return "cannot-execute";
    case StopReason::counter_lost: return "counter-lost";
    case StopReason::position_missed: return "position-missed";
    case StopReason::disk_failed: return "disk-failed";
    case StopReason::internal_error: return "internal-error";
    }
    return "internal-error";
}

inline StopReason stop_reason_of(AcceleratorFault::Kind kind) {
    switch (kind) {
    case AcceleratorFault::Kind::unavailable: return StopReason::accelerator_unavailable;
    case AcceleratorFault::Kind::cannot_execute: return StopReason::cannot_execute;
    case AcceleratorFault::Kind::counter_lost: return StopReason::counter_lost;
    case AcceleratorFault::Kind::overshoot: return StopReason::position_missed;
    case AcceleratorFault::Kind::diverged: return StopReason::divergence;
    case AcceleratorFault::Kind::host: return StopReason::accelerator_failed;
    }
    return StopReason::internal_error;
}

struct Stopped {
    StopReason reason = StopReason::internal_error;
    Position position;
    std::string message;
    std::string what_to_do;  ///< Empty: nothing sensible to say.
};

/// Told what happens, on the thread where it happens, in order. Must not call back into the runner.
class RunnerEvents {
public:
    virtual void segment(RecordedSegment&& segment) = 0;
    virtual void console(std::vector<u8>&& bytes) = 0;
    virtual void executed(const ExecutionProgress& progress) = 0;
    virtual void live(const Position& position) = 0;
    virtual void paused(const Position& position) = 0;
    virtual void stopped(const Stopped& stopped) = 0;

protected:
    ~RunnerEvents() = default;
};

}  // namespace vmft
