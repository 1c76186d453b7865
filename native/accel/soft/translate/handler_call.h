#pragma once

#include "accel/soft/insn.h"

namespace vmft::soft {

/// Called by translated code: runs instruction `index` of `block` by its handler. The Cpu's
/// registers are stored, flags are in host_flags, ticks_left is behind the whole block. May not
/// return (raise, retry_alone).
void run_handler(Cpu* cpu, const Block* block, unsigned index);
/// The same for instruction `index` and all behind it, or to a branch that is taken. rip is then
/// where it goes on.
void run_handlers_from(Cpu* cpu, const Block* block, unsigned index);

/// Called by translated code whose last instruction has retired, or is sure to: the page of code
/// with `linear`, which comes next, is in the code TLB afterwards. False, and nothing is done, when
/// run.cpp must see to it: the budget is over, a fault comes, page tables change.
bool fill_code_tlb(Cpu* cpu, u64 linear);

/// Handlers and run.cpp may have changed the TLB.
inline void forget_stack_pages(Cpu& cpu) {
    cpu.stack_read.page = cpu.stack_write.page = StackPage::none;
}

/// Flags between their two forms, at the border of translated code.
void flags_to_host_form(Cpu& cpu);
void flags_from_host_form(Cpu& cpu);

}  // namespace vmft::soft
