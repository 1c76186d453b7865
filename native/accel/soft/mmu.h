#pragma once

#include "accel/soft/access.h"

namespace vmft::soft {

/// Error code bits of #PF.
inline constexpr u32 pf_present = 1, pf_write = 2, pf_user = 4, pf_reserved = 8, pf_fetch = 16;

enum class WalkKind : u8 { read, write, fetch };

struct Translation {
    u64 physical = 0;       ///< Of the page.
    bool writable = false;  ///< A write needs no further walk (permission and dirty bit are there).
    bool large = false;
};

enum class WalkEffects : u8 { allowed, refused };

/// Walks the guest's page tables for one page, setting accessed (and for writes dirty) bits.
/// Returns true, or false with the #PF error code; false also when a bit would have to be set and
/// `effects` are refused. `user`: with CPL 3 rights; `smap`: supervisor
/// data access to user pages is refused. `insn` is the one that asks, null when none runs: when a
/// bit to be set lies in decoded code, it is given up before any effect, to run alone.
bool walk(Cpu& cpu, const Insn* insn, u64 linear, WalkKind kind, bool user, bool smap,
          Translation& result, u32& error, WalkEffects effects = WalkEffects::allowed);

/// RAM offset of the code byte at `linear` by the code TLB, walking on a miss. Raises #PF / #GP
/// with `insn` null (rip is cpu.rip). GuestMemory::no_offset when the page is not RAM.
u64 fetch_offset(Cpu& cpu, u64 linear);

/// The same where nothing but the code TLB changes by it; else (and where it would raise)
/// GuestMemory::no_offset.
u64 fetch_offset_quietly(Cpu& cpu, u64 linear);

void tlb_flush(Cpu& cpu);
void tlb_flush_page(Cpu& cpu, u64 linear);
/// Drops only what lets writes bypass the slow path (dirty tracking, code pages); translations
/// stay.
void tlb_drop_write_shortcuts(Cpu& cpu);
void tlb_drop_page_shortcuts(Cpu& cpu, u64 ram_page);

/// Access with supervisor rights whatever the CPL (descriptor tables, TSS).
template <typename T>
T system_load(Cpu& cpu, const Insn* insn, u64 linear);
template <typename T>
void system_store(Cpu& cpu, const Insn* insn, u64 linear, T value);

/// Uses a supervisor's data TLB for its scope, and then the one before: the privilege level must
/// not change within. When the scope is left by giving the instruction up, run.cpp sets the context
/// afresh (refresh_mode).
class SystemAccess {
public:
    explicit SystemAccess(Cpu& cpu);
    ~SystemAccess();
    SystemAccess(const SystemAccess&) = delete;
    SystemAccess& operator=(const SystemAccess&) = delete;

private:
    Cpu& cpu_;
    TlbContext context_;
};

template <typename T>
T system_load(Cpu& cpu, const Insn* insn, u64 linear) {
    SystemAccess access(cpu);
    return load<T>(cpu, insn, linear);
}
template <typename T>
void system_store(Cpu& cpu, const Insn* insn, u64 linear, T value) {
    SystemAccess access(cpu);
    store<T>(cpu, insn, linear, value);
}

}  // namespace vmft::soft
