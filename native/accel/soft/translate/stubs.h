#pragma once

#include "accel/soft/translate/emitter.h"

namespace vmft::soft {

/// Enters host code at `entry` with the Cpu's registers, and comes back with them and cpu.rip set.
/// Returns the Link that led out and could be made, or null. Handlers may longjmp out.
using EnterCode = Link* (*)(Cpu* cpu, const u8* entry);

/// Looks up the block at the linear address in rax, 64-bit mode's: rdx is then the Block, r13 its
/// linear page and rax its RAM offset. Jumps to `missed` where the caches do not know it. Destroys
/// the host's flags.
void write_block_look_up(Xbyak::CodeGenerator& code, const Xbyak::Label& missed);

/// The pieces that all blocks share, and the way in.
class StubWriter : Xbyak::CodeGenerator {
public:
    StubWriter(u8* at, u64 bytes);
    Stubs stubs;
    const u8* enter = nullptr;  ///< EnterCode, at its writable address.
    u64 bytes = 0;

private:
    void write_enter_at_rip();
    void store_registers();
    void load_registers();
};

}  // namespace vmft::soft
