#pragma once

#include <stdexcept>
#include <string>

#include "base/types.h"

namespace vmft {

/// Why an accelerator cannot go on, or not exactly. One line in what(), and what to do about it.
class AcceleratorFault : public std::runtime_error {
public:
    enum class Kind : u8 {
        unavailable,     ///< The host lacks a device, a permission or a capability.
        cannot_execute,  ///< An instruction that this accelerator does not execute.
        counter_lost,    ///< The counter was multiplexed, taken away or stopped: no position holds.
        overshoot,       ///< Stopped past the position asked for.
        diverged,        ///< The guest did what it did not do when the log was recorded.
        host,            ///< The host failed a request that should succeed.
    };

    AcceleratorFault(Kind kind, const std::string& message, std::string what_to_do = {})
        : std::runtime_error(message), kind_(kind), what_to_do_(std::move(what_to_do)) {}

    Kind kind() const { return kind_; }
    const std::string& what_to_do() const { return what_to_do_; }

private:
    Kind kind_;
    std::string what_to_do_;
};

}  // namespace vmft
