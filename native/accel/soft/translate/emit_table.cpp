#include "accel/soft/translate/emit_table.h"

namespace vmft::soft {

const EmitTable& emit_table() {
    static const EmitTable* table = [] {
        auto* filled = new EmitTable();
        add_alu(*filled);
        add_moves(*filled);
        add_stack(*filled);
        add_branches(*filled);
        add_hints(*filled);
        add_sse_emitters(*filled);
        add_shifts(*filled);
        add_multiply(*filled);
        add_bits(*filled);
        add_exchange(*filled);
        add_flags(*filled);
        add_strings(*filled);
        add_high_bytes(*filled);
        return filled;
    }();
    return *table;
}

void EmitTable::set_in_group(OpcodeMap map, u8 opcode, unsigned reg, const EmitEntry& entry) {
    groups_[{map, opcode}][reg] = entry;
}

const EmitEntry* EmitTable::find(const GuestInsn& guest) const {
    const Decoding& d = guest.d;
    // What is too long or has LOCK in the wrong place is the handler's, and so is an address size
    // prefix, but where it means nothing and the block goes on behind the instruction only when
    // that is not taken.
    if (d.raises) return nullptr;
    if (!guest.wide_address() && !d.side_exit) return nullptr;
    const EmitEntry* entry = &entries_[d.map][d.opcode][static_cast<u8>(d.mandatory)];
    if (!entry->emit) {
        auto group = groups_.find({static_cast<OpcodeMap>(d.map), d.opcode});
        if (group == groups_.end()) return nullptr;
        entry = &group->second[d.reg];
    }
    if (!entry->emit) return nullptr;
    if (entry->supports && !entry->supports(guest)) return find_for_high_bytes(guest);
    return entry;
}

const EmitEntry* EmitTable::find_for_high_bytes(const GuestInsn& guest) const {
    auto entries = high_bytes_.find({static_cast<OpcodeMap>(guest.d.map), guest.d.opcode});
    if (entries == high_bytes_.end()) return nullptr;
    const EmitEntry* entry = &entries->second[8];
    if (!entry->emit) entry = &entries->second[guest.d.reg];
    if (!entry->emit || (entry->supports && !entry->supports(guest))) return nullptr;
    return entry;
}

u32 registers_written(const GuestInsn& guest, u32 traits) {
    u32 written = 0;
    auto add = [&](u32 trait, unsigned reg) {
        if (traits & trait) written |= 1u << reg;
    };
    // An 8-bit register may be the second byte of another one: both count.
    add(writes_reg, guest.reg());
    if (traits & writes_reg) written |= 1u << (guest.reg() & 3);
    if (!guest.d.memory) {
        add(writes_rm, guest.rm());
        if (traits & writes_rm) written |= 1u << (guest.rm() & 3);
    }
    add(writes_opcode, guest.opcode_register());
    if (traits & writes_opcode) written |= 1u << (guest.opcode_register() & 3);
    add(writes_rax, rax);
    add(writes_rcx, rcx);
    add(writes_rdx, rdx);
    add(writes_rsp, rsp);
    add(writes_rbp, rbp);
    add(writes_rsi, rsi);
    add(writes_rdi, rdi);
    return written;
}

}  // namespace vmft::soft
