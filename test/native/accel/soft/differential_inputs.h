#pragma once

#include "differential_instance.h"
#include "differential_random.h"

/// Registers and memory contents for an instance, by its form's kind.
namespace vmft::differential {

/// What the generator has decided so far.
struct Context {
    bool memory = false, locked = false, wide = false, prefix_66 = false, address32 = false;
    u8 reg = 0, rm = 0;  ///< With REX.
    u64 segment_base = 0;
    u64 target = 0;  ///< Linear address of the memory operand.
};

/// Everything random, within what the form's kind makes sense of.
void draw_registers(Random& random, Instance& instance);
/// Implicit operands: counts, stack, string pointers.
void set_inputs(Random& random, Instance& instance, const Context& context);
/// The ModRM register operand, where it must hold an address or a selector.
void set_register_operand(Random& random, Instance& instance, const Context& context);

/// A place of `size_bytes`: mostly in writable memory, also across pages, read-only, unmapped, not
/// canonical.
u64 draw_place(Random& random, unsigned size_bytes, bool tame);
u64 draw_target(Random& random, const Instance& instance, const Context& context);
void patch_memory_operand(Random& random, Instance& instance, const Context& context);
unsigned memory_bytes(const Instance& instance);

/// Adds memory contents; parts outside writable memory are dropped when applied.
u8* add_patch(Instance& instance, u64 address, unsigned count);
void draw_fx_image(Random& random, u8* image, Kind kind);

}  // namespace vmft::differential
