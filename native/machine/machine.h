#pragma once

#include <functional>
#include <memory>
#include <string>

#include "accel/accel.h"
#include "base/position.h"
#include "disk/disk_request.h"
#include "input/input.h"
#include "machine/board.h"
#include "machine/digest.h"
#include "machine/guest_memory.h"
#include "machine/image/page_set.h"
#include "machine/loader.h"
#include "machine/machine_config.h"
#include "machine/machine_exit.h"
#include "machine/page_sums.h"
#include "machine/virtual_time.h"
#include "output/output.h"

namespace vmft {

/// Takes what the machine shows the world, in order.
class OutputListener {
public:
    virtual void produced(Output&& output) = 0;

protected:
    ~OutputListener() = default;
};

/// The machine: a pure state machine. Given the same configuration and the same inputs at the
/// same positions it holds the same bytes and produces the same outputs, whatever the slices
/// in which it is run, on any host.
///
/// What keeps that true: whenever `run` or `apply` has returned, no timer is due; timers are looked
/// at only after an input, at the tick that is the first at or past a deadline, and
/// after an instruction that touched a device. None of these depends on the caller's slices.
/// Where ticks count branches (TickUnit) a stop is dear, and timers are looked at only after an
/// input and after an exit that the guest makes by itself: the same rule on both sides.
class Machine final : private Platform,
                      private VirtualClock,
                      private OutputSink,
                      private DiskRequestSink {
public:
    using AcceleratorFactory = std::function<std::unique_ptr<Accelerator>(GuestMemory&, Platform&)>;

    /// Throws std::bad_alloc when the host has no memory for the guest.
    Machine(const MachineConfig& config, const AcceleratorFactory& make_accelerator);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    /// Puts ACPI tables, kernel and initramfs into memory and the vCPU at the kernel's entry; once,
    /// on a fresh machine. After an error the machine must not run.
    LoadResult load(const GuestImages& images);

    void set_output_listener(OutputListener* listener) { listener_ = listener; }
    void set_disk_listener(DiskRequestListener* listener) { disk_listener_ = listener; }
    /// Tells the disk listener again of every request that has not ended, per disk in order, with
    /// the data of writes as it now is in guest memory: for a machine that was restored.
    void repeat_pending_disk_requests() const { board_.repeat_pending_disk_requests(); }

    /// Runs until `position().ticks == until_ticks` at the latest. Returns earlier right behind an
    /// instruction that produced an output or asked something of a disk, so that nobody waits for
    /// it longer than need be. By branches: runs to the next exit that the guest makes by itself,
    /// or until broken out of.
    MachineExit run(u64 until_ticks);
    /// Runs to `target`, which lies ahead or here. Returns earlier when halted, ended or (by
    /// branches) broken out of. Throws AcceleratorFault.
    MachineExit run_to(const Position& target);
    /// See Accelerator. Any thread.
    void break_out_at(u64 monotonic_ns) { accelerator_->break_out_at(monotonic_ns); }
    TickUnit tick_unit() const { return accelerator_->tick_unit(); }
    bool positions_exact() const { return accelerator_->positions_exact(); }
    CodeExecution code_execution() const { return accelerator_->code_execution(); }
    Accelerator::Statistics statistics() const { return accelerator_->statistics(); }
    /// Virtual time of the earliest timer.
    u64 deadline_ns() const { return board_.deadline_ns(); }
    /// Takes an input here. An ended machine ignores it.
    void apply(const Input& input);

    Position position() const { return accelerator_->position(); }
    u64 virtual_ns() const { return time_.now_ns(accelerator_ ? accelerator_->ticks() : 0); }
    bool halted() const { return accelerator_->halted(); }
    ExitKind end() const { return end_; }  ///< ExitKind::position while it has not ended.
    /// One line, and more for a developer to read, on how the machine ended.
    std::string describe_end() const;
    std::string describe() const { return accelerator_->describe(); }

    /// What the world may offer now: see Board.
    bool can_receive_frame() const { return board_.can_receive_frame(); }
    /// Whether the driver takes large frames (base/tcp_frame.h).
    bool takes_large_frames() const { return board_.takes_large_frames(); }
    bool network_ready() const { return board_.network_ready(); }
    u64 entropy_bytes_wanted() const { return board_.entropy_bytes_wanted(); }
    u64 console_room(u32 port) const { return board_.console_room(port); }
    u64 outputs_produced() const { return outputs_produced_; }
    /// What of its speed the vCPU may have, 0.01 … 1. State, though nothing in the machine depends
    /// on it: whoever runs it live sees to it.
    double cpu_share() const { return cpu_share_permille_ / 1000.0; }

    /// All state but RAM. What it writes is what digests and images cover.
    void save(StateWriter& state) const;
    void restore(StateReader& state);
    /// Hash of what `save` writes.
    u64 state_digest() const;
    /// Digest of the pages dirtied since the last, or by branches of all memory (PageSums); part of
    /// the run: replicas must take it at the same position.
    MemoryDigest take_memory_digest();
    /// Digest of all memory, at any time, with no effect.
    u64 whole_memory_digest() const { return vmft::whole_memory_digest(memory_).value; }

    /// From now on `collect_changes` adds to `set` each page that was written since it was last
    /// called, by whomever. Several may watch; none has an effect on the machine. `set` is for as
    /// many pages as memory has, and stays until `unwatch_changes`.
    void watch_changes(image::PageSet& set);
    void unwatch_changes(image::PageSet& set);
    void collect_changes();

    GuestMemory& memory() { return memory_; }
    const GuestMemory& memory() const { return memory_; }
    const MachineConfig& config() const { return config_; }

private:
    // Platform
    u32 port_read(u16 port, unsigned size_bytes) override {
        return board_.port_read(port, size_bytes);
    }
    void port_write(u16 port, unsigned size_bytes, u32 value) override {
        board_.port_write(port, size_bytes, value);
    }
    u64 mmio_read(u64 address, unsigned size_bytes) override {
        return board_.mmio_read(address, size_bytes);
    }
    void mmio_write(u64 address, unsigned size_bytes, u64 value) override {
        board_.mmio_write(address, size_bytes, value);
    }
    bool msr_read(u32 msr, u64& value) override { return board_.msr_read(msr, value); }
    bool msr_write(u32 msr, u64 value) override { return board_.msr_write(msr, value); }
    u8 task_priority() const override { return board_.task_priority(); }
    void set_task_priority(u8 priority) override { board_.set_task_priority(priority); }
    bool interrupt_pending() const override { return board_.interrupt_pending(); }
    u8 acknowledge_interrupt() override { return board_.acknowledge_interrupt(); }
    u64 tsc() const override;

    // VirtualClock
    u64 now_ns() const override { return virtual_ns(); }
    u64 realtime_base_ns() const override { return time_.realtime_base_ns(); }

    // OutputSink
    void emit(OutputKind kind, std::span<const u8> bytes) override;

    // DiskRequestSink
    u64 request(DiskRequest&& request, bool is_output) override;
    void repeat(DiskRequest&& request) override;

    void clear_dirty();
    void end_here(ExitKind kind);
    /// Advances every due timer and takes the guest's own power requests.
    void settle();
    MachineExit run_by_branches(const Position* target);
    MachineExit exit_here(ExitKind kind) const;

    const MachineConfig config_;
    GuestMemory memory_;
    VirtualTime time_;
    Board board_;
    std::unique_ptr<Accelerator> accelerator_;
    PageSums page_sums_;  ///< By branches.
    OutputListener* listener_ = nullptr;
    DiskRequestListener* disk_listener_ = nullptr;
    std::vector<image::PageSet*> change_watchers_;  ///< No state.
    u64 outputs_produced_ = 0;
    u64 disk_requests_ = 0;  ///< Since this object was made; no state.
    ExitKind end_ = ExitKind::position;
    u32 cpu_share_permille_ = cpu_share_permille_max;
    mutable StateWriter digest_bytes_;  // Reused, no state.
};

}  // namespace vmft
