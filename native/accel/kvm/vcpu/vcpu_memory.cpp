#include <algorithm>
#include <bit>

#include "accel/kvm/vcpu/kvm_request.h"
#include "accel/kvm/vcpu/vcpu.h"
#include "machine/layout.h"

/// Guest RAM in KVM's memory slots, and which of its pages the guest has written.
namespace vmft::kvm {

void Vcpu::map_memory() {
    map_slot(0, 0, memory_.low_bytes());
    if (memory_.high_bytes() > 0)
        map_slot(layout::high_ram_start, memory_.low_bytes(), memory_.high_bytes());
}

void Vcpu::map_slot(u64 address, u64 offset, u64 bytes) {
    Slot slot{static_cast<u32>(slots_.size()), address, offset, bytes >> page_shift};
    kvm_userspace_memory_region region{};
    region.slot = slot.number;
    // Always: digests and code that changes are found by it.
    region.flags = KVM_MEM_LOG_DIRTY_PAGES;
    region.guest_phys_addr = address;
    region.memory_size = bytes;
    region.userspace_addr = reinterpret_cast<u64>(memory_.data() + offset);
    VMFT_KVM_REQUEST(machine_.get(), KVM_SET_USER_MEMORY_REGION, &region);
    slots_.push_back(slot);
    dirty_bitmap_.resize(std::max(dirty_bitmap_.size(), (slot.pages + 63) / 64));
}

void Vcpu::collect_dirty_flags() {
    u8* flags = memory_.page_flags();
    for (const Slot& slot : slots_) {
        kvm_dirty_log log{};
        log.slot = slot.number;
        log.dirty_bitmap = dirty_bitmap_.data();
        VMFT_KVM_REQUEST(machine_.get(), KVM_GET_DIRTY_LOG, &log);
        u64 first_page = slot.offset >> page_shift;
        for (u64 word = 0; word < (slot.pages + 63) / 64; word++)
            for (u64 bits = dirty_bitmap_[word]; bits != 0; bits &= bits - 1) {
                u64 page = word * 64 + static_cast<u64>(std::countr_zero(bits));
                flags[first_page + page] |= GuestMemory::write_marks;
            }
    }
}

}  // namespace vmft::kvm
