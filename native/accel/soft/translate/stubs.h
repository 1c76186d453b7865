#pragma once

#include "accel/soft/translate/emitter.h"

namespace vmft::soft {

class Translator;

/// Enters host code at `entry` with the Cpu's registers, and comes back with them and cpu.rip set.
/// Handlers may longjmp out.
using EnterCode = void (*)(Cpu* cpu, const u8* entry);
/// Translator::go_on.
using GoOn = const u8* (*)(Translator* translator, Link* link);

/// Looks up the block at the linear address in rax, 64-bit mode's: rdx is then the Block, r13 its
/// linear page and rax its RAM offset. Jumps where the caches do not know it: to `no_page` with rax
/// unchanged, or to `no_block`. Destroys the host's flags.
void write_block_look_up(Xbyak::CodeGenerator& code, const Xbyak::Label& no_page,
                         const Xbyak::Label& no_block);

/// The pieces that all blocks share, and the way in.
class StubWriter : Xbyak::CodeGenerator {
public:
    StubWriter(u8* at, u64 bytes, Translator* translator, GoOn go_on);
    Stubs stubs;
    const u8* enter = nullptr;  ///< EnterCode, at its writable address.
    u64 bytes = 0;

private:
    void write_enter_at_rip();
    void write_leave();
    void write_handler_calls();
    void write_go_on(Translator* translator, GoOn function);
    void write_fill_code_tlb();
    void store_registers();
    void load_registers();

    Xbyak::Label leave_stored_;  ///< Where `leave` goes on when registers are stored.
};

}  // namespace vmft::soft
