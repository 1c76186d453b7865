#pragma once

#include <napi.h>
#include <uv.h>

#include <functional>

#include "base/types.h"

namespace vmft::addon {

/// A timer of Node's event loop that runs native code: of what a wake for a timer of JavaScript's
/// takes, a tenth. It keeps the process alive while it is set, as those do. JavaScript thread only.
class LoopTimer {
public:
    /// `run` is called outside of any handle scope, and may set the timer again.
    LoopTimer(Napi::Env env, std::function<void()> run);
    ~LoopTimer();
    LoopTimer(const LoopTimer&) = delete;
    LoopTimer& operator=(const LoopTimer&) = delete;

    /// Calls `run` once at `due_ns` on the monotonic clock, or up to a millisecond later; at the
    /// loop's next turn where that is over.
    void set(u64 due_ns);
    void cancel();

private:
    struct Handle {
        uv_timer_t timer;  ///< First: libuv knows the handle by it.
        std::function<void()> run;
    };
    void close();
    static void environment_ends(void* timer) { static_cast<LoopTimer*>(timer)->close(); }

    Napi::Env env_;
    Handle* handle_;  ///< Libuv's until it says that it has closed it. Null: closed.
};

}  // namespace vmft::addon
