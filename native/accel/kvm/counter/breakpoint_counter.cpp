#include "accel/kvm/counter/breakpoint_counter.h"

#include <cstring>

/// Breakpoints that the guest does not see.
///
/// Breakpoints are the processor's (KVM_GUESTDBG_USE_HW_BP), DR0 for enter's and DR1 for the trap.
/// They are faults: the instruction has not begun. The processor's way past one is RF in rflags,
/// an entry to the next hit. But RF gets into the frame of a fault or interrupt that is taken
/// there, and KVM's emulator does not look at it. So it serves where neither can be: for an
/// instruction that works on registers alone, once it has been fetched before, with no event on its
/// way. Any other is stepped over without its breakpoint, which costs an entry more. While
/// breakpoints are set, the guest's own are not; its single steps come to us and are handed back.
namespace vmft::kvm {

namespace {

constexpr u64 dr6_breakpoints = 3, dr6_single_step = 0x4000;
constexpr u64 flag_tf = 0x100, flag_rf = 0x10000;
constexpr unsigned instruction_bytes_max = 15;
constexpr u64 dr7_fixed = 0x400, dr7_enable_0 = 2, dr7_enable_1 = 8;

}  // namespace

bool BreakpointCounter::at_breakpoint(std::optional<u64> breakpoint_rip) {
    if (!breakpoint_rip && !trap_) return false;
    u64 rip = vcpu_.registers().rip;
    return rip == breakpoint_rip || rip == trap_;
}

std::optional<Counter::Came> BreakpointCounter::came_to(std::optional<u64> breakpoint_rip) {
    if (!at_breakpoint(breakpoint_rip)) return std::nullopt;
    return vcpu_.registers().rip == trap_ ? Came::trap : Came::breakpoint;
}

void BreakpointCounter::set_breakpoints(std::optional<u64> breakpoint_rip) {
    kvm_guest_debug debug{};
    if (breakpoint_rip) {
        kvm_sregs system = vcpu_.system_registers();
        debug.arch.debugreg[0] = system.cs.l ? *breakpoint_rip : system.cs.base + *breakpoint_rip;
        debug.arch.debugreg[7] |= dr7_enable_0;
    }
    if (trap_) {
        debug.arch.debugreg[1] = *trap_;  // A handler's: linear, in code without a base.
        debug.arch.debugreg[7] |= dr7_enable_1;
    }
    if (debug.arch.debugreg[7] != 0) {
        debug.arch.debugreg[7] |= dr7_fixed;
        debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
    }
    vcpu_.set_guest_debug(debug);
}

/// What a broken entry is to the caller: nothing, when neither an overflow nor a kick was the
/// cause.
std::optional<Counter::Came> BreakpointCounter::broken_out_of() {
    if (overflowed()) return Came::overflow;
    if (vcpu_.take_kick()) return Came::kicked;
    return std::nullopt;
}

std::optional<Counter::Came>
BreakpointCounter::leave_breakpoint(std::optional<u64> breakpoint_rip) {
    if (can_resume()) return resume(breakpoint_rip);
    stepped_off_rip_ = vcpu_.registers().rip;
    return step_off(breakpoint_rip);
}

/// Whether RF takes the guest past the instruction under a breakpoint, and nobody sees it.
bool BreakpointCounter::can_resume() {
    const kvm_regs& registers = vcpu_.registers();
    if (!resume_works_ || registers.rip != stepped_off_rip_ || (registers.rflags & flag_tf))
        return false;
    kvm_sregs system = vcpu_.system_registers();
    if (!system.cs.l) return false;
    u8 code[instruction_bytes_max];
    size_t bytes = read_linear(memory_, PagingState::of(system), registers.rip, code);
    auto instruction = decode_instruction({code, bytes}, CodeBits::bits64);
    if (!instruction || !instruction->registers_only) return false;
    kvm_vcpu_events events = vcpu_.events();
    return !events.interrupt.injected && !events.exception.injected && !events.exception.pending &&
           !events.nmi.injected && !events.nmi.pending;
}

std::optional<Counter::Came> BreakpointCounter::resume(std::optional<u64> breakpoint_rip) {
    u64 ticks_before = ticks();
    kvm_regs before = vcpu_.registers();
    kvm_regs resumed = before;
    resumed.rflags |= flag_rf;
    vcpu_.set_registers(resumed);
    std::optional<Came> came = run(breakpoint_rip);
    kvm_regs after = vcpu_.registers();
    if (after.rip != before.rip) return came;
    if (after.rflags & flag_rf) {
        // Broken out of in front of the instruction: what comes next may be an interrupt.
        after.rflags &= ~flag_rf;
        vcpu_.set_registers(after);
    } else if (came && (came == Came::breakpoint || came == Came::trap) &&
               (!exact() || ticks() == ticks_before) &&
               std::memcmp(&after, &before, sizeof after) == 0) {
        resume_works_ = false;
        return std::nullopt;
    }
    return came;
}

/// Executes the instruction that lies under a breakpoint; an event that is on its way comes first.
std::optional<Counter::Came> BreakpointCounter::step_off(std::optional<u64> breakpoint_rip) {
    guest_runs();
    stepper_.begin();
    Stepper::Step step = stepper_.step();
    // What this does to the vCPU, the breakpoints' request would do as well.
    while (step.event_waits && step.ended != Stepper::Ended::exit) step = stepper_.step();
    stepper_.end();
    guest_ran();
    if (step.ended == Stepper::Ended::exit) return Came::exit;
    if (step.ended == Stepper::Ended::kicked) return broken_out_of();
    return came_to(breakpoint_rip);
}

std::optional<Counter::Came> BreakpointCounter::run(std::optional<u64> breakpoint_rip) {
    set_breakpoints(breakpoint_rip);
    guest_runs();
    bool entered = vcpu_.enter();
    guest_ran();
    if (!entered) return broken_out_of();
    const struct kvm_run& page = vcpu_.run_page();
    if (page.exit_reason != KVM_EXIT_DEBUG) return Came::exit;
    u64 dr6 = page.debug.arch.dr6;
    // The trap behind an instruction comes before the breakpoint in front of the next.
    if ((dr6 & dr6_breakpoints) && !(dr6 & dr6_single_step))
        if (std::optional<Came> came = came_to(breakpoint_rip)) return came;
    give_debug_exception_to_guest(vcpu_, dr6 & dr6_single_step);
    return std::nullopt;
}

Counter::Came BreakpointCounter::enter(std::optional<u64> breakpoint_rip) {
    before_entries();
    if (overflowed()) return Came::overflow;
    std::optional<Came> came;
    while (!came) {
        came =
            at_breakpoint(breakpoint_rip) ? leave_breakpoint(breakpoint_rip) : run(breakpoint_rip);
    }
    return *came;
}

}  // namespace vmft::kvm
