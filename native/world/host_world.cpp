#include "world/host_world.h"

#include "world/announce.h"
#include "world/entropy.h"
#include "world/host_clock.h"

namespace vmft {

std::string HostWorld::attach_tap(std::string_view name) {
  Tap::Opened opened = Tap::open(name);
  if (!opened.tap) return opened.message;
  tap_.emplace(std::move(*opened.tap));
  receiver_ = std::make_unique<FrameReceiver>(*tap_, [this] { wake_.post(wake_reason::input); });
  return {};
}

bool HostWorld::announce(const MacAddress& mac) { return tap_ && vmft::announce(*tap_, mac); }

u64 HostWorld::monotonic_ns() { return host_monotonic_ns(); }
u64 HostWorld::realtime_ns() { return host_realtime_ns(); }
void HostWorld::fill_random(std::span<u8> bytes) { host_random(bytes); }

void HostWorld::set_receiving(bool on) {
  if (!receiver_) return;
  if (on) {
    receiver_->enable();
  } else {
    receiver_->disable();
  }
}

void HostWorld::sleep_until(u64 monotonic_ns) {
  if (!timers_sharp_) {
    Wake::sharpen_timers_of_this_thread();
    timers_sharp_ = true;
  }
  wake_.wait_until(monotonic_ns);
}

}  // namespace vmft
