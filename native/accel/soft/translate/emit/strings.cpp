#include "accel/soft/translate/emit/operands.h"

/// STOS, LODS, MOVS, SCAS without REP, upwards; MOV with an absolute address; XLAT. (Repeated ones
/// end a block and run by their handlers, many elements at a time.)
namespace vmft::soft {

using namespace host;

namespace {

constexpr unsigned rbx_of_guest = 3, rsi_of_guest = 6, rdi_of_guest = 7;

bool once(const GuestInsn& g) { return !g.d.rep && !g.d.repne; }
/// Of the source. (The destination has no other segment than ES.)
bool plain_segment(const GuestInsn& g) {
    return once(g) && g.insn.segment != seg_fs && g.insn.segment != seg_gs;
}

/// Down is rare: DF in bit 2 of the second byte of rflags.
void refuse_down(Emitter& e) {
    static_assert(flag_df == 4 << 8);
    e.lose_host_flags();
    e.test(e.byte[Emitter::field(VMFT_CPU_FIELD(rflags) + 1)], 4);
    e.jnz(e.slow_path(), Emitter::T_NEAR);
}

void advance(Emitter& e, unsigned reg, unsigned bytes) {
    HostReg64 index = Emitter::home(reg);
    e.lea(index, e.ptr[index + static_cast<int>(bytes)]);
}

void store_string(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    refuse_down(e);
    HostAddress to = e.memory_at(rdi_of_guest, 0, Emitter::Access::write, bytes);
    e.mov(e.at(bytes, to), e.source(rax_of_guest, bytes, flags_temp));
    advance(e, rdi_of_guest, bytes);
}

void load_string(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    refuse_down(e);
    HostAddress from = e.memory_at(rsi_of_guest, 0, Emitter::Access::read, bytes);
    e.mov(Emitter::sized(Emitter::home(rax_of_guest), bytes), e.at(bytes, from));
    advance(e, rsi_of_guest, bytes);
}

/// What is read waits in memory while the destination is looked up.
void move_string(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    auto waiting = e.qword[Emitter::field(VMFT_CPU_FIELD(scratch))];
    refuse_down(e);
    HostAddress from = e.memory_at(rsi_of_guest, 0, Emitter::Access::read, bytes);
    e.mov(Emitter::sized(flags_temp, bytes), e.at(bytes, from));
    e.mov(waiting, flags_temp);
    HostAddress to = e.memory_at(rdi_of_guest, 0, Emitter::Access::write, bytes);
    e.mov(flags_temp, waiting);
    e.mov(e.at(bytes, to), Emitter::sized(flags_temp, bytes));
    advance(e, rsi_of_guest, bytes);
    advance(e, rdi_of_guest, bytes);
}

void scan_string(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    refuse_down(e);
    HostAddress with = e.memory_at(rdi_of_guest, 0, Emitter::Access::read, bytes);
    e.cmp(e.source(rax_of_guest, bytes, flags_temp), e.at(bytes, with));
    advance(e, rdi_of_guest, bytes);
    e.host_flags_set();
}

/// A0-A3: the address is the immediate.
void move_absolute(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    bool stores = g.d.opcode & 2;
    e.lose_host_flags();
    e.mov(address_temp, g.insn.imm);
    HostAddress address =
        e.memory_computed(stores ? Emitter::Access::write : Emitter::Access::read, bytes);
    HostReg accumulator = Emitter::sized(Emitter::home(rax_of_guest), bytes);
    if (stores)
        e.mov(e.at(bytes, address), accumulator);
    else
        e.mov(accumulator, e.at(bytes, address));
}

/// XLAT
void look_up(Emitter& e, const GuestInsn&) {
    e.lose_host_flags();
    HostReg64 a = Emitter::home(rax_of_guest);
    e.movzx(e.eax, a.cvt8());
    e.lea(address_temp, e.ptr[Emitter::home(rbx_of_guest) + flags_temp]);
    HostAddress address = e.memory_computed(Emitter::Access::read, 1);
    e.mov(a.cvt8(), e.at(1, address));
}

}  // namespace

void add_strings(EmitTable& table) {
    auto one = OpcodeMap::one_byte;
    for (u8 wide = 0; wide < 2; wide++) {
        table.set(one, 0xa4 + wide, move_string, may_give_up | writes_rsi | writes_rdi,
                  plain_segment);
        table.set(one, 0xaa + wide, store_string, may_give_up | writes_rdi, once);
        table.set(one, 0xac + wide, load_string, may_give_up | writes_rax | writes_rsi,
                  plain_segment);
        table.set(one, 0xae + wide, scan_string, may_give_up | sets_flags | writes_rdi, once);
        table.set(one, 0xa0 + wide, move_absolute, may_give_up | writes_rax);
        table.set(one, 0xa2 + wide, move_absolute, may_give_up);
    }
    table.set(one, 0xd7, look_up, may_give_up | writes_rax);
}

}  // namespace vmft::soft
