#include "accel/soft/translate/emitter.h"

#include <limits>

#include "accel/soft/translate/stubs.h"

namespace vmft::soft {

using namespace host;
using Xbyak::Label;

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

/// Where on_stack() goes when the page is another one.
void Emitter::emit_other_pages() {
    for (OtherPage& other : other_pages_) {
        L(other.label);
        look_up(other.linear, true, other.access, other.bytes, other.alignment, other.slow->start);
        int page = stack_page_field(other.access == Access::read);
        mov(qword[field(page)], rax);
        mov(temp, qword[temp + distance_field]);
        mov(qword[field(page + static_cast<int>(offsetof(StackPage, host_minus_linear)))], temp);
        jmp(other.back, T_NEAR);
    }
}

}  // namespace vmft::soft
