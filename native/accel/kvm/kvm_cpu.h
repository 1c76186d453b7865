#pragma once

#include <atomic>
#include <memory>

#include "accel/accel.h"
#include "accel/kvm/counter/counter.h"
#include "accel/kvm/kvm.h"
#include "accel/kvm/msr_exits.h"
#include "accel/kvm/trap/trap.h"
#include "accel/kvm/vcpu/vcpu.h"

namespace vmft::kvm {

/// The vCPU of the host's KVM behind the accelerator interface. kvm_run.cpp holds its loop and
/// the way to a position, kvm_exits.cpp what happens at each exit of the guest's own.
class KvmCpu final : public Accelerator {
public:
    KvmCpu(GuestMemory& memory, Platform& platform, const KvmOptions& options);

    RunExit run(u64 until_ticks) override;
    RunExit run_to(const Position& target) override;
    TickUnit tick_unit() const override { return TickUnit::branches; }
    bool positions_exact() const override { return counter_->exact(); }
    void break_out_at(u64 monotonic_ns) override { vcpu_->kick_at(monotonic_ns); }
    u64 ticks() const override { return ticks_; }
    Position position() const override;
    bool halted() const override { return halted_; }
    void set_entry(const EntryState& entry) override;
    void flush_caches() override;
    void collect_dirty_flags() override { vcpu_->collect_dirty_flags(); }
    void dirty_flags_cleared() override {}
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;
    std::string describe() const override;
    Statistics statistics() const override;
    CodeExecution code_execution() const override { return CodeExecution::native; }

    Vcpu& vcpu() { return *vcpu_; }  ///< For tests.
    /// How long a live vCPU that was broken out of may be where no replica could stop. For tests.
    void set_unclean_ns_max(u64 nanoseconds) { unclean_ns_max_ = nanoseconds; }

private:
    RunExit go(const Position* target);
    void offer_interrupt();
    std::optional<u64> approach(const Position& target);
    void arm(u64 at);
    void forget_armed();
    bool at_clean_place();
    [[noreturn]] void throw_nowhere_clean();
    RunExit stopped_at_target();

    std::optional<RunExit> handle_exit();
    std::optional<RunExit> handle_user_trap();
    RunExit own_exit(RunExit exit);
    void finish_instruction();
    void port_exit();
    bool trapped_instruction(u16 port);
    bool write_cr4(const KernelTraps::Site& site);
    void refuse_instruction(u64 rip);
    void mmio_exit();
    void read_msr_exit();
    void write_msr_exit();
    void look_for_kernel_text();
    void watch_user_tsc();

    GuestMemory& memory_;
    Platform& platform_;
    KvmHost host_;
    std::unique_ptr<Vcpu> vcpu_;
    std::unique_ptr<Counter> counter_;
    MsrExits msrs_;
    KernelTraps traps_;

    // State of the machine.
    u64 ticks_ = 0;
    u64 exits_ = 0;
    bool halted_ = false;
    bool shut_down_ = false;
    u64 next_scan_ns_ = 0;  ///< Virtual time from which kernel text is looked for again.

    bool restored_ = false;  ///< Since the last run; memory is complete only then.

    // Of the way to a position.
    static constexpr u64 nothing = ~u64{0};
    u64 armed_at_ = nothing;
    u64 stop_began_ns_ = 0;  ///< Host time; 0: no stop is under way.
    u64 unclean_ns_max_ = 60'000'000'000;
    std::optional<u64> escape_rip_;  ///< Behind the REP instruction a live run was broken in.

    struct Counts {
        std::atomic<u64> own_exits{0}, forced_exits{0}, exact_stops{0}, breakpoint_hits{0},
            stop_ns{0};
    } counts_;
};

}  // namespace vmft::kvm
