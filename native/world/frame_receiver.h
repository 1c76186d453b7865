#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/scoped_fd.h"
#include "base/types.h"
#include "world/tap.h"

namespace vmft {

/// A thread that reads frames from a tap into a queue of at most limits::received_frames_max
/// and received_bytes_max, from which the vCPU thread takes them.
///
/// Disabled (as it begins, and on a replica that replays) it does not touch the tap: frames
/// pile up in the kernel's short queue and cost nothing. `enable` throws those away
/// first: they were meant for the replica that was live when they came, and are older than anything
/// the guest knows. When the queue is full the thread stops reading, so that it is the kernel that
/// drops and no processor time is lost on frames the guest cannot take.
class FrameReceiver {
public:
    /// Starts the thread. `frames_came` is called on it when frames begin to wait in an empty
    /// queue. The tap outlives the receiver.
    FrameReceiver(Tap& tap, std::function<void()> frames_came);
    /// Stops the thread and waits for its end.
    ~FrameReceiver();
    FrameReceiver(const FrameReceiver&) = delete;
    FrameReceiver& operator=(const FrameReceiver&) = delete;

    /// From any thread. Nothing that came before `enable` is delivered after it, nor anything after
    /// `disable`.
    void enable();
    void disable();

    bool frames_waiting() const { return waiting_.load(std::memory_order_acquire) > 0; }
    /// Takes the oldest frame; false when none waits.
    bool take(std::vector<u8>& frame);

    /// Frames queued for the guest, and frames thrown away at `enable` or `disable`.
    u64 frames_received() const { return received_.load(std::memory_order_relaxed); }
    u64 frames_discarded() const { return discarded_.load(std::memory_order_relaxed); }
    /// The interface is gone; no frame will come any more.
    bool broken() const { return broken_.load(std::memory_order_acquire); }

private:
    struct Task {
        bool stop = false;
        u64 room = 0;  ///< Frames to read at most; 0 while there is nothing to read for.
        u64 epoch = 0;
    };
    void run();
    Task next_task();
    void read_batch(u64 frames_max, std::vector<u8>& buffer, std::vector<std::vector<u8>>& batch);
    void deliver(std::vector<std::vector<u8>>& batch);
    bool is_current(u64 epoch);
    u64 drain_tap();
    void signal();

    Tap& tap_;
    const std::function<void()> frames_came_;
    ScopedFd event_;
    std::mutex reading_;  ///< Held from a read of the tap to its delivery, and to enable or
                          ///< disable; before mutex_.
    std::mutex mutex_;
    std::deque<std::vector<u8>> frames_;  // Under mutex_, like all down to epoch_.
    u64 bytes_ = 0;                       ///< Of frames_.
    bool stop_ = false;
    bool enabled_ = false;
    bool paused_ = false;  ///< The thread found the queue full.
    u64 epoch_ = 0;        ///< Counts enable and disable: a task of an earlier one is void.
    std::atomic<u64> waiting_{0};
    std::atomic<u64> received_{0};
    std::atomic<u64> discarded_{0};
    std::atomic<bool> broken_{false};
    std::thread thread_;
};

}  // namespace vmft
