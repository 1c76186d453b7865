#include "accel/kvm/vcpu/guest_code.h"

#include <cstring>
#include <random>

#include "test.h"

/// Page tables of all kinds, good and rubbish.
namespace vmft::kvm::test {
namespace {

constexpr u64 memory_bytes = 4 << 20;
constexpr u64 cr0_paging = u64{1} << 31 | 1, cr4_pse = 16, cr4_pae = 32, efer_long = 0xd00;
constexpr u64 root = 0x1000, second = 0x2000, third = 0x3000, fourth = 0x4000;

VMFT_TEST(four_levels_with_their_rights) {
    GuestMemory memory(memory_bytes);
    PagingState paging{cr0_paging, root | 0x18, cr4_pae, efer_long};
    u64 linear = 0xffff'8000'0040'3456;
    memory.write_value<u64>(root + 256 * 8, second | 7);
    memory.write_value<u64>(second, third | 7);
    memory.write_value<u64>(third + 2 * 8, fourth | 3);
    memory.write_value<u64>(fourth + 3 * 8, 0x123000 | 5 | u64{1} << 63);
    std::optional<Translation> found = translate(memory, paging, linear);
    VMFT_REQUIRE(found);
    VMFT_EXPECT_EQUAL(found->physical, u64{0x123456});
    VMFT_EXPECT_EQUAL(found->page_bytes, u64{4096});
    VMFT_EXPECT(!found->writable && !found->user && !found->executable);
    VMFT_EXPECT(!translate(memory, paging, 0x0000'8000'0040'3456));  // Not canonical.
    VMFT_EXPECT(!translate(memory, paging, linear + 0x1000));
    memory.write_value<u64>(third + 2 * 8, 0x20'0000 | 0x83);
    found = translate(memory, paging, linear);
    VMFT_REQUIRE(found);
    VMFT_EXPECT_EQUAL(found->physical, u64{0x203456});
    VMFT_EXPECT_EQUAL(found->page_bytes, u64{2} << 20);
    memory.write_value<u64>(second, 0x4000'0000 | 0x83);
    found = translate(memory, paging, linear);
    VMFT_REQUIRE(found);
    VMFT_EXPECT_EQUAL(found->physical, u64{0x4040'3456});
}

VMFT_TEST(legacy_paging) {
    GuestMemory memory(memory_bytes);
    PagingState pae{cr0_paging, root | 0x20, cr4_pae, 0};
    memory.write_value<u64>(root + 0x20 + 3 * 8, second | 1);
    memory.write_value<u64>(second + 8, third | 7);
    memory.write_value<u64>(third + 5 * 8, 0x77000 | 7);
    std::optional<Translation> found = translate(memory, pae, 0xffff'ffff'c020'5abc);
    VMFT_REQUIRE(found);
    VMFT_EXPECT_EQUAL(found->physical, u64{0x77abc});
    VMFT_EXPECT(found->writable && found->user);

    PagingState narrow{cr0_paging, root, cr4_pse, 0};
    memory.write_value<u32>(root + 4, second | 7);
    memory.write_value<u32>(second + 4 * 4, 0x88000 | 5);
    found = translate(memory, narrow, 0x40'4123);
    VMFT_REQUIRE(found);
    VMFT_EXPECT_EQUAL(found->physical, u64{0x88123});
    VMFT_EXPECT(!found->writable);
    memory.write_value<u32>(root + 4, 0x40'0000 | 1 << 13 | 0x87);
    found = translate(memory, narrow, 0x40'4123);
    VMFT_REQUIRE(found);
    VMFT_EXPECT_EQUAL(found->physical, u64{0x1'0040'4123});  // PSE-36.

    found = translate(memory, {}, 0x1'0000'1234);
    VMFT_REQUIRE(found);
    VMFT_EXPECT_EQUAL(found->physical, u64{0x1234});
}

VMFT_TEST(bytes_across_pages) {
    GuestMemory memory(memory_bytes);
    PagingState paging{cr0_paging, root, cr4_pae, efer_long};
    memory.write_value<u64>(root, second | 7);
    memory.write_value<u64>(second, third | 7);
    memory.write_value<u64>(third, fourth | 7);
    memory.write_value<u64>(fourth, 0x20000 | 7);
    memory.write_value<u64>(fourth + 8, 0x10000 | 7);
    memory.write_value<u64>(fourth + 24, 0x3f'f000 | 7);
    memory.write_value<u64>(fourth + 32, memory_bytes | 7);  // No RAM there.
    const u8 bytes[] = {1, 2, 3, 4, 5, 6};
    std::memset(memory.page_flags(), 0, memory.pages());
    VMFT_EXPECT(write_linear(memory, paging, 0xffd, bytes));
    VMFT_EXPECT_EQUAL(memory.data()[0x20fff], 3);
    VMFT_EXPECT_EQUAL(memory.data()[0x10000], 4);
    VMFT_EXPECT(memory.page_flags()[0x10] & GuestMemory::dirty);
    u8 read[6] = {};
    VMFT_EXPECT_EQUAL(read_linear(memory, paging, 0xffd, read), size_t{6});
    VMFT_EXPECT(std::memcmp(read, bytes, 6) == 0);
    VMFT_EXPECT_EQUAL(read_linear(memory, paging, 0x1ffc, read), size_t{4});
    VMFT_EXPECT_EQUAL(read_linear(memory, paging, 0x3ffd, read), size_t{3});
    VMFT_EXPECT(!write_linear(memory, paging, 0x1ffd, bytes));
    VMFT_EXPECT_EQUAL(memory.data()[0x10ffd], 0);
    VMFT_EXPECT_EQUAL(read_linear(memory, paging, ~u64{0} - 2, read), size_t{0});
}

VMFT_TEST(rubbish_tables_are_survived) {
    GuestMemory memory(memory_bytes);
    std::mt19937_64 random(1);
    for (u64 at = 0; at < memory_bytes; at += 8) memory.write_value<u64>(at, random() | 1);
    u8 bytes[64];
    for (unsigned i = 0; i < 200'000; i++) {
        // Often inside RAM, so that walks go deep.
        PagingState paging{random(), random() & (i % 2 ? ~u64{0} : memory_bytes - 1), random(),
                           random()};
        u64 linear = random() >> random() % 64;
        read_linear(memory, paging, linear, bytes);
        if (std::optional<Translation> found = translate(memory, paging, linear))
            VMFT_EXPECT(found->page_bytes >= 4096);
    }
}

}  // namespace
}  // namespace vmft::kvm::test
