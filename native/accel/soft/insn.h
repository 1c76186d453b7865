#pragma once

#include "accel/soft/cpu.h"

namespace vmft::soft {

struct HostCode;

using Handler = void (*)(Cpu& cpu, const Insn* insn);

enum InsnFlags : u8 {
    insn_address_checked =
        1,  ///< Not a plain 64-bit address: truncate and check the segment (checked_address).
    insn_address32 = 2,
    insn_address16 = 4,
    insn_rep = 8,      ///< F3
    insn_repne = 16,   ///< F2
    insn_memory = 32,  ///< The ModRM operand is memory.
    insn_rip_late =
        64,  ///< disp did not fit beside the offset: add offset + length to the address.
};

/// One decoded instruction, ready to run. 32 bytes: two to a cache line.
struct Insn {
    Handler handler;
    u64 imm;  ///< Immediate, sign-extended; a relative branch's target minus the block's rip.
    union {
        struct {
            i32 disp;  ///< Displacement; for rip-relative operands already relative to the block's
                       ///< rip.
            u8 base, index, scale, segment;  ///< Address = gpr[base] + (gpr[index] << scale) + disp
                                             ///< + segment_base[segment].
        };
        u64 chain;  ///< Direct branches: the block last jumped to and the tag it was valid under
                    ///< (dispatch.h).
    };
    u8 reg, rm;    ///< ModRM register numbers with REX applied (rm only for register operands).
    u8 reg8, rm8;  ///< The same as byte offsets into gpr, for 8-bit operands (AH..BH are odd).
    u8 flags;      ///< InsnFlags
    u8 length;     ///< In bytes, 1 … 15.
    u16 offset;    ///< From the block's first byte.
};
static_assert(sizeof(Insn) == 32);

inline constexpr unsigned block_insns_max = 64, block_side_exits_max = 6;

/// A straight run of instructions inside one page, ended by a branch, by an
/// instruction that changes how the next one is fetched or interrupted, by the page, or by length.
/// Conditional branches of 64-bit code leave it in the middle when they are taken.
/// (An instruction that straddles two pages is never in a cached block: it runs alone.)
/// `insns[count]` is an end marker whose handler goes on behind the block.
struct Block {
    u64 ram_offset;   ///< Of its first byte.
    const u8* entry;  ///< Host code: the block's own, or what goes back to run.cpp (translator.h).
    HostCode* code;   ///< Null: not translated.
    u16 count;        ///< Instructions, without the end marker.
    u16 bytes;
    u8 mode;   ///< CodeMode and code_stack32.
    u32 runs;  ///< How often it was interpreted, while not translated.
    Block* next_in_bucket;
    Block* next_in_page;
    Insn insns[];
};

inline u64 insn_rip(const Cpu& cpu, const Insn* insn) { return cpu.gpr[reg_block] + insn->offset; }
inline u64 next_rip(const Cpu& cpu, const Insn* insn) { return insn_rip(cpu, insn) + insn->length; }

/// Makes Accelerator::ticks() exact while `insn` calls the platform.
inline void sync_ticks(Cpu& cpu, const Insn* insn) {
    u64 not_retired = cpu.block->count - static_cast<u64>(insn - cpu.block->insns);
    cpu.ticks_synced = cpu.ticks_at_limit - static_cast<u64>(cpu.ticks_left) - not_retired;
}

}  // namespace vmft::soft
