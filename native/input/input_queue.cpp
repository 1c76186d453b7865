#include "input/input_queue.h"

#include <algorithm>

namespace vmft {

bool InputQueue::add_console(std::span<const u8> bytes) {
    std::lock_guard lock(mutex_);
    if (console_.size() + bytes.size() > input_queue_bytes_max) return false;
    console_.insert(console_.end(), bytes.begin(), bytes.end());
    return true;
}

void InputQueue::add_control(const ControlInput& control) {
    std::lock_guard lock(mutex_);
    // Of several shares the last one holds.
    if (control.kind == ControlKind::cpu_share && !controls_.empty() &&
        controls_.back().kind == ControlKind::cpu_share) {
        controls_.back() = control;
        return;
    }
    // A button pressed more often than the guest can look is still one press.
    if (controls_.size() < controls_max) controls_.push_back(control);
}

std::vector<u8> InputQueue::take_console(size_t bytes_max) {
    std::lock_guard lock(mutex_);
    size_t count = std::min(bytes_max, console_.size());
    std::vector<u8> bytes(console_.begin(), console_.begin() + static_cast<i64>(count));
    console_.erase(console_.begin(), console_.begin() + static_cast<i64>(count));
    return bytes;
}

bool InputQueue::take_control(ControlInput& control) {
    std::lock_guard lock(mutex_);
    if (controls_.empty()) return false;
    control = controls_.front();
    controls_.pop_front();
    return true;
}

bool InputQueue::has_console() const {
    std::lock_guard lock(mutex_);
    return !console_.empty();
}

bool InputQueue::has_control() const {
    std::lock_guard lock(mutex_);
    return !controls_.empty();
}

}  // namespace vmft
