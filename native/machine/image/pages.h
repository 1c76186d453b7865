#pragma once

#include <span>
#include <vector>

#include "machine/guest_memory.h"
#include "machine/image/image_fault.h"

namespace vmft::image {

/// What a vmft.image.Pages message says (proto/image.proto): at most limits::image_pages_max pages.
struct Pages {
    std::vector<u32> zero;     ///< Ascending.
    std::vector<u32> numbers;  ///< Ascending, none of them in `zero`.
    std::vector<u8> data;      ///< The bytes of `numbers`, in their order.

    bool empty() const { return zero.empty() && numbers.empty(); }
    u64 count() const { return zero.size() + numbers.size(); }
    void clear();
    /// Adds the page as it is in memory now; its number is above all others here. A page that is
    /// being written meanwhile may be torn.
    void add(const GuestMemory& memory, u32 page);
};

/// The message, LZ4 or plain, whichever is shorter.
std::vector<u8> encode_pages(const Pages& pages);

/// Reads a message for a guest of so many pages. Total on any bytes; with a fault `pages` tells
/// nothing.
ImageFault decode_pages(std::span<const u8> bytes, u64 memory_pages, Pages& pages);

/// Puts the pages into memory and marks them as written. The vCPU does not run.
void apply_pages(const Pages& pages, GuestMemory& memory);

}  // namespace vmft::image
