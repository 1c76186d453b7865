#pragma once

#include "accel/soft/translate/emitter.h"

namespace vmft::soft {

/// Enters host code at `entry` with the Cpu's registers, and comes back with them and cpu.rip set.
/// Returns the Link that led out and could be made, or null. Handlers may longjmp out.
using EnterCode = Link* (*)(Cpu* cpu, const u8* entry);

/// The pieces that all blocks share, and the way in.
class StubWriter : Xbyak::CodeGenerator {
public:
    StubWriter(u8* at, u64 bytes);
    Stubs stubs;
    const u8* enter = nullptr;  ///< EnterCode, at its writable address.
    u64 bytes = 0;

private:
    void store_registers();
    void load_registers();
};

}  // namespace vmft::soft
