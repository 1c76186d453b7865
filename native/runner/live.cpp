#include "runner/live.h"

#include <algorithm>

#include "base/limits.h"

namespace vmft {
namespace {

/// The kernel's own rule: the last console= on the command line is /dev/console.
u32 console_port_of(const std::string& command_line) {
    size_t at = command_line.rfind("console=");
    return at != std::string::npos && command_line.compare(at + 8, 3, "hvc") == 0 ? 1 : 0;
}

constexpr u64 duty_cycle_ns = 20'000'000;
/// What the smallest share owes for the shortest slice.
constexpr u64 debt_ns_max = 30'000'000;

}  // namespace

Live::Live(Machine& machine, LiveWorld& world, InputQueue& inputs, DiskQueue& disks,
           Recorder& recorder)
    : machine_(machine), world_(world), inputs_(inputs), disks_(disks), recorder_(recorder),
      by_branches_(machine.tick_unit() == TickUnit::branches),
      console_port_(console_port_of(machine.config().command_line)) {}

void Live::begin() {
    u64 host_ns = world_.monotonic_ns();
    offset_ns_ = static_cast<i64>(host_ns - machine_.virtual_ns());
    idle_ = broken_out_ = false;
    take_clock(host_ns);
}

void Live::begin_as_of(u64 host_ns) {
    u64 now = world_.monotonic_ns();
    if (now > host_ns + resume_gap_ns_max) {
        begin();
        return;
    }
    offset_ns_ = static_cast<i64>(host_ns - machine_.virtual_ns());
    idle_ = broken_out_ = false;
    take_clock(now);
}

void Live::resume() {
    u64 host_ns = world_.monotonic_ns();
    if (virtual_of(host_ns) > machine_.virtual_ns() + resume_gap_ns_max) {
        begin();
        return;
    }
    idle_ = broken_out_ = false;
    take_clock(host_ns);
}

void Live::take(const Input& input) {
    recorder_.add(input);
    machine_.apply(input);
}

void Live::take_clock(u64 host_ns) {
    if (measured_ticks_ >= 1000) {
        u64 measured = std::clamp<u64>(measured_ns_ * 1000 / measured_ticks_, 10, 10'000'000);
        picoseconds_per_tick_ = (picoseconds_per_tick_ + measured) / 2;
        measured_ns_ = measured_ticks_ = 0;
    }
    u64 target = virtual_of(host_ns), now = machine_.virtual_ns();
    u64 lead = now > target ? now - target : 0;
    // Ahead by one clock interval or more: nearly stand still until the host has caught up.
    u64 permille = lead >= clock_interval_ns ? 20 : 950 - 930 * lead / clock_interval_ns;
    ClockInput clock;
    clock.virtual_ns = std::max(target, now);
    clock.picoseconds_per_tick =
        static_cast<u32>(std::max<u64>(1, picoseconds_per_tick_ * permille / 1000));
    clock.realtime_ns = world_.realtime_ns();
    last_clock_host_ns_ = host_ns;
    take(clock);
}

void Live::drop_unwanted_frames() {
    if (machine_.takes_large_frames() != large_frames_) {
        large_frames_ = !large_frames_;
        world_.set_large_frames(large_frames_);
    }
    // As on a real network: what arrives before the driver is up is nobody's.
    if (machine_.network_ready()) return;
    frame_taken_ = false;
    for (unsigned i = 0; i < limits::received_frames_max && world_.take_frame(frame_); i++) {
    }
}

bool Live::input_waits(u64 host_ns) {
    if (deadline_ns_ != no_deadline_ns && virtual_of(host_ns) >= deadline_ns_) return true;
    if (inputs_.has_control()) return true;
    if (disks_.completion_waits()) return true;
    if (inputs_.has_console() && machine_.console_room(console_port_) > 0) return true;
    if (machine_.entropy_bytes_wanted() > 0) return true;
    drop_unwanted_frames();
    if (!frame_taken_) frame_taken_ = machine_.network_ready() && world_.take_frame(frame_);
    return frame_taken_ && machine_.can_receive_frame();
}

void Live::take_waiting_inputs() {
    ControlInput control;
    while (inputs_.take_control(control)) take(control);

    u64 room = std::min<u64>(machine_.console_room(console_port_), limits::console_input_bytes_max);
    if (room > 0 && inputs_.has_console())
        take(ConsoleInput{console_port_, inputs_.take_console(room)});

    u64 wanted = std::min<u64>(machine_.entropy_bytes_wanted(), limits::entropy_bytes_max);
    if (wanted > 0) {
        EntropyInput entropy;
        entropy.data.resize(wanted);
        world_.fill_random(entropy.data);
        take(entropy);
    }

    take_disk_completions();

    drop_unwanted_frames();
    for (unsigned i = 0; i < frames_per_slice_max && machine_.can_receive_frame(); i++) {
        if (!recorder_.has_room(limits::net_frame_bytes_max)) break;
        if (!frame_taken_ && !world_.take_frame(frame_)) break;
        frame_taken_ = false;
        if (frame_.size() < limits::net_frame_bytes_min ||
            frame_.size() > limits::net_frame_bytes_max)
            continue;
        take(NetFrameInput{frame_});
        frames_received_++;
    }
}

void Live::take_disk_completions() {
    DiskCompletionInput completion;
    for (unsigned i = 0; i < completions_per_slice_max; i++) {
        if (!recorder_.has_room(disks_.completion_bytes())) break;
        if (!disks_.take_completion(completion)) break;
        take(std::move(completion));
    }
}

void Live::measure(u64 nanoseconds, u64 ticks) {
    measured_ns_ += nanoseconds;
    measured_ticks_ += ticks;
}

bool Live::input_due_by_branches(u64 host_ns) {
    if (host_ns - last_clock_host_ns_ >= forced_clock_interval_ns) return true;
    deadline_ns_ = machine_.deadline_ns();
    return input_waits(host_ns);
}

void Live::break_out_in_time(u64 begin_ns, double share) {
    u64 at = last_clock_host_ns_ + forced_clock_interval_ns;
    at = std::min(at, break_out_by_ns_);
    u64 timer = wake_at_ns({ExitKind::halted, machine_.deadline_ns()});
    if (timer < at) at = std::min(at, timer + exit_wait_ns);
    if (share < 1) {
        // So short that what it owes can be slept at once.
        auto run_ns = static_cast<u64>(static_cast<double>(duty_cycle_ns) * share);
        at = std::min(at, begin_ns + std::max(slice_ns_wanted, run_ns));
    }
    machine_.break_out_at(at);
}

MachineExit Live::slice() {
    u64 begin_ns = world_.monotonic_ns();
    double share = std::min(speed_share_, machine_.cpu_share());
    bool takes_inputs = true;
    if (idle_) {
        if (!input_waits(begin_ns)) return {ExitKind::halted, deadline_ns_};
        take_clock(begin_ns);
    } else if (broken_out_) {
        takes_inputs = input_due_by_branches(begin_ns);
        if (takes_inputs) take_clock(begin_ns);
    } else if (begin_ns - last_clock_host_ns_ >= clock_interval_ns ||
               machine_.virtual_ns() > virtual_of(begin_ns) + lead_ns_max) {
        take_clock(begin_ns);
    }
    if (takes_inputs) take_waiting_inputs();
    if (by_branches_) break_out_in_time(begin_ns, share);

    u64 ticks = machine_.position().ticks;
    u64 wanted = std::clamp(slice_ns_wanted * 1000 / picoseconds_per_tick_, slice_ticks_min,
                            slice_ticks_max);
    MachineExit exit = machine_.run(ticks + wanted);
    u64 end_ns = world_.monotonic_ns();
    ran_ns_ += end_ns - begin_ns;
    measure(end_ns - begin_ns, machine_.position().ticks - ticks);
    if (share < 1) {
        double debt = static_cast<double>(end_ns - begin_ns) * (1 / share - 1);
        debt_ns_ = std::min(debt_ns_max, debt_ns_ + static_cast<u64>(debt));
    } else {
        debt_ns_ = 0;
    }
    idle_ = exit.kind == ExitKind::halted;
    broken_out_ = exit.broken_out;
    deadline_ns_ = exit.next_deadline_ns;
    return exit;
}

u64 Live::wake_at_ns(const MachineExit& exit) const {
    __int128 host_ns = static_cast<__int128>(exit.next_deadline_ns) + offset_ns_;
    if (exit.next_deadline_ns == no_deadline_ns || host_ns >= no_deadline_ns) return no_deadline_ns;
    return host_ns < 0 ? 0 : static_cast<u64>(host_ns);
}

u64 Live::pause_until_ns() {
    constexpr u64 worth_sleeping_ns = 200'000;
    return debt_ns_ >= worth_sleeping_ns ? world_.monotonic_ns() + debt_ns_ : 0;
}

void Live::slept(u64 nanoseconds) {
    debt_ns_ -= std::min(debt_ns_, nanoseconds);
    if (!idle_) measured_ns_ += nanoseconds;
}

}  // namespace vmft
