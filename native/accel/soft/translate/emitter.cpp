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

// Memory -------------------------------------------------------------------------------

void Emitter::effective_address(const HostReg64& into) {
    const Insn& insn = guest_->insn;
    i64 displacement = insn.disp;
    if (insn.flags & insn_rip_late) displacement += insn.offset + insn.length;
    if (insn.base == reg_block) {
        mov(into, qword[field(VMFT_CPU_FIELD(rip_page))]);
        displacement += block_offset_;
        if (displacement == static_cast<i32>(displacement)) {
            if (displacement) lea(into, ptr[into + static_cast<i32>(displacement)]);
        } else {
            add(into, insn.disp);
            add(into, static_cast<i32>(displacement - insn.disp));
        }
        return;
    }
    bool has_base = insn.base != reg_zero, has_index = insn.index != reg_zero;
    i32 offset = insn.disp;
    if (!has_base && !has_index) {
        mov(into, offset);
        return;
    }
    int factor = 1 << insn.scale;
    bool base_home = has_base && in_host_register(insn.base);
    bool index_home = has_index && in_host_register(insn.index);
    if (has_index && !index_home) {
        mov(into, qword[field(gpr_displacement(insn.index))]);
        if (base_home) {
            lea(into, ptr[home(insn.base) + into * factor + offset]);
            return;
        }
        if (insn.scale) shl(into, insn.scale);
        if (has_base) add(into, qword[field(gpr_displacement(insn.base))]);
        if (offset) lea(into, ptr[into + offset]);
        return;
    }
    if (has_base && !base_home) {
        mov(into, qword[field(gpr_displacement(insn.base))]);
        if (index_home)
            lea(into, ptr[into + home(insn.index) * factor + offset]);
        else if (offset)
            lea(into, ptr[into + offset]);
        return;
    }
    if (has_base && has_index)
        lea(into, ptr[home(insn.base) + home(insn.index) * factor + offset]);
    else if (has_base)
        lea(into, ptr[home(insn.base) + offset]);
    else
        lea(into, ptr[home(insn.index) * factor + offset]);
}

/// Looks `linear` up in the TLB as access.h does: the page of the last byte against the entry of
/// the first, or, aligned, the address with its low bits. `reusable`: made of registers that are
/// none of the temporaries; else it is r13. Leaves the entry in rdx and the page in rax.
void Emitter::look_up(const HostAddress& linear, bool reusable, Access access, unsigned bytes,
                      unsigned alignment, Label& miss) {
    constexpr int index_shift = page_shift - 5, index_mask = (tlb_entries - 1) << 5;
    static_assert(sizeof(TlbEntry) == 32);
    int page_field = static_cast<int>(access == Access::read ? offsetof(TlbEntry, read_page)
                                                             : offsetof(TlbEntry, write_page));
    if (reusable)
        lea(temp, ptr[linear]);
    else
        mov(temp, address_temp);
    shr(temp, index_shift);
    and_(temp.cvt32(), index_mask);
    add(temp, qword[field(VMFT_CPU_FIELD(tlb))]);
    int ahead = alignment > 1 ? 0 : static_cast<int>(bytes) - 1;
    lea(rax, ptr[linear + ahead]);
    and_(rax, -static_cast<i32>(page_bytes) | static_cast<i32>(alignment - 1));
    cmp(rax, qword[temp + page_field]);
    jne(miss, T_NEAR);
}

namespace {

constexpr int distance_field = static_cast<int>(offsetof(TlbEntry, host_minus_linear));

int stack_page_field(bool read) {
    return read ? VMFT_CPU_FIELD(stack_read) : VMFT_CPU_FIELD(stack_write);
}

}  // namespace

HostAddress Emitter::checked(const HostAddress& linear, bool reusable, Access access,
                             unsigned bytes, unsigned alignment) {
    look_up(linear, reusable, access, bytes, alignment, slow_path());
    if (reusable) {
        mov(temp, qword[temp + distance_field]);
        return temp + linear;
    }
    add(address_temp, qword[temp + distance_field]);
    return HostAddress(address_temp);
}

/// Most operands on the stack are in the page of the one before: one comparison, and the distance
/// does not wait for the address. Not aligned, an operand may cross pages: it is looked up.
HostAddress Emitter::on_stack(const HostAddress& linear, Access access, unsigned bytes,
                              unsigned alignment) {
    int page = stack_page_field(access == Access::read);
    slow_path();
    OtherPage& other = other_pages_.emplace_back(Label(), Label(), linear, access, bytes, alignment,
                                                 slow_of_insn_);
    lea(rax, ptr[linear]);
    and_(rax, -static_cast<i32>(page_bytes) | static_cast<i32>(bytes - 1));
    cmp(rax, qword[field(page)]);
    jne(other.label, T_NEAR);
    mov(temp, qword[field(page + static_cast<int>(offsetof(StackPage, host_minus_linear)))]);
    L(other.back);
    return temp + linear;
}

HostAddress Emitter::memory(Access access, unsigned bytes, unsigned alignment) {
    lose_host_flags();
    const Insn& insn = guest_->insn;
    bool based = insn.segment == seg_fs || insn.segment == seg_gs;
    // The last byte's displacement must fit, too.
    bool fits = insn.disp <= std::numeric_limits<i32>::max() - 16;
    bool plain =
        fits && !based && insn.index == reg_zero && insn.base < 16 && in_host_register(insn.base);
    if (plain && (insn.base == soft::rsp || insn.base == soft::rbp))
        return on_stack(home(insn.base) + insn.disp, access, bytes, alignment);
    if (plain) return checked(home(insn.base) + insn.disp, true, access, bytes, alignment);
    effective_address(address_temp);
    if (based)
        add(address_temp,
            qword[field(VMFT_CPU_FIELD(segment_base) + static_cast<int>(insn.segment) * 8)]);
    return checked(HostAddress(address_temp), false, access, bytes, alignment);
}

HostAddress Emitter::memory_computed(Access access, unsigned bytes) {
    u8 segment = guest_->insn.segment;
    if (segment == seg_fs || segment == seg_gs)
        add(address_temp,
            qword[field(VMFT_CPU_FIELD(segment_base) + static_cast<int>(segment) * 8)]);
    return checked(HostAddress(address_temp), false, access, bytes, 1);
}

HostAddress Emitter::memory_at(unsigned base, i32 displacement, Access access, unsigned bytes) {
    lose_host_flags();
    if (in_host_register(base)) return checked(home(base) + displacement, true, access, bytes, 1);
    mov(address_temp, qword[field(gpr_displacement(base))]);
    if (displacement) lea(address_temp, ptr[address_temp + displacement]);
    return checked(HostAddress(address_temp), false, access, bytes, 1);
}

// Flags --------------------------------------------------------------------------------

void Emitter::save_from_host(FlagRepair repair) {
    lahf();
    switch (repair) {
    case FlagRepair::none: seto(al); break;
    case FlagRepair::clear_af:
        seto(al);
        and_(eax, 0xef01);
        break;
    case FlagRepair::clear_af_of: and_(eax, 0xef00); break;
    case FlagRepair::clear_af_of_is_cf_xor_sf:
        mov(al, ah);
        shr(al, 7);
        xor_(al, ah);
        and_(eax, 0xef01);
        break;
    }
    mov(word[field(VMFT_CPU_FIELD(host_flags))], ax);
}

void Emitter::recompute_flags(const FlagRecipe& recipe) {
    auto other = [&](auto operation) {
        if (recipe.b_is_immediate)
            operation(recipe.immediate);
        else
            operation(source(recipe.b, recipe.bytes, temp));
    };
    HostReg a = source(recipe.a, recipe.bytes, rax);
    switch (recipe.kind) {
    case FlagRecipe::Kind::none: break;
    case FlagRecipe::Kind::compare:
        if (recipe.b_is_immediate)
            cmp(a, recipe.immediate);
        else
            cmp(a, source(recipe.b, recipe.bytes, temp));
        break;
    case FlagRecipe::Kind::test:
        if (recipe.b_is_immediate)
            test(a, recipe.immediate);
        else
            test(a, source(recipe.b, recipe.bytes, temp));
        break;
    case FlagRecipe::Kind::sum:
    case FlagRecipe::Kind::difference: {
        HostReg copy = sized(rax, recipe.bytes);
        if (in_host_register(recipe.a)) mov(rax, home(recipe.a));
        bool sum = recipe.kind == FlagRecipe::Kind::sum;
        other([&](auto b) { sum ? sub(copy, b) : add(copy, b); });
        other([&](auto b) { sum ? add(copy, b) : sub(copy, b); });
        break;
    }
    }
}

void Emitter::lose_host_flags() {
    if (flags_.only_in_host()) save_flags();
    flags_.in_host = false;
    flags_.host_part = use_none;
}

void Emitter::carry_set() {
    if (flags_dead()) return host_flags_set();
    setc(al);
    and_(flags_byte(), 0xfe);
    or_(flags_byte(), al);
    neg(al);
    flags_ = {};
    flags_.host_part = use_cf;
}

void Emitter::save_flags() {
    if (flags_.in_memory) return;
    if (!flags_.in_host) {
        VMFT_CHECK(flags_.recipe.kind != FlagRecipe::Kind::none);
        recompute_flags(flags_.recipe);
        flags_.in_host = true;
    }
    save_from_host(flags_.repair);
    flags_.in_memory = true;
    if (flags_.repair != FlagRepair::none) flags_.in_host = false;
}

void Emitter::load_host_flags() {
    if (flags_.in_host && flags_.repair == FlagRepair::none) return;
    if (!flags_.in_memory && flags_.recipe.kind != FlagRecipe::Kind::none) {
        recompute_flags(flags_.recipe);
    } else {
        save_flags();
        movzx(eax, word[field(VMFT_CPU_FIELD(host_flags))]);
        add(al, 0x7f);  // Overflows when AL is 1.
        sahf();
    }
    flags_.in_host = true;
    flags_.repair = FlagRepair::none;
    flags_.host_part = use_none;
}

void Emitter::load_condition(unsigned code) {
    FlagSet needed = flags_of_condition(code);
    if ((needed & flags_.host_part) == needed) return;
    bool overflow_counts = needed & use_of;
    bool overflow_right =
        flags_.repair == FlagRepair::none || flags_.repair == FlagRepair::clear_af;
    if (flags_.in_host && (overflow_right || !overflow_counts)) return;
    load_host_flags();
}

void Emitter::host_flags_set(FlagRepair repair, const FlagRecipe& recipe) {
    flags_ = {};
    flags_.in_memory = false;
    flags_.in_host = true;
    flags_.dead = effects_.flags_dead_after;
    flags_.repair = repair;
    flags_.recipe = recipe;
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

void Emitter::leave_by_handler() {
    by_handler();
    xor_(eax, eax);
    jmp(behind_handler(), T_NEAR);
    ended_ = true;
}

/// Where code goes when the handler of the block's last instruction has set rip.
const u8* Emitter::behind_handler() const {
    return guest_->d.branches ? stubs_.enter_at_rip : stubs_.leave;
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
    for (OtherPage& other : other_pages_) {
        L(other.label);
        look_up(other.linear, true, other.access, other.bytes, other.alignment, other.slow->start);
        int page = stack_page_field(other.access == Access::read);
        mov(qword[field(page)], rax);
        mov(temp, qword[temp + distance_field]);
        mov(qword[field(page + static_cast<int>(offsetof(StackPage, host_minus_linear)))], temp);
        jmp(other.back, T_NEAR);
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
        jmp(stubs_.leave, T_NEAR);
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

// Leaving ----------------------------------------------------------------------------------

void Emitter::linear_of(const HostReg64& into, i32 offset) {
    mov(into, qword[field(VMFT_CPU_FIELD(rip_page))]);
    if (offset) lea(into, ptr[into + offset]);
}

Link& Emitter::new_link(i32 offset) {
    VMFT_CHECK(code_.link_count < code_.links_max);
    Link& link = code_.links[code_.link_count++];
    link.from = &block_;
    link.offset = offset;
    return link;
}

void Emitter::jump_to(i32 offset) {
    VMFT_CHECK(flags_.in_memory || flags_.dead);
    Unlinked& unlinked = unlinked_.emplace_back(&new_link(offset), Label(), Label());
    if (static_cast<u32>(offset) < page_bytes) {
        jmp(unlinked.label, T_NEAR);
        unlinked.link->displacement = const_cast<u8*>(getCurr()) - 4;
    } else {
        unlinked.link->target_page = &unlinked_page;
        jmp(unlinked.cross, T_NEAR);
    }
    ended_ = true;
}

void Emitter::side_exit(unsigned code, i32 offset) {
    int not_run = block_.count - 1 - static_cast<int>(guest_->index);
    SideExit& exit = side_exits_.emplace_back(Label(), flags_, offset, not_run);
    jump_if(code, exit.label);
}

void Emitter::jump_if(unsigned code, Label& label) {
    switch (code & 15) {
    case 0: jo(label, T_NEAR); break;
    case 1: jno(label, T_NEAR); break;
    case 2: jb(label, T_NEAR); break;
    case 3: jnb(label, T_NEAR); break;
    case 4: jz(label, T_NEAR); break;
    case 5: jnz(label, T_NEAR); break;
    case 6: jbe(label, T_NEAR); break;
    case 7: jnbe(label, T_NEAR); break;
    case 8: js(label, T_NEAR); break;
    case 9: jns(label, T_NEAR); break;
    case 10: jp(label, T_NEAR); break;
    case 11: jnp(label, T_NEAR); break;
    case 12: jl(label, T_NEAR); break;
    case 13: jnl(label, T_NEAR); break;
    case 14: jle(label, T_NEAR); break;
    default: jnle(label, T_NEAR); break;
    }
}

void Emitter::cmov(unsigned code, const HostReg& to, const Operand& from) {
    switch (code & 15) {
    case 0: cmovo(to, from); break;
    case 1: cmovno(to, from); break;
    case 2: cmovb(to, from); break;
    case 3: cmovnb(to, from); break;
    case 4: cmovz(to, from); break;
    case 5: cmovnz(to, from); break;
    case 6: cmovbe(to, from); break;
    case 7: cmovnbe(to, from); break;
    case 8: cmovs(to, from); break;
    case 9: cmovns(to, from); break;
    case 10: cmovp(to, from); break;
    case 11: cmovnp(to, from); break;
    case 12: cmovl(to, from); break;
    case 13: cmovnl(to, from); break;
    case 14: cmovle(to, from); break;
    default: cmovnle(to, from); break;
    }
}

void Emitter::set(unsigned code, const Operand& to) {
    switch (code & 15) {
    case 0: seto(to); break;
    case 1: setno(to); break;
    case 2: setb(to); break;
    case 3: setnb(to); break;
    case 4: setz(to); break;
    case 5: setnz(to); break;
    case 6: setbe(to); break;
    case 7: setnbe(to); break;
    case 8: sets(to); break;
    case 9: setns(to); break;
    case 10: setp(to); break;
    case 11: setnp(to); break;
    case 12: setl(to); break;
    case 13: setnl(to); break;
    case 14: setle(to); break;
    default: setnle(to); break;
    }
}

/// The page is looked up in the code TLB, as dispatch.h's enter_block does, and must be in the RAM
/// page for which the link was made.
void Emitter::emit_cross_page(Unlinked& unlinked) {
    Link& link = *unlinked.link;
    Label literal;
    L(unlinked.cross);
    i32 page_distance = link.offset & ~static_cast<i32>(page_mask);
    linear_of(rax, page_distance);
    mov(temp, rax);
    shr(temp, page_shift - 4);
    and_(temp.cvt32(), (code_tlb_entries - 1) << 4);
    add(temp, qword[field(VMFT_CPU_FIELD(code_tlb_now))]);
    cmp(rax, qword[temp + static_cast<int>(offsetof(CodeTlbEntry, page))]);
    jne(unlinked.label, T_NEAR);
    mov(temp, qword[temp + static_cast<int>(offsetof(CodeTlbEntry, ram_offset))]);
    cmp(temp, qword[rip + literal]);
    jne(unlinked.label, T_NEAR);
    mov(qword[field(VMFT_CPU_FIELD(rip_page))], rax);
    jmp(unlinked.label, T_NEAR);
    link.displacement = const_cast<u8*>(getCurr()) - 4;
    align(8);
    L(literal);
    link.target_page = reinterpret_cast<u64*>(const_cast<u8*>(getCurr()));
    dq(~u64{0});
}

void Emitter::find_block() {
    lose_host_flags();
    write_block_look_up(*this, slow_path());
}

void Emitter::enter_found() {
    mov(qword[field(VMFT_CPU_FIELD(rip_page))], address_temp);
    jmp(qword[temp + static_cast<int>(offsetof(Block, entry))]);
    ended_ = true;
}

}  // namespace vmft::soft
