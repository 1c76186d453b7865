#include "machine/loader.h"

#include <algorithm>

#include "machine/layout.h"
#include "machine/loader_formats.h"

namespace vmft {

namespace loader {

std::vector<Region> memory_regions(const GuestMemory& memory) {
    constexpr u64 one_mib = 0x10'0000;
    std::vector<Region> regions{
        {0, layout::low_memory_end, RegionType::ram},
        {layout::low_memory_end, 0xA'0000 - layout::low_memory_end, RegionType::reserved},
        {layout::acpi_tables, layout::acpi_tables_end - layout::acpi_tables, RegionType::acpi},
        {one_mib, memory.low_bytes() - one_mib, RegionType::ram},
    };
    if (memory.high_bytes() > 0)
        regions.push_back({layout::high_ram_start, memory.high_bytes(), RegionType::ram});
    return regions;
}

void write_gdt(GuestMemory& memory, bool long_mode, Accelerator::EntryState& entry) {
    constexpr u64 code_64 = 0x00AF'9B00'0000'FFFF, code_32 = 0x00CF'9B00'0000'FFFF,
                  data = 0x00CF'9300'0000'FFFF;
    constexpr u64 task = 0x0000'8B00'0000'0067;  // base 0, limit 0x67, busy
    const u64 descriptors[] = {0, 0, long_mode ? code_64 : code_32, data, task, 0};
    for (u64 i = 0; i < std::size(descriptors); i++)
        memory.write_value(layout::gdt_address + i * 8, descriptors[i]);
    entry.gdt_base = layout::gdt_address;
    entry.gdt_limit = sizeof descriptors - 1;
    entry.code_selector = 0x10;
    entry.data_selector = 0x18;
    entry.long_mode = long_mode;
}

bool write_command_line(GuestMemory& memory, std::string_view command_line, u64 bytes_max) {
    u64 most = std::min(bytes_max, layout::command_line_bytes_max - 1);
    if (command_line.size() > most) return false;
    std::vector<u8> bytes(command_line.begin(), command_line.end());
    bytes.push_back(0);
    return memory.write(layout::command_line, bytes);
}

std::optional<u64> place_initramfs(const GuestMemory& memory, u64 size, u64 low, u64 end) {
    end = std::min(end, memory.low_bytes());
    if (size > end || end < low) return std::nullopt;
    u64 address = (end - size) & ~page_mask;
    if (address < low) return std::nullopt;
    return address;
}

}  // namespace loader

LoadResult load_linux(GuestMemory& memory, const LoadRequest& request) {
    using namespace loader;
    constexpr u32 elf_magic = 0x464C'457F, bzimage_magic = 0x5372'6448;  // "\x7fELF", "HdrS"
    if (request.kernel.empty()) return failure(LoadError::not_a_kernel, "the kernel file is empty");
    if (value_at<u32>(request.kernel, 0) == elf_magic) return load_elf(memory, request);
    if (value_at<u32>(request.kernel, 0x202) == bzimage_magic) return load_bzimage(memory, request);
    return failure(LoadError::not_a_kernel, "the kernel is neither a bzImage nor an ELF image");
}

}  // namespace vmft
