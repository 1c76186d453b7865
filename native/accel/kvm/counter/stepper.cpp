#include "accel/kvm/counter/stepper.h"

/// Single-step that the guest cannot tell.
///
/// The problem: KVM steps a guest by setting TF in its rflags. The processor does not know whose TF
/// it is. PUSHF stores it, so does SYSCALL in R11, and so does the frame of every fault and INT,
/// whose handler then runs with TF clear: free, uncounted. SYSCALL and SYSRET look at TF only after
/// they have replaced it. POPF and IRET replace it, and KVM, which hides its own, would hide the
/// guest's new one too. Behind MOV SS the trap waits for one instruction more, on some processors
/// (the lab's) behind STI too.
///
/// The idea: decode the next instruction, and know what it does.
/// - It may fault: hardware breakpoints stand at the handlers it can reach. There, TF is taken out
///   of the frame.
/// - It goes to a place that is known (SYSCALL, SYSRET, INT n), or always makes an exit (HLT, IN,
///   OUT): it runs without TF, to a breakpoint at that place.
/// - An event is queued for delivery: no TF, a breakpoint at its handler.
/// - PUSHF: TF is taken out of the stack afterwards. POPF and IRET that set the guest's own run
///   without ours, to a breakpoint behind them.
/// - The guest itself has TF set: it is not set for it. The trap comes to us instead, and is queued
///   for the guest; or, where KVM emulates the instruction, it is at the guest's handler already.
/// TF is armed anew for each step: KVM loses it where it emulates an instruction.
///
/// There are four debug registers, so an instruction's four likeliest handlers are watched: #PF and
/// #GP, and two by its class. Limits: a fault that only another class makes (#AC in the kernel, a
/// double fault), one in the delivery of another, task gates, and guests that use the debug
/// registers themselves while they are stepped, which does not take effect meanwhile.
namespace vmft::kvm {

namespace {

constexpr u64 flag_tf = 0x100, flag_of = 0x800, flag_ac = 0x40000, flag_vm = 0x20000;
constexpr u64 cr0_pe = 1, cr0_em = 4, cr0_ts = 8, cr0_am = 1 << 18;
constexpr u64 efer_lma = 0x400;
constexpr u64 dr6_single_step = 0x4000, dr6_breakpoints = 15;
constexpr u64 dr7_fixed = 0x400;
constexpr u32 msr_star = 0xc000'0081, msr_lstar = 0xc000'0082, msr_cstar = 0xc000'0083;
constexpr u8 vector_de = 0, vector_db = 1, vector_nmi = 2, vector_br = 5, vector_ud = 6,
             vector_nm = 7, vector_np = 11, vector_ss = 12, vector_gp = 13, vector_pf = 14,
             vector_mf = 16, vector_ac = 17, vector_xm = 19;
constexpr unsigned instruction_bytes_max = 15;
constexpr u64 low_half = 0xffff'ffff;

bool always_exits(const DecodedInstruction& instruction) {
    return instruction.kind == InstructionKind::halt || instruction.kind == InstructionKind::port;
}

bool runs_free(const DecodedInstruction& instruction, u64 rflags) {
    if (always_exits(instruction)) return true;
    switch (instruction.kind) {
    case InstructionKind::system_call:
    case InstructionKind::system_return: return true;
    case InstructionKind::software_interrupt:
        return instruction.vector != 4 || instruction.length != 1 || (rflags & flag_of);  // INTO
    default: return false;
    }
}

}  // namespace

void give_debug_exception_to_guest(Vcpu& vcpu, u64 dr6_causes) {
    kvm_debugregs debug = vcpu.debug_registers();
    debug.dr6 = (debug.dr6 & ~dr6_breakpoints) | dr6_causes;
    vcpu.set_debug_registers(debug);
    vcpu.inject_exception(vector_db);
}

void Stepper::begin() {
    system_valid_ = false;
    guest_trap_flag_ = vcpu_.registers().rflags & flag_tf;
    kvm_vcpu_events events = vcpu_.events();
    bool nmi = events.nmi.injected ||
               (events.nmi.pending && !events.nmi.masked && !events.interrupt.shadow);
    event_waits_ =
        events.interrupt.injected || events.exception.injected || events.exception.pending || nmi;
}

void Stepper::end() {
    // KVM hides TF while it steps, the guest's own too, so none is left in what it reads back.
    vcpu_.set_guest_debug({});
}

const kvm_sregs& Stepper::system() {
    if (!system_valid_) {
        system_ = vcpu_.system_registers();
        system_valid_ = true;
    }
    return system_;
}

u64 Stepper::stack_linear(u64 offset) {
    const kvm_sregs& registers = system();
    u64 pointer = vcpu_.registers().rsp + offset;
    if (code_bits(registers) == CodeBits::bits64) return pointer;
    pointer &= registers.ss.db ? low_half : 0xffff;
    return (registers.ss.base + pointer) & low_half;
}

Stepper::Next Stepper::look() {
    Next next;
    const kvm_regs& registers = vcpu_.registers();
    next.rip = registers.rip;
    CodeBits bits = code_bits(system());
    next.linear = linear_code(system(), next.rip);
    u8 code[2 * instruction_bytes_max];
    size_t bytes = read_linear(memory_, PagingState::of(system()), next.linear, code);
    if (auto instruction = decode_instruction({code, bytes}, bits))
        next.instruction = *instruction;
    else
        next.instruction.faults = FaultClass::undefined;  // Cut off by a page that is not there.

    bool sti = next.instruction.kind == InstructionKind::enable_interrupts;
    if (sti || next.instruction.kind == InstructionKind::load_stack_segment) {
        next.behind = decode_instruction(
            std::span<const u8>(code, bytes).subspan(next.instruction.length), bits);
        // Then both are one step, and what is special about the second one holds for it.
        if (next.behind && runs_free(*next.behind, registers.rflags) &&
            !(sti && always_exits(*next.behind)))
            next.instruction = *next.behind;
    }
    look_at_new_flags(next);
    next.trap_flag =
        !guest_trap_flag_ && !next.sets_trap_flag && !runs_free(next.instruction, registers.rflags);
    return next;
}

/// POPF and IRET that set TF for the guest: KVM would hide it as its own.
void Stepper::look_at_new_flags(Next& next) {
    const DecodedInstruction& instruction = next.instruction;
    PagingState paging = PagingState::of(system());
    auto slot = [&](u64 index) {
        u64 value = 0;
        read_linear(memory_, paging, stack_linear(index * instruction.operand_bytes),
                    {reinterpret_cast<u8*>(&value), instruction.operand_bytes});
        return value;
    };
    if (instruction.kind == InstructionKind::pop_flags && (slot(0) & flag_tf)) {
        next.sets_trap_flag = true;
        next.goes_to = next.linear + instruction.length;
    }
    if (instruction.kind == InstructionKind::interrupt_return && (slot(2) & flag_tf)) {
        next.sets_trap_flag = true;
        u16 selector = static_cast<u16>(slot(1));
        bool real = !(system().cr0 & cr0_pe) || (slot(2) & flag_vm);
        std::optional<u64> base =
            real ? u64{selector} << 4 : code_segment_base(memory_, system(), selector);
        if (base) next.goes_to = *base + slot(0);
    }
}

void Stepper::add_target(std::optional<u64> linear, u8 slot_bytes, bool intended) {
    if (!linear || target_count_ == targets_max) return;
    for (unsigned i = 0; i < target_count_; i++)
        if (targets_[i].linear == *linear) return;
    targets_[target_count_++] = {*linear, slot_bytes, intended};
}

void Stepper::add_handler(u8 vector, bool intended) {
    if (auto handler = interrupt_handler(memory_, system(), vector))
        add_target(handler->linear, handler->slot_bytes, intended);
}

void Stepper::add_fault_handlers(const Next& next) {
    bool no_unit = system().cr0 & (cr0_ts | cr0_em);
    add_handler(vector_pf);
    add_handler(vector_gp);
    if ((system().cr0 & cr0_am) && (vcpu_.registers().rflags & flag_ac) && system().ss.dpl == 3)
        add_handler(vector_ac);
    switch (next.instruction.faults) {
    case FaultClass::integer: add_handler(vector_ud); break;
    case FaultClass::divide: add_handler(vector_de); break;
    case FaultClass::bound: add_handler(vector_br); break;
    case FaultClass::x87: add_handler(no_unit ? vector_nm : vector_mf); break;
    case FaultClass::vector:
        add_handler(no_unit ? vector_nm : vector_xm);
        add_handler(vector_ud);
        break;
    case FaultClass::segment: add_handler(vector_np); break;
    case FaultClass::undefined:
        add_handler(vector_ud);
        add_handler(vector_nm);
        break;
    }
    add_handler(vector_ss);
}

void Stepper::choose_targets(const Next& next) {
    target_count_ = 0;
    u64 value = 0;
    switch (next.instruction.kind) {
    case InstructionKind::system_call: {
        bool wide = system().efer & efer_lma;
        u32 msr = !wide ? msr_star : system().cs.l ? msr_lstar : msr_cstar;
        if (vcpu_.get_msr(msr, value)) add_target(wide ? value : value & low_half, 8, true);
        break;
    }
    case InstructionKind::system_return:
        add_target(vcpu_.registers().rcx, 8, true);
        add_target(vcpu_.registers().rcx & low_half, 8, true);
        break;
    case InstructionKind::software_interrupt: add_handler(next.instruction.vector, true); break;
    default: add_target(next.goes_to, 8, true); break;
    }
    if (guest_trap_flag_) {
        unsigned at = target_count_;
        add_handler(vector_db);
        if (target_count_ > at) targets_[at].behind = true;
    }
    add_fault_handlers(next);
    // A breakpoint here would come before the step.
    for (unsigned i = 0; i < target_count_; i++)
        if (targets_[i].linear == next.linear && !targets_[i].intended)
            targets_[i] = targets_[--target_count_];
}

bool Stepper::enter(bool single_step) {
    kvm_guest_debug debug{};
    debug.control = KVM_GUESTDBG_ENABLE;
    if (single_step) debug.control |= KVM_GUESTDBG_SINGLESTEP;
    if (target_count_ > 0) debug.control |= KVM_GUESTDBG_USE_HW_BP;
    debug.arch.debugreg[7] = dr7_fixed;
    for (unsigned i = 0; i < target_count_; i++) {
        debug.arch.debugreg[i] = targets_[i].linear;
        debug.arch.debugreg[7] |= u64{2} << 2 * i;
    }
    // Not looked at by KVM; makes the request another one, so that TF is armed for this rip.
    toggle_ = !toggle_;
    debug.arch.debugreg[6] = toggle_;
    vcpu_.set_guest_debug(debug);
    return vcpu_.enter();
}

const Stepper::Target* Stepper::target_here() {
    u64 linear = linear_code(system(), vcpu_.registers().rip);
    for (unsigned i = 0; i < target_count_; i++)
        if (targets_[i].linear == linear) return &targets_[i];
    return nullptr;
}

void Stepper::clear_trap_flag_at(u64 linear) {
    u8 high = 0;
    PagingState paging = PagingState::of(system());
    if (read_linear(memory_, paging, linear + 1, {&high, 1}) != 1 || !(high & flag_tf >> 8)) return;
    high &= static_cast<u8>(~(flag_tf >> 8));
    write_linear(memory_, paging, linear + 1, {&high, 1});
}

/// The frame is rip, cs, rflags, with or without an error code below; the saved rip tells which.
void Stepper::clear_trap_flag_in_frame(const Target& target, const Next& next) {
    u64 bytes = target.slot_bytes, mask = bytes == 8 ? ~u64{0} : (u64{1} << bytes * 8) - 1;
    u64 behind = next.rip + next.instruction.length;
    for (u64 slot = 0; slot < 2; slot++) {
        u64 rip = 0;
        if (read_linear(memory_, PagingState::of(system()), stack_linear(slot * bytes),
                        {reinterpret_cast<u8*>(&rip), bytes}) != bytes)
            return;
        if (rip != (next.rip & mask) && !(next.behind && rip == (behind & mask))) continue;
        clear_trap_flag_at(stack_linear((slot + 2) * bytes));
        return;
    }
}

Stepper::Step Stepper::arrive(const Target& target, const Next* next) {
    // The stack and the segments are the handler's already.
    if (next && next->trap_flag && !target.intended) clear_trap_flag_in_frame(target, *next);
    // KVM hides only what it has set itself.
    guest_trap_flag_ = vcpu_.registers().rflags & flag_tf;
    event_waits_ = false;
    if (!target.intended && !target.behind) return {.ended = Ended::arrived};
    return {.branch = next->instruction.kind == InstructionKind::conditional_branch};
}

Stepper::Step Stepper::deliver() {
    kvm_vcpu_events events = vcpu_.events();
    u8 vector = vector_nmi;
    if (events.exception.injected || events.exception.pending) {
        vector = events.exception.nr;
    } else if (events.interrupt.injected) {
        vector = events.interrupt.nr;
    } else if (!events.nmi.injected && !events.nmi.pending) {
        event_waits_ = false;
        return step();
    }
    target_count_ = 0;
    add_handler(vector);
    for (u8 fault : {vector_pf, vector_gp, vector_np}) add_handler(fault);
    bool entered = enter(false);
    system_valid_ = false;
    if (entered && vcpu_.run_page().exit_reason != KVM_EXIT_DEBUG) return {.ended = Ended::exit};
    const Target* target = target_here();
    if (target && (entered || delivered())) return arrive(*target, nullptr);
    return {.ended = Ended::kicked};
}

bool Stepper::delivered() {
    kvm_vcpu_events events = vcpu_.events();
    return !events.exception.injected && !events.exception.pending && !events.interrupt.injected;
}

/// INT1: its #DB has no cause in DR6, is a trap, and passes by the gate's privilege (SDM 3A 6.4.2).
Stepper::Step Stepper::leave_debug_trap(const Next& next) {
    vcpu_.set_guest_debug({});
    kvm_regs registers = vcpu_.registers();
    registers.rip = next.rip + next.instruction.length;
    if (guest_trap_flag_) registers.rflags |= flag_tf;
    vcpu_.set_registers(registers);
    give_debug_exception_to_guest(vcpu_, 0);
    event_waits_ = true;
    return {.event_waits = true};
}

Stepper::Step Stepper::retire(const Next& next) {
    Step step;
    InstructionKind kind = next.instruction.kind;
    step.branch = kind == InstructionKind::conditional_branch;
    if (kind == InstructionKind::push_flags && !guest_trap_flag_)
        clear_trap_flag_at(stack_linear(0));
    if (next.behind && vcpu_.registers().rip != next.rip + next.instruction.length) {
        step.branch = next.behind->kind == InstructionKind::conditional_branch;
        if (next.behind->kind == InstructionKind::push_flags && !guest_trap_flag_)
            clear_trap_flag_at(stack_linear(0));
    }
    if (guest_trap_flag_) {
        // Its trap came to us.
        give_debug_exception_to_guest(vcpu_, dr6_single_step);
        event_waits_ = true;
    }
    step.event_waits = event_waits_;
    return step;
}

Stepper::Step Stepper::after_entry(const Next& next) {
    u64 dr6 = vcpu_.run_page().debug.arch.dr6;
    // With a step done the other bits only say what lies at the next instruction.
    if (dr6 & dr6_single_step) return retire(next);
    const Target* target = target_here();
    if (target && (dr6 & dr6_breakpoints)) return arrive(*target, &next);
    give_debug_exception_to_guest(vcpu_, dr6 & dr6_breakpoints);
    event_waits_ = true;
    return {.event_waits = true};
}

Stepper::Step Stepper::step() {
    if (event_waits_) return deliver();
    Next next = look();
    if (next.instruction.kind == InstructionKind::debug_trap) return leave_debug_trap(next);
    choose_targets(next);
    bool entered = enter(next.trap_flag);
    bool debug = entered && vcpu_.run_page().exit_reason == KVM_EXIT_DEBUG;
    bool stepped = debug && (vcpu_.run_page().debug.arch.dr6 & dr6_single_step);
    if (!stepped || next.instruction.changes_system_state) system_valid_ = false;
    if (entered && !debug) return {.ended = Ended::exit};
    if (debug) return after_entry(next);
    // Broken out of on the way: in front of the instruction, or at a handler's first already.
    const Target* target = vcpu_.registers().rip != next.rip ? target_here() : nullptr;
    return target ? arrive(*target, &next) : Step{.ended = Ended::kicked};
}

}  // namespace vmft::kvm
