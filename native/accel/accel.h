#pragma once

#include <string>

#include "accel/accelerator_fault.h"
#include "base/position.h"
#include "base/state_bytes.h"
#include "base/types.h"

namespace vmft {

/// The machine as an accelerator sees it: buses, interrupt controllers and time.
/// Called on the vCPU thread from inside `run`; `Accelerator::ticks()` is exact
/// meanwhile and does not yet count the calling instruction.
class Platform {
public:
    virtual u32 port_read(u16 port, unsigned size_bytes) = 0;
    virtual void port_write(u16 port, unsigned size_bytes, u32 value) = 0;
    virtual u64 mmio_read(u64 address, unsigned size_bytes) = 0;
    virtual void mmio_write(u64 address, unsigned size_bytes, u64 value) = 0;

    /// MSRs that belong to the platform: IA32_APIC_BASE, x2APIC 0x800-0x8FF, IA32_TSC_DEADLINE.
    /// False: #GP.
    virtual bool msr_read(u32 msr, u64& value) = 0;
    virtual bool msr_write(u32 msr, u64 value) = 0;

    /// CR8, the local APIC's task priority class, 0 … 15.
    virtual u8 task_priority() const = 0;
    virtual void set_task_priority(u8 priority) = 0;

    /// Whether a maskable interrupt waits that the task priority lets through.
    virtual bool interrupt_pending() const = 0;
    /// Takes the waiting interrupt: its vector. Only when interrupt_pending().
    virtual u8 acknowledge_interrupt() = 0;

    /// The time-stamp counter before IA32_TSC_ADJUST, at the present position.
    virtual u64 tsc() const = 0;

protected:
    ~Platform() = default;
};

/// What `ticks` counts, and with it where a run can stop.
enum class TickUnit : u8 {
    instructions,  ///< Each retired instruction, each iteration of a REP: any stop is exact.
    branches,      ///< Retired conditional branches: a stop is dear, Position names one.
};

enum class RunExit : u8 {
    position,  ///< `until` is reached; by branches also: the run was broken out of.
    device,    ///< An instruction touched a device or the platform: deadlines and lines may have
               ///< changed.
    halted,    ///< HLT retired (or the vCPU was halted already) and no interrupt can wake it now.
    triple_fault,  ///< The vCPU has shut down (SDM 3A 6.15, double fault).
    stuck,  ///< limits::fault_deliveries_max exceptions in a row without a retired instruction.
};

/// What becomes of guest code.
enum class CodeExecution : u8 {
    native,       ///< The host's processor executes it.
    translated,   ///< Host code made of it is executed.
    interpreted,  ///< It is executed instruction by instruction.
};

/// What any accelerator promises: it executes instructions, counts them exactly, and
/// stops where it is told. Single-threaded: every call comes from the vCPU thread.
class Accelerator {
public:
    virtual ~Accelerator() = default;

    /// Runs until `ticks() == until_ticks` at the latest; returns earlier for the reasons
    /// of RunExit. Returns only right after a retired instruction (or at once), before
    /// any interrupt or fault that is due next: see Position. `until_ticks` of the past or present:
    /// returns `position` at once.
    ///
    /// By branches: runs to the next exit that the guest makes by itself (`device`, `halted`), or
    /// until broken out of (`position`), whatever `until_ticks` says; an interrupt window is no
    /// such exit. Throws AcceleratorFault.
    virtual RunExit run(u64 until_ticks) = 0;

    virtual TickUnit tick_unit() const { return TickUnit::instructions; }
    /// False: ticks are no property of the guest's instructions (kvm without a counter), so a
    /// position names nothing that could be found again, and `run_to` throws (unavailable).
    virtual bool positions_exact() const { return true; }

    /// Like `run`, but stops exactly at `target`, which lies ahead or here. By branches it still
    /// returns at each exit of the guest's own, before `target`, and when broken out of: compare
    /// `position()`. Throws AcceleratorFault when the target is passed, or cannot be reached any
    /// more.
    virtual RunExit run_to(const Position& target) { return run(target.ticks); }

    /// By branches, any thread: the run under way, or the next one, is broken out of at this time
    /// of the host's monotonic clock; the earliest one asked for counts, and 0 is now. It decides
    /// only when the world's inputs are looked at, never what the machine does.
    virtual void break_out_at(u64 monotonic_ns) { (void)monotonic_ns; }

    virtual u64 ticks() const = 0;
    virtual Position position() const = 0;
    virtual bool halted() const = 0;

    /// The initial register state the loader wants, on a fresh vCPU.
    struct EntryState {
        u64 rip = 0, rsp = 0, rsi = 0, rbx = 0, cr3 = 0;
        bool long_mode = false;  ///< Else 32-bit protected mode without paging (PVH).
        u64 gdt_base = 0;
        u16 gdt_limit = 0, code_selector = 0, data_selector = 0;
    };
    virtual void set_entry(const EntryState& entry) = 0;

    /// Empties what the guest can observe but the saved state does not hold (the TLB).
    virtual void flush_caches() = 0;

    /// What writes set in the flags of RAM pages (GuestMemory) is about to be read: it must cover
    /// every write so far.
    virtual void collect_dirty_flags() {}
    /// Some of these flags were cleared: later writes must set them again.
    virtual void dirty_flags_cleared() = 0;

    virtual void save(StateWriter& state) const = 0;
    virtual void restore(StateReader& state) = 0;

    /// By branches: what stops have cost. Any thread.
    struct Statistics {
        u64 own_exits = 0;     ///< Exits the guest made by itself.
        u64 forced_exits = 0;  ///< Broken out of.
        u64 exact_stops = 0;   ///< Stops at a position that no exit of the guest's own named.
        u64 breakpoint_hits = 0;
        u64 stop_ns = 0;  ///< Host time from a stop's overflow (or its begin) to its position.
    };
    virtual Statistics statistics() const { return {}; }

    /// For status and reports only. Any thread.
    virtual CodeExecution code_execution() const { return CodeExecution::interpreted; }

    /// All registers as text, for reports a developer reads.
    virtual std::string describe() const = 0;
};

}  // namespace vmft
