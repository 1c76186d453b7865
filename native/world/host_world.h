#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/mac_address.h"
#include "runner/live_world.h"
#include "world/frame_receiver.h"
#include "world/tap.h"
#include "world/wake.h"

namespace vmft {

/// The real host, out of the parts in native/world.
class HostWorld final : public LiveWorld {
public:
    HostWorld() = default;

    /// Before the machine runs, at most once. Empty when it went well, else one line: what is wrong
    /// and what to do.
    std::string attach_tap(std::string_view name);
    bool has_tap() const { return tap_.has_value(); }
    /// Sends one announcement of `mac`; false without a tap or when it did not take it.
    bool announce(const MacAddress& mac);

    u64 monotonic_ns() override;
    u64 realtime_ns() override;
    void fill_random(std::span<u8> bytes) override;
    void set_receiving(bool on) override;
    void set_large_frames(bool on) override {
        if (tap_) tap_->set_large_frames(on);
    }
    bool take_frame(std::vector<u8>& frame) override { return receiver_ && receiver_->take(frame); }
    bool send_frame(std::span<const u8> frame) override { return tap_ && tap_->write(frame); }
    void set_frame_listener(std::function<void()> listener) override {
        frame_listener_ = std::move(listener);
    }
    u64 frames_dropped() override { return receiver_ ? receiver_->frames_discarded() : 0; }
    void sleep_until(u64 monotonic_ns) override;
    void wake() override { wake_.post(wake_reason::stop); }

private:
    Wake wake_;
    bool thread_set_up_ = false;
    std::function<void()> frame_listener_;
    std::optional<Tap> tap_;
    std::unique_ptr<FrameReceiver> receiver_;  // After what it uses: it stops first.
};

}  // namespace vmft
