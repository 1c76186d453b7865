#include "runner/recorder.h"

#include "base/limits.h"

namespace vmft {
namespace {

/// Of a segment, kept for what is not data: positions, digests, small inputs.
constexpr u64 segment_bytes_spare = 256 << 10;

}  // namespace

void Recorder::start(u64 generation) {
    if (active_ && generation == generation_) return;
    active_ = true;
    generation_ = generation;
    sequence_ = 0;
    encoder_.begin(generation_, sequence_);
    flushed_position_ = machine_.position();
    flushed_outputs_ = machine_.outputs_produced();
    flushed_host_ns_ = world_.monotonic_ns();
    clock_only_ = true;
    memory_digest_virtual_ns_ = machine_.virtual_ns();
}

void Recorder::add(const Input& input) {
    inputs_++;
    if (!active_) return;
    clock_only_ = clock_only_ && std::holds_alternative<ClockInput>(input);
    encoder_.add(machine_.position(), input);
}

bool Recorder::has_content() const {
    return active_ && (encoder_.records() > 0 || machine_.position() != flushed_position_);
}

bool Recorder::due(bool gated, u64 host_ns, bool rests) const {
    if (!active_) return false;
    if (gated && output_waits()) return true;
    return full() || (has_content() && host_ns - flushed_host_ns_ >= age_max_ns(rests));
}

bool Recorder::full() const {
    return active_ && (encoder_.bytes() >= segment_bytes_wanted ||
                       encoder_.records() >= limits::segment_records_max / 2);
}

bool Recorder::has_room(u64 bytes) const {
    return !active_ || encoder_.bytes() + bytes <= limits::segment_bytes_max - segment_bytes_spare;
}

u64 Recorder::due_at_ns(bool rests) const {
    return has_content() ? flushed_host_ns_ + age_max_ns(rests) : no_deadline_ns;
}

bool Recorder::memory_digest_due() const {
    return machine_.virtual_ns() - memory_digest_virtual_ns_ >= memory_digest_interval_ns &&
           world_.monotonic_ns() >= memory_digest_not_before_host_ns_;
}

RecordedSegment Recorder::flush(u64 outputs_released, MemoryDigesting memory_digesting) {
    Digest digest;
    digest.state = machine_.state_digest();
    if (memory_digesting == MemoryDigesting::when_due && memory_digest_due()) {
        u64 begin = world_.monotonic_ns();
        MemoryDigest memory = machine_.take_memory_digest();
        u64 end = world_.monotonic_ns();
        digest.memory = memory.value;
        digest.memory_pages = memory.pages;
        memory_digest_virtual_ns_ = machine_.virtual_ns();
        memory_digest_not_before_host_ns_ = end + (end - begin) * memory_digest_cost_divisor;
    }

    Position here = machine_.position();
    RecordedSegment segment;
    segment.generation = generation_;
    segment.sequence = sequence_;
    segment.run_until_ticks = here.ticks;
    segment.virtual_ns = machine_.virtual_ns();
    segment.outputs_produced = machine_.outputs_produced();
    segment.urgent = output_waits();
    segment.frame = encoder_.finish(here, digest, segment.outputs_produced, outputs_released);
    recorded_bytes_ += segment.frame.size();

    sequence_++;
    encoder_.begin(generation_, sequence_);
    flushed_position_ = here;
    flushed_outputs_ = segment.outputs_produced;
    flushed_host_ns_ = world_.monotonic_ns();
    clock_only_ = true;
    return segment;
}

}  // namespace vmft
