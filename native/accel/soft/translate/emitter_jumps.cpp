#include "accel/soft/translate/emitter.h"

#include "accel/soft/block_cache.h"
#include "accel/soft/translate/stubs.h"
#include "base/check.h"

namespace vmft::soft {

using namespace host;
using Xbyak::Label;
using Xbyak::Operand;

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
    Label look;
    L(look);
    mov(temp, rax);
    shr(temp, page_shift - 4);
    and_(temp.cvt32(), (code_tlb_entries - 1) << 4);
    add(temp, qword[field(VMFT_CPU_FIELD(code_tlb_now))]);
    cmp(rax, qword[temp + static_cast<int>(offsetof(CodeTlbEntry, page))]);
    Label no_page;
    jne(no_page, T_NEAR);
    mov(temp, qword[temp + static_cast<int>(offsetof(CodeTlbEntry, ram_offset))]);
    cmp(temp, qword[rip + literal]);
    jne(unlinked.label, T_NEAR);
    mov(qword[field(VMFT_CPU_FIELD(rip_page))], rax);
    jmp(unlinked.label, T_NEAR);
    link.displacement = const_cast<u8*>(getCurr()) - 4;
    L(no_page);
    call(stubs_.fill_code_tlb);
    jnz(look);
    jmp(unlinked.label, T_NEAR);
    align(8);
    L(literal);
    link.target_page = reinterpret_cast<u64*>(const_cast<u8*>(getCurr()));
    dq(~u64{0});
}

void Emitter::find_block(Find find) {
    lose_host_flags();
    Label& slow = slow_path();
    if (find == Find::not_last) return write_block_look_up(*this, slow, slow);
    NoPage& no_page = no_pages_.emplace_back(Label(), Label(), &slow);
    L(no_page.back);
    write_block_look_up(*this, no_page.start, slow);
}

void Emitter::enter_found() {
    mov(qword[field(VMFT_CPU_FIELD(rip_page))], address_temp);
    jmp(qword[temp + static_cast<int>(offsetof(Block, entry))]);
    ended_ = true;
}

}  // namespace vmft::soft
