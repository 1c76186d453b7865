#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/check.h"
#include "disk/disk_queue.h"
#include "input/input_queue.h"
#include "machine/image/copy.h"
#include "machine/image/state.h"
#include "machine/machine.h"
#include "output/output_queue.h"
#include "runner/checkpoint/checkpoint_feed.h"
#include "runner/checkpoint/checkpoint_recorder.h"
#include "runner/crash_point.h"
#include "runner/live.h"
#include "runner/live_world.h"
#include "runner/recorder.h"
#include "runner/replay.h"
#include "runner/runner_error.h"
#include "runner/runner_events.h"
#include "runner/segment_feed.h"

namespace vmft {

/// How a backup follows: it executes the log, or it is given what each epoch changed.
enum class Replication : u8 { replay, checkpoint };

struct LiveOptions {
    u64 generation = 0;
    bool gated = false;      ///< Outputs wait for release_outputs; else they leave at once.
    bool recording = false;  ///< Segments are made, or checkpoints.
    u64 unacknowledged_bytes_max = 0;
    Replication replication = Replication::replay;
};

/// What `feed` learnt from a valid frame.
struct FedSegment {
    u64 generation = 0, sequence = 0, run_until_ticks = 0, outputs_produced = 0,
        outputs_released = 0;
};

/// A machine with its vCPU thread: what src/flow/machine/machine.ts describes, in C++. Methods may
/// be called from any thread but the vCPU's, and throw RunnerError.
///
/// Modes, and who changes them:
///   created  nothing has run. start_live, start_replica: the caller
///   live     the vCPU runs from the world's inputs. pause: the vCPU thread, when it has come to a
///   stop replica  the vCPU executes what is fed. go_live: the vCPU thread, when all of it is
///   executed paused   the vCPU stands still between two instructions, and the caller may look at
///   the machine. resume: the caller stopped  for good. The vCPU thread, after the machine has
///   ended, diverged or `stop` was called
/// Only the vCPU thread touches the machine in live and replica, only callers (under the lock) in
/// the others.
class Runner final : private OutputTarget, private OutputListener, private CheckContext {
public:
    enum class Mode : u8 { created, live, replica, paused, stopped };

    /// `loaded`: the machine was given its guest; else it must be restored before it can start.
    Runner(std::unique_ptr<Machine> machine, bool loaded, std::unique_ptr<LiveWorld> world,
           RunnerEvents& events, CrashTrigger crash = {});
    /// Stops the vCPU thread and waits for it; no event comes after that.
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    /// Before the machine runs: where disk `index` of its configuration is.
    void attach_disk(u32 index, std::shared_ptr<DiskBackend> backend);

    /// Claims the disks first: nothing runs before.
    void start_live(const LiveOptions& options);
    void pause();  ///< Event `paused` follows.
    void resume(const LiveOptions& options);
    void reconfigure(const LiveOptions& options);

    /// Copying the machine, live or paused: see image::Copy and machine.ts. One at a time.
    void copy_begin();
    std::shared_ptr<image::Copy> copy();
    /// While paused: records ControlKind::snapshot; vmft.image.State.
    std::vector<u8> copy_state();
    void copy_end();
    /// On a created machine without a guest: pieces of another's image.
    void restore_pages(std::span<const u8> bytes);
    void restore_state(std::span<const u8> bytes);

    /// See SegmentFeed::start. Stops with log_end at `until_ticks`. Without `generation` disks are
    /// neither needed nor touched.
    void start_replica(std::optional<u64> generation, u64 until_ticks = Replay::no_limit);
    /// Follows by checkpoints: executes nothing, and is what the last whole one says.
    void start_checkpoint_replica(u64 generation);
    FedSegment feed(std::span<const u8> frame);
    /// No frame comes any more: stops with log_end when all are executed. Nothing on a machine that
    /// has stopped.
    void end_of_log();
    void go_live(const LiveOptions& options);

    void acknowledge(u64 sequence);
    /// See OutputQueue::release; the time is the world's monotonic_ns.
    void release_outputs(u64 through, u64 until_ns);
    /// See DiskQueue.
    void disk_reads_done(u64 count) { disks_.reads_done(count); }
    void track_disk_changes(u32 index, bool on);
    std::vector<DiskRange> take_disk_changes(u32 index);

    void console_input(std::span<const u8> bytes);
    void control(ControlKind kind);
    /// 0.01 … 1, rounded to permille. By the log, like other control inputs.
    void set_cpu_share(double share);
    void set_speed_limit(double share);

    struct MachineDigest {
        Position position;
        u64 state = 0, memory = 0;
    };
    /// `memory` is 0 without `of_memory`.
    MachineDigest digest(bool of_memory = true);

    struct Status {
        Mode mode = Mode::created;
        Position position;
        u64 virtual_ns = 0;
        bool halted = false, stalled = false;
        double cpu_share = 1;
        u64 unacknowledged_bytes = 0, recorded_bytes = 0, frames_received = 0;
        u64 frames_dropped =
            0;  ///< Received ones the guest did not take, and sent ones the network did not.
        OutputQueue::Counts outputs;
        std::vector<DiskQueue::Counts> disks;
        Accelerator::Statistics accelerator;
        CodeExecution code = CodeExecution::interpreted;
    };
    Status status();
    /// Ends the machine; `stopped` follows. Idempotent.
    void stop();

    const MachineConfig& config() const { return machine_->config(); }
    LiveWorld& world() { return *world_; }

private:
    using Lock = std::unique_lock<std::mutex>;

    // OutputTarget and OutputListener
    bool send_frame(std::span<const u8> frame) override { return world_->send_frame(frame); }
    void send_console(std::span<const u8> bytes) override {
        events_.console({bytes.begin(), bytes.end()});
    }
    void release_disk_request(u64 sequence) override { disks_.release(sequence); }
    u64 now_ns() override { return world_->monotonic_ns(); }
    void produced(Output&& output) override { outputs_.produced(std::move(output)); }

    // The disk queue's listener
    DiskQueue::Listener disk_listener();
    void disk_step(DiskStep step);
    void disk_reads_progressed();

    // CheckContext
    void print_context() const override;

    void require_mode(Mode mode, const char* method) const;
    void require_startable(const char* method) const;
    void require_restorable(const char* method) const;
    image::Copy& require_copy(const char* method) const;
    void require_disks(const char* method) const;
    void require_disk_index(u32 index, const char* method) const;
    /// The vCPU thread looks at what was asked of it, whether it sleeps or runs.
    void wake();
    void flush_segment(MemoryDigesting memory = MemoryDigesting::when_due);
    bool output_may_gather(u64 now, bool rests) const;
    void flush_if_content(MemoryDigesting memory = MemoryDigesting::when_due);
    void require_recordable(const LiveOptions& options, const char* method) const;
    void begin_replica();

    // Checkpoints, in runner_checkpoints.cpp
    FedSegment feed_checkpoint(std::span<const u8> frame);
    /// On the encoder's thread; false: nobody wants that image any more.
    bool checkpoint_part(CheckpointEncoder::Part&& part);
    void end_epoch(Lock& lock);
    void end_epoch_if_due(Lock& lock, u64 now);
    /// What there is to tell the backup is out when this returns.
    void flush_all(Lock& lock, MemoryDigesting memory = MemoryDigesting::when_due);
    void checkpoint_step(Lock& lock);

    // The vCPU thread, in runner_thread.cpp
    void thread_main();
    void thread_loop(Lock& lock);
    void take_requests(Lock& lock);
    void serve_copies();
    /// Claims the disks, without the lock; false when that failed or was stopped, and the machine
    /// has ended.
    bool disks_go_live(Lock& lock);
    void take_options(const LiveOptions& options);
    void live_step(Lock& lock);
    bool keep_speed_limit(Lock& lock);
    void rest(Lock& lock, u64 until_host_ns);
    void replica_step(Lock& lock);
    void become_live(Lock& lock);
    bool must_stall() const;
    /// True when the progress made is reported; false when it is too early for another report.
    bool report_progress();
    u64 next_report_ns(bool reported) const;
    void end_machine(StopReason reason, const std::string& message,
                     const std::string& what_to_do = {});
    void end_as_guest_did();
    void publish();
    void sleep(Lock& lock, u64 until_host_ns);

    std::unique_ptr<Machine> machine_;
    std::unique_ptr<LiveWorld> world_;
    RunnerEvents& events_;
    InputQueue inputs_;
    OutputQueue outputs_;
    CrashTrigger crash_;
    DiskQueue disks_;
    Recorder recorder_;
    Live live_;
    Replay replay_;
    CheckpointRecorder checkpoints_;

    std::mutex mutex_;
    // Below: under mutex_.
    Mode mode_ = Mode::created;
    LiveOptions options_;
    bool startable_ = false;  ///< Loaded, or restored with success.
    bool restored_ = false;   ///< And its pending disk requests are not repeated yet.
    enum class Entry : u8 { none, start, resume, reconfigure };
    Entry entry_ = Entry::none;  ///< What the live loop must do first, with options_wanted_.
    LiveOptions options_wanted_;
    bool pause_wanted_ = false;
    std::optional<LiveOptions> go_live_wanted_;
    bool end_of_log_ = false;
    u64 until_ticks_ = Replay::no_limit;
    SegmentFeed feed_;
    Replication follows_by_ = Replication::replay;  ///< As a replica.
    CheckpointFeed checkpoint_feed_;
    std::optional<u64> taken_over_ns_;  ///< When the last checkpoint taken over had come.
    double speed_share_ = 1;
    struct Unacknowledged {
        u64 sequence, bytes;
        bool urgent, has_disk_write, has_write_completion;
        bool ends_checkpoint = false;
    };
    std::deque<Unacknowledged> unacknowledged_;
    u64 unacknowledged_bytes_ = 0;
    u32 checkpoints_in_flight_ = 0;
    u64 checkpoint_bytes_ = 0;
    u64 flushed_ran_ns_ = 0;  ///< Live::ran_ns() at the last segment.
    bool gathering_ = false;  ///< An output waits for an earlier one's acknowledgement to be sent.
    Status published_;
    std::shared_ptr<image::Copy> copy_;
    std::vector<std::shared_ptr<image::Copy>> ended_copies_;  ///< Which the machine does not know.

    ExecutionProgress progress_;
    bool progress_unreported_ = false;
    u64 progress_reported_host_ns_ = 0;
    u64 segments_executed_ = 0;

    // Of the vCPU thread alone.
    u64 urgent_flush_ns_ = 0;  ///< Host time of the last segment with an output.
    bool segment_has_disk_write_ = false, segment_has_write_completion_ = false;

    std::atomic<bool> stop_wanted_{false};
    std::atomic<bool> quit_wanted_{false};
    std::thread thread_;
};

}  // namespace vmft
