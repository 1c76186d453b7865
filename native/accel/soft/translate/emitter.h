#pragma once

#include <deque>
#include <vector>

#include "accel/soft/translate/flag_state.h"
#include "accel/soft/translate/guest_insn.h"
#include "accel/soft/translate/host_code.h"
#include "accel/soft/translate/registers.h"

namespace vmft::soft {

/// Shared pieces of host code that blocks jump to (stubs.h).
struct Stubs {
    const u8* handler = nullptr;  ///< rax: Block, edx: index. Runs that instruction by its handler.
    const u8* rest = nullptr;     ///< The same for all from there to the block's end; then leaves.
    const u8* leave = nullptr;    ///< To run.cpp, cpu.rip being set.
    const u8* leave_at = nullptr;      ///< The same; edx: offset of rip in rip_page.
    const u8* enter_at_rip = nullptr;  ///< Behind a branch: goes on at cpu.rip, if it can.
    /// Translator::go_on with rax: the Link that leads to cpu.rip, or null. Leaves if it cannot.
    const u8* go_on = nullptr;
    /// Called, with rax: the linear address where code goes on. Puts its page into the code TLB; ZF
    /// when that cannot be done here. Keeps all but rdx, r13 and the host's flags.
    const u8* fill_code_tlb = nullptr;
    const u8* untranslated = nullptr;  ///< The entry of blocks that are not translated.
};

/// What the emitter must know about an instruction beforehand.
struct InsnEffects {
    u32 registers_written = 0;  ///< Bit n: general register n.
    bool sets_flags = false;    ///< All six, or some, and sees to the others itself.
    /// Flags as they are behind it are written again before anybody looks.
    bool flags_dead_after = false;
    /// If any of these bits of Cpu::simd_refused is set, it and the rest of the block run by their
    /// handlers. 0: nothing is looked at.
    u8 simd_check = 0;
};

/// Where a memory operand is: an address of host memory, good until a temporary of it changes.
using HostAddress = Xbyak::RegExp;

/// Writes one block's host code. Emitters (emit/) call it for each instruction in turn.
///
/// Within an instruction nothing of the guest's state may change before the last jump to
/// `slow_path()`: the interpreter's handler then does the whole instruction.
class Emitter : public Xbyak::CodeGenerator {
public:
    /// At `at`, writable, `bytes` long: bytes_max(count) at least.
    Emitter(u8* at, u64 bytes, const Stubs& stubs, Block& block, HostCode& code);

    static constexpr u64 bytes_max(unsigned count) { return 1024 + u64{count} * 1024; }

    void begin_block();
    void begin_insn(const GuestInsn& guest, const InsnEffects& effects);
    /// After the instruction's emitter, or instead of one (`by_handler`).
    void end_insn();
    /// The instruction is run by its handler.
    void by_handler();
    /// As by_handler, for the last of a block, whose handler sets rip. Goes on there if it can.
    void end_by_handler();
    /// Everything that is out of line. Returns the bytes of code.
    u64 end_block();

    const GuestInsn& guest() const { return *guest_; }

    // Registers --------------------------------------------------------------------
    // `bytes` is 1, 2, 4 or 8. High byte registers (GuestInsn::high_byte) are the caller's.

    /// The guest register, to be read: its home, or `temporary` filled from memory.
    HostReg source(unsigned reg, unsigned bytes, const HostReg64& temporary);
    /// The guest register, to be read and written: as source, and assigned() afterwards.
    HostReg target(unsigned reg, unsigned bytes, const HostReg64& temporary);
    /// The guest register, to be written only: undefined above `bytes` when smaller than 4 and not
    /// at home; use target() for those.
    HostReg fresh(unsigned reg, unsigned bytes, const HostReg64& temporary);
    /// Stores what target() or fresh() gave, if it was a temporary.
    void assigned(unsigned reg, const HostReg& value);
    /// The guest register where it is: a host register or memory. As a source operand.
    template <typename Use>
    void with_operand(unsigned reg, unsigned bytes, Use use) {
        if (in_host_register(reg))
            use(static_cast<const Xbyak::Operand&>(sized(home(reg), bytes)));
        else
            use(static_cast<const Xbyak::Operand&>(at(bytes, field(gpr_displacement(reg)))));
    }
    static HostReg64 home(unsigned reg) { return HostReg64(home_of[reg]); }
    static HostReg sized(const HostReg64& reg, unsigned bytes);
    Xbyak::Address at(unsigned bytes, const HostAddress& address) const;
    static HostAddress field(int displacement) { return host::cpu + displacement; }

    // Memory -------------------------------------------------------------------------
    // All destroy host flags, rax, rdx, r13 (rax is free again afterwards).

    enum class Access : u8 { read, write };
    /// The instruction's ModRM memory operand. `alignment`: 1, or 16 where less takes the slow
    /// path.
    HostAddress memory(Access access, unsigned bytes, unsigned alignment = 1);
    /// At guest register `base` plus `displacement`.
    HostAddress memory_at(unsigned base, i32 displacement, Access access, unsigned bytes);
    /// At the address in r13, to which the instruction's segment is added. After lose_host_flags().
    HostAddress memory_computed(Access access, unsigned bytes);
    /// The ModRM operand's effective address, without segment, into `into`.
    void effective_address(const HostReg64& into);

    // Flags ----------------------------------------------------------------------------

    /// Host flags are about to be destroyed: saves the guest's where they are nowhere else.
    void lose_host_flags();
    /// Puts the guest's flags into the host's. Destroys rax. Other host flags' users come after.
    void load_host_flags();
    /// The host's flags are now the guest's, all six but for `repair`.
    void host_flags_set(FlagRepair repair = FlagRepair::none, const FlagRecipe& recipe = {});
    /// The guest's flags are now in memory and nowhere else, all six.
    void memory_flags_set() { flags_ = {}; }
    /// The carry flag is now the host's; the others are what they were, in memory, where the carry
    /// is put, too. After save_flags(), unless flags_dead(). Destroys rax.
    void carry_set();
    /// The host's flags to memory, as host_flags_set() and save_flags() would, whatever is known of
    /// flags: for code that is jumped over. Destroys rax and the host's flags.
    void store_host_flags(FlagRepair repair) { save_from_host(repair); }
    /// The word of memory that holds the flags: AH as LAHF gives it, AL the overflow flag.
    Xbyak::Address flags_word() const { return word[field(VMFT_CPU_FIELD(host_flags))]; }
    /// Its part that LAHF gives.
    Xbyak::Address flags_byte() const { return byte[field(VMFT_CPU_FIELD(host_flags) + 1)]; }
    /// Guest flags to memory (they stay in the host where they are). Destroys rax; with a repair
    /// also the host's flags.
    void save_flags();
    /// The host's flags are good for condition `code`. Destroys rax, unless they are already there
    /// (then nothing is); temp also, when they are neither there nor in memory (save_flags()
    /// first).
    void load_condition(unsigned code);
    const FlagState& flags() const { return flags_; }
    /// Whether what this instruction sets is overwritten before anybody looks.
    bool flags_dead() const { return effects_.flags_dead_after; }

    // Leaving ----------------------------------------------------------------------------

    /// Where the interpreter's handler does this whole instruction; goes on behind it.
    Xbyak::Label& slow_path();
    /// Jumps to the block at `offset` from rip_page. Flags must be in memory.
    void jump_to(i32 offset);
    /// The same when condition `code` is met by the host's flags; else goes on.
    void side_exit(unsigned code, i32 offset);
    void jump_if(unsigned code, Xbyak::Label& label);
    void cmov(unsigned code, const HostReg& to, const Xbyak::Operand& from);
    void set(unsigned code, const Xbyak::Operand& to);
    /// rax: a linear address in 64-bit mode. Finds its block; takes the slow path where it cannot.
    /// Then rdx is the Block and r13 its linear page: finish the instruction without them, and end
    /// with enter_found(). `last`: nothing of the instruction can fail behind it, so the code TLB
    /// is filled where it has to be.
    enum class Find : u8 { last, not_last };
    void find_block(Find find = Find::last);
    void enter_found();
    /// Linear address of `offset` in the running page.
    void linear_of(const HostReg64& into, i32 offset);

private:
    struct Slow {
        Xbyak::Label start, back;
        unsigned index = 0;
        FlagState flags;
        bool reload_flags = false;
        const u8* leaves_to = nullptr;  ///< When it ends the block: the stub that goes on.
    };
    /// A stack operand outside the page that was last used.
    struct OtherPage {
        Xbyak::Label label, back;
        HostAddress linear;
        Access access;
        unsigned bytes, alignment;
        Slow* slow;
    };
    struct SideExit {
        Xbyak::Label label;
        FlagState flags;
        i32 offset;
        int not_run;  ///< Instructions of the block behind it.
    };
    /// Where the rest of the block runs by handlers, from `index` on.
    struct Refused {
        Xbyak::Label start;
        unsigned index = 0;
        FlagState flags;
    };
    struct Unlinked {
        Link* link;
        Xbyak::Label label;
        Xbyak::Label cross;  ///< Code that goes to another page; used when link->target_page.
    };

    /// The code TLB knows nothing of the page that find_block() looks for.
    struct NoPage {
        Xbyak::Label start, back;
        Xbyak::Label* slow;
    };

    HostAddress checked(const HostAddress& linear, bool reusable, Access access, unsigned bytes,
                        unsigned alignment);
    void emit_other_pages();
    HostAddress on_stack(const HostAddress& linear, Access access, unsigned bytes,
                         unsigned alignment);
    void look_up(const HostAddress& linear, bool reusable, Access access, unsigned bytes,
                 unsigned alignment, Xbyak::Label& miss);
    bool recipe_changes() const;
    void check_simd();
    void recompute_flags(const FlagRecipe& recipe);
    void call_handler(unsigned index);
    const u8* behind_handler() const;
    Link& new_link(i32 offset);
    void emit_cross_page(Unlinked& unlinked);
    void save_from_host(FlagRepair repair);

    /// Stands in Link::target_page until the literal has its place.
    static inline u64 unlinked_page = ~u64{0};

    const Stubs& stubs_;
    Block& block_;
    HostCode& code_;
    const GuestInsn* guest_ = nullptr;
    i32 block_offset_ = 0;
    InsnEffects effects_;
    bool ended_ = false;
    FlagState flags_;
    Xbyak::Label over_budget_, run_handler_;
    std::deque<Slow> slow_;
    std::deque<OtherPage> other_pages_;
    std::deque<SideExit> side_exits_;
    std::deque<Refused> refused_;
    std::deque<Unlinked> unlinked_;
    std::deque<NoPage> no_pages_;
    Slow* slow_of_insn_ = nullptr;
};

}  // namespace vmft::soft
