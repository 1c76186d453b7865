#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "base/types.h"
#include "log/checkpoint_part.h"
#include "machine/guest_memory.h"
#include "output/output.h"

namespace vmft {

/// Bytes of pages, one behind the other, in memory that is kept for the next time: fresh memory
/// would cost the guest's pause a page fault each.
class PageBytes {
public:
    /// Room for so many; what was there is lost when it has to grow.
    void reserve(u64 pages) {
        if (pages <= room_) return;
        room_ = pages + pages / 2;
        bytes_ = std::make_unique_for_overwrite<u8[]>(room_ << page_shift);
    }
    u8* page(u64 index) { return bytes_.get() + (index << page_shift); }
    const u8* page(u64 index) const { return bytes_.get() + (index << page_shift); }

private:
    std::unique_ptr<u8[]> bytes_;
    u64 room_ = 0;
};

/// What an epoch changed, taken aside while the guest stood still.
struct EpochImage {
    /// Of the epoch's end; `sequence` is the encoder's to give.
    CheckpointHead head;
    u64 outputs_produced_before = 0;  ///< At the end of the epoch before.
    std::vector<u32> pages;           ///< Ascending.
    PageBytes bytes;                  ///< Theirs, in that order.
    std::vector<Output> outputs;      ///< Produced in the epoch and not released, in order.
    std::vector<u8> state;            ///< vmft.image.State, without outputs.
    u64 run = 0;                      ///< Which of the recorder's runs this belongs to.
    bool has_disk_write = false, has_write_completion = false;

    bool has_outputs() const { return head.outputs_produced > outputs_produced_before; }
};

}  // namespace vmft
