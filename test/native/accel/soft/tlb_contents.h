#pragma once

#include <string>

#include "accel/soft/cpu.h"

/// The translations that a software CPU holds are state that `save` does not cover: what two of
/// them must agree on.
namespace vmft {

/// The first translation that one holds and the other does not, or otherwise; empty: none.
std::string tlb_difference(const soft::Cpu& a, const soft::Cpu& b);
/// rip and the bytes there, where the code TLB holds the page.
std::string code_at_rip(const soft::Cpu& cpu);
/// Loses a translation that it holds, as a bug might.
void tlb_forget_one(soft::Cpu& cpu);

}  // namespace vmft
