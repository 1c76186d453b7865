#include "machine/image/pages.h"

#include <lz4.h>

#include <cstring>

#include "base/check.h"
#include "base/hash64.h"
#include "base/limits.h"
#include "log/wire_reader.h"
#include "log/wire_writer.h"
#include "machine/digest.h"
#include "machine/image/sealed.h"

namespace vmft::image {
namespace {

enum Field : u32 { zero = 1, numbers = 2, data = 3, plain = 4, pages_checksum = 5 };

/// Page numbers as differences, packed.
std::vector<u8> packed_numbers(std::span<const u32> numbers) {
    std::vector<u8> packed;
    WireWriter differences(packed);
    u32 last = 0;
    for (u32 number : numbers) {
        differences.varint(number - last);
        last = number;
    }
    return packed;
}

/// An LZ4 block of the bytes, in memory of this thread's that the next call uses again; empty when
/// it would not be shorter than they are.
std::span<const u8> compress(std::span<const u8> bytes) {
    thread_local std::vector<u8> block(limits::image_pages_max * page_bytes);
    if (bytes.empty()) return {};
    int size = static_cast<int>(bytes.size());
    // A block that would not be shorter is not finished.
    int found = LZ4_compress_default(reinterpret_cast<const char*>(bytes.data()),
                                     reinterpret_cast<char*>(block.data()), size, size - 1);
    return {block.data(), found <= 0 ? 0 : static_cast<size_t>(found)};
}

u64 field_size(u32 field, std::span<const u8> bytes) {
    return bytes.empty() ? 0 : WireWriter::message_size(field, bytes.size());
}

ImageFault get_numbers(std::span<const u8> packed, u64 memory_pages, std::vector<u32>& numbers) {
    u64 page = 0, difference = 0;
    unsigned shift = 0;
    for (u8 byte : packed) {
        if (shift > 28) return ImageFault::malformed;
        difference |= u64{byte & 0x7fu} << shift;
        shift += 7;
        if (byte & 0x80) continue;
        if (difference == 0 && !numbers.empty()) return ImageFault::not_ascending;
        page += difference;
        if (page >= memory_pages) return ImageFault::out_of_range;
        if (numbers.size() == limits::image_pages_max) return ImageFault::too_long;
        numbers.push_back(static_cast<u32>(page));
        difference = shift = 0;
    }
    return shift == 0 ? ImageFault::none : ImageFault::malformed;
}

bool disjoint(std::span<const u32> one, std::span<const u32> other) {
    size_t i = 0, j = 0;
    while (i < one.size() && j < other.size()) {
        if (one[i] == other[j]) return false;
        one[i] < other[j] ? i++ : j++;
    }
    return true;
}

/// `room` is what the bytes are decompressed into, of exactly the size that they must have.
bool unpack(std::span<const u8> packed, bool is_plain, std::span<u8> room) {
    if (is_plain) {
        if (packed.size() != room.size()) return false;
        if (!room.empty()) std::memcpy(room.data(), packed.data(), room.size());
        return true;
    }
    if (room.empty()) return packed.empty();
    if (packed.size() > static_cast<size_t>(LZ4_compressBound(static_cast<int>(room.size()))))
        return false;
    int found = LZ4_decompress_safe(reinterpret_cast<const char*>(packed.data()),
                                    reinterpret_cast<char*>(room.data()),
                                    static_cast<int>(packed.size()), static_cast<int>(room.size()));
    return found == static_cast<int>(room.size());
}

}  // namespace

void Pages::clear() {
    zero.clear();
    numbers.clear();
    data.clear();
}

void Pages::add(const GuestMemory& memory, u32 page) {
    // The guest may write it while we read: what is judged is what was copied.
    size_t at = data.size();
    const u8* bytes = memory.data() + (u64{page} << page_shift);
    data.insert(data.end(), bytes, bytes + page_bytes);
    if (is_zero_page(data.data() + at)) {
        data.resize(at);
        zero.push_back(page);
    } else {
        numbers.push_back(page);
    }
}

std::vector<u8> encode_pages(const Pages& pages) {
    VMFT_CHECK(pages.count() <= limits::image_pages_max);
    VMFT_CHECK(pages.data.size() == pages.numbers.size() * page_bytes);
    std::vector<u8> zero_numbers = packed_numbers(pages.zero);
    std::vector<u8> data_numbers = packed_numbers(pages.numbers);
    std::span<const u8> block = compress(pages.data);
    bool is_plain = block.empty() && !pages.data.empty();
    std::span<const u8> content = is_plain ? pages.data : block;
    u64 checksum = pages.data.empty() ? 0 : hash64(pages.data);

    std::vector<u8> bytes;
    Sealing sealing(bytes, field_size(zero, zero_numbers) + field_size(numbers, data_numbers) +
                               field_size(data, content) +
                               WireWriter::varint_field_size(plain, is_plain) +
                               WireWriter::fixed64_field_size(pages_checksum, checksum));
    WireWriter body(bytes);
    body.bytes_field(zero, zero_numbers);
    body.bytes_field(numbers, data_numbers);
    body.bytes_field(data, content);
    body.varint_field(plain, is_plain);
    body.fixed64_field(pages_checksum, checksum);
    sealing.finish();
    return bytes;
}

ImageFault decode_pages(std::span<const u8> bytes, u64 memory_pages, Pages& pages) {
    pages.clear();
    std::span<const u8> body, packed;
    ImageFault fault = unseal(bytes, body);
    if (fault != ImageFault::none) return fault;
    WireReader reader(body);
    u32 seen = 0;
    bool is_plain = false;
    u64 checksum = 0;
    while (fault == ImageFault::none && reader.next_field()) {
        reader.once(seen);
        switch (reader.field()) {
        case zero: fault = get_numbers(reader.bytes(), memory_pages, pages.zero); break;
        case numbers: fault = get_numbers(reader.bytes(), memory_pages, pages.numbers); break;
        case data: packed = reader.bytes(); break;
        case plain: is_plain = reader.varint() != 0; break;
        case pages_checksum: checksum = reader.fixed64(); break;
        default: reader.fail(LogFault::unknown_field);
        }
    }
    if (fault != ImageFault::none) return fault;
    if (reader.fault() != LogFault::none || pages.empty()) return ImageFault::malformed;
    if (pages.count() > limits::image_pages_max) return ImageFault::too_long;
    if (!disjoint(pages.zero, pages.numbers)) return ImageFault::not_ascending;
    pages.data.resize(pages.numbers.size() * page_bytes);
    if (!unpack(packed, is_plain, pages.data)) return ImageFault::malformed;
    bool right = pages.data.empty() ? checksum == 0 : hash64(pages.data) == checksum;
    return right ? ImageFault::none : ImageFault::pages_checksum;
}

void apply_pages(const Pages& pages, GuestMemory& memory) {
    for (size_t i = 0; i < pages.numbers.size(); i++) {
        u64 page = pages.numbers[i];
        std::memcpy(memory.data() + (page << page_shift), pages.data.data() + i * page_bytes,
                    page_bytes);
        memory.mark_dirty(page);
    }
    for (u32 page : pages.zero) {
        u8* bytes = memory.data() + (u64{page} << page_shift);
        if (is_zero_page(bytes)) continue;  // It may never have been touched.
        std::memset(bytes, 0, page_bytes);
        memory.mark_dirty(page);
    }
}

}  // namespace vmft::image
