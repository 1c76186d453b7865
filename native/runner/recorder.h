#pragma once

#include "log/segment_encoder.h"
#include "machine/machine.h"
#include "runner/live_world.h"
#include "runner/runner_events.h"

namespace vmft {

/// Whether a segment may end with a digest of memory, which takes long.
enum class MemoryDigesting : u8 { when_due, not_now };

/// Turns inputs into segments of the log, and decides when one is complete. vCPU thread only.
class Recorder {
public:
    Recorder(Machine& machine, LiveWorld& world) : machine_(machine), world_(world) {}

    /// Records from here on, from sequence 0 of `generation`; goes on where it is when that
    /// generation is being recorded already.
    void start(u64 generation);
    void stop() { active_ = false; }
    bool active() const { return active_; }

    /// `input` is about to be applied at the machine's position.
    void add(const Input& input);
    /// How many were, recorded or not.
    u64 inputs() const { return inputs_; }

    /// Whether anything happened since the last segment: an input, or an instruction.
    bool has_content() const;
    /// Whether the segment should go now: `gated` and an output waits, or it is old or big enough.
    /// `rests`: the guest does, and has hardly worked since the last one.
    bool due(bool gated, u64 host_ns, bool rests) const;
    /// The segment has grown as large as one should: it goes whatever its end costs.
    bool full() const;
    /// Whether an input with so much data fits into the segment too.
    bool has_room(u64 bytes) const;
    /// Host time from which the segment is due by its age alone; no_deadline_ns while it is empty.
    u64 due_at_ns(bool rests) const;
    /// Host time until which outputs may gather behind the last segment.
    u64 gathered_at_ns() const { return flushed_host_ns_ + output_gather_max_ns; }
    /// Whether an output was produced since the last segment.
    bool output_waits() const { return machine_.outputs_produced() > flushed_outputs_; }

    RecordedSegment flush(u64 outputs_released, MemoryDigesting memory);

    u64 recorded_bytes() const { return recorded_bytes_; }

    /// Without an output that waits, a segment costs both replicas' event loops about half a
    /// millisecond, and they share the host's cores with the vCPUs; nobody misses what is this
    /// late, since the backup is allowed a greater lag.
    static constexpr u64 segment_age_max_ns = 40'000'000;
    /// Of a guest that rests, as long as nothing but the clock came in: each segment wakes both
    /// event loops several times, and there is nothing in it that anybody waits for.
    static constexpr u64 resting_segment_age_max_ns = 1'000'000'000;
    /// A guest that has worked for longer than this since the last segment does not rest. What an
    /// idle Linux has to do in a second is about a third of it.
    static constexpr u64 resting_work_ns = 10'000'000;
    /// About a round trip to the backup: see Runner::output_may_gather.
    static constexpr u64 output_gather_max_ns = 1'000'000;
    /// The same while the guest works: 200 segments a second then.
    static constexpr u64 output_gather_working_ns = 5'000'000;
    static constexpr u64 segment_bytes_wanted = 256 << 10;
    /// Memory is digested this often in virtual time, and so seldom in host time that it costs
    /// less than one part in memory_digest_cost_divisor.
    static constexpr u64 memory_digest_interval_ns = 500'000'000;
    static constexpr u64 memory_digest_cost_divisor = 300;

private:
    bool memory_digest_due() const;
    u64 age_max_ns(bool rests) const {
        return rests && clock_only_ ? resting_segment_age_max_ns : segment_age_max_ns;
    }

    Machine& machine_;
    LiveWorld& world_;
    SegmentEncoder encoder_;
    bool active_ = false;
    u64 generation_ = 0;
    u64 sequence_ = 0;
    Position flushed_position_;
    u64 flushed_outputs_ = 0;
    u64 flushed_host_ns_ = 0;
    bool clock_only_ = true;            ///< No other input since then.
    u64 memory_digest_virtual_ns_ = 0;  ///< Of the last one.
    u64 memory_digest_not_before_host_ns_ = 0;
    u64 recorded_bytes_ = 0;
    u64 inputs_ = 0;
};

}  // namespace vmft
