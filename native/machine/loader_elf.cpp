// An ELF image by its PVH entry: Xen docs/misc/pvh.pandoc and
// xen/include/public/arch-x86/hvm/start_info.h describe the note, the start info and the 32-bit
// entry state.

#include <algorithm>

#include "machine/layout.h"
#include "machine/loader_formats.h"

namespace vmft::loader {

namespace {

constexpr u64 segments_max = 128;          // bounds the copying a strange file can cause
constexpr u64 lowest_segment = 0x10'0000;  // below lie our own tables

struct Segment {
    u32 type;
    u64 offset, address, file_bytes, memory_bytes, alignment;
};

/// The program headers of a 32- or 64-bit little-endian x86 image.
LoadResult parse_segments(std::span<const u8> file, std::vector<Segment>& segments) {
    auto truncated = [] {
        return failure(LoadError::truncated, "the ELF image ends inside its headers");
    };
    if (file.size() < 64) return truncated();  // the larger of the two file headers
    u8 elf_class = *value_at<u8>(file, 4), data = *value_at<u8>(file, 5);
    u16 machine = *value_at<u16>(file, 18);
    bool wide = elf_class == 2;
    constexpr u16 machine_386 = 3, machine_x86_64 = 62;
    if ((elf_class != 1 && !wide) || data != 1 ||
        (machine != machine_386 && machine != machine_x86_64))
        return failure(LoadError::not_a_kernel, "the ELF image is not for x86");

    u64 table = wide ? *value_at<u64>(file, 32) : u64{*value_at<u32>(file, 28)};
    u16 entry_bytes = *value_at<u16>(file, wide ? 54 : 42),
        count = *value_at<u16>(file, wide ? 56 : 44);
    if (entry_bytes < (wide ? 56 : 32))
        return failure(LoadError::malformed, "the ELF image's program headers are too small");
    if (count > segments_max)
        return failure(LoadError::malformed, "the ELF image has too many program headers");
    for (u64 i = 0; i < count; i++) {
        u64 at;
        if (__builtin_add_overflow(table, i * entry_bytes, &at) || at > file.size() ||
            file.size() - at < entry_bytes)
            return truncated();
        auto word = [&](u64 narrow_offset, u64 wide_offset) {
            return wide ? *value_at<u64>(file, at + wide_offset)
                        : u64{*value_at<u32>(file, at + narrow_offset)};
        };
        segments.push_back({*value_at<u32>(file, at), word(4, 8), word(12, 24), word(16, 32),
                            word(20, 40), word(28, 48)});
    }
    return {};
}

/// The entry address of the note XEN_ELFNOTE_PHYS32_ENTRY, if the notes have it. `alignment` of the
/// segment: 8 pads to 8, anything else to 4.
std::optional<u64> find_entry_note(std::span<const u8> notes, u64 alignment) {
    constexpr u32 phys32_entry = 18;
    u64 pad = alignment == 8 ? 7 : 3, at = 0;
    while (true) {
        auto name_bytes = value_at<u32>(notes, at), content_bytes = value_at<u32>(notes, at + 4),
             type = value_at<u32>(notes, at + 8);
        if (!name_bytes || !content_bytes || !type) return std::nullopt;
        u64 name = at + 12, content = (name + *name_bytes + pad) & ~pad;
        if (*type == phys32_entry && *name_bytes == 4 &&
            value_at<u32>(notes, name) == 0x006E'6558) {  // "Xen"
            if (*content_bytes == 4)
                if (auto entry = value_at<u32>(notes, content)) return *entry;
            if (*content_bytes == 8) return value_at<u64>(notes, content);
        }
        at = (content + *content_bytes + pad) & ~pad;  // grows by at least 12: ends
    }
}

/// Copies the loadable segments; `end` is the first address behind them.
LoadResult load_segments(GuestMemory& memory, std::span<const u8> file,
                         const std::vector<Segment>& segments, u64 entry, u64& end) {
    constexpr u32 type_load = 1;
    bool entry_loaded = false;
    end = lowest_segment;
    for (const Segment& segment : segments) {
        if (segment.type != type_load || segment.memory_bytes == 0) continue;
        if (segment.file_bytes > segment.memory_bytes)
            return failure(LoadError::malformed,
                           "an ELF segment is larger in the file than in memory");
        if (segment.offset > file.size() || file.size() - segment.offset < segment.file_bytes)
            return failure(LoadError::truncated, "the ELF image ends inside a segment");
        if (segment.address < lowest_segment)
            return failure(LoadError::malformed,
                           "an ELF segment lies below 1 MiB, where the boot tables are");
        if (!memory.contains(segment.address, segment.memory_bytes))
            return failure(LoadError::too_little_memory,
                           "an ELF segment lies outside the guest's memory");
        memory.write(segment.address, file.subspan(segment.offset, segment.file_bytes));
        u64 segment_end = segment.address + segment.memory_bytes;
        entry_loaded = entry_loaded || (entry >= segment.address && entry < segment_end);
        // Segments above the hole leave the space below it to the initramfs.
        if (segment_end <= layout::low_ram_end) end = std::max(end, segment_end);
    }
    if (!entry_loaded)
        return failure(LoadError::malformed, "the ELF image's PVH entry lies outside its segments");
    return {};
}

void write_start_info(GuestMemory& memory, const LoadRequest& request, u64 initramfs) {
    constexpr u64 info = layout::pvh_start_info, modules = info + 0x40, map = info + 0x80;
    constexpr u32 magic = 0x336E'C578;
    if (initramfs != 0) {
        memory.write_value<u64>(modules, initramfs);
        memory.write_value<u64>(modules + 8, request.initramfs.size());
    }
    u64 at = map;
    u32 count = 0;
    for (const Region& region : memory_regions(memory)) {
        memory.write_value<u64>(at, region.address);
        memory.write_value<u64>(at + 8, region.bytes);
        memory.write_value<u32>(at + 16, static_cast<u32>(region.type));
        at += 24;
        count++;
    }
    memory.write_value<u32>(info, magic);
    memory.write_value<u32>(info + 4, 1);  // version: with a memory map
    memory.write_value<u32>(info + 12, initramfs != 0 ? 1 : 0);
    memory.write_value<u64>(info + 16, initramfs != 0 ? modules : 0);
    memory.write_value<u64>(info + 24, layout::command_line);
    memory.write_value<u64>(info + 32, request.rsdp_address);
    memory.write_value<u64>(info + 40, map);
    memory.write_value<u32>(info + 48, count);
}

}  // namespace

LoadResult load_elf(GuestMemory& memory, const LoadRequest& request) {
    constexpr u32 type_note = 4;
    std::span<const u8> file = request.kernel;
    std::vector<Segment> segments;
    if (LoadResult parsed = parse_segments(file, segments); !parsed.ok()) return parsed;

    std::optional<u64> entry;
    for (const Segment& segment : segments) {
        if (segment.type != type_note || entry) continue;
        if (segment.offset > file.size() || file.size() - segment.offset < segment.file_bytes)
            return failure(LoadError::truncated, "the ELF image ends inside its notes");
        entry =
            find_entry_note(file.subspan(segment.offset, segment.file_bytes), segment.alignment);
    }
    if (!entry)
        return failure(LoadError::unsupported_kernel,
                       "the ELF image has no PVH entry note (Linux: CONFIG_PVH)");

    u64 end = 0;
    if (LoadResult loaded = load_segments(memory, file, segments, *entry, end); !loaded.ok())
        return loaded;
    if (*entry > 0xFFFF'FFFF)
        return failure(LoadError::malformed, "the ELF image's PVH entry is above 4 GiB");

    u64 initramfs = 0;
    if (!request.initramfs.empty()) {
        auto placed = place_initramfs(memory, request.initramfs.size(),
                                      (end + page_mask) & ~page_mask, layout::low_ram_end);
        if (!placed)
            return failure(LoadError::too_little_memory,
                           "the initramfs does not fit into memory behind the kernel");
        initramfs = *placed;
        memory.write(initramfs, request.initramfs);
    }
    if (!write_command_line(memory, request.command_line, layout::command_line_bytes_max - 1))
        return failure(LoadError::command_line_too_long,
                       "the kernel command line has " +
                           std::to_string(request.command_line.size()) + " bytes, at most " +
                           std::to_string(layout::command_line_bytes_max - 1) + " are possible");
    write_start_info(memory, request, initramfs);

    LoadResult result;
    write_gdt(memory, false, result.entry);
    result.entry.rip = *entry;
    result.entry.rbx = layout::pvh_start_info;
    result.entry.rsp = layout::boot_stack_top;
    return result;
}

}  // namespace vmft::loader
