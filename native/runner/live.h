#pragma once

#include "disk/disk_queue.h"
#include "input/input_queue.h"
#include "machine/machine.h"
#include "runner/live_world.h"
#include "runner/recorder.h"

namespace vmft {

/// Runs the machine from the world's inputs, slice by slice, each input recorded at the position
/// where it is taken. vCPU thread only.
///
/// Virtual time follows the host's: virtual = host - offset. Between two clock inputs it grows with
/// the instructions at a rate a little below the measured one, so that the next clock input
/// moves it forward, seldom finds it ahead, and never has to hold it for long.
class Live {
public:
    Live(Machine& machine, LiveWorld& world, InputQueue& inputs, DiskQueue& disks,
         Recorder& recorder);

    /// Virtual time goes on from where the machine's is, as of now.
    void begin();
    /// The same as of `host_ns`, since when the machine has stood still: virtual time follows the
    /// host's over that, unless it was very long.
    void begin_as_of(u64 host_ns);
    /// After a pause: virtual time follows the host's over it, unless it was very long.
    void resume();

    /// Takes the inputs that wait and runs a slice. Halted with nothing to do: only says so.
    MachineExit slice();
    /// Host time at which a machine that halted with this exit has something to do.
    u64 wake_at_ns(const MachineExit& exit) const;

    /// Share of full speed, 0.01 … 1; the machine's own CPU share limits it too.
    void set_speed_limit(double share) { speed_share_ = share; }
    /// Host time until which the vCPU must sleep to keep the speed limit; 0 when it need not.
    u64 pause_until_ns();
    /// The thread slept. While the machine was runnable (speed limit) that counts into its speed.
    void slept(u64 nanoseconds);

    /// By branches: the machine is broken out of at this host time at the latest.
    void set_break_out_by(u64 host_ns) { break_out_by_ns_ = host_ns; }
    /// Host time that slices have taken.
    u64 ran_ns() const { return ran_ns_; }

    /// Frames given to the machine.
    u64 frames_received() const { return frames_received_; }

    static constexpr u64 clock_interval_ns = 1'000'000;
    static constexpr u64 slice_ns_wanted = 300'000;
    static constexpr u64 slice_ticks_min = 5'000, slice_ticks_max = 200'000;
    /// Virtual time ahead of the host's by this much is slowed at once.
    static constexpr u64 lead_ns_max = 300'000;
    /// By branches, where an input costs a replica a stop unless the guest is at an exit of its
    /// own: how long the world waits for such an exit, and how long the clock does.
    static constexpr u64 exit_wait_ns = 200'000;
    static constexpr u64 forced_clock_interval_ns = 50'000'000;
    static constexpr u64 resume_gap_ns_max = 5'000'000'000;
    static constexpr unsigned frames_per_slice_max = 256;
    static constexpr unsigned completions_per_slice_max = 256;

private:
    void take(const Input& input);
    void take_clock(u64 host_ns);
    bool input_waits(u64 host_ns);
    bool input_due_by_branches(u64 host_ns);
    void break_out_in_time(u64 begin_ns, double share);
    void drop_unwanted_frames();
    void take_waiting_inputs();
    void take_disk_completions();
    void measure(u64 nanoseconds, u64 ticks);
    /// May lie before the machine's own time when virtual time is ahead.
    u64 virtual_of(u64 host_ns) const { return host_ns - static_cast<u64>(offset_ns_); }

    Machine& machine_;
    LiveWorld& world_;
    InputQueue& inputs_;
    DiskQueue& disks_;
    Recorder& recorder_;
    const bool by_branches_;
    const u32 console_port_;  ///< Where typed bytes go: the last console= of the command line.

    i64 offset_ns_ =
        0;  ///< Host time minus virtual time; negative on a host that started after the guest.
    u64 last_clock_host_ns_ = 0;
    bool idle_ = false;        ///< The last slice ended halted.
    bool broken_out_ = false;  ///< The last slice ended at no exit of the guest's own.
    u64 deadline_ns_ = no_deadline_ns;
    u64 picoseconds_per_tick_ = 5'000;  ///< Measured; a guess at first.
    u64 measured_ns_ = 0, measured_ticks_ = 0;
    double speed_share_ = 1;
    u64 debt_ns_ = 0;
    u64 frames_received_ = 0;
    u64 ran_ns_ = 0;
    u64 break_out_by_ns_ = no_deadline_ns;
    std::vector<u8> frame_;      // Reused, no state.
    bool frame_taken_ = false;   ///< frame_ holds a received frame not yet given to the machine.
    bool large_frames_ = false;  ///< What the world was told.
};

}  // namespace vmft
