#pragma once

#include <functional>

#include "machine/image/pages.h"
#include "runner/checkpoint/epoch_image.h"
#include "runner/checkpoint/page_history.h"

namespace vmft {

/// Makes checkpoints' frames of what epochs changed. Not thread-safe: the encoder's.
///
/// Each part holds at most limits::image_pages_max pages and limits::checkpoint_outputs_bytes_max
/// of outputs; the last has the state. A page of which the backup has an older version
/// (PageHistory) goes as the difference to that where it is small, and not at all where there is
/// none.
class CheckpointWriter {
public:
    /// `history_pages_max`: of which older versions are kept, besides the guest's own memory.
    CheckpointWriter(u64 memory_pages, u64 history_pages_max)
        : history_(memory_pages, history_pages_max) {}

    /// Takes each part in order: its head, its frame, and whether it is the last. False: stop.
    using Take = std::function<bool(const CheckpointHead&, std::vector<u8>&&, bool last)>;
    /// False when `take` stopped it: the next image must be the first of a generation.
    bool write(const EpochImage& image, const Take& take);

private:
    void add_page(const EpochImage& image, u64 index);

    PageHistory history_;
    u64 next_sequence_ = 0;
    image::Pages pages_, changes_;  ///< Of the part in the making.
};

}  // namespace vmft
