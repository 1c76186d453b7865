#include "machine/guest_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"
#include "machine/layout.h"

namespace vmft {

static_assert(layout::high_ram_start == 0x1'0000'0000);

/// On either side of RAM: an access that a bug of ours sends past its end ends the process.
static constexpr u64 guard_bytes = u64{2} << 20;

GuestMemory::GuestMemory(u64 bytes)
    : bytes_(bytes), low_bytes_(std::min(bytes, layout::low_ram_end)), flags_(bytes >> page_shift) {
    VMFT_CHECK((bytes & page_mask) == 0 && bytes >= (u64{1} << 20));
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* mapped = mmap(nullptr, bytes + 2 * guard_bytes, PROT_NONE, flags, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<u8*>(mapped) + guard_bytes;
    if (mprotect(base_, bytes, PROT_READ | PROT_WRITE) != 0) {
        munmap(mapped, bytes + 2 * guard_bytes);
        throw std::bad_alloc();
    }
}

GuestMemory::~GuestMemory() { munmap(base_ - guard_bytes, bytes_ + 2 * guard_bytes); }

bool GuestMemory::contains(u64 address, u64 size) const {
    if (size == 0) return true;
    u64 last = address + (size - 1);
    if (last < address) return false;
    u64 first_offset = offset_of(address), last_offset = offset_of(last);
    return first_offset != no_offset && last_offset != no_offset &&
           last_offset - first_offset == size - 1;
}

bool GuestMemory::read(u64 address, std::span<u8> into) const {
    if (!contains(address, into.size())) return false;
    if (!into.empty()) std::memcpy(into.data(), base_ + offset_of(address), into.size());
    return true;
}

bool GuestMemory::write(u64 address, std::span<const u8> from) {
    if (!contains(address, from.size())) return false;
    if (from.empty()) return true;
    u64 offset = offset_of(address);
    for (u64 page = offset >> page_shift; page <= (offset + from.size() - 1) >> page_shift;
         page++) {
        flags_[page] |= write_marks;
        if ((flags_[page] & code) && listener_) listener_->code_page_written(page);
    }
    std::memcpy(base_ + offset, from.data(), from.size());
    return true;
}

}  // namespace vmft
