#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

namespace vmft {

/// Lets the ends of transfers into their owner while it is there: a back end may outlive it, being
/// shared with whoever opened the disk. Held by the owner and by each transfer.
class BackendCalls {
public:
    /// Runs `call` unless the owner is gone.
    template <typename Call>
    void enter(Call call) {
        {
            std::lock_guard lock(mutex_);
            if (gone_) return;
            inside_++;
        }
        call();
        std::lock_guard lock(mutex_);
        inside_--;
        left_.notify_all();
    }
    /// The owner goes: waits for those inside, and lets nobody in any more. Not to be called from
    /// inside.
    void owner_goes() {
        std::unique_lock lock(mutex_);
        gone_ = true;
        left_.wait(lock, [this] { return inside_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable left_;
    bool gone_ = false;
    unsigned inside_ = 0;
};

}  // namespace vmft
