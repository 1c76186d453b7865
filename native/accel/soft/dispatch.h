#pragma once

#include "accel/soft/block_cache.h"

/// How handlers follow each other. Each handler ends in a jump to the next one's
/// (threaded code): with optimization g++ turns the call in return position into a
/// jump, as long as no address of a handler's local escapes. An operation that must pass
/// the address of a local to a function that is not inlined is therefore marked [[gnu::noinline]].
/// Builds without that optimization (sanitizers) leave VMFT_THREADED undefined: a loop
/// in run.cpp then calls one handler after the other.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VMFT_THREADED 1
#endif
#ifdef VMFT_THREADED
#define VMFT_GO(cpu, insn_to_run) return (insn_to_run)->handler((cpu), (insn_to_run))
#define VMFT_LEAVE(cpu) return
#else
#define VMFT_GO(cpu, insn_to_run)                                                                  \
    do {                                                                                           \
        (cpu).next_insn = (insn_to_run);                                                           \
        return;                                                                                    \
    } while (false)
#define VMFT_LEAVE(cpu)                                                                            \
    do {                                                                                           \
        (cpu).next_insn = nullptr;                                                                 \
        return;                                                                                    \
    } while (false)
#endif

namespace vmft::soft {

/// The first instruction of the block at `rip` when it is decoded, may be entered without a look at
/// interrupts and fits the budget; else null with cpu.rip set, for run.cpp to go on.
inline const Insn* enter_block(Cpu& cpu, u64 rip) {
    // 64-bit code, or code in a flat 4 GiB segment: no limit to check.
    u64 linear = rip + cpu.segment_base[seg_cs];
    const CodeTlbEntry& entry = cpu.code_tlb_now[linear >> page_shift & (code_tlb_entries - 1)];
    if (entry.page == (linear & ~page_mask) && cpu.chain_allowed) [[likely]] {
        u64 ram_offset = entry.ram_offset + (linear & page_mask);
        const Block* block = cpu.recent_blocks[BlockCache::recent_slot(ram_offset)];
        if (block->ram_offset == ram_offset && block->mode == cpu.code_mode &&
            cpu.ticks_left >= block->count) [[likely]] {
            cpu.ticks_left -= block->count;
            cpu.block = block;
            cpu.gpr[reg_block] = rip;
            return block->insns;
        }
    }
    cpu.rip = rip;
    return nullptr;
}

/// follow_chain's other half: the target by way of the caches, and the chain made when it stays in
/// the page.
void follow_new_chain(Cpu& cpu, const Insn* insn);

/// Goes to the block at distance insn->imm from the running one's start. Once found, a block of the
/// same page is remembered in the instruction itself (insn->chain): the page's translation cannot
/// have changed while its code runs, and the tag changes when any block is forgotten.
inline void follow_chain(Cpu& cpu, const Insn* insn) {
    u64 chain = insn->chain ^ cpu.chain_tag;
    if (chain >> 48 == 0) [[likely]] {
        const Block* block = reinterpret_cast<const Block*>(chain);
        if (cpu.ticks_left >= block->count) [[likely]] {
            cpu.ticks_left -= block->count;
            cpu.block = block;
            cpu.gpr[reg_block] += insn->imm;
            VMFT_GO(cpu, block->insns);
        }
    }
    return follow_new_chain(cpu, insn);
}

/// An ordinary instruction: does `Op(cpu, insn)` and goes on with the next.
template <auto Op>
void step(Cpu& cpu, const Insn* insn) {
    Op(cpu, insn);
    VMFT_GO(cpu, insn + 1);
}

/// A branch: `u64 Op(cpu, insn)` gives the new rip. Ends the block (Decoding::ends_block).
template <auto Op>
void branch(Cpu& cpu, const Insn* insn) {
    u64 target = Op(cpu, insn);
    const Insn* first = enter_block(cpu, target);
    if (first) VMFT_GO(cpu, first);
    VMFT_LEAVE(cpu);
}

/// A direct branch of 64-bit code that ends its block: `bool Op(cpu, insn)` says whether it is
/// taken, to insn->imm. Not taken, the block's end marker goes on behind it. The selector clears
/// insn->chain.
template <auto Op>
void direct_branch(Cpu& cpu, const Insn* insn) {
    if (!Op(cpu, insn)) VMFT_GO(cpu, insn + 1);
    return follow_chain(cpu, insn);
}

/// A conditional one, behind which the block goes on (Decoding::side_exit): taken, what follows it
/// in the block is given back to the budget.
template <auto Op>
void conditional_branch(Cpu& cpu, const Insn* insn) {
    if (!Op(cpu, insn)) VMFT_GO(cpu, insn + 1);
    cpu.ticks_left += cpu.block->count - 1 - (insn - cpu.block->insns);
    return follow_chain(cpu, insn);
}

/// An instruction after which everything is looked at afresh (interrupts, mode, TLB): goes back to
/// run.cpp, with rip behind the instruction. Ends the block.
template <auto Op>
void finish(Cpu& cpu, const Insn* insn) {
    Op(cpu, insn);
    cpu.rip = next_rip(cpu, insn);
    VMFT_LEAVE(cpu);
}

/// As finish, but Op sets cpu.rip itself (IRET, SYSCALL, far transfers). Ends the block.
template <auto Op>
void transfer(Cpu& cpu, const Insn* insn) {
    Op(cpu, insn);
    VMFT_LEAVE(cpu);
}

}  // namespace vmft::soft
