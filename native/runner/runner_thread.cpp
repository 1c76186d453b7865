#include <algorithm>
#include <cstdio>
#include <exception>

#include "base/limits.h"
#include "runner/runner.h"

namespace vmft {
namespace {

constexpr u64 forever = ~u64{0};
/// The primary keeps the lag below its limit (100 ms) by it. Each report wakes both event loops.
constexpr u64 progress_interval_ns = 50'000'000;
/// A write of the primary's may wait for what the backup has read.
constexpr u64 reads_progress_interval_ns = 1'000'000;
constexpr u64 dear_segment_delay_ns = 200'000'000;

}  // namespace

void Runner::print_context() const {
    Position here = machine_->position();
    std::fprintf(stderr, "vmft: the machine was at ticks %llu rip 0x%llx rcx 0x%llx\n%s\n",
                 static_cast<unsigned long long>(here.ticks),
                 static_cast<unsigned long long>(here.rip),
                 static_cast<unsigned long long>(here.rcx), machine_->describe().c_str());
}

void Runner::thread_main() {
    set_check_context(this);
    Lock lock(mutex_);
    try {
        thread_loop(lock);
    } catch (const AcceleratorFault& fault) {
        if (!lock.owns_lock()) lock.lock();
        end_machine(stop_reason_of(fault.kind()), fault.what(), fault.what_to_do());
        while (!quit_wanted_) sleep(lock, forever);
    } catch (const std::exception& error) {
        if (!lock.owns_lock()) lock.lock();
        end_machine(StopReason::internal_error, error.what());
        while (!quit_wanted_) sleep(lock, forever);
    }
}

void Runner::thread_loop(Lock& lock) {
    while (!quit_wanted_) {
        take_requests(lock);
        switch (mode_) {
        case Mode::live: live_step(lock); break;
        case Mode::replica: replica_step(lock); break;
        case Mode::created:
        case Mode::paused:
        case Mode::stopped:
            if (!quit_wanted_) sleep(lock, forever);
            break;
        }
    }
}

void Runner::sleep(Lock& lock, u64 until_host_ns) {
    lock.unlock();
    world_->sleep_until(until_host_ns);
    lock.lock();
}

void Runner::take_requests(Lock& lock) {
    if (stop_wanted_ && mode_ != Mode::stopped) {
        // What was executed is part of the log, also when nobody waits for it any more.
        if (mode_ == Mode::live && !quit_wanted_) flush_all(lock);
        end_machine(StopReason::stopped, "stopped on request");
    }
    serve_copies();
    if (mode_ == Mode::live && entry_ == Entry::start && !disks_go_live(lock)) return;
    if (mode_ != Mode::live) return;
    live_.set_speed_limit(speed_share_);
    Entry entry = entry_;
    entry_ = Entry::none;
    if (entry != Entry::none) take_options(options_wanted_);
    if (entry == Entry::start) {
        world_->set_receiving(true);
        live_.begin();
    } else if (entry == Entry::resume) {
        live_.resume();
    }
    if (pause_wanted_) {
        pause_wanted_ = false;
        flush_all(lock, MemoryDigesting::not_now);
        mode_ = Mode::paused;
        publish();
        events_.paused(machine_->position());
    }
}

/// Between two slices, or while the machine is paused: it is ours, or nobody's.
void Runner::serve_copies() {
    if (mode_ != Mode::live && mode_ != Mode::paused) return;
    if (copy_ && copy_->wants_service()) copy_->serve();
    for (const auto& copy : ended_copies_) copy->serve();
    ended_copies_.clear();
}

bool Runner::disks_go_live(Lock& lock) {
    lock.unlock();
    DiskQueue::Outcome outcome = disks_.go_live(stop_wanted_);
    lock.lock();
    if (outcome.ok() && restored_) {
        restored_ = false;
        lock.unlock();
        machine_->repeat_pending_disk_requests();
        lock.lock();
    }
    if (outcome.kind == DiskQueue::Outcome::Kind::failed)
        end_machine(StopReason::disk_failed, outcome.message);
    else if (!outcome.ok())
        end_machine(StopReason::stopped, "stopped on request");
    return outcome.ok();
}

void Runner::take_options(const LiveOptions& options) {
    bool goes_on = options.recording && options.generation == options_.generation &&
                   options.replication == options_.replication;
    bool by_log = options.recording && options.replication == Replication::replay;
    bool is_pair = options.recording && options.gated;
    bool was_pair = options_.recording && options_.gated;
    if (!goes_on || is_pair != was_pair) {
        disks_.set_reads_on_backup(is_pair && by_log);
        crash_.backup_has_machine(false);
    }
    if (recorder_.active() && !goes_on) flush_if_content();
    if (by_log)
        recorder_.start(options.generation);
    else
        recorder_.stop();
    if (!goes_on) {
        checkpoints_.stop();
        checkpoints_in_flight_ = 0;
        unacknowledged_.clear();
        unacknowledged_bytes_ = 0;
    }
    if (options.recording && !by_log) checkpoints_.start(options.generation, recorder_.inputs());
    options_ = options;
    outputs_.set_mode(options.gated ? OutputQueue::Mode::gated : OutputQueue::Mode::open);
}

bool Runner::must_stall() const {
    if (options_.recording && unacknowledged_bytes_ > options_.unacknowledged_bytes_max)
        return true;
    return outputs_.counts().bytes_withheld + disks_.bytes_waiting() >
           limits::outputs_withheld_bytes_max;
}

void Runner::live_step(Lock& lock) {
    if (must_stall()) {
        flush_if_content();
        if (checkpoints_in_flight_ < limits::checkpoints_in_flight_max &&
            checkpoints_.has_content(recorder_.inputs()))
            end_epoch(lock);
        published_.stalled = true;
        sleep(lock, forever);
        return;
    }
    published_.stalled = false;
    if (keep_speed_limit(lock)) return;  // Whatever woke it: it waits as other inputs do.

    u64 ran_ns = live_.ran_ns();
    live_.set_break_out_by(checkpoints_.active() ? world_->monotonic_ns() + EpochPace::default_ns
                                                 : no_deadline_ns);
    lock.unlock();
    MachineExit exit = live_.slice();
    outputs_.flush_console();
    lock.lock();
    checkpoints_.pace().ran(live_.ran_ns() - ran_ns);

    publish();
    if (exit.ended()) {
        flush_all(lock);
        end_as_guest_did();
        return;
    }
    u64 now = world_->monotonic_ns();
    // A segment that ends where the guest made no exit costs the backup an exact stop: it waits for
    // one that does, though not for ever.
    bool dear = exit.broken_out && !recorder_.full() &&
                now < recorder_.due_at_ns(false) + dear_segment_delay_ns;
    bool rests = exit.kind == ExitKind::halted;
    bool rested = live_.ran_ns() - flushed_ran_ns_ < Recorder::resting_work_ns;
    bool gathers = output_may_gather(now, rests);
    if (!dear && !gathers && recorder_.due(options_.gated, now, rested)) flush_segment();
    gathering_ = gathers && rests;
    end_epoch_if_due(lock, now);
    if (exit.kind == ExitKind::halted && !disks_.completion_waits()) {
        // What happened since the last segment goes when it is old enough, woken for nothing else:
        // the segment with an output is on its way, and the next one right behind it would only
        // hold its acknowledgement up.
        u64 due_ns = gathering_ ? recorder_.gathered_at_ns() : recorder_.due_at_ns(rested);
        if (checkpoints_.active())
            due_ns = gathering_ ? forever : checkpoints_.due_at_ns(recorder_.inputs());
        rest(lock, std::min(live_.wake_at_ns(exit), due_ns));
    } else {
        keep_speed_limit(lock);
    }
}

/// Sleeps what the vCPU owes; false when it owes nothing.
bool Runner::keep_speed_limit(Lock& lock) {
    u64 until = live_.pause_until_ns();
    if (until != 0) rest(lock, until);
    return until != 0;
}

/// A live machine's sleep: the vCPU owes less for it.
void Runner::rest(Lock& lock, u64 until_host_ns) {
    u64 begin = world_->monotonic_ns();
    sleep(lock, until_host_ns);
    live_.slept(world_->monotonic_ns() - begin);
}

/// Each segment costs the event loops of both replicas as much as many records do, so outputs go
/// together. One that comes alone waits for nothing. Behind another's, a guest that goes on working
/// gathers for some milliseconds: it has more to do than to wait for what the world says to it. One
/// that rests gathers until that other is acknowledged, or for about as long as this takes.
bool Runner::output_may_gather(u64 now, bool rests) const {
    if (!options_.gated || !recorder_.active() || !recorder_.output_waits() || recorder_.full())
        return false;
    if (!rests) return now < urgent_flush_ns_ + Recorder::output_gather_working_ns;
    bool on_its_way = std::any_of(unacknowledged_.begin(), unacknowledged_.end(),
                                  [](const Unacknowledged& segment) { return segment.urgent; });
    return on_its_way && now < recorder_.gathered_at_ns();
}

void Runner::replica_step(Lock& lock) {
    if (follows_by_ == Replication::checkpoint) {
        checkpoint_step(lock);
        return;
    }
    if (restored_) {
        restored_ = false;
        lock.unlock();
        machine_->repeat_pending_disk_requests();
        lock.lock();
    }
    DiskQueue::Outcome own_disks = disks_.check_own_disks(world_->monotonic_ns());
    if (!own_disks.ok()) {
        end_machine(StopReason::disk_failed, own_disks.message);
        return;
    }
    if (feed_.empty()) {
        bool reported = report_progress();
        if (go_live_wanted_) {
            become_live(lock);
        } else if (end_of_log_) {
            end_machine(StopReason::log_end, "the log was replayed to its end");
        } else {
            sleep(lock, next_report_ns(reported));
        }
        return;
    }

    Segment segment = feed_.take();
    u64 until_ticks = until_ticks_;
    lock.unlock();
    u64 sequence = segment.sequence;
    Replay::Result result = replay_.execute(std::move(segment), until_ticks, stop_wanted_);
    lock.lock();
    publish();
    progress_ = {sequence, machine_->position(), machine_->virtual_ns(), replay_.digests_checked(),
                 progress_.disk_reads_done};
    segments_executed_++;
    progress_unreported_ = true;
    switch (result) {
    case Replay::Result::executed: report_progress(); break;
    case Replay::Result::reached:
        events_.executed(progress_);
        end_machine(StopReason::log_end, "the log was replayed to the position asked for");
        break;
    case Replay::Result::ended:
        events_.executed(progress_);
        lock.unlock();
        disks_.drain(stop_wanted_);  // The guest was told that all of it is done.
        lock.lock();
        end_as_guest_did();
        break;
    case Replay::Result::disk_failed:
        end_machine(StopReason::disk_failed, replay_.message());
        break;
    case Replay::Result::diverged: end_machine(StopReason::divergence, replay_.message()); break;
    case Replay::Result::cancelled: break;
    }
}

bool Runner::report_progress() {
    u64 reads = disks_.reads_done_here();
    bool reads_grew = segments_executed_ > 0 && reads > progress_.disk_reads_done;
    if (!progress_unreported_ && !reads_grew) return true;
    u64 now = world_->monotonic_ns();
    if (now - progress_reported_host_ns_ <
        (reads_grew ? reads_progress_interval_ns : progress_interval_ns))
        return false;
    progress_.disk_reads_done = reads;
    events_.executed(progress_);
    progress_reported_host_ns_ = now;
    progress_unreported_ = false;
    return true;
}

u64 Runner::next_report_ns(bool reported) const {
    if (reported) return forever;
    bool reads_grew = disks_.reads_done_here() > progress_.disk_reads_done;
    return progress_reported_host_ns_ +
           (reads_grew ? reads_progress_interval_ns : progress_interval_ns);
}

void Runner::disk_reads_progressed() {
    Lock lock(mutex_);
    if (mode_ != Mode::replica || report_progress()) return;
    lock.unlock();
    world_->wake();  // If the vCPU thread sleeps, then not for too long.
}

void Runner::become_live(Lock& lock) {
    if (progress_unreported_) events_.executed(progress_);
    progress_unreported_ = false;
    // What a dead primary's host still has on its way must not come behind what leaves here.
    if (!disks_go_live(lock)) return;
    mode_ = Mode::live;
    world_->set_receiving(true);
    // Outputs the primary is not known to have sent leave now, or wait for the new backup.
    take_options(*go_live_wanted_);
    go_live_wanted_.reset();
    if (taken_over_ns_)
        live_.begin_as_of(*taken_over_ns_);
    else
        live_.begin();
    publish();
    events_.live(machine_->position());
}

void Runner::end_machine(StopReason reason, const std::string& message,
                         const std::string& what_to_do) {
    if (mode_ == Mode::stopped) return;
    mode_ = Mode::stopped;
    disks_.close();
    pause_wanted_ = false;
    bool guest_ended = reason == StopReason::power_off || reason == StopReason::guest_reset ||
                       reason == StopReason::triple_fault;
    if (go_live_wanted_ && guest_ended)
        outputs_.set_mode(OutputQueue::Mode::open);  // Its last words.
    go_live_wanted_.reset();
    checkpoints_.stop();
    if (copy_) copy_->end();
    world_->set_receiving(false);
    if (quit_wanted_) return;
    Position here = published_.position;
    try {
        here = machine_->position();
    } catch (const AcceleratorFault&) {
        // An accelerator that failed may not even tell that any more.
    }
    events_.stopped({reason, here, message, what_to_do});
}

void Runner::end_as_guest_did() {
    std::string message = machine_->describe_end();
    switch (machine_->end()) {
    case ExitKind::power_off: end_machine(StopReason::power_off, message); break;
    case ExitKind::guest_reset: end_machine(StopReason::guest_reset, message); break;
    case ExitKind::triple_fault:
    case ExitKind::stuck: end_machine(StopReason::triple_fault, message); break;
    case ExitKind::position:
    case ExitKind::halted: end_machine(StopReason::internal_error, message); break;
    }
}

void Runner::publish() {
    published_.position = machine_->position();
    published_.virtual_ns = machine_->virtual_ns();
    published_.halted = machine_->halted();
    published_.cpu_share = machine_->cpu_share();
    published_.recorded_bytes = recorder_.recorded_bytes() + checkpoint_bytes_;
    published_.frames_received = live_.frames_received();
    published_.accelerator = machine_->statistics();
}

}  // namespace vmft
