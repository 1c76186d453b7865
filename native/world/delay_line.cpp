#include "world/delay_line.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "world/host_clock.h"
#include "world/wake.h"

namespace vmft {

namespace {

/// Of one tap before the other has its turn.
constexpr int frames_a_turn_max = 256;
constexpr u64 never_ns = ~u64{0};

}  // namespace

DelayLine::DelayLine(Tap first, Tap second)
    : first_(std::move(first)),
      second_(std::move(second)), directions_{Direction{&first_, &second_, {}, 0},
                                              Direction{&second_, &first_, {}, 0}},
      buffer_(limits::net_frame_bytes_max) {}

std::unique_ptr<DelayLine> DelayLine::between(std::string_view first, std::string_view second,
                                              std::string& fault) {
    Tap::Opened one = Tap::open(first), other = Tap::open(second);
    fault = one.tap ? other.message : one.message;
    if (!one.tap || !other.tap) return nullptr;
    return std::make_unique<DelayLine>(std::move(*one.tap), std::move(*other.tap));
}

bool DelayLine::run(int control_fd) {
    Wake::sharpen_timers_of_this_thread();
    bool ended = false;
    while (!ended) {
        pollfd waited[] = {
            {control_fd, POLLIN, 0}, {first_.fd(), POLLIN, 0}, {second_.fd(), POLLIN, 0}};
        const u64 due_ns = next_due_ns(), now_ns = host_monotonic_ns();
        const u64 wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
        const timespec timeout{static_cast<time_t>(wait_ns / 1'000'000'000),
                               static_cast<long>(wait_ns % 1'000'000'000)};
        if (ppoll(waited, 3, due_ns == never_ns ? nullptr : &timeout, nullptr) < 0 &&
            errno != EINTR)
            return false;
        if (waited[0].revents != 0 && !take_control(control_fd, ended)) return false;
        for (Direction& direction : directions_) {
            if (!take_frames(direction)) return false;
            give_frames(direction);
        }
    }
    return true;
}

bool DelayLine::take_control(int control_fd, bool& ended) {
    char bytes[256];
    const ssize_t got = ::read(control_fd, bytes, sizeof bytes);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    ended = got == 0;
    for (const char byte : std::span(bytes, static_cast<size_t>(got))) {
        if (byte != '\n') {
            if (control_line_.size() == sizeof bytes) return false;
            control_line_ += byte;
            continue;
        }
        u64 delay_ns = 0;
        const char* end = control_line_.data() + control_line_.size();
        const auto [rest, error] = std::from_chars(control_line_.data(), end, delay_ns);
        if (error != std::errc{} || rest != end || delay_ns > delay_ns_max) return false;
        delay_ns_ = delay_ns;
        control_line_.clear();
    }
    return true;
}

bool DelayLine::take_frames(Direction& direction) {
    for (int count = 0; count < frames_a_turn_max; ++count) {
        size_t bytes = 0;
        switch (direction.from->read(buffer_, bytes)) {
        case TapRead::empty: return true;
        case TapRead::broken: return false;
        case TapRead::frame: break;
        }
        if (direction.bytes + bytes > bytes_max) continue;
        // One that comes when the cable has become shorter does not overtake those on their way.
        u64 due_ns = host_monotonic_ns() + delay_ns_;
        if (!direction.frames.empty()) due_ns = std::max(due_ns, direction.frames.back().due_ns);
        direction.frames.push_back({due_ns, {buffer_.begin(), buffer_.begin() + bytes}});
        direction.bytes += bytes;
    }
    return true;
}

void DelayLine::give_frames(Direction& direction) {
    while (!direction.frames.empty() && direction.frames.front().due_ns <= host_monotonic_ns()) {
        const Frame& frame = direction.frames.front();
        direction.to->write(frame.bytes);
        direction.bytes -= frame.bytes.size();
        direction.frames.pop_front();
    }
}

u64 DelayLine::next_due_ns() const {
    u64 next_ns = never_ns;
    for (const Direction& direction : directions_)
        if (!direction.frames.empty()) next_ns = std::min(next_ns, direction.frames.front().due_ns);
    return next_ns;
}

}  // namespace vmft
