#include "accel/soft/mmu.h"

#include "accel/soft/block_cache.h"
#include "accel/soft/segments.h"

/// Paging and the translation caches (SDM 3A chapter 4). The caches are architectural state: which
/// pages they hold decides when accessed and dirty bits are set, so they are filled and emptied
/// only by what the guest executes, never by how the run is cut into slices. Shortcuts (read_page,
/// write_page) are ours and may come and go.
namespace vmft::soft {

namespace {

constexpr u64 pte_present = 1, pte_write = 2, pte_user = 4, pte_accessed = 0x20, pte_dirty = 0x40,
              pte_large = 0x80, pte_no_execute = u64{1} << 63;
constexpr u64 physical_bits = 40;
constexpr u64 address_field = ((u64{1} << physical_bits) - 1) & ~page_mask;
constexpr u64 reserved_high = ((u64{1} << 52) - 1) & ~((u64{1} << physical_bits) - 1);

struct Level {
    u64 entry_address = 0;
    u64 entry = 0;
};

template <typename Entry>
bool read_entry(Cpu& cpu, u64 address, u64& entry) {
    u64 offset = cpu.memory->offset_of(address);
    if (offset == GuestMemory::no_offset) return false;
    Entry value;
    std::memcpy(&value, cpu.ram + offset, sizeof value);
    entry = value;
    return true;
}

/// Whether decoded code lies where the entry is.
template <typename Entry>
bool entry_in_code(const Cpu& cpu, u64 address) {
    u64 offset = cpu.memory->offset_of(address);
    return (cpu.page_flags[offset >> page_shift] & GuestMemory::code) &&
           cpu.blocks->write_touches_code(offset, sizeof(Entry));
}

template <typename Entry>
void update_entry(Cpu& cpu, u64 address, u64 entry) {
    u64 offset = cpu.memory->offset_of(address);
    if (entry_in_code<Entry>(cpu, address)) {
        cpu.blocks->invalidate_page(offset >> page_shift);
        cpu.code_rewritten = true;
    }
    Entry value = static_cast<Entry>(entry);
    std::memcpy(cpu.ram + offset, &value, sizeof value);
    cpu.page_flags[offset >> page_shift] |= GuestMemory::write_marks;
}

/// What the rights of all levels together allow.
bool permitted(const Cpu& cpu, WalkKind kind, bool user, bool smap, u64 rights, bool no_execute,
               bool& writable) {
    bool user_page = rights & pte_user;
    bool write_right = rights & pte_write;
    writable = write_right || (!user && !(cpu.cr0 & cr0_wp));
    if (user && !user_page) return false;
    if (kind == WalkKind::fetch) {
        if (no_execute) return false;
        return user || !user_page || !(cpu.cr4 & cr4_smep);
    }
    if (!user && user_page && smap) return false;
    return kind == WalkKind::read || writable;
}

template <typename Entry>
bool walk_levels(Cpu& cpu, const Insn* insn, u64 linear, WalkKind kind, bool user, bool smap,
                 unsigned levels, Translation& result, u32& error, WalkEffects effects) {
    constexpr bool wide = sizeof(Entry) == 8;
    constexpr unsigned index_bits = wide ? 9 : 10;
    const bool nx_enabled = wide && (cpu.efer & efer_nxe);
    error = (kind == WalkKind::write ? pf_write : 0) | (user ? pf_user : 0) |
            (kind == WalkKind::fetch && (nx_enabled || (cpu.cr4 & cr4_smep)) ? pf_fetch : 0);
    u64 table = levels == 3   ? cpu.cr3 & 0xffff'ffe0
                : levels == 2 ? cpu.cr3 & 0xffff'f000
                              : cpu.cr3 & address_field;
    u64 rights = pte_write | pte_user;
    bool no_execute = false;
    Level path[4];
    unsigned depth = 0;
    u64 page_base = 0;
    bool large = false;
    for (unsigned level = levels; level >= 1; level--) {
        unsigned shift = page_shift + index_bits * (level - 1);
        Level& at = path[depth++];
        at.entry_address = table + (linear >> shift & ((u64{1} << index_bits) - 1)) * sizeof(Entry);
        if (!read_entry<Entry>(cpu, at.entry_address, at.entry))
            at.entry = 0;  // Tables outside RAM read as not present.
        u64 entry = at.entry;
        if (!(entry & pte_present)) return false;
        bool pointer_entry = levels == 3 && level == 3;  // A PAE PDPTE has no rights of its own.
        bool maps_large = level > 1 && (entry & pte_large) && !pointer_entry &&
                          (wide ? level <= 3 : (cpu.cr4 & cr4_pse) != 0);
        u64 reserved = 0;
        if (wide) {
            reserved = reserved_high | (nx_enabled ? 0 : pte_no_execute);
            if (levels == 4 && level == 4) reserved |= pte_large;
            if (pointer_entry) reserved = reserved_high | pte_no_execute | 0x1e6;
            if (maps_large) reserved |= ((u64{1} << shift) - 1) & ~u64{0x1fff};
        } else if (maps_large) {
            reserved = 0x3f'e000;  // PSE-36 is not offered: bits 13-21 must be clear.
        }
        if (entry & reserved) {
            error |= pf_present | pf_reserved;
            return false;
        }
        if (!pointer_entry) {
            rights &= entry;
            no_execute |= wide && (entry & pte_no_execute);
        }
        if (level == 1 || maps_large) {
            u64 span_mask = (u64{1} << shift) - 1;
            u64 field = wide ? address_field : 0xffff'f000;
            page_base = (entry & field & ~span_mask) | (linear & span_mask & ~page_mask);
            large = maps_large;
            break;
        }
        table = entry & (wide ? address_field : 0xffff'f000);
    }
    bool writable = false;
    if (!permitted(cpu, kind, user, smap, rights, no_execute, writable)) {
        error |= pf_present;
        return false;
    }
    unsigned first = levels == 3 ? 1 : 0;
    auto wanted = [&](unsigned i) {
        bool leaf = i + 1 == depth;
        return path[i].entry | pte_accessed | (leaf && kind == WalkKind::write ? pte_dirty : 0);
    };
    if (effects == WalkEffects::refused)
        for (unsigned i = first; i < depth; i++)
            if (wanted(i) != path[i].entry) return false;
    // Where an entry lies in decoded code, the instructions behind this one may be other ones once
    // it has changed: so it is to be alone in its block, like any that rewrites code.
    if (insn && !cpu.io_allowed)
        for (unsigned i = first; i < depth; i++)
            if (wanted(i) != path[i].entry && entry_in_code<Entry>(cpu, path[i].entry_address))
                retry_alone(cpu, insn);
    for (unsigned i = first; i < depth; i++) {
        if (wanted(i) == path[i].entry) continue;
        path[i].entry = wanted(i);
        update_entry<Entry>(cpu, path[i].entry_address, path[i].entry);
    }
    result.physical = page_base;
    result.writable = writable && (path[depth - 1].entry & pte_dirty);
    result.large = large;
    return true;
}

void forget(TlbEntry& entry) { entry.read_page = entry.write_page = TlbEntry::none; }

}  // namespace

bool walk(Cpu& cpu, const Insn* insn, u64 linear, WalkKind kind, bool user, bool smap,
          Translation& result, u32& error, WalkEffects effects) {
    if (!(cpu.cr0 & cr0_pg)) {
        result = {linear & 0xffff'f000, true, false};
        return true;
    }
    if (cpu.efer & efer_lma)
        return walk_levels<u64>(cpu, insn, linear, kind, user, smap, 4, result, error, effects);
    if (cpu.cr4 & cr4_pae)
        return walk_levels<u64>(cpu, insn, linear & 0xffff'ffff, kind, user, smap, 3, result, error,
                                effects);
    return walk_levels<u32>(cpu, insn, linear & 0xffff'ffff, kind, user, smap, 2, result, error,
                            effects);
}

namespace {

CodeTlbEntry& code_entry(Cpu& cpu, u64 linear) {
    return cpu.code_tlb_now[linear >> page_shift & (code_tlb_entries - 1)];
}

/// Puts the page of code into the code TLB, if it is RAM.
u64 remember_code(Cpu& cpu, u64 linear, const Translation& translation) {
    u64 offset = cpu.memory->offset_of(translation.physical);
    if (offset == GuestMemory::no_offset) return offset;
    code_entry(cpu, linear) = {linear & ~page_mask, offset};
    cpu.code_tlb_large[cpu.cpl == 3][linear >> page_shift & (code_tlb_entries - 1)] =
        translation.large;
    return offset + (linear & page_mask);
}

}  // namespace

u64 fetch_offset(Cpu& cpu, u64 linear) {
    const CodeTlbEntry& entry = code_entry(cpu, linear);
    if (entry.page == (linear & ~page_mask)) return entry.ram_offset + (linear & page_mask);
    if (long_mode_active(cpu) && !is_canonical(linear)) raise(cpu, nullptr, vector_gp);
    Translation translation;
    u32 error = 0;
    if (!walk(cpu, nullptr, linear, WalkKind::fetch, cpu.cpl == 3, false, translation, error))
        raise_page_fault(cpu, nullptr, linear, error);
    return remember_code(cpu, linear, translation);
}

u64 fetch_offset_quietly(Cpu& cpu, u64 linear) {
    const CodeTlbEntry& entry = code_entry(cpu, linear);
    if (entry.page == (linear & ~page_mask)) return entry.ram_offset + (linear & page_mask);
    if (long_mode_active(cpu) && !is_canonical(linear)) return GuestMemory::no_offset;
    Translation translation;
    u32 error = 0;
    if (!walk(cpu, nullptr, linear, WalkKind::fetch, cpu.cpl == 3, false, translation, error,
              WalkEffects::refused))
        return GuestMemory::no_offset;
    return remember_code(cpu, linear, translation);
}

void tlb_flush(Cpu& cpu) {
    for (unsigned context = 0; context < tlb_contexts; context++) {
        TlbEntry* entries = cpu.data_tlb[context];
        cpu.tlb_use[context].for_each([&](unsigned slot) { forget(entries[slot]); });
        cpu.tlb_use[context].count = 0;
    }
    for (auto& context : cpu.code_tlb)
        for (CodeTlbEntry& entry : context) entry.page = ~u64{0};
}

void tlb_flush_page(Cpu& cpu, u64 linear) {
    u64 page = linear & ~page_mask;
    // A large page is cached in pieces: INVLPG anywhere in it drops them all. Regions of 1 GiB
    // cover every size.
    auto same_region = [linear](u64 other) { return (linear ^ other) >> 30 == 0; };
    for (unsigned context = 0; context < tlb_contexts; context++) {
        TlbEntry* entries = cpu.data_tlb[context];
        cpu.tlb_use[context].for_each([&](unsigned slot) {
            TlbEntry& entry = entries[slot];
            if (entry.holds(page) || (entry.valid() && entry.large() && same_region(entry.page())))
                forget(entry);
        });
    }
    for (unsigned level = 0; level < 2; level++)
        for (unsigned slot = 0; slot < code_tlb_entries; slot++) {
            CodeTlbEntry& entry = cpu.code_tlb[level][slot];
            if (entry.page == page || (cpu.code_tlb_large[level][slot] && entry.page != ~u64{0} &&
                                       same_region(entry.page)))
                entry.page = ~u64{0};
        }
}

void tlb_drop_write_shortcuts(Cpu& cpu) {
    for (unsigned context = 0; context < tlb_contexts; context++)
        cpu.tlb_use[context].for_each(
            [&](unsigned slot) { cpu.data_tlb[context][slot].write_page = ~u64{0}; });
}

void tlb_drop_page_shortcuts(Cpu& cpu, u64 ram_page) {
    const u8* host = cpu.ram + (ram_page << page_shift);
    for (unsigned context = 0; context < tlb_contexts; context++)
        cpu.tlb_use[context].for_each([&](unsigned slot) {
            TlbEntry& entry = cpu.data_tlb[context][slot];
            if (entry.write_page != ~u64{0} &&
                reinterpret_cast<u8*>(entry.page() + static_cast<u64>(entry.host_minus_linear)) ==
                    host)
                entry.write_page = ~u64{0};
        });
}

SystemAccess::SystemAccess(Cpu& cpu) : cpu_(cpu), context_(cpu.tlb_context) {
    if (context_ == tlb_user) {
        cpu.tlb_context = cpu.cr4 & cr4_smap ? tlb_supervisor_smap : tlb_supervisor;
        cpu.tlb = cpu.data_tlb[cpu.tlb_context];
    }
}

SystemAccess::~SystemAccess() {
    cpu_.tlb_context = context_;
    cpu_.tlb = cpu_.data_tlb[context_];
}

}  // namespace vmft::soft
