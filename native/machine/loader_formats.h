#pragma once

#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "machine/loader.h"

/// What the loader's parts share: checked reads of file bytes, the memory map and the GDT.
namespace vmft::loader {

/// The T at `offset` of the file, or nothing past its end.
template <typename T>
std::optional<T> value_at(std::span<const u8> bytes, u64 offset) {
    static_assert(std::endian::native == std::endian::little);
    T value;
    if (offset > bytes.size() || bytes.size() - offset < sizeof value) return std::nullopt;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

inline LoadResult failure(LoadError error, std::string message) {
    return {error, std::move(message), {}};
}

enum class RegionType : u32 { ram = 1, reserved = 2, acpi = 3 };

struct Region {
    u64 address, bytes;
    RegionType type;
};

/// The guest-physical map the kernel is told, ascending.
std::vector<Region> memory_regions(const GuestMemory& memory);

/// Writes a GDT of flat segments (code 0x10, 64-bit if `long_mode`; data 0x18; a task segment 0x20)
/// and fills in the entry's descriptor fields.
void write_gdt(GuestMemory& memory, bool long_mode, Accelerator::EntryState& entry);

/// Writes the command line with its NUL. False when it is longer than `bytes_max`, NUL not counted.
bool write_command_line(GuestMemory& memory, std::string_view command_line, u64 bytes_max);

/// Where an initramfs goes: as high as possible below `end`, page-aligned, not below `low`.
std::optional<u64> place_initramfs(const GuestMemory& memory, u64 size, u64 low, u64 end);

LoadResult load_bzimage(GuestMemory& memory, const LoadRequest& request);
LoadResult load_elf(GuestMemory& memory, const LoadRequest& request);

}  // namespace vmft::loader
