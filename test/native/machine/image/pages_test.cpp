#include "machine/image/pages.h"

#include <algorithm>
#include <cstring>

#include "base/hash64.h"
#include "base/limits.h"
#include "log/wire_writer.h"
#include "machine/digest.h"
#include "machine/image/page_set.h"
#include "machine/image/sealed.h"
#include "machine/random.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;
using image::ImageFault;

namespace {

constexpr u64 memory_bytes = 8 << 20;
constexpr u64 memory_pages = memory_bytes >> page_shift;

enum class Content { zero, text, noise };

void fill(GuestMemory& memory, u64 page, Content content, Random& random) {
    std::vector<u8> bytes(page_bytes);
    if (content == Content::text)
        for (size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<u8>("guest "[i % 6]);
    if (content == Content::noise)
        for (u8& byte : bytes) byte = static_cast<u8>(random.next());
    memory.write(page << page_shift, bytes);
}

image::Pages read_pages(const GuestMemory& memory, std::initializer_list<u32> numbers) {
    image::Pages pages;
    for (u32 number : numbers) pages.add(memory, number);
    return pages;
}

ImageFault decode(std::span<const u8> bytes) {
    image::Pages pages;
    return image::decode_pages(bytes, memory_pages, pages);
}

/// A message of these fields, sealed: well-formed outside, whatever it says inside.
struct Forged {
    std::vector<u8> zero, numbers, data;
    bool plain = true;
    u64 checksum = 0;

    std::vector<u8> message() const {
        std::vector<u8> bytes;
        WireWriter body(bytes);
        body.bytes_field(1, zero);
        body.bytes_field(2, numbers);
        body.bytes_field(3, data);
        body.varint_field(4, plain);
        body.fixed64_field(5, checksum);
        return image::seal(bytes);
    }
    static Forged of_noise(std::vector<u8> numbers, size_t pages) {
        Forged forged;
        forged.numbers = std::move(numbers);
        forged.data.assign(pages * page_bytes, 0x5a);
        forged.checksum = hash64(forged.data);
        return forged;
    }
};

}  // namespace

VMFT_TEST(a_page_set_gives_each_page_once_and_goes_round) {
    Random random(1);
    image::PageSet set(1000);
    std::vector<bool> wanted(1000);
    for (int i = 0; i < 400; i++) {
        u64 page = random.below(1000);
        set.add(page);
        wanted[page] = true;
    }
    u64 count = static_cast<u64>(std::count(wanted.begin(), wanted.end(), true));
    VMFT_EXPECT_EQUAL(set.count(), count);
    std::vector<u32> taken;
    while (!set.empty()) {
        size_t before = taken.size();
        set.take(taken, 1 + random.below(50));
        VMFT_REQUIRE(taken.size() > before);
        VMFT_EXPECT(std::is_sorted(taken.begin() + static_cast<i64>(before), taken.end()));
    }
    VMFT_EXPECT_EQUAL(taken.size(), count);
    for (u32 page : taken) {
        VMFT_EXPECT(wanted[page]);
        wanted[page] = false;
    }
    // Behind the place where the last one ended first, then from the start.
    set.add(100), set.add(200), set.add(300);
    taken.clear();
    set.take(taken, 2);
    set.add(5);
    set.take(taken, 10);
    set.take(taken, 10);
    VMFT_EXPECT(taken == (std::vector<u32>{100, 200, 300, 5}));

    image::PageSet other(1000);
    set.add(7), other.add(7), other.add(900);
    set.take_all_of(other);
    VMFT_EXPECT(set.count() == 2 && set.has(7) && set.has(900) && other.empty() && !other.has(7));
    set.remove(7);
    VMFT_EXPECT(set.count() == 1 && !set.has(7));
    set.clear();
    VMFT_EXPECT(set.empty() && !set.has(900));
}

VMFT_TEST(pages_come_out_as_they_went_in) {
    Random random(2);
    u64 plain_bytes = 0, packed_bytes = 0;
    for (Content content : {Content::zero, Content::text, Content::noise}) {
        GuestMemory memory(memory_bytes), other(memory_bytes);
        image::Pages pages;
        for (u32 page = 0; pages.count() < limits::image_pages_max;
             page += 1 + static_cast<u32>(random.below(7))) {
            fill(memory, page, content, random);
            fill(other, page, Content::noise, random);
            pages.add(memory, page);
        }
        VMFT_EXPECT((content == Content::zero) == pages.numbers.empty());
        std::vector<u8> message = image::encode_pages(pages);
        image::Pages found;
        VMFT_REQUIRE(image::decode_pages(message, memory_pages, found) == ImageFault::none);
        VMFT_EXPECT(found.zero == pages.zero && found.numbers == pages.numbers &&
                    found.data == pages.data);
        image::apply_pages(found, other);
        VMFT_EXPECT_EQUAL(whole_memory_digest(other).value, whole_memory_digest(memory).value);
        if (content == Content::noise) plain_bytes = message.size();
        if (content == Content::text) packed_bytes = message.size();
    }
    // What does not compress costs a little more than itself; what does, far less.
    VMFT_EXPECT(plain_bytes < limits::image_pages_max * page_bytes + 2048);
    VMFT_EXPECT(packed_bytes < limits::image_pages_max * page_bytes / 50);
}

VMFT_TEST(pieces_in_any_order_and_twice_make_up_the_same_memory) {
    Random random(3);
    GuestMemory memory(memory_bytes), other(memory_bytes);
    std::vector<std::vector<u8>> pieces;
    for (u32 page = 0; page < memory_pages; page += 64) {
        image::Pages pages;
        for (u32 i = page; i < page + 64; i++) {
            fill(memory, i, static_cast<Content>(random.below(3)), random);
            pages.add(memory, i);
        }
        pieces.push_back(image::encode_pages(pages));
    }
    for (int twice = 0; twice < 2; twice++) {
        for (size_t i = pieces.size(); i > 1; i--)
            std::swap(pieces[i - 1], pieces[random.below(i)]);
        for (const std::vector<u8>& piece : pieces) {
            image::Pages pages;
            VMFT_REQUIRE(image::decode_pages(piece, memory_pages, pages) == ImageFault::none);
            image::apply_pages(pages, other);
        }
    }
    VMFT_EXPECT_EQUAL(whole_memory_digest(other).value, whole_memory_digest(memory).value);
}

VMFT_TEST(damaged_pieces_are_refused) {
    Random random(4);
    GuestMemory memory(memory_bytes);
    for (Content content : {Content::text, Content::noise}) {
        fill(memory, 3, content, random);
        fill(memory, 200, content, random);
        std::vector<u8> good = image::encode_pages(read_pages(memory, {2, 3, 100, 200}));
        VMFT_REQUIRE(decode(good) == ImageFault::none);
        for (size_t size = 0; size < good.size(); size++)
            VMFT_EXPECT(decode(std::span<const u8>(good).first(size)) != ImageFault::none);
        for (int i = 0; i < 2000; i++) {
            std::vector<u8> bad = good;
            bad[random.below(bad.size())] ^= static_cast<u8>(1 << random.below(8));
            VMFT_EXPECT(decode(bad) != ImageFault::none);
        }
        good.push_back(0);
        VMFT_EXPECT(decode(good) != ImageFault::none);
    }
}

VMFT_TEST(pieces_with_a_right_checksum_and_wrong_contents_are_refused_by_name) {
    VMFT_EXPECT(decode(Forged::of_noise({3, 1}, 2).message()) == ImageFault::none);
    VMFT_EXPECT(decode(Forged::of_noise({3, 0}, 2).message()) == ImageFault::not_ascending);
    VMFT_EXPECT(decode(Forged::of_noise({0, 1}, 2).message()) == ImageFault::none);
    // Page 2048 of 2048, and one far beyond 32 bits.
    VMFT_EXPECT(decode(Forged::of_noise({0x80, 0x10}, 1).message()) == ImageFault::out_of_range);
    VMFT_EXPECT(decode(Forged::of_noise({0xff, 0xff, 0xff, 0xff, 0x0f}, 1).message()) ==
                ImageFault::out_of_range);
    VMFT_EXPECT(decode(Forged::of_noise({0x81, 0x80, 0x80, 0x80, 0x80, 0x01}, 1).message()) ==
                ImageFault::malformed);
    VMFT_EXPECT(decode(Forged::of_noise({0x81}, 1).message()) == ImageFault::malformed);
    VMFT_EXPECT(decode(Forged::of_noise(std::vector<u8>(257, 1), 257).message()) ==
                ImageFault::too_long);
    Forged both = Forged::of_noise(std::vector<u8>(200, 1), 200);
    both.zero.assign(100, 1);
    VMFT_EXPECT(decode(both.message()) == ImageFault::too_long);
    both = Forged::of_noise({3, 1}, 2);
    both.zero = {4};
    VMFT_EXPECT(decode(both.message()) == ImageFault::not_ascending);
    both.zero = {5};
    VMFT_EXPECT(decode(both.message()) == ImageFault::none);
    // Fewer bytes than pages, more, none, and another checksum.
    VMFT_EXPECT(decode(Forged::of_noise({3, 1}, 1).message()) == ImageFault::malformed);
    VMFT_EXPECT(decode(Forged::of_noise({3, 1}, 3).message()) == ImageFault::malformed);
    VMFT_EXPECT(decode(Forged::of_noise({}, 1).message()) == ImageFault::malformed);
    VMFT_EXPECT(decode(Forged{}.message()) == ImageFault::malformed);
    Forged other = Forged::of_noise({3}, 1);
    other.checksum ^= 1;
    VMFT_EXPECT(decode(other.message()) == ImageFault::pages_checksum);
    // Not a block of LZ4, and one that would need more than there is.
    other = Forged::of_noise({3}, 1);
    other.plain = false;
    VMFT_EXPECT(decode(other.message()) != ImageFault::none);
    Random random(5);
    for (int i = 0; i < 2000; i++) {
        other.data.resize(random.below(600));
        for (u8& byte : other.data) byte = static_cast<u8>(random.next());
        VMFT_EXPECT(decode(other.message()) != ImageFault::none);
    }
}
