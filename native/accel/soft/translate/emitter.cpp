#include "accel/soft/translate/emitter.h"

#include <limits>

#include "accel/soft/translate/stubs.h"
#include "base/check.h"

namespace vmft::soft {

using namespace host;
using Xbyak::Address;
using Xbyak::Label;
using Xbyak::Operand;

Emitter::Emitter(u8* at, u64 bytes, const Stubs& stubs, Block& block, HostCode& code)
    : CodeGenerator(bytes, at), stubs_(stubs), block_(block), code_(code),
      block_offset_(static_cast<i32>(block.ram_offset & page_mask)) {}

// Registers ----------------------------------------------------------------------------

HostReg Emitter::sized(const HostReg64& reg, unsigned bytes) {
    switch (bytes) {
    case 1: return reg.cvt8();
    case 2: return reg.cvt16();
    case 4: return reg.cvt32();
    default: return reg;
    }
}

Address Emitter::at(unsigned bytes, const HostAddress& address) const {
    switch (bytes) {
    case 1: return byte[address];
    case 2: return word[address];
    case 4: return dword[address];
    case 8: return qword[address];
    default: return ptr[address];
    }
}

HostReg Emitter::source(unsigned reg, unsigned bytes, const HostReg64& temporary) {
    if (in_host_register(reg)) return sized(home(reg), bytes);
    if (bytes >= 4)
        mov(sized(temporary, bytes), at(bytes, field(gpr_displacement(reg))));
    else
        mov(temporary.cvt32(), dword[field(gpr_displacement(reg))]);
    return sized(temporary, bytes);
}

HostReg Emitter::target(unsigned reg, unsigned bytes, const HostReg64& temporary) {
    if (in_host_register(reg)) return sized(home(reg), bytes);
    mov(temporary, qword[field(gpr_displacement(reg))]);
    return sized(temporary, bytes);
}

HostReg Emitter::fresh(unsigned reg, unsigned bytes, const HostReg64& temporary) {
    VMFT_CHECK(bytes >= 4);
    return sized(in_host_register(reg) ? home(reg) : temporary, bytes);
}

void Emitter::assigned(unsigned reg, const HostReg& value) {
    if (!in_host_register(reg)) mov(qword[field(gpr_displacement(reg))], HostReg64(value.getIdx()));
}

// Instructions ---------------------------------------------------------------------------

void Emitter::begin_block() {
    sub(ticks, block_.count);
    js(over_budget_, T_NEAR);
}

void Emitter::begin_insn(const GuestInsn& guest, const InsnEffects& effects) {
    guest_ = &guest;
    effects_ = effects;
    slow_of_insn_ = nullptr;
    bool needed_behind = !effects.sets_flags && !effects.flags_dead_after;
    if (!flags_.dead && needed_behind && recipe_changes()) save_flags();
    if (effects.simd_check) check_simd();
}

void Emitter::check_simd() {
    lose_host_flags();
    Refused& refused = refused_.emplace_back();
    refused.index = guest_->index;
    refused.flags = flags_;
    test(byte[field(VMFT_CPU_FIELD(simd_refused))], effects_.simd_check);
    jnz(refused.start, T_NEAR);
}

/// Whether the instruction writes a register that the flags' recipe needs.
bool Emitter::recipe_changes() const {
    for (unsigned reg = 0; reg < 16; reg++)
        if ((effects_.registers_written >> reg & 1) && flags_.recipe.uses(reg)) return true;
    return false;
}

Label& Emitter::slow_path() {
    if (!slow_of_insn_) {
        VMFT_CHECK(!flags_.in_host);
        slow_of_insn_ = &slow_.emplace_back();
        slow_of_insn_->index = guest_->index;
        slow_of_insn_->flags = flags_;
    }
    return slow_of_insn_->start;
}

void Emitter::end_insn() {
    if (!effects_.sets_flags && recipe_changes()) {
        flags_.recipe = {};
        if (!flags_.in_memory && !flags_.in_host) flags_.dead = true;
    }
    if (!slow_of_insn_) return;
    if (ended_) slow_of_insn_->leaves_to = behind_handler();
    if (ended_) return;
    slow_of_insn_->reload_flags = (flags_.in_host || flags_.host_part) && !flags_.dead;
    L(slow_of_insn_->back);
}

void Emitter::call_handler(unsigned index) {
    mov(edx, index);
    call(run_handler_);
}

void Emitter::by_handler() {
    if (!flags_.dead) save_flags();
    call_handler(guest_->index);
    flags_ = {};
}

void Emitter::end_by_handler() {
    by_handler();
    xor_(eax, eax);
    jmp(behind_handler(), T_NEAR);
    ended_ = true;
}

/// Where code goes when the handler of the block's last instruction has set rip.
const u8* Emitter::behind_handler() const {
    return guest_->d.branches ? stubs_.enter_at_rip : stubs_.go_on;
}

u64 Emitter::end_block() {
    if (!ended_) {
        if (!flags_.dead) save_flags();
        jump_to(block_offset_ + block_.bytes);
    }
    for (Slow& slow : slow_) {
        L(slow.start);
        flags_ = slow.flags;
        if (!flags_.dead) save_flags();
        call_handler(slow.index);
        if (slow.leaves_to) {
            xor_(eax, eax);
            jmp(slow.leaves_to, T_NEAR);
            continue;
        }
        if (slow.reload_flags) {
            flags_ = {};
            load_host_flags();
        }
        jmp(slow.back, T_NEAR);
    }
    emit_other_pages();
    for (NoPage& no_page : no_pages_) {
        L(no_page.start);
        call(stubs_.fill_code_tlb);
        jnz(no_page.back, T_NEAR);
        jmp(*no_page.slow, T_NEAR);
    }
    for (SideExit& exit : side_exits_) {
        L(exit.label);
        flags_ = exit.flags;
        if (!flags_.dead) save_flags();
        if (exit.not_run) lea(ticks, ptr[ticks + exit.not_run]);
        jump_to(exit.offset);
    }
    for (Refused& refused : refused_) {
        L(refused.start);
        flags_ = refused.flags;
        if (!flags_.dead) save_flags();
        mov(edx, refused.index);
        mov(rax, reinterpret_cast<u64>(&block_));
        jmp(stubs_.rest, T_NEAR);
    }
    for (Unlinked& unlinked : unlinked_) {
        if (unlinked.link->target_page) emit_cross_page(unlinked);
        L(unlinked.label);
        unlinked.link->unlinked = const_cast<u8*>(getCurr());
        mov(rax, reinterpret_cast<u64>(unlinked.link));
        jmp(stubs_.go_on, T_NEAR);
    }
    L(over_budget_);
    add(ticks, block_.count);
    mov(edx, block_offset_);
    jmp(stubs_.leave_at, T_NEAR);
    L(run_handler_);
    mov(rax, reinterpret_cast<u64>(&block_));
    jmp(stubs_.handler, T_NEAR);
    ready();
    return getSize();
}

}  // namespace vmft::soft
