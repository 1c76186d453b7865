#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/types.h"

namespace vmft {

/// The host as the vCPU thread needs it while it runs live. Only the implementation on top of
/// native/world touches the host; tests have one of their own.
class LiveWorld {
public:
    virtual ~LiveWorld() = default;

    /// Nanoseconds of a clock that never steps.
    virtual u64 monotonic_ns() = 0;
    /// Wall clock, nanoseconds since 1970 (UTC).
    virtual u64 realtime_ns() = 0;
    virtual void fill_random(std::span<u8> bytes) = 0;

    /// vCPU thread: whether frames are received, as they are by a live machine only. Turning it on
    /// drops what came in before.
    virtual void set_receiving(bool on) = 0;
    /// vCPU thread: whether the guest takes large frames (base/tcp_frame.h). As it begins, it does
    /// not.
    virtual void set_large_frames(bool on) { (void)on; }
    /// The next received frame; false when none waits.
    virtual bool take_frame(std::vector<u8>& frame) = 0;
    /// False: the network did not take it.
    virtual bool send_frame(std::span<const u8> frame) = 0;
    /// Received frames dropped because the guest did not keep up.
    virtual u64 frames_dropped() = 0;

    /// Before frames are received: called on the receiving thread when frames begin to wait.
    virtual void set_frame_listener(std::function<void()> listener) { (void)listener; }

    /// vCPU thread: sleeps until `monotonic_ns`, a received frame or `wake`. What came since the
    /// last sleep ends this one at once.
    virtual void sleep_until(u64 monotonic_ns) = 0;
    /// Any thread.
    virtual void wake() = 0;
};

}  // namespace vmft
