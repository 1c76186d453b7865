#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "runner/checkpoint/checkpoint_writer.h"
#include "runner/live_world.h"

namespace vmft {

/// The thread that makes frames of what epochs changed, while the guest runs on. Started by the
/// first image.
class CheckpointEncoder {
public:
    /// A frame, on the encoder's thread. `take` says whether the image is wanted still.
    struct Part {
        CheckpointHead head;
        std::vector<u8> frame;
        const EpochImage* image = nullptr;
        bool last = false;
        u64 encoding_ns = 0;  ///< Of the whole image, with its last part.
    };
    using Take = std::function<bool(Part&&)>;

    CheckpointEncoder(LiveWorld& world, u64 memory_pages, u64 history_pages_max, Take take);
    ~CheckpointEncoder() { shut_down(); }
    CheckpointEncoder(const CheckpointEncoder&) = delete;
    CheckpointEncoder& operator=(const CheckpointEncoder&) = delete;

    /// An image to fill; one that was used before when there is one.
    std::unique_ptr<EpochImage> empty_image();
    void encode(std::unique_ptr<EpochImage> image);
    /// What has not begun is forgotten.
    void forget();
    /// Waits until all is done. Not with a lock that `take` needs.
    void drain();
    /// Waits for the thread. Idempotent.
    void shut_down();

private:
    void thread_main();
    void encode_one(const EpochImage& image);

    LiveWorld& world_;
    const Take take_;
    CheckpointWriter writer_;

    std::mutex mutex_;
    // Below: under mutex_.
    std::condition_variable changed_;
    std::deque<std::unique_ptr<EpochImage>> waiting_;
    std::vector<std::unique_ptr<EpochImage>> spare_;
    bool busy_ = false, quit_ = false;
    std::thread thread_;
};

}  // namespace vmft
