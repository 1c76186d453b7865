#include "world/disk/worker_pool.h"

namespace vmft {

namespace {
constexpr std::chrono::seconds retry_after{1};
}

WorkerPool::WorkerPool(u32 threads) {
    for (u32 i = 0; i < threads; i++) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
    {
        std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::add(Job job) {
    unfinished_++;
    {
        std::lock_guard lock(mutex_);
        ready_.push_back({std::move(job)});
    }
    changed_.notify_one();
}

bool WorkerPool::next(Entry& entry) {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (!later_.empty() && std::chrono::steady_clock::now() >= retry_at_) {
            for (Entry& held_up : later_) ready_.push_back(std::move(held_up));
            later_.clear();
        }
        if (!ready_.empty()) break;
        if (later_.empty())
            changed_.wait(lock);
        else
            changed_.wait_until(lock, retry_at_);
    }
    if (ending_) return false;
    entry = std::move(ready_.front());
    ready_.pop_front();
    return true;
}

void WorkerPool::work() {
    Entry entry;
    while (next(entry)) {
        Outcome outcome = entry.job();
        if (outcome == Outcome::again_later && !entry.held_up) held_up_++;
        if (outcome == Outcome::done && entry.held_up) held_up_--;
        entry.held_up = outcome == Outcome::again_later;
        if (entry.held_up) {
            std::lock_guard lock(mutex_);
            if (later_.empty()) retry_at_ = std::chrono::steady_clock::now() + retry_after;
            later_.push_back(std::move(entry));
            // Those that wait for a job only now wait for this time too.
            changed_.notify_all();
        } else {
            entry.job = nullptr;
            unfinished_--;
        }
    }
}

}  // namespace vmft
