#include "accel/soft/translate/emit/operands.h"

/// CLC, STC, CMC, CLD, STD, LAHF, SAHF, PUSHF.
namespace vmft::soft {

using namespace host;

namespace {

void change_carry(Emitter& e, const GuestInsn& g) {
    if (!e.flags_dead() || g.d.opcode == 0xf5) e.load_host_flags();
    switch (g.d.opcode) {
    case 0xf5: e.cmc(); break;
    case 0xf8: e.clc(); break;
    default: e.stc(); break;
    }
    e.host_flags_set();
}

void change_direction(Emitter& e, const GuestInsn& g) {
    e.lose_host_flags();
    auto flags = e.dword[Emitter::field(VMFT_CPU_FIELD(rflags))];
    if (g.d.opcode == 0xfc)
        e.and_(flags, ~static_cast<u32>(flag_df));
    else
        e.or_(flags, static_cast<u32>(flag_df));
}

/// LAHF: memory holds AH as it gives it.
void load_ah(Emitter& e, const GuestInsn&) {
    e.save_flags();
    HostReg64 a = Emitter::home(rax_of_guest);
    e.mov(temp, a);
    e.movzx(e.eax, e.flags_byte());
    e.mov(e.dh, e.al);
    e.mov(a, temp);
}

/// SAHF: OF stays.
void store_ah(Emitter& e, const GuestInsn&) {
    constexpr u64 flags_in_ah = flag_sf | flag_zf | flag_af | flag_pf | flag_cf;
    if (!e.flags_dead()) e.save_flags();
    e.lose_host_flags();
    e.mov(flags_temp, Emitter::home(rax_of_guest));
    e.movzx(e.eax, e.ah);
    e.and_(e.eax, static_cast<u32>(flags_in_ah));
    e.or_(e.eax, 2);
    e.mov(e.flags_byte(), e.al);
    e.memory_flags_set();
}

void push_flags(Emitter& e, const GuestInsn&) {
    e.save_flags();
    HostReg64 sp = Emitter::home(rsp_of_guest);
    HostAddress top = e.memory_at(rsp_of_guest, -8, Emitter::Access::write, 8);
    e.lea(temp, e.ptr[top]);
    e.movzx(e.eax, e.flags_word());
    e.movzx(address_temp.cvt32(), e.al);
    e.shl(address_temp.cvt32(), 11);
    e.movzx(e.eax, e.ah);
    e.or_(flags_temp, address_temp);
    e.or_(flags_temp, e.qword[Emitter::field(VMFT_CPU_FIELD(rflags))]);
    e.and_(e.eax, ~static_cast<u32>(flag_vm | flag_rf));
    e.mov(e.qword[temp], flags_temp);
    e.lea(sp, e.ptr[sp - 8]);
}

}  // namespace

void add_flags(EmitTable& table) {
    auto one = OpcodeMap::one_byte;
    table.set(one, 0xf5, change_carry, reads_flags | sets_flags);
    table.set(one, 0xf8, change_carry, sets_flags | keeps_flags);
    table.set(one, 0xf9, change_carry, sets_flags | keeps_flags);
    table.set(one, 0xfc, change_direction, 0);
    table.set(one, 0xfd, change_direction, 0);
    table.set(one, 0x9e, store_ah, sets_flags | keeps_flags);
    table.set(one, 0x9f, load_ah, reads_flags | writes_rax);
    table.set(one, 0x9c, push_flags, reads_flags | may_give_up | writes_rsp,
              [](const GuestInsn& g) { return g.stack_bytes() == 8; });
}

}  // namespace vmft::soft
