#include "accel/soft/translate/emit/operands.h"

/// Jcc, JMP, CALL and RET near.
namespace vmft::soft {

using namespace host;

namespace {

/// From the page's beginning; beyond an i32 for displacements near its ends.
i64 far_target_of(const GuestInsn& g) { return g.block_offset + static_cast<i64>(g.insn.imm); }
i32 target_of(const GuestInsn& g) { return static_cast<i32>(far_target_of(g)); }

/// A branch that leaves the page by far more than code does is left to the handler.
bool target_is_near(const GuestInsn& g) { return far_target_of(g) == target_of(g); }

bool is_side_exit(const GuestInsn& g) { return g.d.side_exit; }

void jump_conditionally(Emitter& e, const GuestInsn& g) {
    unsigned code = g.d.opcode & 15;
    e.load_condition(code);
    e.side_exit(code, target_of(g));
}

void jump(Emitter& e, const GuestInsn& g) {
    if (!e.flags().dead) e.save_flags();
    e.jump_to(target_of(g));
}

/// LOOP and JRCXZ.
void loop(Emitter& e, const GuestInsn& g) {
    e.save_flags();
    HostReg64 count = Emitter::home(rcx_of_guest);
    bool counts = g.d.opcode == 0xe2;
    if (counts) e.lea(count, e.ptr[count - 1]);
    e.lose_host_flags();
    e.test(count, count);
    e.side_exit(counts ? 5 : 4, target_of(g));
    e.jump_to(g.next_offset());
}

void push_return(Emitter& e, const GuestInsn& g) {
    HostAddress top = e.memory_at(rsp_of_guest, -8, Emitter::Access::write, 8);
    e.linear_of(flags_temp, g.next_offset());
    e.mov(e.qword[top], flags_temp);
    HostReg64 sp = Emitter::home(rsp_of_guest);
    e.lea(sp, e.ptr[sp - 8]);
}

void call_relative(Emitter& e, const GuestInsn& g) {
    e.save_flags();
    push_return(e, g);
    e.jump_to(target_of(g));
}

/// The target into rax.
void load_target(Emitter& e, const GuestInsn& g) {
    if (g.d.memory) {
        HostAddress address = e.memory(Emitter::Access::read, 8);
        e.mov(flags_temp, e.qword[address]);
    } else {
        e.with_operand(g.rm(), 8, [&](const Xbyak::Operand& value) { e.mov(flags_temp, value); });
    }
}

void jump_indirect(Emitter& e, const GuestInsn& g) {
    e.save_flags();
    load_target(e, g);
    e.find_block();
    e.enter_found();
}

/// What was found is kept in memory while the return address is pushed.
void call_indirect(Emitter& e, const GuestInsn& g) {
    e.save_flags();
    load_target(e, g);
    e.find_block(Emitter::Find::not_last);
    auto found = e.qword[Emitter::field(VMFT_CPU_FIELD(scratch))];
    auto page = e.qword[Emitter::field(VMFT_CPU_FIELD(scratch) + 8)];
    auto offset = e.qword[Emitter::field(VMFT_CPU_FIELD(scratch) + 16)];
    e.mov(found, temp);
    e.mov(page, address_temp);
    e.mov(offset, flags_temp);
    push_return(e, g);
    e.mov(temp, found);
    e.mov(address_temp, page);
    e.mov(flags_temp, offset);
    e.enter_found();
}

void return_near(Emitter& e, const GuestInsn& g) {
    e.save_flags();
    HostAddress top = e.memory_at(rsp_of_guest, 0, Emitter::Access::read, 8);
    e.mov(flags_temp, e.qword[top]);
    e.find_block();
    HostReg64 sp = Emitter::home(rsp_of_guest);
    e.lea(sp, e.ptr[sp + 8 + static_cast<i32>(g.d.opcode == 0xc2 ? g.insn.imm : 0)]);
    e.enter_found();
}

}  // namespace

void add_branches(EmitTable& table) {
    auto one = OpcodeMap::one_byte, two = OpcodeMap::two_byte;
    for (u8 code = 0; code < 16; code++) {
        table.set(one, 0x70 + code, jump_conditionally, reads_flags | may_give_up, is_side_exit);
        table.set(two, 0x80 + code, jump_conditionally, reads_flags | may_give_up, is_side_exit);
    }
    table.set(one, 0xe9, jump, ends, target_is_near);
    table.set(one, 0xeb, jump, ends, target_is_near);
    table.set(one, 0xe2, loop, ends | writes_rcx, target_is_near);
    table.set(one, 0xe3, loop, ends, target_is_near);
    table.set(one, 0xe8, call_relative, ends | may_give_up | writes_rsp, target_is_near);
    table.set(one, 0xc3, return_near, ends | may_give_up | writes_rsp);
    table.set(one, 0xc2, return_near, ends | may_give_up | writes_rsp);
    table.set_in_group(one, 0xff, 2, {call_indirect, ends | may_give_up | writes_rsp});
    table.set_in_group(one, 0xff, 4, {jump_indirect, ends | may_give_up});
}

}  // namespace vmft::soft
