#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include "machine/random.h"
#include "runner/live_world.h"

namespace vmft::test {

/// A host whose clock is its own: each look at it lets some microseconds pass, and sleeping until a
/// time makes it that time. Sleeping for ever really waits for `wake`.
class FakeWorld final : public LiveWorld {
public:
    explicit FakeWorld(u64 seed, u64 start_ns = 1'000'000'000) : random_(seed), now_ns_(start_ns) {}

    u64 monotonic_ns() override {
        std::lock_guard lock(mutex_);
        now_ns_ += random_.below(60'000);
        return now_ns_;
    }
    u64 realtime_ns() override { return 1'700'000'000'000'000'000; }
    void fill_random(std::span<u8> bytes) override {
        for (u8& byte : bytes) byte = static_cast<u8>(random_.next());
    }
    void set_receiving(bool on) override {
        std::lock_guard lock(mutex_);
        receiving_ = on;
        frames_.clear();
    }
    bool take_frame(std::vector<u8>& frame) override {
        std::lock_guard lock(mutex_);
        if (frames_.empty()) return false;
        frame = std::move(frames_.front());
        frames_.pop_front();
        return true;
    }
    bool send_frame(std::span<const u8>) override { return true; }
    u64 frames_dropped() override { return 0; }
    void sleep_until(u64 until_ns) override {
        std::unique_lock lock(mutex_);
        if (until_ns == ~u64{0}) {
            woken_condition_.wait(lock, [this] { return woken_; });
        } else if (!woken_) {
            now_ns_ = std::max(now_ns_, until_ns);
        }
        woken_ = false;
    }
    void wake() override {
        std::lock_guard lock(mutex_);
        woken_ = true;
        woken_condition_.notify_one();
    }

    void frame_comes(std::vector<u8> frame) {
        std::lock_guard lock(mutex_);
        if (receiving_) frames_.push_back(std::move(frame));
    }
    bool receiving() {
        std::lock_guard lock(mutex_);
        return receiving_;
    }

private:
    std::mutex mutex_;
    std::condition_variable woken_condition_;
    Random random_;
    u64 now_ns_;
    bool woken_ = false;
    bool receiving_ = false;
    std::deque<std::vector<u8>> frames_;
};

}  // namespace vmft::test
