#include "accel/soft/translate/emit/operands.h"

/// PUSH and POP of 64 bits, LEAVE.
namespace vmft::soft {

using namespace host;

namespace {

void move_stack(Emitter& e, i32 by) {
    HostReg64 sp = Emitter::home(rsp_of_guest);
    e.lea(sp, e.ptr[sp + by]);
}

bool pushes_quad(const GuestInsn& g) { return g.stack_bytes() == 8; }

void push_of(Emitter& e, unsigned reg) {
    HostAddress top = e.memory_at(rsp_of_guest, -8, Emitter::Access::write, 8);
    e.mov(e.qword[top], e.source(reg, 8, flags_temp));
    move_stack(e, -8);
}
void push_register(Emitter& e, const GuestInsn& g) { push_of(e, g.opcode_register()); }

void push_immediate(Emitter& e, const GuestInsn& g) {
    HostAddress top = e.memory_at(rsp_of_guest, -8, Emitter::Access::write, 8);
    e.mov(e.qword[top], g.insn.imm);
    move_stack(e, -8);
}

/// The operand is read before the stack's place is looked up: both may give up, nothing has
/// changed.
void push_rm(Emitter& e, const GuestInsn& g) {
    if (!g.d.memory) return push_of(e, g.rm());
    HostAddress address = e.memory(Emitter::Access::read, 8);
    e.mov(flags_temp, e.qword[address]);
    e.mov(e.qword[Emitter::field(VMFT_CPU_FIELD(scratch))], flags_temp);
    HostAddress top = e.memory_at(rsp_of_guest, -8, Emitter::Access::write, 8);
    e.mov(flags_temp, e.qword[Emitter::field(VMFT_CPU_FIELD(scratch))]);
    e.mov(e.qword[top], flags_temp);
    move_stack(e, -8);
}

/// POP rSP keeps what it popped.
void pop_register(Emitter& e, const GuestInsn& g) {
    unsigned reg = g.opcode_register();
    HostAddress top = e.memory_at(rsp_of_guest, 0, Emitter::Access::read, 8);
    HostReg to = e.fresh(reg, 8, flags_temp);
    e.mov(to, e.qword[top]);
    if (reg != rsp_of_guest) move_stack(e, 8);
    e.assigned(reg, to);
}

void leave(Emitter& e, const GuestInsn&) {
    HostAddress frame = e.memory_at(rbp_of_guest, 0, Emitter::Access::read, 8);
    e.mov(flags_temp, e.qword[frame]);
    HostReg64 bp = Emitter::home(rbp_of_guest);
    e.lea(Emitter::home(rsp_of_guest), e.ptr[bp + 8]);
    e.mov(bp, flags_temp);
}

}  // namespace

void add_stack(EmitTable& table) {
    auto one = OpcodeMap::one_byte;
    for (unsigned opcode = 0x50; opcode < 0x58; opcode++)
        table.set(one, static_cast<u8>(opcode), push_register, may_give_up | writes_rsp,
                  pushes_quad);
    for (unsigned opcode = 0x58; opcode < 0x60; opcode++)
        table.set(one, static_cast<u8>(opcode), pop_register,
                  may_give_up | writes_rsp | writes_opcode, pushes_quad);
    table.set(one, 0x68, push_immediate, may_give_up | writes_rsp, pushes_quad);
    table.set(one, 0x6a, push_immediate, may_give_up | writes_rsp, pushes_quad);
    table.set_in_group(one, 0xff, 6, {push_rm, may_give_up | writes_rsp, pushes_quad});
    table.set(one, 0xc9, leave, may_give_up | writes_rsp | writes_rbp, pushes_quad);
}

}  // namespace vmft::soft
