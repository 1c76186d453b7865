#include "runner/checkpoint/take_over.h"

#include <cstring>

#include "machine/image/state.h"

namespace vmft {
namespace {

/// What `changes` hold is the difference to what memory holds.
void combine_pages(const image::Pages& changes, GuestMemory& memory) {
    for (size_t i = 0; i < changes.numbers.size(); i++) {
        u8* page = memory.data() + (u64{changes.numbers[i]} << page_shift);
        const u8* difference = changes.data.data() + i * page_bytes;
        for (size_t offset = 0; offset < page_bytes; offset += sizeof(u64)) {
            u64 held, word;
            std::memcpy(&held, page + offset, sizeof held);
            std::memcpy(&word, difference + offset, sizeof word);
            held ^= word;
            std::memcpy(page + offset, &held, sizeof held);
        }
        memory.mark_dirty(changes.numbers[i]);
    }
}

}  // namespace

image::ImageFault take_over(const Checkpoint& checkpoint, Machine& machine) {
    for (const image::Pages& pages : checkpoint.pages) image::apply_pages(pages, machine.memory());
    for (const image::Pages& changes : checkpoint.changes) combine_pages(changes, machine.memory());
    WaitingOutputs none;  // They travel beside it.
    return image::restore_state(checkpoint.state, machine, none);
}

}  // namespace vmft
