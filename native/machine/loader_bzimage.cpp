// A bzImage by the 64-bit boot protocol: Linux Documentation/x86/boot.rst ("The real-mode
// kernel header", "64-bit boot protocol") and zero-page.rst. Offsets below are theirs.

#include <algorithm>
#include <array>

#include "machine/layout.h"
#include "machine/loader_formats.h"

namespace vmft::loader {

namespace {

constexpr u64 header_start = 0x1F1;
constexpr u64 entry_64_offset = 0x200;

/// The fields we need of the setup header.
struct SetupHeader {
    u64 setup_bytes;  ///< The real-mode part: the protected-mode kernel follows.
    u64 header_end;
    u32 kernel_alignment;
    bool relocatable;
    u32 initramfs_address_max;
    u32 command_line_bytes_max;
    u64 preferred_address;
    u64 init_bytes;  ///< RAM the kernel needs from its load address on before it looks at the
                     ///< memory map.
};

std::string mebibytes(u64 bytes) { return std::to_string((bytes + 0xF'FFFF) >> 20) + " MiB"; }

LoadResult parse(std::span<const u8> kernel, SetupHeader& header) {
    // The last field we read, init_size, ends at 0x264; with it everything before is there.
    if (kernel.size() < 0x264)
        return failure(LoadError::truncated, "the bzImage ends inside its setup header");
    auto field = [&]<typename T>(u64 offset, T) { return *value_at<T>(kernel, offset); };
    if (field(0x1FE, u16{}) != 0xAA55)
        return failure(LoadError::not_a_kernel, "the bzImage has no boot flag");
    u16 version = field(0x206, u16{});
    if (version < 0x20C)
        return failure(LoadError::unsupported_kernel,
                       "the bzImage speaks boot protocol " + std::to_string(version >> 8) + "." +
                           std::to_string(version & 0xFF) + ", 2.12 is needed");
    bool loaded_high = field(0x211, u8{}) & 1, has_entry_64 = field(0x236, u16{}) & 1;
    if (!loaded_high || !has_entry_64)
        return failure(LoadError::unsupported_kernel,
                       "the bzImage has no 64-bit entry point (not an x86-64 kernel)");
    u8 setup_sectors = field(header_start, u8{});
    header.setup_bytes = (u64{setup_sectors == 0 ? u8{4} : setup_sectors} + 1) * 512;
    header.header_end = 0x202 + u64{field(0x201, u8{})};
    header.kernel_alignment = field(0x230, u32{});
    header.relocatable = field(0x234, u8{}) != 0;
    header.initramfs_address_max = field(0x22C, u32{});
    header.command_line_bytes_max = field(0x238, u32{});
    header.preferred_address = field(0x258, u64{});
    header.init_bytes = field(0x260, u32{});
    if (header.setup_bytes + entry_64_offset >= kernel.size())
        return failure(LoadError::truncated, "the bzImage ends before its protected-mode kernel");
    // syssize, in 16-byte units: a file cut short would decompress to garbage.
    if (u64{field(0x1F4, u32{})} * 16 > kernel.size() - header.setup_bytes + 15)
        return failure(LoadError::truncated, "the bzImage is shorter than its header says");
    return {};
}

/// Identity map of the low 4 GiB in 2 MiB pages: PML4, PDPT and four page directories.
void write_page_tables(GuestMemory& memory) {
    constexpr u64 present_writable = 3, large = 0x80;
    constexpr u64 pml4 = layout::boot_page_tables, pdpt = pml4 + page_bytes,
                  directories = pdpt + page_bytes;
    memory.write_value<u64>(pml4, pdpt | present_writable);
    for (u64 i = 0; i < 4; i++)
        memory.write_value<u64>(pdpt + i * 8, (directories + i * page_bytes) | present_writable);
    for (u64 i = 0; i < 4 * 512; i++)
        memory.write_value<u64>(directories + i * 8, i << 21 | present_writable | large);
}

void write_random_seed(GuestMemory& memory, const std::array<u8, 32>& seed) {
    constexpr u32 setup_rng_seed = 9;
    memory.write_value<u64>(layout::setup_data, 0);  // the only one in the list
    memory.write_value<u32>(layout::setup_data + 8, setup_rng_seed);
    memory.write_value<u32>(layout::setup_data + 12, static_cast<u32>(seed.size()));
    memory.write(layout::setup_data + 16, seed);
}

void write_zero_page(GuestMemory& memory, const LoadRequest& request, const SetupHeader& header,
                     u64 initramfs) {
    constexpr u64 zero_page = layout::zero_page;
    // The header may not reach into what follows it in the zero page (0x290: EDD).
    u64 header_end = std::min({header.header_end, u64{0x290}, u64{request.kernel.size()}});
    memory.write(zero_page + header_start,
                 request.kernel.subspan(header_start, header_end - header_start));
    memory.write_value<u64>(zero_page + 0x070, request.rsdp_address);
    memory.write_value<u8>(zero_page + 0x210, 0xFF);  // type_of_loader: no number assigned
    memory.write_value<u32>(zero_page + 0x218, static_cast<u32>(initramfs));
    memory.write_value<u32>(zero_page + 0x21C, static_cast<u32>(request.initramfs.size()));
    memory.write_value<u32>(zero_page + 0x228, static_cast<u32>(layout::command_line));
    memory.write_value<u64>(zero_page + 0x250, layout::setup_data);
    u64 at = zero_page + 0x2D0;
    u8 count = 0;
    for (const Region& region : memory_regions(memory)) {
        memory.write_value<u64>(at, region.address);
        memory.write_value<u64>(at + 8, region.bytes);
        memory.write_value<u32>(at + 16, static_cast<u32>(region.type));
        at += 20;
        count++;
    }
    memory.write_value<u8>(zero_page + 0x1E8, count);
}

}  // namespace

LoadResult load_bzimage(GuestMemory& memory, const LoadRequest& request) {
    SetupHeader header{};
    if (LoadResult parsed = parse(request.kernel, header); !parsed.ok()) return parsed;

    u64 load = header.preferred_address;
    if (header.relocatable) {
        u64 alignment = header.kernel_alignment;
        if (alignment < page_bytes || !std::has_single_bit(alignment))
            return failure(LoadError::malformed, "the bzImage asks for an impossible alignment");
        load = (layout::kernel_load + alignment - 1) & ~(alignment - 1);
    }
    std::span<const u8> image = request.kernel.subspan(header.setup_bytes);
    u64 needed = std::max<u64>(header.init_bytes, image.size());
    if (load < 0x10'0000 || load >= layout::low_ram_end)
        return failure(LoadError::malformed, "the bzImage asks for an impossible load address");
    if (!memory.contains(load, needed))
        return failure(LoadError::too_little_memory,
                       "the kernel needs at least " + mebibytes(load + needed) +
                           " of memory, the guest has " + mebibytes(memory.bytes()));

    u64 initramfs = 0;
    if (!request.initramfs.empty()) {
        auto placed = place_initramfs(memory, request.initramfs.size(),
                                      (load + needed + page_mask) & ~page_mask,
                                      u64{header.initramfs_address_max} + 1);
        if (!placed)
            return failure(LoadError::too_little_memory,
                           "the initramfs (" + mebibytes(request.initramfs.size()) +
                               ") does not fit beside the kernel in " + mebibytes(memory.bytes()) +
                               " of memory");
        initramfs = *placed;
        memory.write(initramfs, request.initramfs);
    }
    if (!write_command_line(memory, request.command_line, header.command_line_bytes_max))
        return failure(LoadError::command_line_too_long,
                       "the kernel command line has " +
                           std::to_string(request.command_line.size()) + " bytes, at most " +
                           std::to_string(std::min<u64>(header.command_line_bytes_max,
                                                        layout::command_line_bytes_max - 1)) +
                           " are possible");
    memory.write(load, image);
    write_zero_page(memory, request, header, initramfs);
    write_random_seed(memory, request.random_seed);
    write_page_tables(memory);

    LoadResult result;
    write_gdt(memory, true, result.entry);
    result.entry.rip = load + entry_64_offset;
    result.entry.rsi = layout::zero_page;
    result.entry.rsp = layout::boot_stack_top;
    result.entry.cr3 = layout::boot_page_tables;
    return result;
}

}  // namespace vmft::loader
