#include "machine/loader.h"

#include <cstring>
#include <vector>

#include "machine/layout.h"
#include "test.h"

using namespace vmft;

namespace {

constexpr u64 mib = 1 << 20;

template <typename T>
void put(std::vector<u8>& bytes, u64 offset, T value) {
    if (bytes.size() < offset + sizeof value) bytes.resize(offset + sizeof value);
    std::memcpy(&bytes[offset], &value, sizeof value);
}

template <typename T>
T peek(const GuestMemory& memory, u64 address) {
    T value{};
    VMFT_EXPECT(memory.read_value(address, value));
    return value;
}

/// A bzImage with one setup sector and 4 KiB of code.
std::vector<u8> small_bzimage() {
    std::vector<u8> file(1024 + 4096, 0x90);
    std::fill(file.begin(), file.begin() + 1024, u8{0});
    put<u8>(file, 0x1F1, 1);
    put<u32>(file, 0x1F4, 4096 / 16);
    put<u16>(file, 0x1FE, 0xAA55);
    put<u8>(file, 0x201, 0x6A);
    put<u32>(file, 0x202, 0x5372'6448);
    put<u16>(file, 0x206, 0x20F);
    put<u8>(file, 0x211, 1);
    put<u32>(file, 0x22C, 0x7FFF'FFFF);
    put<u32>(file, 0x230, 0x20'0000);
    put<u8>(file, 0x234, 1);
    put<u16>(file, 0x236, 1);
    put<u32>(file, 0x238, 2047);
    put<u64>(file, 0x258, 0x100'0000);
    put<u32>(file, 0x260, 4 * mib);
    return file;
}

/// An ELF image with a PVH note and one segment at 2 MiB.
std::vector<u8> small_elf(bool wide) {
    std::vector<u8> file;
    put<u32>(file, 0, 0x464C'457F);
    put<u8>(file, 4, wide ? 2 : 1);
    put<u8>(file, 5, 1);
    put<u16>(file, 16, 2);
    put<u16>(file, 18, wide ? 62 : 3);
    u64 table = 64, entry = wide ? 56 : 32;
    if (wide)
        put<u64>(file, 32, table);
    else
        put<u32>(file, 28, 64);
    put<u16>(file, wide ? 54 : 42, static_cast<u16>(entry));
    put<u16>(file, wide ? 56 : 44, 2);
    auto header = [&](u64 index, u32 type, u64 offset, u64 address, u64 in_file, u64 in_memory) {
        u64 at = table + index * entry;
        put<u32>(file, at, type);
        auto word = [&](u64 narrow_offset, u64 wide_offset, u64 value) {
            if (wide)
                put<u64>(file, at + wide_offset, value);
            else
                put<u32>(file, at + narrow_offset, static_cast<u32>(value));
        };
        word(4, 8, offset);
        word(12, 24, address);
        word(16, 32, in_file);
        word(20, 40, in_memory);
        word(28, 48, 4);
    };
    header(0, 1, 0x200, 2 * mib, 0x100, 0x2000);
    header(1, 4, 0x180, 0, 40, 40);
    // A note of somebody else first.
    put<u32>(file, 0x180, 4);
    put<u32>(file, 0x184, 1);
    put<u32>(file, 0x188, 1);
    put<u32>(file, 0x18C, 0x0055'4E47);
    put<u32>(file, 0x190, 0xAA);
    put<u32>(file, 0x194, 4);
    put<u32>(file, 0x198, 4);
    put<u32>(file, 0x19C, 18);
    put<u32>(file, 0x1A0, 0x006E'6558);
    put<u32>(file, 0x1A4, 2 * mib + 0x10);
    file.resize(0x300, 0xCC);
    return file;
}

struct Booted {
    GuestMemory memory;
    LoadResult result;
    Booted(u64 bytes, const LoadRequest& request)
        : memory(bytes), result(load_linux(memory, request)) {}
};

LoadError error_of(u64 bytes, std::span<const u8> kernel, std::span<const u8> initramfs = {},
                   std::string_view line = {}) {
    Booted booted(bytes, {.kernel = kernel, .initramfs = initramfs, .command_line = line});
    VMFT_EXPECT(booted.result.ok() == booted.result.message.empty());
    VMFT_EXPECT(booted.result.message.find('\n') == std::string::npos);
    return booted.result.error;
}

}  // namespace

VMFT_TEST(loader_bzimage_boots_by_the_64_bit_protocol) {
    std::vector<u8> kernel = small_bzimage(), initramfs(10'000, 0x77);
    LoadRequest request{.kernel = kernel,
                        .initramfs = initramfs,
                        .command_line = "console=ttyS0",
                        .rsdp_address = 0xE'0000};
    request.random_seed.fill(0x5A);
    Booted t(64 * mib, request);
    VMFT_REQUIRE(t.result.ok());
    const Accelerator::EntryState& entry = t.result.entry;
    VMFT_EXPECT(entry.long_mode);
    VMFT_EXPECT_EQUAL(entry.rip, layout::kernel_load + 0x200);
    VMFT_EXPECT_EQUAL(entry.rsi, layout::zero_page);
    VMFT_EXPECT_EQUAL(entry.code_selector, 0x10);
    VMFT_EXPECT_EQUAL(peek<u64>(t.memory, entry.gdt_base + 0x10) >> 53 & 1,
                      1u);  // a 64-bit code segment
    VMFT_EXPECT_EQUAL(peek<u8>(t.memory, layout::kernel_load), 0x90);
    u64 zero_page = layout::zero_page;
    VMFT_EXPECT_EQUAL(peek<u32>(t.memory, zero_page + 0x202), 0x5372'6448u);
    VMFT_EXPECT_EQUAL(peek<u8>(t.memory, zero_page + 0x1EF), 0);
    VMFT_EXPECT_EQUAL(peek<u64>(t.memory, zero_page + 0x70), 0xE'0000u);
    u32 placed = peek<u32>(t.memory, zero_page + 0x218);
    VMFT_EXPECT_EQUAL(placed, (64 * mib - 10'000) & ~page_mask);
    VMFT_EXPECT_EQUAL(peek<u32>(t.memory, zero_page + 0x21C), 10'000u);
    VMFT_EXPECT_EQUAL(peek<u8>(t.memory, placed + 9'999), 0x77);
    VMFT_EXPECT_EQUAL(peek<u8>(t.memory, peek<u32>(t.memory, zero_page + 0x228) + 12), '0');
    VMFT_EXPECT_EQUAL(peek<u8>(t.memory, zero_page + 0x1E8), 4);
    u64 seed = peek<u64>(t.memory, zero_page + 0x250);
    VMFT_EXPECT_EQUAL(peek<u32>(t.memory, seed + 8), 9u);
    VMFT_EXPECT_EQUAL(peek<u8>(t.memory, seed + 16 + 31), 0x5A);
    // The page tables map every address to itself.
    for (u64 address : {u64{0}, u64{0x1234'5678}, u64{0xFEE0'0000}}) {
        u64 pdpt = peek<u64>(t.memory, entry.cr3) & ~page_mask;
        u64 directory = peek<u64>(t.memory, pdpt + (address >> 30) * 8) & ~page_mask;
        u64 leaf = peek<u64>(t.memory, directory + (address >> 21 & 511) * 8);
        VMFT_EXPECT_EQUAL(leaf, (address >> 21 << 21 | 0x83));
    }
}

VMFT_TEST(loader_pvh_boots_elf) {
    for (bool wide : {true, false}) {
        std::vector<u8> kernel = small_elf(wide), initramfs(5000, 0x66);
        Booted t(32 * mib, {.kernel = kernel,
                            .initramfs = initramfs,
                            .command_line = "quiet",
                            .rsdp_address = 0xE'0000});
        VMFT_REQUIRE(t.result.ok());
        const Accelerator::EntryState& entry = t.result.entry;
        VMFT_EXPECT(!entry.long_mode);
        VMFT_EXPECT_EQUAL(entry.rip, 2 * mib + 0x10);
        VMFT_EXPECT_EQUAL(peek<u8>(t.memory, 2 * mib), 0xCC);
        u64 info = entry.rbx;
        VMFT_EXPECT_EQUAL(peek<u32>(t.memory, info), 0x336E'C578u);
        VMFT_EXPECT_EQUAL(peek<u32>(t.memory, info + 12), 1u);
        u64 module = peek<u64>(t.memory, info + 16);
        VMFT_EXPECT_EQUAL(peek<u8>(t.memory, peek<u64>(t.memory, module) + 4999), 0x66);
        VMFT_EXPECT_EQUAL(peek<u64>(t.memory, module + 8), 5000u);
        VMFT_EXPECT_EQUAL(peek<u64>(t.memory, info + 32), 0xE'0000u);
        VMFT_EXPECT_EQUAL(peek<u8>(t.memory, peek<u64>(t.memory, info + 24)), 'q');
        u64 map = peek<u64>(t.memory, info + 40);
        VMFT_EXPECT_EQUAL(peek<u32>(t.memory, info + 48), 4u);
        VMFT_EXPECT_EQUAL(peek<u64>(t.memory, map + 3 * 24), mib);
        VMFT_EXPECT_EQUAL(peek<u64>(t.memory, map + 3 * 24 + 8), 31 * mib);
    }
}

VMFT_TEST(loader_memory_above_the_hole_is_told) {
    std::vector<u8> kernel = small_bzimage();
    Booted t(u64{5} << 30, {.kernel = kernel});
    VMFT_REQUIRE(t.result.ok());
    VMFT_EXPECT_EQUAL(peek<u8>(t.memory, layout::zero_page + 0x1E8), 5);
    u64 last = layout::zero_page + 0x2D0 + 4 * 20;
    VMFT_EXPECT_EQUAL(peek<u64>(t.memory, last), layout::high_ram_start);
    VMFT_EXPECT_EQUAL(peek<u64>(t.memory, last + 8), u64{2} << 30);
}

VMFT_TEST(loader_names_what_is_wrong) {
    std::vector<u8> good = small_bzimage();
    VMFT_EXPECT(error_of(64 * mib, {}) == LoadError::not_a_kernel);
    VMFT_EXPECT(error_of(64 * mib, std::vector<u8>(5000, 1)) == LoadError::not_a_kernel);
    VMFT_EXPECT(error_of(64 * mib, std::span<const u8>(good).first(0x250)) == LoadError::truncated);
    VMFT_EXPECT(error_of(64 * mib, std::span<const u8>(good).first(3000)) == LoadError::truncated);
    std::vector<u8> old = good;
    put<u16>(old, 0x206, 0x208);
    VMFT_EXPECT(error_of(64 * mib, old) == LoadError::unsupported_kernel);
    std::vector<u8> narrow = good;
    put<u16>(narrow, 0x236, 0);
    VMFT_EXPECT(error_of(64 * mib, narrow) == LoadError::unsupported_kernel);
    std::vector<u8> large = good;
    put<u32>(large, 0x260, 100 * mib);
    VMFT_EXPECT(error_of(64 * mib, large) == LoadError::too_little_memory);
    std::vector<u8> initramfs(50 * mib);
    VMFT_EXPECT(error_of(64 * mib, good, initramfs) == LoadError::too_little_memory);
    VMFT_EXPECT(error_of(64 * mib, good, {}, std::string(2047, 'x')) == LoadError::none);
    VMFT_EXPECT(error_of(64 * mib, good, {}, std::string(2048, 'x')) ==
                LoadError::command_line_too_long);
    std::vector<u8> no_note = small_elf(true);
    put<u32>(no_note, 0x19C, 17);
    VMFT_EXPECT(error_of(64 * mib, no_note) == LoadError::unsupported_kernel);
    std::vector<u8> arm = small_elf(true);
    put<u16>(arm, 18, 183);
    VMFT_EXPECT(error_of(64 * mib, arm) == LoadError::not_a_kernel);
    std::vector<u8> low = small_elf(true);
    put<u64>(low, 64 + 24, 0x8000);
    VMFT_EXPECT(error_of(64 * mib, low) == LoadError::malformed);
    std::vector<u8> high = small_elf(true);
    put<u64>(high, 64 + 24, ~u64{0} - 0x1000);
    VMFT_EXPECT(error_of(64 * mib, high) == LoadError::too_little_memory);
}

VMFT_TEST(loader_survives_any_file) {
    GuestMemory memory(32 * mib);
    u64 state = 9;
    auto random = [&state](u64 bound) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (state >> 33) % bound;
    };
    for (const std::vector<u8>& good : {small_bzimage(), small_elf(true), small_elf(false)}) {
        for (size_t size = 0; size < 0x300; size++)
            VMFT_EXPECT(
                !load_linux(memory, {.kernel = std::span<const u8>(good).first(size)}).ok() ||
                size >= 0x300);
        for (int i = 0; i < 20'000; i++) {
            std::vector<u8> broken = good;
            for (u64 flips = random(5) + 1; flips > 0; flips--) {
                u64 at = random(random(2) ? 0x1B0 : 0x300);
                broken[at] = random(2)   ? static_cast<u8>(random(256))
                             : random(2) ? 0xFF
                                         : static_cast<u8>(broken[at] ^ 1u << random(8));
            }
            LoadResult result =
                load_linux(memory, {.kernel = broken, .initramfs = good, .command_line = "a"});
            VMFT_EXPECT(result.ok() == result.message.empty());
        }
    }
}
