#include "accel/kvm/trap/kernel_text.h"

#include <algorithm>
#include <cstring>

namespace vmft::kvm {

namespace {

constexpr u64 present = 1, large = 0x80, no_execute = u64{1} << 63;
constexpr u64 address_field = 0x000f'ffff'ffff'f000;
constexpr u64 cr0_paging = u64{1} << 31, cr4_five_levels = 1 << 12, efer_long_mode = 0x400,
              efer_no_execute = 0x800;
constexpr unsigned entries = 512;
constexpr u64 isolation_bit = 0x1000;

class Walk {
public:
    Walk(const GuestMemory& memory, const PagingState& paging)
        : memory_(memory), executable_mask_(paging.efer & efer_no_execute ? no_execute : 0) {}

    /// All that a table of `level` (1: page table) maps of the range, from `linear` on.
    void table(u64 physical, unsigned level, u64 linear) {
        u64 offset = memory_.offset_of(physical);
        if (offset == GuestMemory::no_offset) return;
        const u64 span = page_bytes << (9 * (level - 1));
        for (unsigned index = 0; index < entries; index++) {
            u64 first = linear + index * span;
            if (first > kernel_text_last || first + (span - 1) < kernel_text_first) continue;
            u64 entry;
            std::memcpy(&entry, memory_.data() + offset + index * sizeof entry, sizeof entry);
            if (!(entry & present) || (entry & executable_mask_)) continue;
            if (level == 1)
                page(first, entry & address_field);
            else if (level <= 3 && (entry & large))
                pages(first, entry & address_field & ~(span - 1), span);
            else
                table(entry & address_field, level - 1, first);
        }
    }

    std::vector<TextPage> take() { return std::move(found_); }

private:
    void page(u64 linear, u64 physical) {
        if (linear < kernel_text_first || linear > kernel_text_last) return;
        u64 offset = memory_.offset_of(physical);
        if (offset != GuestMemory::no_offset) found_.push_back({linear, offset >> page_shift});
    }
    void pages(u64 linear, u64 physical, u64 bytes) {
        for (u64 at = 0; at < bytes; at += page_bytes) page(linear + at, physical + at);
    }

    const GuestMemory& memory_;
    const u64 executable_mask_;
    std::vector<TextPage> found_;
};

std::vector<TextPage> walk(const GuestMemory& memory, const PagingState& paging, u64 root) {
    const unsigned levels = paging.cr4 & cr4_five_levels ? 5 : 4;
    Walk walk(memory, paging);
    // The tables begin with the lower half; what belongs to the upper one is sign-extended.
    u64 top_span = page_bytes << (9 * levels);
    walk.table(root & address_field, levels, u64{0} - top_span);
    return walk.take();
}

}  // namespace

std::vector<TextPage> executable_kernel_pages(const GuestMemory& memory,
                                              const PagingState& paging) {
    if (!(paging.cr0 & cr0_paging) || !(paging.efer & efer_long_mode)) return {};
    std::vector<TextPage> pages = walk(memory, paging, paging.cr3);
    if (pages.empty() || !(paging.cr3 & isolation_bit)) return pages;
    // Linux keeps the two tables side by side, the kernel's first, and the user's maps a part of
    // what the kernel's does. Where the neighbour does so, it is the kernel's or as good.
    std::vector<TextPage> kernels = walk(memory, paging, paging.cr3 & ~isolation_bit);
    bool whole = std::includes(kernels.begin(), kernels.end(), pages.begin(), pages.end());
    return whole ? kernels : pages;
}

}  // namespace vmft::kvm
