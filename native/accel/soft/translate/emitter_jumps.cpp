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

namespace {

// By the condition's code in the instruction (SDM 2B B.1.4.7).
using G = Xbyak::CodeGenerator;
using ToLabel = void (G::*)(const Label&, G::LabelType);
using ToOperand = void (G::*)(const Operand&);
using ToRegister = void (G::*)(const HostReg&, const Operand&);
constexpr ToLabel jump_on[16] = {&G::jo,  &G::jno,  &G::jb,  &G::jnb, &G::jz, &G::jnz,
                                 &G::jbe, &G::jnbe, &G::js,  &G::jns, &G::jp, &G::jnp,
                                 &G::jl,  &G::jnl,  &G::jle, &G::jnle};
constexpr ToRegister move_on[16] = {
    &G::cmovo, &G::cmovno, &G::cmovb, &G::cmovnb, &G::cmovz, &G::cmovnz, &G::cmovbe, &G::cmovnbe,
    &G::cmovs, &G::cmovns, &G::cmovp, &G::cmovnp, &G::cmovl, &G::cmovnl, &G::cmovle, &G::cmovnle};
constexpr ToOperand set_on[16] = {&G::seto,  &G::setno,  &G::setb,  &G::setnb, &G::setz, &G::setnz,
                                  &G::setbe, &G::setnbe, &G::sets,  &G::setns, &G::setp, &G::setnp,
                                  &G::setl,  &G::setnl,  &G::setle, &G::setnle};

}  // namespace

void Emitter::jump_if(unsigned code, Label& label) { (this->*jump_on[code & 15])(label, T_NEAR); }

void Emitter::cmov(unsigned code, const HostReg& to, const Operand& from) {
    (this->*move_on[code & 15])(to, from);
}

void Emitter::set(unsigned code, const Operand& to) { (this->*set_on[code & 15])(to); }

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
