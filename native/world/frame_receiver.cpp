#include "world/frame_receiver.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace vmft {

namespace {

/// Frames read before the lock is taken once for all of them.
constexpr u64 batch_frames_max = 64;

}  // namespace

FrameReceiver::FrameReceiver(Tap& tap, std::function<void()> frames_came)
    : tap_(tap), frames_came_(std::move(frames_came)),
      event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    VMFT_CHECK(event_);
    thread_ = std::thread([this] { run(); });
}

FrameReceiver::~FrameReceiver() {
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
    }
    signal();
    thread_.join();
}

void FrameReceiver::signal() {
    u64 one = 1;
    // Fails only when the counter is full, and then the thread is being woken anyway.
    (void)!::write(event_.get(), &one, sizeof one);
}

/// The tap's kernel queue is short; the bound is for a flood that refills it as fast.
u64 FrameReceiver::drain_tap() {
    std::vector<u8> buffer(limits::net_frame_bytes_max);
    size_t frame_bytes = 0;
    u64 drained = 0;
    while (drained < limits::received_frames_max &&
           tap_.read(buffer, frame_bytes) == TapRead::frame)
        drained++;
    return drained;
}

void FrameReceiver::enable() {
    {
        std::lock_guard reading(reading_);
        std::lock_guard lock(mutex_);
        if (enabled_) return;
        discarded_.fetch_add(drain_tap(), std::memory_order_relaxed);
        enabled_ = true;
        epoch_++;
    }
    signal();
}

void FrameReceiver::disable() {
    {
        std::lock_guard reading(reading_);
        std::lock_guard lock(mutex_);
        if (!enabled_) return;
        enabled_ = false;
        epoch_++;
        discarded_.fetch_add(frames_.size(), std::memory_order_relaxed);
        frames_.clear();
        bytes_ = 0;
        waiting_.store(0, std::memory_order_release);
    }
    signal();
}

bool FrameReceiver::take(std::vector<u8>& frame) {
    if (!frames_waiting()) return false;
    bool resume = false;
    {
        std::lock_guard lock(mutex_);
        if (frames_.empty()) return false;
        frame = std::move(frames_.front());
        frames_.pop_front();
        bytes_ -= frame.size();
        waiting_.store(frames_.size(), std::memory_order_release);
        if (paused_ && frames_.size() <= limits::received_frames_max / 2 &&
            bytes_ <= limits::received_bytes_max / 2) {
            paused_ = false;
            resume = true;
        }
    }
    if (resume) signal();
    return true;
}

FrameReceiver::Task FrameReceiver::next_task() {
    std::lock_guard lock(mutex_);
    Task task{stop_, 0, epoch_};
    paused_ = enabled_ && (frames_.size() >= limits::received_frames_max ||
                           bytes_ >= limits::received_bytes_max);
    if (enabled_ && !paused_ && !broken()) task.room = limits::received_frames_max - frames_.size();
    return task;
}

void FrameReceiver::read_batch(u64 frames_max, std::vector<u8>& buffer,
                               std::vector<std::vector<u8>>& batch) {
    for (batch.clear(); batch.size() < frames_max;) {
        size_t frame_bytes = 0;
        TapRead result = tap_.read(buffer, frame_bytes);
        if (result == TapRead::broken) broken_.store(true, std::memory_order_release);
        if (result != TapRead::frame) return;
        batch.emplace_back(buffer.begin(), buffer.begin() + static_cast<i64>(frame_bytes));
    }
}

bool FrameReceiver::is_current(u64 epoch) {
    std::lock_guard lock(mutex_);
    return epoch == epoch_;
}

void FrameReceiver::deliver(std::vector<std::vector<u8>>& batch) {
    bool first = false;
    {
        std::lock_guard lock(mutex_);
        first = frames_.empty() && !batch.empty();
        for (std::vector<u8>& frame : batch) {
            bytes_ += frame.size();
            frames_.push_back(std::move(frame));
        }
        waiting_.store(frames_.size(), std::memory_order_release);
        received_.fetch_add(batch.size(), std::memory_order_relaxed);
    }
    if (first) frames_came_();
}

void FrameReceiver::run() {
    pthread_setname_np(pthread_self(), "vmft-frames");
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);  // Signals are for the threads that expect them.
    std::vector<u8> buffer(limits::net_frame_bytes_max);
    std::vector<std::vector<u8>> batch;
    for (;;) {
        Task task = next_task();
        if (task.stop) return;
        // poll passes over a negative descriptor.
        pollfd sources[2] = {{event_.get(), POLLIN, 0},
                             {task.room > 0 ? tap_.fd() : -1, POLLIN, 0}};
        if (poll(sources, 2, -1) < 0) continue;
        if (sources[0].revents != 0) {
            u64 count = 0;
            (void)!::read(event_.get(), &count, sizeof count);
            continue;
        }
        if (sources[1].revents == 0) continue;
        std::lock_guard reading(reading_);
        if (!is_current(task.epoch)) continue;
        read_batch(std::min(task.room, batch_frames_max), buffer, batch);
        deliver(batch);
    }
}

}  // namespace vmft
