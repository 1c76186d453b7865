#include "runner/checkpoint/page_history.h"

#include <cstring>

namespace vmft {

PageHistory::PageHistory(u64 memory_pages, u64 pages_max)
    : slots_max_(pages_max), slot_of_(memory_pages, nowhere) {}

const u8* PageHistory::find(u32 page) {
    u32 at = slot_of_[page];
    if (at == nowhere) return nullptr;
    slots_[at].asked_for = true;
    return slots_[at].bytes.get();
}

u32 PageHistory::free_slot() {
    if (slots_.size() < slots_max_) {
        slots_.push_back({nowhere, false, std::make_unique_for_overwrite<u8[]>(page_bytes)});
        return static_cast<u32>(slots_.size() - 1);
    }
    for (;; slots_[hand_].asked_for = false) {
        hand_ = (hand_ + 1) % static_cast<u32>(slots_.size());
        if (!slots_[hand_].asked_for) break;
    }
    if (slots_[hand_].page != nowhere) slot_of_[slots_[hand_].page] = nowhere;
    return hand_;
}

void PageHistory::keep(u32 page, const u8* bytes) {
    if (slots_max_ == 0) return;
    u32 at = slot_of_[page];
    if (at == nowhere) {
        at = free_slot();
        slots_[at].page = page;
        slots_[at].asked_for = false;
        slot_of_[page] = at;
    }
    std::memcpy(slots_[at].bytes.get(), bytes, page_bytes);
}

void PageHistory::forget(u32 page) {
    u32 at = slot_of_[page];
    if (at == nowhere) return;
    slot_of_[page] = nowhere;
    slots_[at].page = nowhere;
    slots_[at].asked_for = false;
}

void PageHistory::clear() {
    for (Slot& slot : slots_) {
        if (slot.page != nowhere) slot_of_[slot.page] = nowhere;
        slot.page = nowhere;
        slot.asked_for = false;
    }
}

}  // namespace vmft
