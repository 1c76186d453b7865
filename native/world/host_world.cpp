#include "world/host_world.h"

#include <sched.h>

#include "world/announce.h"
#include "world/entropy.h"
#include "world/host_clock.h"

namespace vmft {
namespace {

/// A backup's vCPU is woken by the very segment whose acknowledgement the primary waits for. Where
/// it shares a core with the event loop it would take it over and execute first; a patient thread
/// (SCHED_BATCH) does not, and loses no speed otherwise. Once live it is the one whom clients wait
/// for. A host that refuses is slower, not wrong.
void set_thread_patient(bool patient) {
    sched_param parameters{};
    (void)sched_setscheduler(0, patient ? SCHED_BATCH : SCHED_OTHER, &parameters);
}

}  // namespace

std::string HostWorld::attach_tap(std::string_view name) {
    Tap::Opened opened = Tap::open(name);
    if (!opened.tap) return opened.message;
    tap_.emplace(std::move(*opened.tap));
    receiver_ = std::make_unique<FrameReceiver>(*tap_, [this] {
        wake_.post(wake_reason::input);
        if (frame_listener_) frame_listener_();
    });
    return {};
}

bool HostWorld::announce(const MacAddress& mac) { return tap_ && vmft::announce(*tap_, mac); }

u64 HostWorld::monotonic_ns() { return host_monotonic_ns(); }
u64 HostWorld::realtime_ns() { return host_realtime_ns(); }
void HostWorld::fill_random(std::span<u8> bytes) { host_random(bytes); }

void HostWorld::set_receiving(bool on) {
    set_thread_patient(!on);
    if (!receiver_) return;
    if (on) {
        receiver_->enable();
    } else {
        receiver_->disable();
    }
}

void HostWorld::sleep_until(u64 monotonic_ns) {
    if (!thread_set_up_) {
        Wake::sharpen_timers_of_this_thread();
        set_thread_patient(true);
        thread_set_up_ = true;
    }
    wake_.wait_until(monotonic_ns);
}

}  // namespace vmft
