#include "base/limits.h"
#include "runner/checkpoint/take_over.h"
#include "runner/runner.h"

/// Checkpoint replication: the primary's epochs, and the backup that takes over what they changed.
namespace vmft {
namespace {

const char* code_of(LogFault fault) {
    switch (fault) {
    case LogFault::generation: return "frame-generation";
    case LogFault::sequence: return "frame-out-of-order";
    default: return "frame-corrupt";
    }
}

}  // namespace

void Runner::require_recordable(const LiveOptions& options, const char* method) const {
    if (!options.recording) return;
    if (options.replication == Replication::replay) {
        if (machine_->positions_exact()) return;
        throw RunnerError("accelerator-unavailable",
                          std::string(method) + ": without a counter no log can be recorded: no "
                                                "position is exact",
                          "replicate by checkpoints, or use --accel soft");
    }
    for (const DiskConfig& disk : machine_->config().disks) {
        if (disk.shared) continue;
        throw RunnerError("disk-unusable",
                          "checkpoint replication needs disks that both hosts see: the backup "
                          "executes nothing that could change a disk of its own",
                          "share the disk (iscsi://), or replicate by replay");
    }
}

// The primary -------------------------------------------------------------------------------------

bool Runner::checkpoint_part(CheckpointEncoder::Part&& part) {
    Lock lock(mutex_);
    const EpochImage& image = *part.image;
    if (!checkpoints_.active() || image.run != checkpoints_.run()) return false;
    if (part.last) checkpoints_.pace().encoded(part.encoding_ns);
    RecordedSegment segment;
    segment.generation = part.head.generation;
    segment.sequence = part.head.sequence;
    segment.frame = std::move(part.frame);
    segment.run_until_ticks = part.head.ticks;
    segment.virtual_ns = part.head.virtual_ns;
    segment.outputs_produced = part.head.outputs_produced;
    segment.urgent = image.has_outputs();
    u64 bytes = segment.frame.size();
    unacknowledged_.push_back({segment.sequence, bytes, segment.urgent,
                               part.last && image.has_disk_write,
                               part.last && image.has_write_completion, part.last});
    unacknowledged_bytes_ += bytes;
    checkpoint_bytes_ += bytes;
    events_.segment(std::move(segment));
    return true;
}

void Runner::end_epoch(Lock& lock) {
    checkpoints_in_flight_++;
    lock.unlock();
    u64 pause_ns = checkpoints_.take(recorder_.inputs(), segment_has_disk_write_,
                                     segment_has_write_completion_);
    segment_has_disk_write_ = segment_has_write_completion_ = false;
    lock.lock();
    checkpoints_.begin_epoch(world_->monotonic_ns(), pause_ns);
}

void Runner::end_epoch_if_due(Lock& lock, u64 now) {
    if (checkpoints_.due_at_ns(recorder_.inputs()) > now) return;
    // With too many under way the epoch goes on: what it changes again costs nothing more.
    gathering_ = checkpoints_in_flight_ >= limits::checkpoints_in_flight_max;
    if (!gathering_) end_epoch(lock);
}

void Runner::flush_all(Lock& lock, MemoryDigesting memory) {
    flush_if_content(memory);
    if (!checkpoints_.active()) return;
    if (checkpoints_.has_content(recorder_.inputs())) end_epoch(lock);
    lock.unlock();
    checkpoints_.drain();
    lock.lock();
}

// The backup --------------------------------------------------------------------------------------

void Runner::start_checkpoint_replica(u64 generation) {
    Lock lock(mutex_);
    require_mode(Mode::created, "startReplica");
    require_startable("startReplica");
    require_disks("startReplica");
    disks_.begin(DiskQueue::Mode::replica);
    checkpoint_feed_.start(generation, outputs_.counts().produced);
    follows_by_ = Replication::checkpoint;
    begin_replica();
}

FedSegment Runner::feed_checkpoint(std::span<const u8> frame) {
    DecodedPart part;
    std::string reason;
    LogFault fault = decode_part_frame(frame, machine_->config(), part, reason);
    if (fault != LogFault::none)
        throw RunnerError(code_of(fault), "a part of a checkpoint is damaged: " + reason);
    const CheckpointHead head = part.head;
    Lock lock(mutex_);
    require_mode(Mode::replica, "feed");
    if (go_live_wanted_)
        throw RunnerError("wrong-mode", "feed: the last checkpoint was said to be there");
    fault = checkpoint_feed_.add(std::move(part), world_->monotonic_ns(), reason);
    if (fault != LogFault::none)
        throw RunnerError(code_of(fault), "a part of a checkpoint is not the next one: " + reason);
    outputs_.release(head.outputs_released, OutputQueue::for_ever);
    if (!checkpoint_feed_.empty()) world_->wake();
    return {head.generation, head.sequence, head.ticks, head.outputs_produced,
            head.outputs_released};
}

void Runner::checkpoint_step(Lock& lock) {
    if (checkpoint_feed_.empty()) {
        bool reported = report_progress();
        if (go_live_wanted_)
            become_live(lock);
        else
            sleep(lock, next_report_ns(reported));
        return;
    }
    Checkpoint checkpoint = checkpoint_feed_.take();
    lock.unlock();
    image::ImageFault fault = vmft::take_over(checkpoint, *machine_);
    lock.lock();
    if (fault != image::ImageFault::none) {
        end_machine(StopReason::internal_error,
                    std::string("a checkpoint’s state cannot be taken over: ") +
                        image::name_of(fault));
        return;
    }
    outputs_.follow(std::move(checkpoint.outputs), checkpoint.head.outputs_produced);
    taken_over_ns_ = checkpoint.received_ns;
    restored_ = true;
    publish();
    progress_ = {checkpoint.head.sequence, machine_->position(), machine_->virtual_ns(), 0, 0};
    segments_executed_++;
    progress_unreported_ = true;
    if (machine_->end() == ExitKind::position) {
        report_progress();
        return;
    }
    events_.executed(progress_);
    end_as_guest_did();
}

}  // namespace vmft
