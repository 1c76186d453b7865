#pragma once

#include "machine/image/page_set.h"
#include "machine/machine.h"
#include "output/output_queue.h"
#include "runner/checkpoint/checkpoint_encoder.h"
#include "runner/checkpoint/epoch_pace.h"

namespace vmft {

/// Divides a live machine's run into epochs and takes aside what each has changed; what Recorder is
/// to the log. vCPU thread only, and whoever has the machine while it is paused.
///
/// The problem. A checkpoint must be one moment of the machine, and the guest should hardly notice
/// that it is taken. The idea: at an epoch's end only the bytes of changed pages are copied aside,
/// and the state saved; the encoder's thread does the rest while the next epoch runs. No output of
/// an epoch leaves before the backup has the checkpoint at its end, so nobody can tell that what
/// comes behind the last whole checkpoint is lost with the primary.
///
/// Rejected: write-protecting pages and copying them when they are next written (a shorter pause,
/// and a fault for each page that is written again, which is most of them); sending while the guest
/// stands still (Remus' first version; the pause is then as long as the network is slow).
class CheckpointRecorder {
public:
    CheckpointRecorder(Machine& machine, LiveWorld& world, OutputQueue& outputs,
                       CheckpointEncoder::Take take);

    /// From here on, from epoch 0 of `generation`; goes on where it is when it is at that
    /// generation already. The backup has the machine as it is now; the first checkpoint is due at
    /// once, since with it the backup is one.
    void start(u64 generation, u64 inputs);
    /// What is not encoded yet is forgotten.
    void stop();
    bool active() const { return active_; }
    /// Tells images of this run from those of one that was stopped. Any thread that holds the
    /// runner's lock, as whoever starts and stops does.
    u64 run() const { return run_; }

    EpochPace& pace() { return pace_; }
    bool output_waits() const { return active_ && machine_.outputs_produced() > outputs_produced_; }
    /// Whether anything happened since the last checkpoint: an instruction, or an input
    /// (of which there were so many).
    bool has_content(u64 inputs) const {
        return active_ && (epoch_ == 0 || inputs != inputs_ || machine_.position() != position_);
    }
    /// Host time at which a checkpoint is due; no_deadline_ns while there is nothing in it.
    u64 due_at_ns(u64 inputs) const {
        if (active_ && epoch_ == 0) return 0;
        return has_content(inputs) ? pace_.due_at_ns(output_waits()) : no_deadline_ns;
    }

    /// The epoch ends here. Gives how long the machine stood still, nanoseconds.
    u64 take(u64 inputs, bool has_disk_write, bool has_write_completion);
    /// The next epoch begins now, and the pause was so long.
    void begin_epoch(u64 host_ns, u64 pause_ns);
    /// Waits until everything taken is encoded. Without the runner's lock.
    void drain() { encoder_.drain(); }
    void shut_down() { encoder_.shut_down(); }

private:
    void take_pages(EpochImage& image);

    Machine& machine_;
    LiveWorld& world_;
    OutputQueue& outputs_;
    CheckpointEncoder encoder_;
    image::PageSet changed_;
    EpochPace pace_;
    bool active_ = false;
    u64 run_ = 0;
    u64 generation_ = 0, epoch_ = 0;
    // As of the last checkpoint.
    Position position_;
    u64 inputs_ = 0, outputs_produced_ = 0;
};

}  // namespace vmft
