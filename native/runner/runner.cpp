#include "runner/runner.h"

#include <algorithm>

#include "log/segment_decoder.h"

namespace vmft {
namespace {

const char* name_of(Runner::Mode mode) {
    switch (mode) {
    case Runner::Mode::created: return "created";
    case Runner::Mode::live: return "live";
    case Runner::Mode::replica: return "replica";
    case Runner::Mode::paused: return "paused";
    case Runner::Mode::stopped: return "stopped";
    }
    return "unknown";
}

/// The code of src/base/errors.ts for a frame that was refused.
const char* code_of(LogFault fault) {
    switch (fault) {
    case LogFault::generation: return "frame-generation";
    case LogFault::sequence:
    case LogFault::positions_backwards: return "frame-out-of-order";
    default: return "frame-corrupt";
    }
}

[[noreturn]] void throw_snapshot_fault(SnapshotFault fault) {
    std::string name = name_of(fault);
    switch (fault) {
    case SnapshotFault::version:
    case SnapshotFault::other_guest:
        throw RunnerError("snapshot-version",
                          "the machine's state is of another version or guest: " + name,
                          "run the same vmft version with the same guest on both hosts");
    default:
        throw RunnerError("snapshot-corrupt", "the machine's state arrived damaged: " + name,
                          "join again");
    }
}

}  // namespace

Runner::Runner(std::unique_ptr<Machine> machine, bool loaded, std::unique_ptr<LiveWorld> world,
               RunnerEvents& events)
    : machine_(std::move(machine)), world_(std::move(world)), events_(events), outputs_(*this),
      recorder_(*machine_, *world_), live_(*machine_, *world_, inputs_, recorder_),
      replay_(*machine_), startable_(loaded), loaded_(loaded) {
    machine_->set_output_listener(this);
    world_->set_frame_listener(
        [this] { machine_->break_out_at(world_->monotonic_ns() + Live::exit_wait_ns); });
    publish();
    thread_ = std::thread([this] { thread_main(); });
}

void Runner::wake() {
    world_->wake();
    machine_->break_out_at(0);
}

Runner::~Runner() {
    quit_wanted_ = true;
    stop_wanted_ = true;
    wake();
    thread_.join();
}

void Runner::require_mode(Mode mode, const char* method) const {
    if (mode_ == mode) return;
    throw RunnerError("wrong-mode", std::string(method) + ": the machine is " + name_of(mode_) +
                                        ", not " + name_of(mode));
}

void Runner::require_startable(const char* method) const {
    if (startable_) return;
    throw RunnerError("wrong-mode", std::string(method) +
                                        ": the machine has neither a kernel nor a restored state");
}

void Runner::start_live(const LiveOptions& options) {
    Lock lock(mutex_);
    require_mode(Mode::created, "startLive");
    require_startable("startLive");
    options_wanted_ = options;
    entry_ = Entry::start;
    mode_ = Mode::live;
    world_->wake();
}

void Runner::pause() {
    Lock lock(mutex_);
    require_mode(Mode::live, "pause");
    pause_wanted_ = true;
    wake();
}

void Runner::resume(const LiveOptions& options) {
    Lock lock(mutex_);
    require_mode(Mode::paused, "resume");
    snapshot_.reset();
    options_wanted_ = options;
    entry_ = Entry::resume;
    mode_ = Mode::live;
    world_->wake();
}

void Runner::reconfigure(const LiveOptions& options) {
    Lock lock(mutex_);
    require_mode(Mode::live, "reconfigure");
    options_wanted_ = options;
    if (entry_ == Entry::none) entry_ = Entry::reconfigure;
    wake();
}

Runner::SnapshotSize Runner::snapshot_begin() {
    Lock lock(mutex_);
    require_mode(Mode::paused, "snapshotBegin");
    Input input = ControlInput{ControlKind::snapshot};
    recorder_.add(input);
    machine_->apply(input);
    flush_if_content();
    snapshot_ = std::make_unique<SnapshotSource>(*machine_);
    return {snapshot_->bytes(), snapshot_->checksum()};
}

std::vector<u8> Runner::snapshot_read(u64 offset, u64 bytes_max) {
    Lock lock(mutex_);
    require_mode(Mode::paused, "snapshotRead");
    if (!snapshot_) throw RunnerError("wrong-mode", "snapshotRead: no snapshot was begun");
    std::vector<u8> bytes(
        offset < snapshot_->bytes() ? std::min(bytes_max, snapshot_->bytes() - offset) : 0);
    bytes.resize(snapshot_->read(offset, bytes));
    return bytes;
}

void Runner::snapshot_end() {
    Lock lock(mutex_);
    snapshot_.reset();
}

void Runner::restore_chunk(u64 offset, std::span<const u8> bytes) {
    Lock lock(mutex_);
    require_mode(Mode::created, "restoreChunk");
    if (loaded_)
        throw RunnerError("wrong-mode", "restoreChunk: the machine was created with a kernel");
    if (!restore_) restore_ = std::make_unique<SnapshotTarget>(*machine_);
    SnapshotFault fault = restore_->add(offset, bytes);
    if (fault != SnapshotFault::none) throw_snapshot_fault(fault);
}

void Runner::restore_end(u64 bytes, u64 checksum) {
    Lock lock(mutex_);
    require_mode(Mode::created, "restoreEnd");
    if (!restore_ || startable_)
        throw RunnerError("wrong-mode", "restoreEnd: nothing to restore was given");
    SnapshotFault fault = restore_->finish(bytes, checksum);
    if (fault != SnapshotFault::none) throw_snapshot_fault(fault);
    restore_.reset();
    outputs_.reset(machine_->outputs_produced());
    startable_ = true;
    publish();
}

void Runner::start_replica(std::optional<u64> generation, u64 until_ticks) {
    Lock lock(mutex_);
    require_mode(Mode::created, "startReplica");
    require_startable("startReplica");
    feed_.start(generation);
    until_ticks_ = until_ticks;
    outputs_.set_mode(OutputQueue::Mode::withheld);
    mode_ = Mode::replica;
    world_->wake();
}

FedSegment Runner::feed(std::span<const u8> frame) {
    // Decoding is the long part, and needs no lock.
    Segment segment;
    LogFault fault = decode_frame(frame, segment);
    if (fault != LogFault::none)
        throw RunnerError(code_of(fault),
                          std::string("a log frame is damaged: ") + vmft::name_of(fault));
    FedSegment fed{segment.generation, segment.sequence, segment.run_until.ticks,
                   segment.outputs_produced, segment.outputs_released};
    Lock lock(mutex_);
    require_mode(Mode::replica, "feed");
    if (go_live_wanted_ || end_of_log_)
        throw RunnerError("wrong-mode", "feed: the log was said to be complete");
    std::string reason;
    fault = feed_.add(std::move(segment), frame.size(), reason);
    if (fault != LogFault::none)
        throw RunnerError(code_of(fault),
                          std::string("a log frame is not the next one: ") + reason);
    outputs_.release(fed.outputs_released);
    world_->wake();
    return fed;
}

void Runner::end_of_log() {
    Lock lock(mutex_);
    if (mode_ == Mode::stopped) return;  // What was fed may have ended the guest already.
    require_mode(Mode::replica, "endOfLog");
    end_of_log_ = true;
    world_->wake();
}

void Runner::go_live(const LiveOptions& options) {
    Lock lock(mutex_);
    if (mode_ == Mode::stopped && machine_->end() != ExitKind::position) {
        // The guest ended before the order came: nothing is left to run, but its last words are to
        // be sent.
        outputs_.set_mode(OutputQueue::Mode::open);
        return;
    }
    require_mode(Mode::replica, "goLive");
    go_live_wanted_ = options;
    world_->wake();
}

void Runner::acknowledge(u64 sequence) {
    Lock lock(mutex_);
    while (!unacknowledged_.empty() && unacknowledged_.front().sequence <= sequence) {
        unacknowledged_bytes_ -= unacknowledged_.front().bytes;
        unacknowledged_.pop_front();
    }
    if (published_.stalled) world_->wake();
}

void Runner::release_outputs(u64 through) {
    outputs_.release(through);
    Lock lock(mutex_);
    if (published_.stalled) world_->wake();
}

void Runner::console_input(std::span<const u8> bytes) {
    if (!inputs_.add_console(bytes))
        throw RunnerError(
            "bad-argument",
            "consoleInput: the guest does not read its console, and too many bytes wait");
    wake();
}

void Runner::control(ControlKind kind) {
    inputs_.add_control(kind);
    wake();
}

void Runner::set_speed_limit(double share) {
    if (!(share >= 0.01 && share <= 1))
        throw RunnerError("bad-argument", "setSpeedLimit: the share must be 0.01 … 1");
    Lock lock(mutex_);
    speed_share_ = share;
}

Runner::MachineDigest Runner::digest() {
    Lock lock(mutex_);
    if (mode_ == Mode::live || mode_ == Mode::replica) require_mode(Mode::paused, "digest");
    return {machine_->position(), machine_->state_digest(), machine_->whole_memory_digest()};
}

Runner::Status Runner::status() {
    Lock lock(mutex_);
    Status status = published_;
    status.mode = mode_;
    status.unacknowledged_bytes = unacknowledged_bytes_;
    status.outputs = outputs_.counts();
    status.frames_dropped = status.outputs.frames_dropped + world_->frames_dropped();
    return status;
}

void Runner::stop() {
    stop_wanted_ = true;
    wake();
}

void Runner::flush_segment() {
    RecordedSegment segment = recorder_.flush(outputs_.counts().released);
    unacknowledged_.push_back({segment.sequence, segment.frame.size()});
    unacknowledged_bytes_ += segment.frame.size();
    events_.segment(std::move(segment));
}

void Runner::flush_if_content() {
    if (recorder_.has_content()) flush_segment();
}

}  // namespace vmft
