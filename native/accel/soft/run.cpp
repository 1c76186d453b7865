#include <csetjmp>

#include "accel/soft/decode.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/mmu.h"
#include "accel/soft/segments.h"
#include "accel/soft/simd_state.h"
#include "accel/soft/soft_cpu.h"
#include "base/limits.h"

/// The run loop. Blocks follow each other by themselves (dispatch.h) for as long as nothing special
/// is due; the loop here looks, at an instruction boundary, at everything that may come between two
/// instructions, in the order of SDM 3A table 6-2, and then starts the next block or a single
/// instruction.
///
/// Exactness. Before a block starts, all its instructions are taken from the budget (ticks_left).
/// Whoever leaves it early, by raise() or retry_alone(), gives back those not retired. A block
/// longer than the budget is cut. So `ticks` is known at every boundary, and `run` returns only
/// when an instruction has just retired: event delivery and faults retire nothing, and are never
/// the last thing before a return. Where the run is cut into slices can therefore not be observed
/// by the guest.
///
/// An instruction that touches a device, rewrites decoded code, follows STI or MOV SS, straddles
/// two pages, or runs under TF or breakpoints, runs alone: in a scratch block of one. It is found
/// out by trying: the slow path of a memory access gives the instruction up before any effect, and
/// the loop starts it again, alone.
namespace vmft {

using namespace soft;

namespace {

constexpr u64 dr6_single_step = 1 << 14;

/// Code that may be fetched without limit checks: 64-bit, or a flat 4 GiB segment.
bool flat_code(const Cpu& cpu) {
    return in_64bit(cpu) || ((cpu.code_mode & code_mode_mask) == code32 &&
                             cpu.segments[seg_cs].limit == 0xffff'ffff);
}

}  // namespace

RunExit SoftCpu::run(u64 until_ticks) {
    if (cpu_->shut_down) return RunExit::triple_fault;
    if (ticks_ >= until_ticks) return RunExit::position;
    blocks_.collect();
    if (translator_) translator_->drop_pending_link();
    simd_enter(*cpu_);
    running_ = true;
    cpu_->ticks_synced = ticks_;
    RunExit exit = execute(until_ticks);
    running_ = false;
    simd_leave(*cpu_);
    return exit;
}

RunExit SoftCpu::execute(u64 until_ticks) {
    Cpu& cpu = *cpu_;
    cpu.block = nullptr;
    retired_ = true;
    if (int code = setjmp(cpu.give_up)) instruction_given_up(code);
    while (true) {
        cpu.ticks_synced = ticks_;
        cpu.ticks_at_limit = until_ticks;
        if (event_.kind != EventKind::none) {
            if (cpu.shut_down) return RunExit::triple_fault;
            if (++deliveries_without_retiring_ > limits::fault_deliveries_max)
                return RunExit::stuck;
            deliver_event(cpu, event_);
            event_delivered();
            continue;
        }
        if (cpu.device_touched && retired_) {
            cpu.device_touched = false;
            return RunExit::device;
        }
        if (ticks_ >= until_ticks) return RunExit::position;
        if (take_pending()) continue;
        if (cpu.halted) return RunExit::halted;
        run_next(until_ticks);
    }
}

/// INT n retires with its delivery; anything else retires nothing.
void SoftCpu::event_delivered() {
    retired_ = event_.kind == EventKind::software || event_.kind == EventKind::software_unchecked;
    if (retired_) {
        ticks_++;
        deliveries_without_retiring_ = 0;
    }
    event_ = {};
}

/// What is due between two instructions: a debug trap, then an external interrupt.
bool SoftCpu::take_pending() {
    Cpu& cpu = *cpu_;
    if (cpu.pending_dr6) [[unlikely]] {
        cpu.dr6 |= cpu.pending_dr6;
        cpu.pending_dr6 = 0;
        cpu.halted = false;
        event_ = {EventKind::trap, vector_db, false, 0, cpu.rip};
        return true;
    }
    if ((cpu.rflags & flag_if) && cpu.interrupt_shadow == InterruptShadow::none &&
        cpu.platform->interrupt_pending()) {
        cpu.halted = false;
        event_ = {EventKind::external, cpu.platform->acknowledge_interrupt(), false, 0, cpu.rip};
        return true;
    }
    return false;
}

void SoftCpu::run_next(u64 until_ticks) {
    Cpu& cpu = *cpu_;
    if (translator_ && translator_->full()) {
        blocks_.invalidate_all();
        translator_->clear();
    }
    u64 linear = cpu.rip + cpu.segment_base[seg_cs];
    if (!in_64bit(cpu)) {
        if (cpu.rip > cpu.segments[seg_cs].limit) raise(cpu, nullptr, vector_gp);
        linear &= 0xffff'ffff;
    }
    bool breakpoints = cpu.dr7 & 0xff;
    if (breakpoints && !(cpu.rflags & flag_rf) && instruction_breakpoint(linear)) return;
    bool alone = run_alone_ || cpu.interrupt_shadow != InterruptShadow::none ||
                 (cpu.rflags & (flag_tf | flag_rf)) || breakpoints;
    u64 offset = fetch_offset(cpu, linear);
    u64 budget = until_ticks - ticks_;
    if (!alone && offset != GuestMemory::no_offset) {
        Block* block = blocks_.find(offset, cpu.code_mode);
        if (!block) block = decode_new(offset);
        if (block) {
            if (block->count > budget)
                block = blocks_.truncate(block, static_cast<unsigned>(budget));
            else if (to_be_translated(*block))
                return execute_translated(block, until_ticks);
            // Blocks to be translated are counted here, one by one.
            cpu.chain_allowed = flat_code(cpu) && !(translator_ && in_64bit(cpu));
            execute_block(block, until_ticks);
            return;
        }
    }
    run_one(linear, offset, until_ticks);
}

/// Whether `block`, which is found at cpu.rip, runs as host code now.
bool SoftCpu::to_be_translated(Block& block) {
    if (!translator_ || !in_64bit(*cpu_) || translator_->full()) return false;
    bool ready = translator_->ready(block);
    translator_->link_to(block);
    return ready;
}

Block* SoftCpu::decode_new(u64 offset) {
    Block* block = blocks_.decode_block(offset, cpu_->code_mode);
    if (block) watch_code(offset, block->bytes);
    return block;
}

/// From now on writes to these bytes, which lie in one page, go the slow way.
void SoftCpu::watch_code(u64 offset, unsigned size_bytes) {
    blocks_.note_code(offset, size_bytes);
    u64 page = offset >> page_shift;
    if (cpu_->page_flags[page] & GuestMemory::code) return;
    cpu_->page_flags[page] |= GuestMemory::code;
    tlb_drop_page_shortcuts(*cpu_, page);
}

/// Executes the instruction at the boundary by itself, with device access allowed.
void SoftCpu::run_one(u64 linear, u64 offset, u64 until_ticks) {
    Cpu& cpu = *cpu_;
    if (offset == GuestMemory::no_offset)
        raise(cpu, nullptr, vector_ud);  // Bus reads as ones: FF FF is undefined.
    u8 bytes[16];
    unsigned here = static_cast<unsigned>(std::min<u64>(15, page_bytes - (offset & page_mask)));
    std::memcpy(bytes, cpu.ram + offset, here);
    Block* block = blocks_.decode_scratch(bytes, here, cpu.code_mode, 1);
    u64 second = GuestMemory::no_offset;
    if (block->count == 0) {
        // The instruction needs bytes of the next page, whose fetch may fault.
        u64 next_linear = in_64bit(cpu) ? linear + here : (linear + here) & 0xffff'ffff;
        second = fetch_offset(cpu, next_linear);
        if (second == GuestMemory::no_offset)
            std::memset(bytes + here, 0xff, 15 - here);
        else
            std::memcpy(bytes + here, cpu.ram + second, 15 - here);
        block = blocks_.decode_scratch(bytes, 15, cpu.code_mode, 1);
    }
    bool trap = cpu.rflags & flag_tf;
    restore_shadow_ = cpu.interrupt_shadow;
    bool resume = cpu.rflags & flag_rf;
    u64 rip = cpu.rip;
    run_alone_ = false;
    cpu.interrupt_shadow = InterruptShadow::none;
    // RF serves this instruction, and IRET sets it for the next: so it is cleared first (SDM
    // 3B 17.3.1.1).
    cpu.rflags &= ~flag_rf;
    cpu.chain_allowed = false;
    cpu.io_allowed = true;
    restore_resume_ = resume;
    // Between two iterations of a REP its own bytes may change, so they are watched like a block's.
    if (block->insns[0].flags & (insn_rep | insn_repne)) {
        watch_code(offset, std::min<unsigned>(here, block->bytes));
        if (block->bytes > here && second != GuestMemory::no_offset)
            watch_code(second, block->bytes - here);
    }
    // Under TF, or on a watched address, a REP instruction traps after each iteration; of an
    // interrupt shadow the first iteration is all: what waits comes before the second, wherever a
    // slice ends. So it gets a budget of one.
    bool shadow = restore_shadow_ != InterruptShadow::none;
    u64 limit = trap || shadow || (cpu.dr7 & 0xff) ? ticks_ + 1 : until_ticks;
    cpu.ticks_at_limit = limit;
    execute_block(block, limit);
    cpu.io_allowed = false;
    restore_shadow_ = InterruptShadow::none;
    restore_resume_ = false;
    // A REP instruction that the budget stopped between two iterations is still the same one.
    bool unfinished = cpu.rip == rip && (block->insns[0].flags & (insn_rep | insn_repne));
    if (resume && unfinished) cpu.rflags |= flag_rf;
    if (trap && cpu.interrupt_shadow != InterruptShadow::mov_ss) cpu.pending_dr6 |= dr6_single_step;
}

void SoftCpu::execute_block(Block* block, u64 until_ticks) {
    Cpu& cpu = *cpu_;
    cpu.ticks_left = static_cast<i64>(until_ticks - ticks_) - block->count;
    cpu.block = block;
    cpu.gpr[reg_block] = cpu.rip;
    cpu.code_rewritten = false;
#ifdef VMFT_THREADED
    block->insns[0].handler(cpu, block->insns);
#else
    cpu.next_insn = block->insns;
    while (const Insn* insn = cpu.next_insn) insn->handler(cpu, insn);
#endif
    left_block(until_ticks);
}

void SoftCpu::execute_translated(Block* block, u64 until_ticks) {
    Cpu& cpu = *cpu_;
    cpu.ticks_left = static_cast<i64>(until_ticks - ticks_);
    cpu.chain_allowed = false;
    translator_->run(*block);
    left_block(until_ticks);
}

/// Everything entered has retired.
void SoftCpu::left_block(u64 until_ticks) {
    Cpu& cpu = *cpu_;
    ticks_ = until_ticks - static_cast<u64>(cpu.ticks_left);
    deliveries_without_retiring_ = 0;
    retired_ = true;
    cpu.block = nullptr;
}

/// After raise(), retry_alone() or a software interrupt: where are we, and what is due?
void SoftCpu::instruction_given_up(int code) {
    Cpu& cpu = *cpu_;
    refresh_mode(cpu);  // A system access may have been under way.
    if (const Insn* insn = cpu.fault_insn) {
        u64 not_retired = cpu.block->count - static_cast<u64>(insn - cpu.block->insns);
        u64 ticks = cpu.ticks_at_limit - static_cast<u64>(cpu.ticks_left) - not_retired;
        if (ticks != ticks_) deliveries_without_retiring_ = 0;
        ticks_ = ticks;
        cpu.rip = insn_rip(cpu, insn);
        if (code == give_up_software_interrupt) {
            event_ = {cpu.fault_has_error ? EventKind::software : EventKind::software_unchecked,
                      cpu.fault_vector, false, 0, next_rip(cpu, insn)};
        }
    }
    cpu.block = nullptr;
    cpu.io_allowed = false;
    // A device was touched and then a fault came: leave behind the next instruction, at the same
    // tick whatever the slices.
    if (cpu.device_touched) run_alone_ = true;
    if (restore_shadow_ != InterruptShadow::none) cpu.interrupt_shadow = restore_shadow_;
    if (restore_resume_) cpu.rflags |= flag_rf;
    restore_shadow_ = InterruptShadow::none;
    restore_resume_ = false;
    if (code == give_up_retry_alone) {
        run_alone_ = true;
        return;
    }
    if (code == give_up_software_interrupt) {
        cpu.interrupt_shadow = InterruptShadow::none;  // It is over with the instruction in it.
        return;
    }
    fault_raised();
}

/// A fault of an instruction, of a fetch, or of the delivery of another event.
void SoftCpu::fault_raised() {
    Cpu& cpu = *cpu_;
    Event fault{EventKind::fault, cpu.fault_vector, cpu.fault_has_error, cpu.fault_error, cpu.rip};
    cpu.interrupt_shadow = InterruptShadow::none;
    cpu.pending_dr6 = 0;
    if (event_.kind == EventKind::none) {
        event_ = fault;
        return;
    }
    // The delivery of event_ faulted.
    bool hard = event_.kind == EventKind::fault || event_.kind == EventKind::trap;
    if (event_.kind == EventKind::fault && event_.vector == vector_df) {
        cpu.shut_down = true;
        return;
    }
    if (hard && is_double_fault(event_.vector, fault.vector)) {
        event_ = {EventKind::fault, vector_df, true, 0, cpu.rip};
        return;
    }
    event_ = fault;
}

bool SoftCpu::instruction_breakpoint(u64 linear) {
    Cpu& cpu = *cpu_;
    u64 hit = 0;
    for (unsigned i = 0; i < 4; i++)
        if ((cpu.dr7 >> (2 * i) & 3) && (cpu.dr7 >> (16 + 4 * i) & 3) == 0 && cpu.dr[i] == linear)
            hit |= u64{1} << i;
    if (!hit) return false;
    cpu.dr6 |= hit;
    event_ = {EventKind::fault, vector_db, false, 0, cpu.rip};
    return true;
}

namespace soft {

void follow_new_chain(Cpu& cpu, const Insn* insn) {
    u64 from = cpu.gpr[reg_block], target = from + insn->imm;
    if (!in_64bit(cpu)) target &= 0xffff'ffff;
    const Insn* first = enter_block(cpu, target);
    if (!first) VMFT_LEAVE(cpu);
    bool same_page = (from ^ target) >> page_shift == 0;
    if (same_page && in_64bit(cpu))
        const_cast<Insn*>(insn)->chain = reinterpret_cast<u64>(cpu.block) | cpu.chain_tag;
    VMFT_GO(cpu, first);
}

void raise(Cpu& cpu, const Insn* insn, Vector vector, u32 error) {
    cpu.fault_insn = insn;
    cpu.fault_vector = vector;
    cpu.fault_has_error = pushes_error_code(vector);
    cpu.fault_error = error;
    std::longjmp(cpu.give_up, give_up_fault);
}

void raise_page_fault(Cpu& cpu, const Insn* insn, u64 linear, u32 error) {
    cpu.cr2 = linear;
    raise(cpu, insn, vector_pf, error);
}

void retry_alone(Cpu& cpu, const Insn* insn) {
    cpu.fault_insn = insn;
    std::longjmp(cpu.give_up, give_up_retry_alone);
}

void raise_software_interrupt(Cpu& cpu, const Insn* insn, u8 vector, bool check_dpl) {
    cpu.fault_insn = insn;
    cpu.fault_vector = vector;
    cpu.fault_has_error = check_dpl;
    std::longjmp(cpu.give_up, give_up_software_interrupt);
}

}  // namespace soft

}  // namespace vmft
