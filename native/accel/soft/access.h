#pragma once

#include <cstring>

#include "accel/soft/insn.h"

/// Guest memory as handlers use it. Every function takes a *linear* address and may give
/// up the instruction (raise, retry_alone): call them before changing any register or flag, stores
/// last.
namespace vmft::soft {

enum class Access : u8 { read, write };

/// The slow ways: TLB miss, page crossing, device memory, decoded code, watchpoints.
u64 load_slow(Cpu& cpu, const Insn* insn, u64 linear, unsigned size_bytes);
void load_slow_bytes(Cpu& cpu, const Insn* insn, u64 linear, u8* into, unsigned size_bytes);
void store_slow(Cpu& cpu, const Insn* insn, u64 linear, const u8* from, unsigned size_bytes);
void store_slow_value(Cpu& cpu, const Insn* insn, u64 linear, u64 value, unsigned size_bytes);
/// Faults as a write would, without writing; afterwards a store to the range succeeds.
void probe_write_slow(Cpu& cpu, const Insn* insn, u64 linear, unsigned size_bytes);
/// Effective address in a checked mode: truncated, segment limits and rights checked; returns the
/// linear address.
u64 checked_address(Cpu& cpu, const Insn* insn, u64 effective, unsigned size_bytes, Access access);

/// Address without the segment (LEA), full width.
inline u64 effective_address(const Cpu& cpu, const Insn* insn) {
    u64 address = cpu.gpr[insn->base] + (cpu.gpr[insn->index] << insn->scale) +
                  static_cast<u64>(static_cast<i64>(insn->disp));
    if (insn->flags & insn_rip_late) [[unlikely]]
        address += insn->offset + insn->length;
    return address;
}

/// Linear address of the ModRM memory operand.
inline u64 linear_address(Cpu& cpu, const Insn* insn, unsigned size_bytes, Access access) {
    u64 address = effective_address(cpu, insn);
    if (insn->flags & insn_address_checked) [[unlikely]]
        return checked_address(cpu, insn, address, size_bytes, access);
    return address + cpu.segment_base[insn->segment];
}

inline TlbEntry& tlb_entry(Cpu& cpu, u64 linear) {
    return cpu.tlb[linear >> page_shift & (tlb_entries - 1)];
}

inline u8* host_address(const TlbEntry& entry, u64 linear) {
    u8* host = reinterpret_cast<u8*>(linear + static_cast<u64>(entry.host_minus_linear));
    if (!host) __builtin_unreachable();  // Spares the callers' test for null a second comparison.
    return host;
}

template <typename T>
inline u8* fast_read(Cpu& cpu, u64 linear) {
    const TlbEntry& entry = tlb_entry(cpu, linear);
    if (entry.read_page == ((linear + (sizeof(T) - 1)) & ~page_mask)) [[likely]]
        return host_address(entry, linear);
    return nullptr;
}
template <typename T>
inline u8* fast_write(Cpu& cpu, u64 linear) {
    const TlbEntry& entry = tlb_entry(cpu, linear);
    if (entry.write_page == ((linear + (sizeof(T) - 1)) & ~page_mask)) [[likely]]
        return host_address(entry, linear);
    return nullptr;
}

/// T is u8, u16, u32, u64.
template <typename T>
inline T load(Cpu& cpu, const Insn* insn, u64 linear) {
    if (u8* host = fast_read<T>(cpu, linear)) [[likely]] {
        T value;
        std::memcpy(&value, host, sizeof value);
        return value;
    }
    return static_cast<T>(load_slow(cpu, insn, linear, sizeof(T)));
}

template <typename T>
inline void store(Cpu& cpu, const Insn* insn, u64 linear, T value) {
    if (u8* host = fast_write<T>(cpu, linear)) [[likely]] {
        std::memcpy(host, &value, sizeof value);
        return;
    }
    store_slow_value(cpu, insn, linear, value, sizeof(T));
}

/// Read-modify-write: stores change(old). Faults as a write before `change` runs, so change may set
/// flags and registers.
template <typename T, typename Change>
inline void modify(Cpu& cpu, const Insn* insn, u64 linear, Change change) {
    if (u8* host = fast_write<T>(cpu, linear)) [[likely]] {
        T value;
        std::memcpy(&value, host, sizeof value);
        value = change(value);
        std::memcpy(host, &value, sizeof value);
        return;
    }
    probe_write_slow(cpu, insn, linear, sizeof(T));
    T value = static_cast<T>(load_slow(cpu, insn, linear, sizeof(T)));
    store_slow_value(cpu, insn, linear, change(value), sizeof(T));
}

/// 16 bytes, no alignment demanded (callers check for #GP where the SDM says so).
inline void load_xmm(Cpu& cpu, const Insn* insn, u64 linear, Xmm& into) {
    if (u8* host = fast_read<Xmm>(cpu, linear)) [[likely]] {
        std::memcpy(&into, host, sizeof into);
        return;
    }
    load_slow_bytes(cpu, insn, linear, into.bytes, 16);
}
inline void store_xmm(Cpu& cpu, const Insn* insn, u64 linear, const Xmm& from) {
    if (u8* host = fast_write<Xmm>(cpu, linear)) [[likely]] {
        std::memcpy(host, &from, sizeof from);
        return;
    }
    store_slow(cpu, insn, linear, from.bytes, 16);
}

// Operands ---------------------------------------------------------------------------

/// Register operand of width T; a 32-bit write clears the upper half (SDM 1 3.4.1.1).
template <typename T>
inline T read_reg(const Cpu& cpu, unsigned reg) {
    static_assert(sizeof(T) > 1);
    return static_cast<T>(cpu.gpr[reg]);
}
template <typename T>
inline void write_reg(Cpu& cpu, unsigned reg, T value) {
    static_assert(sizeof(T) > 1);
    if constexpr (sizeof(T) == 2)
        std::memcpy(&cpu.gpr[reg], &value, 2);
    else
        cpu.gpr[reg] = value;
}
/// 8-bit registers by byte offset (Insn::reg8, rm8).
inline u8 read_reg8(const Cpu& cpu, unsigned byte_offset) {
    return reinterpret_cast<const u8*>(cpu.gpr)[byte_offset];
}
inline void write_reg8(Cpu& cpu, unsigned byte_offset, u8 value) {
    reinterpret_cast<u8*>(cpu.gpr)[byte_offset] = value;
}

/// The ModRM.reg operand as T (8-bit included).
template <typename T>
inline T get_reg(const Cpu& cpu, const Insn* insn) {
    if constexpr (sizeof(T) == 1)
        return read_reg8(cpu, insn->reg8);
    else
        return read_reg<T>(cpu, insn->reg);
}
template <typename T>
inline void put_reg(Cpu& cpu, const Insn* insn, T value) {
    if constexpr (sizeof(T) == 1)
        write_reg8(cpu, insn->reg8, value);
    else
        write_reg<T>(cpu, insn->reg, value);
}
/// The ModRM.rm operand when it is a register.
template <typename T>
inline T get_rm_reg(const Cpu& cpu, const Insn* insn) {
    if constexpr (sizeof(T) == 1)
        return read_reg8(cpu, insn->rm8);
    else
        return read_reg<T>(cpu, insn->rm);
}
template <typename T>
inline void put_rm_reg(Cpu& cpu, const Insn* insn, T value) {
    if constexpr (sizeof(T) == 1)
        write_reg8(cpu, insn->rm8, value);
    else
        write_reg<T>(cpu, insn->rm, value);
}
/// The ModRM.rm operand, Memory chosen when decoding.
template <typename T, bool Memory>
inline T get_rm(Cpu& cpu, const Insn* insn) {
    if constexpr (Memory)
        return load<T>(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::read));
    else
        return get_rm_reg<T>(cpu, insn);
}
template <typename T, bool Memory>
inline void put_rm(Cpu& cpu, const Insn* insn, T value) {
    if constexpr (Memory)
        store<T>(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::write), value);
    else
        put_rm_reg<T>(cpu, insn, value);
}
template <typename T, bool Memory, typename Change>
inline void change_rm(Cpu& cpu, const Insn* insn, Change change) {
    if constexpr (Memory)
        modify<T>(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::write), change);
    else
        put_rm_reg<T>(cpu, insn, change(get_rm_reg<T>(cpu, insn)));
}

}  // namespace vmft::soft
