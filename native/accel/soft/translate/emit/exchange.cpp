#include "accel/soft/translate/emit/operands.h"

#include <xbyak/xbyak_util.h>

/// CMPXCHG, XADD, CMPXCHG8B, CMPXCHG16B with a memory operand. Nobody else writes the guest's
/// memory while its CPU runs, so that LOCK needs none on the host.
namespace vmft::soft {

using namespace host;

namespace {

/// The memory operand's address in rdx, which leaves rax and r13.
HostAddress address_in_temp(Emitter& e, unsigned bytes) {
    HostAddress address = e.memory(Emitter::Access::write, bytes);
    e.lea(temp, e.ptr[address]);
    return HostAddress(temp);
}

/// On success rAX stays as it is, with its upper half.
void compare_exchange(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    HostAddress address = address_in_temp(e, bytes);
    HostReg replacement = e.source(g.reg(), bytes, address_temp);
    HostReg64 accumulator = Emitter::home(rax_of_guest);
    e.mov(flags_temp, accumulator);
    e.cmpxchg(e.at(bytes, address), replacement);
    e.cmovnz(accumulator, flags_temp);
    e.host_flags_set();
}

void exchange_add(Emitter& e, const GuestInsn& g) {
    unsigned bytes = g.width();
    HostAddress address = address_in_temp(e, bytes);
    HostReg value = Emitter::sized(flags_temp, bytes);
    e.mov(value, e.source(g.reg(), bytes, flags_temp));
    e.xadd(e.at(bytes, address), value);
    HostReg to =
        bytes < 4 ? e.target(g.reg(), bytes, address_temp) : e.fresh(g.reg(), bytes, address_temp);
    e.mov(to, value);
    e.assigned(g.reg(), to);
    e.host_flags_set();
}

bool in_memory(const GuestInsn& g) { return g.d.memory && no_high_bytes(g); }

/// Only ZF changes. The replacement is where the host's instruction wants it (registers.h).
void compare_exchange_pair(Emitter& e, const GuestInsn& g) {
    bool wide = g.d.operand_bytes == 8;
    e.save_flags();
    HostAddress address = e.memory(Emitter::Access::write, wide ? 16 : 8, wide ? 16 : 1);
    e.lea(address_temp, e.ptr[address]);
    e.load_host_flags();
    HostReg64 low = Emitter::home(rax_of_guest), high = Emitter::home(rdx_of_guest);
    e.mov(flags_temp, low);
    e.mov(temp, high);
    if (wide)
        e.cmpxchg16b(e.ptr[address_temp]);
    else
        e.cmpxchg8b(e.ptr[address_temp]);
    e.cmovnz(low, flags_temp);
    e.cmovnz(high, temp);
    e.host_flags_set();
}
bool pair_on_host(const GuestInsn& g) {
    // CMPXCHG16B: CPUID 1 ECX bit 13.
    static const bool has_wide = [] {
        u32 data[4];
        Xbyak::util::Cpu::getCpuid(1, data);
        return (data[2] >> 13 & 1) != 0;
    }();
    return g.d.memory && (has_wide || g.d.operand_bytes != 8);
}

}  // namespace

void add_exchange(EmitTable& table) {
    auto two = OpcodeMap::two_byte;
    for (u8 opcode : {0xb0, 0xb1})
        table.set(two, opcode, compare_exchange, sets_flags | writes_rax, in_memory);
    for (u8 opcode : {0xc0, 0xc1})
        table.set(two, opcode, exchange_add, sets_flags | writes_reg, in_memory);
    table.set_in_group(
        two, 0xc7, 1,
        {compare_exchange_pair, sets_flags | keeps_flags | writes_rax | writes_rdx, pair_on_host});
}

}  // namespace vmft::soft
