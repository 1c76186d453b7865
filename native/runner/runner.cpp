#include "runner/runner.h"

#include <algorithm>
#include <cmath>

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

[[noreturn]] void throw_image_fault(image::ImageFault fault) {
    std::string name = image::name_of(fault);
    switch (fault) {
    case image::ImageFault::version:
    case image::ImageFault::other_guest:
        throw RunnerError("image-version",
                          "the machine's state is of another version or guest: " + name,
                          "run the same vmft version with the same guest on both hosts");
    default:
        throw RunnerError("image-corrupt", "the machine's state arrived damaged: " + name,
                          "copy it again");
    }
}

std::vector<DiskHolding> holdings_of(const MachineConfig& config) {
    std::vector<DiskHolding> holdings;
    for (const DiskConfig& disk : config.disks)
        holdings.push_back({disk.shared, disk.reads_on_backup});
    return holdings;
}

}  // namespace

Runner::Runner(std::unique_ptr<Machine> machine, bool loaded, std::unique_ptr<LiveWorld> world,
               RunnerEvents& events, CrashTrigger crash)
    : machine_(std::move(machine)), world_(std::move(world)), events_(events), outputs_(*this),
      crash_(std::move(crash)), disks_(holdings_of(machine_->config()), disk_listener()),
      recorder_(*machine_, *world_), live_(*machine_, *world_, inputs_, disks_, recorder_),
      replay_(*machine_, &disks_), checkpoints_(*machine_, *world_, outputs_,
                                                [this](CheckpointEncoder::Part&& part) {
                                                    return checkpoint_part(std::move(part));
                                                }),
      startable_(loaded) {
    machine_->set_output_listener(this);
    machine_->set_disk_listener(&disks_);
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
    disks_.close();
    wake();
    thread_.join();
    checkpoints_.shut_down();
    if (copy_) copy_->end_and_wait();
    // It calls back into what goes before it.
    disks_.shut_down();
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

void Runner::require_restorable(const char* method) const {
    require_mode(Mode::created, method);
    if (startable_)
        throw RunnerError("wrong-mode",
                          std::string(method) + ": the machine has its guest already");
}

image::Copy& Runner::require_copy(const char* method) const {
    if (!copy_) throw RunnerError("wrong-mode", std::string(method) + ": no copy was begun");
    return *copy_;
}

void Runner::require_disks(const char* method) const {
    for (u32 index = 0; index < disks_.disks(); index++) {
        if (disks_.attached(index)) continue;
        throw RunnerError("wrong-mode", std::string(method) + ": disk " + std::to_string(index) +
                                            " of the guest was not attached");
    }
}

void Runner::require_disk_index(u32 index, const char* method) const {
    if (index < disks_.disks()) return;
    throw RunnerError("bad-argument",
                      std::string(method) + ": the guest has no disk " + std::to_string(index));
}

void Runner::attach_disk(u32 index, std::shared_ptr<DiskBackend> backend) {
    Lock lock(mutex_);
    require_mode(Mode::created, "attachDisk");
    require_disk_index(index, "attachDisk");
    const DiskConfig& config = machine_->config().disks[index];
    DiskGeometry geometry = backend->geometry();
    std::string fault;
    if (geometry.capacity_bytes < config.capacity_bytes)
        fault = "holds " + std::to_string(geometry.capacity_bytes) +
                " bytes, and the guest's has " + std::to_string(config.capacity_bytes);
    else if (config.block_bytes % geometry.block_bytes != 0)
        fault = "has blocks of " + std::to_string(geometry.block_bytes) +
                " bytes, and the guest's has some of " + std::to_string(config.block_bytes);
    else if (geometry.read_only && !config.read_only)
        fault = "can only be read";
    if (!fault.empty())
        throw RunnerError("disk-unusable", "disk " + std::to_string(index) + " " + fault,
                          "use a disk like the one that the machine was made with");
    disks_.attach(index, std::move(backend));
}

void Runner::track_disk_changes(u32 index, bool on) {
    require_disk_index(index, "trackDiskChanges");
    disks_.track_changes(index, on);
}

std::vector<DiskRange> Runner::take_disk_changes(u32 index) {
    require_disk_index(index, "takeDiskChanges");
    return disks_.take_changes(index);
}

void Runner::start_live(const LiveOptions& options) {
    Lock lock(mutex_);
    require_mode(Mode::created, "startLive");
    require_startable("startLive");
    require_disks("startLive");
    require_recordable(options, "startLive");
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
    require_recordable(options, "resume");
    options_wanted_ = options;
    entry_ = Entry::resume;
    mode_ = Mode::live;
    world_->wake();
}

void Runner::reconfigure(const LiveOptions& options) {
    Lock lock(mutex_);
    require_mode(Mode::live, "reconfigure");
    require_recordable(options, "reconfigure");
    options_wanted_ = options;
    if (entry_ == Entry::none) entry_ = Entry::reconfigure;
    wake();
}

void Runner::copy_begin() {
    Lock lock(mutex_);
    if (mode_ != Mode::live) require_mode(Mode::paused, "copyBegin");
    if (copy_) throw RunnerError("wrong-mode", "copyBegin: the machine is being copied already");
    copy_ = std::make_shared<image::Copy>(*machine_, [this] { wake(); });
    wake();
}

std::shared_ptr<image::Copy> Runner::copy() {
    Lock lock(mutex_);
    require_copy("copyRead or copyChanges");
    return copy_;
}

std::vector<u8> Runner::copy_state() {
    Lock lock(mutex_);
    require_mode(Mode::paused, "copyState");
    image::Copy& copy = require_copy("copyState");
    copy.serve();
    Input input = ControlInput{ControlKind::snapshot};
    recorder_.add(input);
    machine_->apply(input);
    flush_if_content(MemoryDigesting::not_now);
    copy.serve();
    return image::encode_state(*machine_, outputs_.waiting());
}

void Runner::copy_end() {
    Lock lock(mutex_);
    if (!copy_) return;
    copy_->end_and_wait();
    ended_copies_.push_back(std::move(copy_));
}

void Runner::restore_pages(std::span<const u8> bytes) {
    // Decompressing is the long part, and needs no lock.
    image::Pages pages;
    image::ImageFault fault =
        image::decode_pages(bytes, machine_->config().memory_bytes >> page_shift, pages);
    if (fault != image::ImageFault::none) throw_image_fault(fault);
    Lock lock(mutex_);
    require_restorable("restorePages");
    image::apply_pages(pages, machine_->memory());
}

void Runner::restore_state(std::span<const u8> bytes) {
    Lock lock(mutex_);
    require_restorable("restoreState");
    WaitingOutputs outputs;
    image::ImageFault fault = image::restore_state(bytes, *machine_, outputs);
    if (fault != image::ImageFault::none) throw_image_fault(fault);
    disks_.release(outputs.released);
    outputs_.restore(std::move(outputs));
    startable_ = restored_ = true;
    publish();
}

void Runner::start_replica(std::optional<u64> generation, u64 until_ticks) {
    Lock lock(mutex_);
    require_mode(Mode::created, "startReplica");
    require_startable("startReplica");
    if (generation) require_disks("startReplica");
    if (!machine_->positions_exact())
        throw RunnerError("accelerator-unavailable",
                          "without a counter a log cannot be executed: no position is exact",
                          "replicate by checkpoints, or use --accel soft");
    disks_.begin(generation ? DiskQueue::Mode::replica : DiskQueue::Mode::discard);
    feed_.start(generation);
    until_ticks_ = until_ticks;
    begin_replica();
}

void Runner::begin_replica() {
    outputs_.set_mode(OutputQueue::Mode::withheld);
    mode_ = Mode::replica;
    world_->wake();
}

FedSegment Runner::feed(std::span<const u8> frame) {
    if (follows_by_ == Replication::checkpoint) return feed_checkpoint(frame);
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
    outputs_.release(fed.outputs_released, OutputQueue::for_ever);
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
    require_recordable(options, "goLive");
    go_live_wanted_ = options;
    world_->wake();
}

void Runner::acknowledge(u64 sequence) {
    Lock lock(mutex_);
    crash_.backup_has_machine(true);
    while (!unacknowledged_.empty() && unacknowledged_.front().sequence <= sequence) {
        if (unacknowledged_.front().has_disk_write) crash_.at(CrashPoint::write_sent);
        if (unacknowledged_.front().has_write_completion)
            crash_.at(CrashPoint::completion_recorded);
        if (unacknowledged_.front().ends_checkpoint) checkpoints_in_flight_--;
        unacknowledged_bytes_ -= unacknowledged_.front().bytes;
        unacknowledged_.pop_front();
    }
    if (published_.stalled || gathering_) world_->wake();
}

void Runner::release_outputs(u64 through, u64 until_ns) {
    outputs_.release(through, until_ns);
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
    inputs_.add_control({kind});
    wake();
}

void Runner::set_cpu_share(double share) {
    if (!(share >= 0.01 && share <= 1))
        throw RunnerError("bad-argument", "setCpuShare: the share must be 0.01 … 1");
    inputs_.add_control({ControlKind::cpu_share, static_cast<u32>(std::lround(share * 1000))});
    wake();
}

void Runner::set_speed_limit(double share) {
    if (!(share >= 0.01 && share <= 1))
        throw RunnerError("bad-argument", "setSpeedLimit: the share must be 0.01 … 1");
    Lock lock(mutex_);
    speed_share_ = share;
}

Runner::MachineDigest Runner::digest(bool of_memory) {
    Lock lock(mutex_);
    if (mode_ == Mode::live || mode_ == Mode::replica) require_mode(Mode::paused, "digest");
    return {machine_->position(), machine_->state_digest(),
            of_memory ? machine_->whole_memory_digest() : 0};
}

Runner::Status Runner::status() {
    Lock lock(mutex_);
    Status status = published_;
    status.mode = mode_;
    status.code = machine_->code_execution();
    status.unacknowledged_bytes = unacknowledged_bytes_;
    status.outputs = outputs_.counts();
    for (u32 index = 0; index < disks_.disks(); index++)
        status.disks.push_back(disks_.counts(index));
    status.frames_dropped = status.outputs.frames_dropped + world_->frames_dropped();
    return status;
}

void Runner::stop() {
    stop_wanted_ = true;
    disks_.close();
    wake();
}

DiskQueue::Listener Runner::disk_listener() {
    DiskQueue::Listener listener;
    listener.request_ended = [this] {
        world_->wake();
        machine_->break_out_at(world_->monotonic_ns() + Live::exit_wait_ns);
    };
    listener.reads_progressed = [this] { disk_reads_progressed(); };
    listener.step = [this](DiskStep step) { disk_step(step); };
    return listener;
}

void Runner::disk_step(DiskStep step) {
    switch (step) {
    case DiskStep::requested:
        segment_has_disk_write_ = true;
        crash_.at(CrashPoint::write_requested);
        break;
    case DiskStep::released: crash_.at(CrashPoint::write_released); break;
    case DiskStep::issued: crash_.at(CrashPoint::write_issued); break;
    case DiskStep::done: crash_.at(CrashPoint::write_done); break;
    case DiskStep::taken: segment_has_write_completion_ = true; break;
    }
}

void Runner::flush_segment(MemoryDigesting memory) {
    RecordedSegment segment = recorder_.flush(outputs_.counts().released, memory);
    unacknowledged_.push_back({segment.sequence, segment.frame.size(), segment.urgent,
                               segment_has_disk_write_, segment_has_write_completion_});
    segment_has_disk_write_ = segment_has_write_completion_ = false;
    flushed_ran_ns_ = live_.ran_ns();
    if (segment.urgent) urgent_flush_ns_ = world_->monotonic_ns();
    unacknowledged_bytes_ += segment.frame.size();
    events_.segment(std::move(segment));
}

void Runner::flush_if_content(MemoryDigesting memory) {
    if (recorder_.has_content()) flush_segment(memory);
}

}  // namespace vmft
