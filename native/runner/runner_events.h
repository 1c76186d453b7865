#pragma once

#include <string>
#include <vector>

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
};

/// Why a machine stopped; the names are those of StopReason in machine.ts.
enum class StopReason : u8 {
    power_off,
    guest_reset,
    triple_fault,
    divergence,
    stopped,
    log_end,
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
    case StopReason::internal_error: return "internal-error";
    }
    return "internal-error";
}

struct Stopped {
    StopReason reason = StopReason::internal_error;
    Position position;
    std::string message;
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
