#pragma once

#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "input/input.h"

namespace vmft {

/// Inputs that other threads hand to the vCPU thread: typed bytes and control requests.
/// Network frames come from the world's receiver, clock and entropy from the live loop itself.
class InputQueue {
public:
    /// Typed bytes; false when more would wait than input_queue_bytes_max, with no effect.
    bool add_console(std::span<const u8> bytes);
    void add_control(const ControlInput& control);

    /// vCPU thread: up to `bytes_max` typed bytes, oldest first.
    std::vector<u8> take_console(size_t bytes_max);
    /// vCPU thread: the next control request; false when none waits.
    bool take_control(ControlInput& control);

    bool has_console() const;
    bool has_control() const;

    static constexpr size_t input_queue_bytes_max = 1 << 20;
    static constexpr size_t controls_max = 64;

private:
    mutable std::mutex mutex_;
    std::deque<u8> console_;
    std::deque<ControlInput> controls_;
};

}  // namespace vmft
