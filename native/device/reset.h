#pragma once

#include "device/device.h"

namespace vmft {

/// The two ways a PC's software resets it: port 0xCF9, and the pulse command of a keyboard
/// controller that is otherwise absent (its ports read all ones, so probing ends at once).
class ResetPorts final : public Device {
public:
    static constexpr u64 control_offset = 0, keyboard_data_offset = 1, keyboard_command_offset = 2;

    /// Stays true: the machine starts over.
    bool reset_requested() const { return reset_requested_; }

    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;

private:
    u8 control_ = 0;
    bool reset_requested_ = false;
};

}  // namespace vmft
