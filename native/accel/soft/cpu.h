#pragma once

#include <csetjmp>

#include "accel/accel.h"
#include "accel/memory_type_msrs.h"
#include "base/types.h"
#include "machine/guest_memory.h"

namespace vmft::soft {

struct Insn;
struct Block;
class BlockCache;

/// Register numbers as encoded; the two behind R15 make every address one formula.
enum Reg : u8 {
    rax,
    rcx,
    rdx,
    rbx,
    rsp,
    rbp,
    rsi,
    rdi,
    r8,
    r9,
    r10,
    r11,
    r12,
    r13,
    r14,
    r15,
    reg_block,  ///< rip of the running block's first instruction (rip-relative addresses).
    reg_zero,   ///< Always zero (no base, no index).
    reg_count,
};

enum SegmentRegister : u8 { seg_es, seg_cs, seg_ss, seg_ds, seg_fs, seg_gs, seg_count };

/// A segment register with its hidden part. `access` as in descriptor bits 40-47
/// (type, S, DPL, P) and 52-55 (AVL, L, D/B, G) shifted down: bits 0-7 and 12-15.
struct SegmentState {
    u16 selector = 0;
    u16 access = 0;
    u32 limit = 0;  ///< In bytes, granularity applied.
    u64 base = 0;

    static constexpr u16 present = 0x80, non_system = 0x10, long_code = 0x2000, big = 0x4000;
    unsigned type() const { return access & 15; }
    unsigned dpl() const { return access >> 5 & 3; }
    bool is_code() const { return (access & 0x18) == 0x18; }
    bool usable() const { return access & present; }
};

struct TableRegister {
    u64 base = 0;
    u16 limit = 0;
};

/// One 128-bit register.
struct alignas(16) Xmm {
    u8 bytes[16];
};

/// An 80-bit register in its memory format (SDM 1 8.2).
struct Float80 {
    u64 mantissa = 0;
    u16 sign_exponent = 0;
};

/// The x87 unit. `registers` are physical (R0-R7); ST(i) is R((top + i) & 7).
/// MMX register i is registers[i].mantissa.
struct X87 {
    Float80 registers[8];
    u16 control = 0x37f;
    u16 status = 0;  ///< TOP excluded: it lives in `top`.
    u8 top = 0;
    u8 valid = 0;    ///< Bit i: physical register i is not empty (the abridged tag of FXSAVE).
    u16 opcode = 0;  ///< Last non-control instruction's low 11 opcode bits.
    u64 instruction_pointer = 0, data_pointer = 0;
    u16 instruction_selector = 0, data_selector = 0;
};

/// One cached translation of a page of linear addresses. It is architectural (a guest
/// can tell a stale one), so what fills and empties it must follow from the
/// instruction stream alone: see docs/determinism.md. `read_page` and `write_page`
/// equal the linear page when an access may go straight to host memory.
/// 32 bytes, two to a cache line: what a hit needs and the rest packed behind it.
struct alignas(32) TlbEntry {
    static constexpr u64 none = ~u64{0};
    /// In read_page: translated, but reads go the slow way. None of the bits that say how an
    /// address is misaligned: translated code compares those along (Emitter::look_up).
    static constexpr u64 slow = 0x800;
    static constexpr u64 writable_bit = 1, large_bit = 2;

    u64 read_page = none;   ///< The linear page, with `slow` or not; none: no translation.
    u64 write_page = none;  ///< The linear page when writes may go straight to host memory.
    i64 host_minus_linear = 0;
    u64 target = 0;  ///< Guest-physical address of the page, with writable_bit and large_bit.

    bool holds(u64 page) const { return (read_page & ~slow) == page && read_page != none; }
    bool valid() const { return read_page != none; }
    u64 page() const { return read_page & ~slow; }
    u64 physical_page() const { return target & ~page_mask; }
    bool writable() const { return target & writable_bit; }
    bool large() const { return target & large_bit; }
};

/// The page in which translated code last found an operand on the stack: good while only translated
/// code runs, since nothing else changes the TLB.
struct StackPage {
    static constexpr u64 none =
        0x800;  ///< Neither a page nor a page and the low bits of an address.
    u64 page = none;
    u64 host_minus_linear = 0;
};

inline constexpr unsigned tlb_entries = 2048;
inline constexpr unsigned code_tlb_entries = 512;

/// Who accesses: selects the array of translations.
enum TlbContext : u8 { tlb_user, tlb_supervisor_smap, tlb_supervisor, tlb_contexts };

/// Which entries of one context may hold a translation, so that emptying costs what was filled.
struct TlbUse {
    u32 count = 0;  ///< Beyond tlb_entries: the list overflowed, look at all entries.
    u16 index[tlb_entries];

    void add(unsigned slot) {
        if (count < tlb_entries) index[count] = static_cast<u16>(slot);
        count++;
    }
    /// Calls `each(slot)` for every entry that may be filled.
    template <typename Each>
    void for_each(Each each) const {
        if (count > tlb_entries)
            for (unsigned slot = 0; slot < tlb_entries; slot++) each(slot);
        else
            for (u32 i = 0; i < count; i++) each(index[i]);
    }
};

struct alignas(16) CodeTlbEntry {
    u64 page = ~u64{0};  ///< Linear page; all ones: none.
    u64 ram_offset = 0;  ///< Of the page in GuestMemory.
};

// Bits of rflags.
inline constexpr u64 flag_cf = 1, flag_pf = 4, flag_af = 0x10, flag_zf = 0x40, flag_sf = 0x80,
                     flag_tf = 0x100, flag_if = 0x200, flag_df = 0x400, flag_of = 0x800,
                     flag_iopl = 0x3000, flag_nt = 0x4000, flag_rf = 0x10000, flag_vm = 0x20000,
                     flag_ac = 0x40000, flag_vif = 0x80000, flag_vip = 0x100000, flag_id = 0x200000;
inline constexpr u64 flags_arithmetic = flag_cf | flag_pf | flag_af | flag_zf | flag_sf | flag_of;

// Exception vectors (SDM 3A table 6-1).
enum Vector : u8 {
    vector_de = 0,
    vector_db = 1,
    vector_nmi = 2,
    vector_bp = 3,
    vector_of = 4,
    vector_br = 5,
    vector_ud = 6,
    vector_nm = 7,
    vector_df = 8,
    vector_ts = 10,
    vector_np = 11,
    vector_ss = 12,
    vector_gp = 13,
    vector_pf = 14,
    vector_mf = 16,
    vector_ac = 17,
    vector_mc = 18,
    vector_xm = 19,
};

// Control register bits that handlers look at.
inline constexpr u64 cr0_pe = 1, cr0_mp = 2, cr0_em = 4, cr0_ts = 8, cr0_et = 16, cr0_ne = 32,
                     cr0_wp = 1 << 16, cr0_am = 1 << 18, cr0_nw = 1 << 29, cr0_cd = 1 << 30,
                     cr0_pg = u64{1} << 31;
inline constexpr u64 cr4_vme = 1, cr4_pvi = 2, cr4_tsd = 4, cr4_de = 8, cr4_pse = 16, cr4_pae = 32,
                     cr4_mce = 64, cr4_pge = 128, cr4_pce = 256, cr4_osfxsr = 512,
                     cr4_osxmmexcpt = 1024, cr4_umip = 2048, cr4_fsgsbase = 1 << 16,
                     cr4_smep = 1 << 20, cr4_smap = 1 << 21;
inline constexpr u64 efer_sce = 1, efer_lme = 0x100, efer_lma = 0x400, efer_nxe = 0x800;

/// Under a shadow the next instruction runs before interrupts are looked at (SDM 3A 6.8.3). MOV SS
/// and POP SS hold the single-step trap back too; STI does not.
enum class InterruptShadow : u8 { none, sti, mov_ss };

/// How code is decoded: the block cache's key beside the address.
enum CodeMode : u8 { code16 = 0, code32 = 1, code64 = 2, code_mode_mask = 3, code_stack32 = 4 };

/// The vCPU. Handlers work on it directly; see insn.h for what they may assume.
struct Cpu {
    // Touched by nearly every handler ---------------------------------------------
    u64 gpr[reg_count] = {};
    u64 lazy_result = 1;  ///< Arithmetic flags in lazy form: flags.h.
    u64 lazy_aux = 0;
    TlbEntry* tlb = nullptr;  ///< Of the present context.
    i64 ticks_left =
        0;  ///< Budget behind the running block (all its instructions are already taken from it).
    u64 chain_tag = u64{1} << 48;  ///< Chains made under another tag are stale (BlockCache).
    bool chain_allowed =
        false;  ///< Blocks may follow each other without a look at run.cpp's conditions.
    CodeTlbEntry* code_tlb_now = nullptr;  ///< Of the present privilege level.
    Block** recent_blocks = nullptr;       ///< BlockCache::recent.
    const Block* block = nullptr;          ///< The running block.
    u64 rip_page = 0;        ///< In translated code: the linear page of the running block.
    u16 host_flags = 0x200;  ///< In translated code: AH as LAHF gives it, AL the overflow flag.
    u8 simd_refused = 0;     ///< Why SSE instructions need their handlers: simd_state.h.
    u64 scratch[3] = {};     ///< In translated code: within one instruction.
    StackPage stack_read, stack_write;  ///< In translated code.
    u64 segment_base[8] =
        {};  ///< Effective bases: 0 for ES/CS/SS/DS in 64-bit mode. Index 6: always 0.
    Xmm xmm[16] = {};
    Block* single_insn = nullptr;     ///< A block of one instruction (translate/handler_call.h).
    const Insn* next_insn = nullptr;  ///< Only where handlers are called from a loop (dispatch.h).

    // Architectural state ------------------------------------------------------------
    u64 rip = 0;     ///< Valid between blocks; inside one, insn_rip(cpu, insn).
    u64 rflags = 2;  ///< Without the arithmetic flags (they are lazy).
    u64 cr0 = 0x60000010, cr2 = 0, cr3 = 0, cr4 = 0;
    u64 dr[4] = {}, dr6 = 0xffff0ff0, dr7 = 0x400;
    u64 efer = 0;
    u8 cpl = 0;
    u8 code_mode =
        code16;  ///< Derived: CodeMode of CS, with code_stack32 when SS.B is set (or 64-bit).
    bool halted = false;
    InterruptShadow interrupt_shadow = InterruptShadow::none;
    bool shut_down = false;  ///< Triple fault.
    u64 pending_dr6 = 0;     ///< Breakpoint conditions met by the instruction that is retiring.
    SegmentState segments[seg_count];
    SegmentState ldtr, tr;
    TableRegister gdtr, idtr;
    X87 x87;
    u32 mxcsr = 0x1f80;  ///< Authoritative between runs; while running, the host's MXCSR carries it
                         ///< (simd_state.h).
    u64 msr_star = 0, msr_lstar = 0, msr_cstar = 0, msr_syscall_mask = 0, msr_kernel_gs_base = 0;
    u64 msr_sysenter_cs = 0, msr_sysenter_esp = 0, msr_sysenter_eip = 0;
    u64 msr_tsc_adjust = 0, msr_tsc_aux = 0, msr_pat = pat_at_reset, msr_misc_enable = 1;
    u64 msr_mtrr[32] = {};  ///< Stored, without effect: def_type, fixed ranges, variable ranges.

    // Counting and leaving ------------------------------------------------------------
    u64 ticks_at_limit =
        0;  ///< ticks = ticks_at_limit - ticks_left - (instructions of the block not yet retired).
    u64 ticks_synced = 0;         ///< ticks() while a handler talks to the platform (sync_ticks).
    bool device_touched = false;  ///< The present instruction used a device: leave after it (REP:
                                  ///< after the iteration).
    bool code_rewritten = false;  ///< The present instruction, alone, has changed decoded bytes,
                                  ///< which may be its own: a REP is decoded again.
    bool io_allowed = false;      ///< Device access may happen now: the block has one instruction.

    // Wiring -----------------------------------------------------------------------------
    GuestMemory* memory = nullptr;
    u8* ram = nullptr;
    u8* page_flags = nullptr;
    Platform* platform = nullptr;
    BlockCache* blocks = nullptr;
    TlbContext tlb_context = tlb_supervisor;
    TlbEntry data_tlb[tlb_contexts][tlb_entries];
    TlbUse tlb_use[tlb_contexts];
    CodeTlbEntry code_tlb[2][code_tlb_entries];  ///< [cpl == 3]
    bool code_tlb_large[2][code_tlb_entries] =
        {};  ///< Whether a code TLB entry is a piece of a large page.

    // How a handler gives up its instruction: raise() fills these and jumps.
    std::jmp_buf give_up;
    const Insn* fault_insn = nullptr;
    u8 fault_vector = 0;
    bool fault_has_error = false;
    u32 fault_error = 0;
};

/// Why the instruction is given up when it is no fault: it must run again, alone in
/// its block, because it touches a device or rewrites decoded code.
inline constexpr int give_up_fault = 1, give_up_retry_alone = 2, give_up_software_interrupt = 3;

/// Gives up `insn` with an exception: no architectural state that it changed may
/// differ from before it (save what the SDM says a partial REP leaves). The error code is pushed
/// when the vector has one.
[[noreturn]] void raise(Cpu& cpu, const Insn* insn, Vector vector, u32 error = 0);
/// #PF with CR2.
[[noreturn]] void raise_page_fault(Cpu& cpu, const Insn* insn, u64 linear, u32 error);
[[noreturn]] void retry_alone(Cpu& cpu, const Insn* insn);

}  // namespace vmft::soft
