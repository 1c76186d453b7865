#pragma once

#include "accel/soft/exec/sse_table.h"
#include "accel/soft/translate/emit_table.h"

/// What the emitters of SSE instructions share. Guest XMM registers are the host's of the same
/// number and the host's MXCSR is the guest's (simd_state.h), so most instructions are emitted as
/// they are, with the memory operand looked up. Forms and places are those of the interpreter
/// (exec/sse_frame.h, sse_table.h), and so are the results: what it does not leave to one host
/// instruction, because processors differ, runs by its handler or is put together here as there.
namespace vmft::soft {

using Xbyak::CodeGenerator;
using Xbyak::Mmx;
using Xbyak::Operand;
using XmmReg = Xbyak::Xmm;

/// Xbyak's members by type: the integer ones serve MMX registers too.
using XmmOp = void (CodeGenerator::*)(const XmmReg&, const Operand&);
using MmxOp = void (CodeGenerator::*)(const Mmx&, const Operand&);
using XmmImmediateOp = void (CodeGenerator::*)(const XmmReg&, const Operand&, u8);
using MmxImmediateOp = void (CodeGenerator::*)(const Mmx&, const Operand&, u8);
using XmmIntOp = void (CodeGenerator::*)(const XmmReg&, const Operand&, int);
using MmxIntOp = void (CodeGenerator::*)(const Mmx&, const Operand&, int);

constexpr u32 traits_of(Form form) { return uses_simd | (form.rounds ? rounds : 0u); }

inline XmmReg xmm_of(unsigned number) { return XmmReg(static_cast<int>(number)); }

/// The memory operand of this form.
inline Xbyak::Address operand_in_memory(Emitter& e, Form form, Emitter::Access access) {
    return e.at(form.bytes, e.memory(access, form.bytes, form.aligned ? 16 : 1));
}

/// Calls `use` with the r/m operand that is read: an XMM register, or memory.
template <typename Use>
void with_source(Emitter& e, const GuestInsn& g, Form form, Use use) {
    if (g.d.memory)
        use(static_cast<const Operand&>(operand_in_memory(e, form, Emitter::Access::read)));
    else
        use(static_cast<const Operand&>(xmm_of(g.rm())));
}

inline void set_at(EmitTable& table, Place place, Emit emit, u32 traits,
                   Supports supports = nullptr) {
    table.set(place.map, place.opcode, place.prefix, emit, traits, supports);
}

void add_sse_packed(EmitTable& table);
void add_sse_immediates(EmitTable& table);
void add_sse_moves(EmitTable& table);
void add_sse_general(EmitTable& table);
void add_sse_strings(EmitTable& table);
void add_sse_horizontal(EmitTable& table);

}  // namespace vmft::soft
