#include "runner/checkpoint/checkpoint_encoder.h"

namespace vmft {

CheckpointEncoder::CheckpointEncoder(LiveWorld& world, u64 memory_pages, u64 history_pages_max,
                                     Take take)
    : world_(world), take_(std::move(take)), writer_(memory_pages, history_pages_max) {}

std::unique_ptr<EpochImage> CheckpointEncoder::empty_image() {
    std::lock_guard lock(mutex_);
    if (spare_.empty()) return std::make_unique<EpochImage>();
    std::unique_ptr<EpochImage> image = std::move(spare_.back());
    spare_.pop_back();
    return image;
}

void CheckpointEncoder::encode(std::unique_ptr<EpochImage> image) {
    std::lock_guard lock(mutex_);
    if (quit_) return;
    if (!thread_.joinable()) thread_ = std::thread([this] { thread_main(); });
    waiting_.push_back(std::move(image));
    changed_.notify_all();
}

void CheckpointEncoder::forget() {
    std::lock_guard lock(mutex_);
    waiting_.clear();
}

void CheckpointEncoder::drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return (waiting_.empty() && !busy_) || quit_; });
}

void CheckpointEncoder::shut_down() {
    {
        std::lock_guard lock(mutex_);
        quit_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void CheckpointEncoder::encode_one(const EpochImage& image) {
    u64 begin = world_.monotonic_ns();
    writer_.write(image, [&](const CheckpointHead& head, std::vector<u8>&& frame, bool last) {
        return take_({head, std::move(frame), &image, last, world_.monotonic_ns() - begin});
    });
}

void CheckpointEncoder::thread_main() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return !waiting_.empty() || quit_; });
        if (quit_) return;
        std::unique_ptr<EpochImage> image = std::move(waiting_.front());
        waiting_.pop_front();
        busy_ = true;
        lock.unlock();
        encode_one(*image);
        lock.lock();
        spare_.push_back(std::move(image));
        busy_ = false;
        changed_.notify_all();
    }
}

}  // namespace vmft
