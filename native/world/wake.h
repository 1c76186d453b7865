#pragma once

#include <atomic>

#include "base/types.h"

namespace vmft {

/// Why a waiting thread is woken; bits, so that several add up.
namespace wake_reason {
inline constexpr u32 input = 1;  ///< Something waits in an input queue.
inline constexpr u32 stop = 2;   ///< Someone wants the thread itself.
inline constexpr u32 log = 4;    ///< The log moved: room to write, or segments to read.
inline constexpr u32 mask = 0xffff;
}  // namespace wake_reason

/// What the vCPU thread waits on between runs of the machine: reasons are posted from
/// any thread and taken by the one that waits. A reason posted while nobody waits is kept, so none
/// is lost. Posting costs one atomic operation unless the thread sleeps.
///
/// One futex word holds the reasons and whether the owner sleeps. A condition variable would do,
/// but takes a lock on each post; an eventfd a system call.
class Wake {
public:
    static constexpr u64 forever_ns = ~u64{0};

    /// From any thread, and from signal handlers.
    void post(u32 reasons);
    /// Reasons posted and not yet taken.
    u32 posted() const { return word_.load(std::memory_order_acquire) & wake_reason::mask; }
    /// Takes the reasons posted; 0 if none.
    u32 take();
    /// Waits until a reason is posted or the host's monotonic clock reaches `deadline_ns`; takes
    /// the reasons. 0: the deadline came. Only one thread waits.
    u32 wait_until(u64 deadline_ns);

    /// Lets the kernel end the calling thread's timed waits 1 µs late at most by its own slack,
    /// instead of 50; what remains is the scheduler's.
    static void sharpen_timers_of_this_thread();

private:
    static constexpr u32 asleep = u32{1} << 31;
    std::atomic<u32> word_{0};
};

}  // namespace vmft
