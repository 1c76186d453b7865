#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/types.h"

namespace vmft {

/// Threads that do a disk's blocking system calls. A job that cannot end yet is run again after a
/// second, while the threads do others.
class WorkerPool {
public:
    explicit WorkerPool(u32 threads);
    /// Waits for the jobs that run; those that wait are dropped.
    ~WorkerPool();

    enum class Outcome : u8 { done, again_later };
    /// A job does not throw.
    using Job = std::function<Outcome()>;
    void add(Job job);

    /// Jobs that wait or run.
    u64 unfinished() const { return unfinished_.load(); }
    /// Jobs that could not end when last run.
    u64 held_up() const { return held_up_.load(); }
    /// Raised for the jobs that run when the pool ends.
    const std::atomic<bool>& ending() const { return ending_; }

private:
    struct Entry {
        Job job;
        bool held_up = false;
    };
    void work();
    bool next(Entry& entry);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Entry> ready_, later_;
    std::chrono::steady_clock::time_point retry_at_;  ///< Of those in `later_`.
    std::atomic<u64> unfinished_{0}, held_up_{0};
    std::atomic<bool> ending_{false};
    std::vector<std::thread> threads_;
};

}  // namespace vmft
