#include "accel/soft/access.h"

#include <algorithm>

#include "accel/soft/block_cache.h"
#include "accel/soft/mmu.h"
#include "accel/soft/segments.h"

namespace vmft::soft {

namespace {

bool watched(const Cpu& cpu, u64 page) {
    for (unsigned i = 0; i < 4; i++)
        if ((cpu.dr7 >> (2 * i) & 3) && (cpu.dr[i] & ~page_mask) == page) return true;
    return false;
}

/// Sets which accesses may skip the slow path, by what the page is now.
void set_shortcuts(Cpu& cpu, TlbEntry& entry) {
    u64 page = entry.page();
    entry.read_page = page | TlbEntry::slow;
    entry.write_page = TlbEntry::none;
    u64 offset = cpu.memory->offset_of(entry.physical_page());
    if (offset == GuestMemory::no_offset) return;
    entry.host_minus_linear = static_cast<i64>(reinterpret_cast<u64>(cpu.ram + offset) - page);
    if ((cpu.dr7 & 0xff) && watched(cpu, page)) [[unlikely]]
        return;
    entry.read_page = page;
    u8 flags = cpu.page_flags[offset >> page_shift];
    constexpr u8 noted = GuestMemory::dirty | GuestMemory::changed;
    if (entry.writable() && (flags & (noted | GuestMemory::code)) == noted) entry.write_page = page;
}

/// The translation of the page of `linear`, walked when it is not cached.
TlbEntry& translate(Cpu& cpu, const Insn* insn, u64 linear, Access access) {
    TlbEntry& entry = tlb_entry(cpu, linear);
    u64 page = linear & ~page_mask;
    bool write = access == Access::write;
    if (entry.holds(page) && (!write || entry.writable())) return entry;
    if (long_mode_active(cpu) && !is_canonical(linear))
        raise(cpu, insn, insn && insn->segment == seg_ss ? vector_ss : vector_gp);
    Translation translation;
    u32 error = 0;
    bool user = cpu.tlb_context == tlb_user;
    if (!walk(cpu, insn, linear, write ? WalkKind::write : WalkKind::read, user,
              cpu.tlb_context == tlb_supervisor_smap, translation, error))
        raise_page_fault(cpu, insn, linear, error);
    if (!entry.valid())
        cpu.tlb_use[cpu.tlb_context].add(
            static_cast<unsigned>(linear >> page_shift & (tlb_entries - 1)));
    entry.read_page = page;
    entry.target = translation.physical | (translation.writable ? TlbEntry::writable_bit : 0) |
                   (translation.large ? TlbEntry::large_bit : 0);
    set_shortcuts(cpu, entry);
    return entry;
}

void note_watchpoints(Cpu& cpu, u64 linear, unsigned size_bytes, Access access) {
    for (unsigned i = 0; i < 4; i++) {
        if (!(cpu.dr7 >> (2 * i) & 3)) continue;
        unsigned kind = cpu.dr7 >> (16 + 4 * i) & 3;  // 0 execute, 1 write, 3 read or write
        if (kind == 0 || kind == 2 || (kind == 1 && access == Access::read)) continue;
        static constexpr u8 lengths[4] = {1, 2, 8, 4};
        u64 length = lengths[cpu.dr7 >> (18 + 4 * i) & 3];
        u64 start = cpu.dr[i] & ~(length - 1);
        if (linear < start + length && start < linear + size_bytes) cpu.pending_dr6 |= u64{1} << i;
    }
}

/// Device memory is only touched by an instruction that runs alone, so that time is exact and the
/// run ends behind it.
bool may_touch_device(Cpu& cpu, const Insn* insn) {
    if (!insn) return false;  // Descriptor tables and stacks in device memory: reads as ones.
    if (!cpu.io_allowed) retry_alone(cpu, insn);
    cpu.device_touched = true;
    sync_ticks(cpu, insn);
    return true;
}

void read_part(Cpu& cpu, const Insn* insn, const TlbEntry& entry, u64 linear, u8* into,
               unsigned size_bytes) {
    u64 physical = entry.physical_page() | (linear & page_mask);
    u64 offset = cpu.memory->offset_of(physical);
    if ((cpu.dr7 & 0xff) && insn) [[unlikely]]
        note_watchpoints(cpu, linear, size_bytes, Access::read);
    if (offset != GuestMemory::no_offset) {
        std::memcpy(into, cpu.ram + offset, size_bytes);
        return;
    }
    if (!may_touch_device(cpu, insn)) {
        std::memset(into, 0xff, size_bytes);
        return;
    }
    while (size_bytes > 0) {
        unsigned part = size_bytes >= 8 ? 8 : size_bytes >= 4 ? 4 : size_bytes >= 2 ? 2 : 1;
        u64 value = cpu.platform->mmio_read(physical, part);
        std::memcpy(into, &value, part);
        into += part, physical += part, size_bytes -= part;
    }
}

void write_part(Cpu& cpu, const Insn* insn, TlbEntry& entry, u64 linear, const u8* from,
                unsigned size_bytes) {
    u64 physical = entry.physical_page() | (linear & page_mask);
    u64 offset = cpu.memory->offset_of(physical);
    if ((cpu.dr7 & 0xff) && insn) [[unlikely]]
        note_watchpoints(cpu, linear, size_bytes, Access::write);
    if (offset != GuestMemory::no_offset) {
        u8& flags = cpu.page_flags[offset >> page_shift];
        if ((flags & GuestMemory::code) && cpu.blocks->write_touches_code(offset, size_bytes)) {
            if (insn && !cpu.io_allowed) retry_alone(cpu, insn);
            cpu.blocks->invalidate_page(offset >> page_shift);
            cpu.code_rewritten = true;
        }
        flags |= GuestMemory::write_marks;
        std::memcpy(cpu.ram + offset, from, size_bytes);
        set_shortcuts(cpu, entry);
        return;
    }
    if (!may_touch_device(cpu, insn)) return;
    while (size_bytes > 0) {
        unsigned part = size_bytes >= 8 ? 8 : size_bytes >= 4 ? 4 : size_bytes >= 2 ? 2 : 1;
        u64 value = 0;
        std::memcpy(&value, from, part);
        cpu.platform->mmio_write(physical, part, value);
        from += part, physical += part, size_bytes -= part;
    }
}

/// Bytes of [linear, linear + size) that lie in the first page.
unsigned first_part(u64 linear, unsigned size_bytes) {
    return static_cast<unsigned>(std::min<u64>(size_bytes, page_bytes - (linear & page_mask)));
}

/// Linear addresses wrap at 4 GiB outside long mode.
u64 wrapped(const Cpu& cpu, u64 linear) {
    return long_mode_active(cpu) ? linear : linear & 0xffff'ffff;
}

}  // namespace

void load_slow_bytes(Cpu& cpu, const Insn* insn, u64 linear, u8* into, unsigned size_bytes) {
    linear = wrapped(cpu, linear);
    unsigned first = first_part(linear, size_bytes);
    if (first == size_bytes) {
        read_part(cpu, insn, translate(cpu, insn, linear, Access::read), linear, into, size_bytes);
        return;
    }
    // Both pages are translated before anything is read, so that a fault has no effect. The entries
    // are copied: the second may not evict the first (neighbours have different slots), but
    // shortcuts change.
    u64 second_linear = wrapped(cpu, linear + first);
    TlbEntry low = translate(cpu, insn, linear, Access::read);
    TlbEntry high = translate(cpu, insn, second_linear, Access::read);
    read_part(cpu, insn, low, linear, into, first);
    read_part(cpu, insn, high, second_linear, into + first, size_bytes - first);
}

u64 load_slow(Cpu& cpu, const Insn* insn, u64 linear, unsigned size_bytes) {
    u64 value = 0;
    load_slow_bytes(cpu, insn, linear, reinterpret_cast<u8*>(&value), size_bytes);
    return value;
}

void store_slow(Cpu& cpu, const Insn* insn, u64 linear, const u8* from, unsigned size_bytes) {
    linear = wrapped(cpu, linear);
    unsigned first = first_part(linear, size_bytes);
    if (first == size_bytes) {
        write_part(cpu, insn, translate(cpu, insn, linear, Access::write), linear, from,
                   size_bytes);
        return;
    }
    u64 second_linear = wrapped(cpu, linear + first);
    TlbEntry& low = translate(cpu, insn, linear, Access::write);
    TlbEntry& high = translate(cpu, insn, second_linear, Access::write);
    if (insn && !cpu.io_allowed) {
        // Nothing may be half written when the second page sends us back.
        for (const TlbEntry* entry : {&low, &high}) {
            u64 offset = cpu.memory->offset_of(entry->physical_page());
            if (offset == GuestMemory::no_offset ||
                (cpu.page_flags[offset >> page_shift] & GuestMemory::code))
                retry_alone(cpu, insn);
        }
    }
    write_part(cpu, insn, low, linear, from, first);
    write_part(cpu, insn, high, second_linear, from + first, size_bytes - first);
}

void store_slow_value(Cpu& cpu, const Insn* insn, u64 linear, u64 value, unsigned size_bytes) {
    store_slow(cpu, insn, linear, reinterpret_cast<const u8*>(&value), size_bytes);
}

void probe_write_slow(Cpu& cpu, const Insn* insn, u64 linear, unsigned size_bytes) {
    linear = wrapped(cpu, linear);
    unsigned first = first_part(linear, size_bytes);
    const TlbEntry* entries[2] = {&translate(cpu, insn, linear, Access::write), nullptr};
    if (first != size_bytes)
        entries[1] = &translate(cpu, insn, wrapped(cpu, linear + first), Access::write);
    if (!insn || cpu.io_allowed) return;
    for (const TlbEntry* entry : entries) {
        if (!entry) continue;
        u64 offset = cpu.memory->offset_of(entry->physical_page());
        bool code = offset != GuestMemory::no_offset &&
                    (cpu.page_flags[offset >> page_shift] & GuestMemory::code);
        if (offset == GuestMemory::no_offset || code) retry_alone(cpu, insn);
    }
}

u64 checked_address(Cpu& cpu, const Insn* insn, u64 effective, unsigned size_bytes, Access access) {
    if (insn->flags & insn_address16)
        effective &= 0xffff;
    else if (insn->flags & insn_address32)
        effective &= 0xffff'ffff;
    if (in_64bit(cpu)) return effective + cpu.segment_base[insn->segment];
    effective &= 0xffff'ffff;
    unsigned which = insn->segment;
    if (which >= seg_count) return effective;
    const SegmentState& segment = cpu.segments[which];
    Vector vector = which == seg_ss ? vector_ss : vector_gp;
    if (protected_mode(cpu)) {
        // A null selector, a write to code or read-only data, a read of execute-only code.
        if (!segment.usable()) raise(cpu, insn, vector);
        bool code = segment.is_code();
        bool writable = !code && (segment.type() & 2), readable = !code || (segment.type() & 2);
        if (access == Access::write ? !writable : !readable) raise(cpu, insn, vector);
    }
    u64 last = effective + size_bytes - 1;
    bool expand_down = !segment.is_code() && (segment.type() & 4) && protected_mode(cpu);
    if (expand_down) {
        u64 top = segment.access & SegmentState::big ? 0xffff'ffff : 0xffff;
        if (effective <= segment.limit || last > top) raise(cpu, insn, vector);
    } else if (last > segment.limit) {
        raise(cpu, insn, vector);
    }
    return (effective + segment.base) & 0xffff'ffff;
}

}  // namespace vmft::soft
