#include "device/reset.h"

namespace vmft {

namespace {

constexpr u8 control_reset_cpu = 1u << 2;
constexpr u8 keyboard_pulse_reset = 0xFE;

}  // namespace

u64 ResetPorts::read(u64 offset, unsigned size_bytes) {
    (void)size_bytes;
    return offset == control_offset ? control_ : 0xFF;
}

void ResetPorts::write(u64 offset, unsigned size_bytes, u64 value) {
    (void)size_bytes;
    u8 byte = static_cast<u8>(value);
    if (offset == control_offset) {
        // The reset is taken when bit 2 rises; it never reads as set, since the reset clears it.
        if (byte & control_reset_cpu) reset_requested_ = true;
        control_ = byte & 0x0A;
    } else if (offset == keyboard_command_offset && byte == keyboard_pulse_reset) {
        reset_requested_ = true;
    }
}

void ResetPorts::save(StateWriter& state) const {
    state.put(control_);
    state.put(static_cast<u8>(reset_requested_));
}

void ResetPorts::restore(StateReader& state) {
    control_ = state.get<u8>() & 0x0A;
    reset_requested_ = state.get<u8>() != 0;
}

}  // namespace vmft
