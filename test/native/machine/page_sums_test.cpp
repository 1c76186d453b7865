#include "machine/page_sums.h"

#include <cstring>

#include "test.h"

using namespace vmft;

namespace {

constexpr u64 memory_bytes = u64{1} << 20;

void fill(GuestMemory& memory, u64 page, u8 value) {
    std::vector<u8> bytes(page_bytes, value);
    memory.write(page << page_shift, bytes);
}

bool equal(const MemoryDigest& a, const MemoryDigest& b) {
    return a.value == b.value && a.pages == b.pages;
}

}  // namespace

VMFT_TEST(the_sum_depends_on_contents_not_on_which_pages_are_flagged) {
    GuestMemory one(memory_bytes), other(memory_bytes);
    PageSums sums_of_one(one), sums_of_other(other);
    for (GuestMemory* memory : {&one, &other}) {
        fill(*memory, 3, 0xaa);
        fill(*memory, 7, 0xbb);
    }
    sums_of_one.update();
    // The other looks at other times, and at pages that nobody wrote.
    fill(other, 7, 0x11);
    sums_of_other.update();
    fill(other, 7, 0xbb);
    for (u64 page = 0; page < other.pages(); page += 5) other.mark_dirty(page);
    sums_of_other.update();
    VMFT_EXPECT(equal(sums_of_one.digest(), sums_of_other.digest()));
    VMFT_EXPECT_EQUAL(sums_of_one.digest().pages, 2u);
}

VMFT_TEST(the_sum_tells_any_change_and_pages_that_have_changed_places) {
    GuestMemory memory(memory_bytes);
    PageSums sums(memory);
    fill(memory, 3, 0xaa);
    fill(memory, 4, 0xbb);
    sums.update();
    MemoryDigest before = sums.digest();
    fill(memory, 3, 0xbb);
    fill(memory, 4, 0xaa);
    sums.update();
    VMFT_EXPECT(sums.digest().value != before.value);
    fill(memory, 3, 0xaa);
    fill(memory, 4, 0xbb);
    sums.update();
    VMFT_EXPECT(equal(sums.digest(), before));
    u8 one_bit = 1;
    memory.write((u64{9} << page_shift) + 100, {&one_bit, 1});
    sums.update();
    VMFT_EXPECT(sums.digest().value != before.value);
    VMFT_EXPECT_EQUAL(sums.digest().pages, 3u);
    fill(memory, 9, 0);
    sums.update();
    VMFT_EXPECT(equal(sums.digest(), before));
}

VMFT_TEST(memory_replaced_as_a_whole_is_looked_at_again) {
    GuestMemory memory(memory_bytes), restored(memory_bytes);
    PageSums sums(memory), sums_of_restored(restored);
    fill(memory, 12, 0x5a);
    sums.update();
    std::memcpy(restored.data(), memory.data(), memory_bytes);
    sums_of_restored.forget();
    sums_of_restored.update();
    VMFT_EXPECT(equal(sums.digest(), sums_of_restored.digest()));
}
