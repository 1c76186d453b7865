
#include <algorithm>
#include <cstdio>

#include "accel/kvm/counter/branch_instruction.h"
#include "accel/kvm/counter/host_time_counter.h"
#include "accel/kvm/kvm_cpu.h"
#include "accel/kvm/monotonic_clock.h"
#include "base/hash64.h"

/// Running real vCPUs, and stopping them at a position.
///
/// The problem: the host's processor executes the guest, and tells afterwards how many conditional
/// branches it has retired. It can be asked to interrupt at a count, but the interrupt
/// comes late, by up to the counter's skid. A replica has to stop exactly where its primary took an
/// input.
///
/// The idea: need it seldom, and never from behind.
/// - The guest leaves KVM by itself all the time: port and device accesses, HLT, MSRs. These exits
///   are part of its instruction stream, so the n-th is at the same place on both sides. Inputs are
///   taken there wherever possible, and a replica finds the place by counting exits.
/// - Only the primary decides, so only the replica needs exactness: the primary, broken out of by
///   force, records the position at which it happens to be.
/// - The rest, a position behind exit n: the counter is armed `skid` branches short. From where it
///   breaks out a hardware breakpoint on the position's rip does the rest: at each hit the whole
///   position is compared, count, rcx and registers. A count above the position's is an error, and
///   the counter is armed right behind the position so that it is noticed though the breakpoint is
///   never hit.
///
/// A breakpoint cannot stop everywhere. It is not reported in an interrupt shadow, nor behind an
/// IRET that sets RF, as a fault's handler does, and a REP instruction that goes on does not hit it
/// again. Since the primary chooses the places, it does not choose those: broken out of there, or
/// with an interrupt on its way into the guest, it runs a little further (at_clean_place).
///
/// Rejected: crossing the skid by single-step, as rr and the FT paper's successors do. TF leaks
/// into what PUSHF, SYSCALL and every fault save, and a step costs what a breakpoint hit does.
/// Rejected: the software CPU for the last stretch. Where real processors differ from it
/// (undefined flags, approximations) the replica would differ from a primary that never left KVM.
namespace vmft::kvm {

namespace {

constexpr u64 flag_if = 0x200, flag_rf = 0x1'0000;
/// Room between the counter's largest skid and the position.
constexpr u64 slack_ticks = 16;
/// While a replica runs from exit to exit, it is looked at after so many branches too many.
constexpr u64 runaway_ticks = 200'000'000;
/// How long a live vCPU runs on from a place that cannot be a position: twice as long each time,
/// since on a slow host the shortest does not get it anywhere.
constexpr u64 unclean_retry_min_ns = 30'000, unclean_retry_max_ns = 10'000'000;

std::string number(u64 value) { return std::to_string(value); }

}  // namespace

RunExit KvmCpu::run(u64) { return go(nullptr); }

RunExit KvmCpu::run_to(const Position& target) {
    if (!positions_exact()) throw_no_positions();
    return position() == target ? RunExit::position : go(&target);
}

void KvmCpu::arm(u64 at) {
    if (armed_at_ == at) return;
    counter_->arm(at);
    armed_at_ = at;
}

void KvmCpu::forget_armed() {
    if (armed_at_ == nothing) return;
    counter_->disarm();
    armed_at_ = nothing;
}

/// Where the breakpoint has to be for the next entry, none while the position is far; arms the
/// counter for it.
std::optional<u64> KvmCpu::approach(const Position& target) {
    if (exits_ > target.exits)
        throw AcceleratorFault(AcceleratorFault::Kind::diverged,
                               "the guest made exit " + number(exits_) +
                                   " by itself before ticks " + number(target.ticks) +
                                   ", where the log has exit " + number(target.exits));
    if (ticks_ > target.ticks)
        throw AcceleratorFault(AcceleratorFault::Kind::overshoot,
                               "stopped at ticks " + number(ticks_) + ", past the position at " +
                                   number(target.ticks) +
                                   ": the counter's overflow came later than its skid of " +
                                   number(counter_->skid_max()) + ", or the guest has diverged");
    if (exits_ < target.exits) {
        // Its own exits lead there. The counter only guards against a guest that makes none.
        if (armed_at_ <= target.ticks || armed_at_ > target.ticks + 2 * runaway_ticks)
            arm(target.ticks + runaway_ticks);
        return std::nullopt;
    }
    u64 short_by = counter_->skid_max() + slack_ticks;
    if (target.ticks - ticks_ > short_by) {
        arm(target.ticks - short_by);
        return std::nullopt;
    }
    if (stop_began_ns_ == 0) stop_began_ns_ = monotonic_ns();
    arm(target.ticks + 1);
    return target.rip;
}

void KvmCpu::offer_interrupt() {
    kvm_run& page = vcpu_->run_page();
    page.cr8 = platform_.task_priority();
    page.request_interrupt_window = 0;
    if (!platform_.interrupt_pending()) return;
    if (page.ready_for_interrupt_injection && page.if_flag) {
        vcpu_->inject_interrupt(platform_.acknowledge_interrupt());
        page.ready_for_interrupt_injection = 0;
        // Behind a trap gate the next one can be taken at once.
        page.request_interrupt_window = platform_.interrupt_pending();
    } else {
        page.request_interrupt_window = 1;
    }
}

/// Whether a replica could stop here too, or without exact positions: whether the state can be
/// saved. Else says where to run to.
bool KvmCpu::at_clean_place() {
    escape_rip_.reset();
    kvm_vcpu_events events = vcpu_->events();
    bool on_its_way = events.interrupt.injected || events.interrupt.shadow ||
                      events.exception.injected || events.exception.pending ||
                      events.nmi.injected || events.nmi.pending;
    // KVM does not tell of an INT n that it delivers again, but that it takes no interrupt.
    const kvm_run& page = vcpu_->run_page();
    if (page.if_flag && !page.ready_for_interrupt_injection) on_its_way = true;
    if (!positions_exact()) return !on_its_way;
    const kvm_regs& registers = vcpu_->registers();
    // Behind an IRET that sets RF no breakpoint is reported.
    if (on_its_way || (registers.rflags & flag_rf)) return false;
    kvm_sregs system = vcpu_->system_registers();
    u8 code[15];
    size_t bytes =
        read_linear(memory_, PagingState::of(system), linear_code(system, registers.rip), code);
    auto next = decode_instruction({code, bytes}, code_bits(system));
    if (!next || next->kind != InstructionKind::repeated_string) return true;
    escape_rip_ = registers.rip + next->length;
    return false;
}

/// A guest that never stands where a replica could stop (one string instruction that takes for
/// ever, say) would take no input any more, and not be stopped either.
void KvmCpu::throw_nowhere_clean() {
    const kvm_regs& registers = vcpu_->registers();
    char text[160];
    std::snprintf(
        text, sizeof text,
        "the guest came to no place in %llu s at which a replica could stop; it is at rip "
        "0x%llx, rcx 0x%llx",
        static_cast<unsigned long long>(unclean_ns_max_ / 1'000'000'000),
        static_cast<unsigned long long>(registers.rip),
        static_cast<unsigned long long>(registers.rcx));
    throw AcceleratorFault(AcceleratorFault::Kind::cannot_execute, text,
                           "run this guest with --accel soft");
}

RunExit KvmCpu::stopped_at_target() {
    counts_.exact_stops++;
    if (stop_began_ns_ != 0) counts_.stop_ns += monotonic_ns() - stop_began_ns_;
    stop_began_ns_ = 0;
    return RunExit::position;
}

RunExit KvmCpu::go(const Position* target) {
    if (shut_down_) return RunExit::triple_fault;
    if (halted_) {
        if (!platform_.interrupt_pending() || !(vcpu_->registers().rflags & flag_if))
            return RunExit::halted;
        halted_ = false;
    }
    if (restored_) {
        restored_ = false;
        // KVM says whether an interrupt can be taken only at an exit; offered too late, it is taken
        // elsewhere than on the machine this one continues.
        vcpu_->complete();
        watch_user_tsc();
    }
    if (!target) forget_armed();
    escape_rip_.reset();
    u64 unclean_retry_ns = unclean_retry_min_ns, unclean_since_ns = 0;
    for (;;) {
        std::optional<u64> breakpoint = target ? approach(*target) : escape_rip_;
        offer_interrupt();
        Counter::Came came = counter_->enter(breakpoint);
        ticks_ = counter_->ticks();
        // A higher CR8 makes no exit: it is here that it is seen, however the vCPU came out.
        if (u8 priority = static_cast<u8>(vcpu_->run_page().cr8);
            priority != platform_.task_priority())
            platform_.set_task_priority(priority);
        switch (came) {
        case Counter::Came::exit:
            if (std::optional<RunExit> exit = handle_exit()) return *exit;
            // An interrupt window opens before a breakpoint at the same place is hit, and the
            // interrupt would be taken in front of it.
            if (target && position() == *target) return stopped_at_target();
            break;
        case Counter::Came::trap:
            if (std::optional<RunExit> exit = handle_user_trap()) return *exit;
            [[fallthrough]];
        case Counter::Came::breakpoint:
            if (target) {
                counts_.breakpoint_hits++;
                if (position() != *target) break;
                return stopped_at_target();
            }
            if (escape_rip_ && vcpu_->registers().rip == *escape_rip_ && at_clean_place()) {
                counts_.forced_exits++;
                return RunExit::position;
            }
            break;
        case Counter::Came::overflow:
            armed_at_ = nothing;
            if (target && exits_ == target->exits && stop_began_ns_ == 0)
                stop_began_ns_ = monotonic_ns();
            break;
        case Counter::Came::kicked: {
            if (target) return RunExit::position;
            if (at_clean_place()) {
                counts_.forced_exits++;
                return RunExit::position;
            }
            u64 now = monotonic_ns();
            if (unclean_since_ns == 0) unclean_since_ns = now;
            if (now - unclean_since_ns > unclean_ns_max_) throw_nowhere_clean();
            vcpu_->kick_at(now + unclean_retry_ns);
            unclean_retry_ns = std::min(2 * unclean_retry_ns, unclean_retry_max_ns);
            break;
        }
        }
    }
}

}  // namespace vmft::kvm
