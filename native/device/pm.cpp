#include "device/pm.h"

#include "device/frequency.h"
#include "machine/layout.h"

namespace vmft {

namespace {

constexpr u64 offset_status = 0, offset_enable = 2;
constexpr u64 offset_control = layout::pm1a_control - layout::pm1a_event;
constexpr u64 offset_timer = layout::pm_timer - layout::pm1a_event;
static_assert(offset_timer + 4 == PowerManagement::block_bytes);

constexpr u16 timer_bit = 1u << 0, global_bit = 1u << 5, power_button_bit = 1u << 8;
constexpr u16 real_time_clock_bit =
    1u << 10;  // Wakes from sleep, which is not offered: enabled without effect.
constexpr u16 enable_writable = timer_bit | global_bit | power_button_bit | real_time_clock_bit;
constexpr u16 control_sci_enable = 1u << 0, control_writable = 0x1C06,
              control_sleep_enable = 1u << 13;

/// TMR_STS is set whenever bit 31 of the timer changes.
u64 halves_at(u64 now_ns) { return ticks_at(now_ns, layout::pm_timer_hz) >> 31; }

}  // namespace

void PowerManagement::press_power_button() {
    status_ |= power_button_bit;
    update_sci();
}

void PowerManagement::update_sci() { sci_.set((status_ & enable_) != 0); }

void PowerManagement::catch_up(u64 now_ns) {
    u64 half = halves_at(now_ns);
    if (half == timer_half_) return;
    timer_half_ = half;
    status_ |= timer_bit;
    update_sci();
}

u64 PowerManagement::deadline_ns() const {
    if (!(enable_ & timer_bit) || (status_ & timer_bit)) return no_deadline_ns;
    return ns_of_tick((timer_half_ + 1) << 31, layout::pm_timer_hz);
}

void PowerManagement::advance(u64 now_ns) {
    if (now_ns >= deadline_ns()) catch_up(now_ns);
}

u8 PowerManagement::read_byte(u64 offset) const {
    u64 shift = (offset & 1) * 8;
    switch (offset & ~u64{1}) {
    case offset_status: return static_cast<u8>(status_ >> shift);
    case offset_enable: return static_cast<u8>(enable_ >> shift);
    case offset_control: return static_cast<u8>(control_ >> shift);
    default: return 0xFF;
    }
}

u64 PowerManagement::read(u64 offset, unsigned size_bytes) {
    catch_up(clock_.now_ns());
    u32 timer = static_cast<u32>(ticks_at(clock_.now_ns(), layout::pm_timer_hz));
    u64 value = 0;
    for (unsigned i = 0; i < size_bytes && i < 8; i++) {
        u64 at = offset + i;
        bool in_timer = at >= offset_timer && at < block_bytes;
        u8 byte = in_timer ? static_cast<u8>(timer >> (at - offset_timer) * 8) : read_byte(at);
        value |= u64{byte} << i * 8;
    }
    return value;
}

void PowerManagement::write_byte(u64 offset, u8 value) {
    u64 shift = (offset & 1) * 8;
    u16 bits = static_cast<u16>(value << shift), lane = static_cast<u16>(0xFF << shift);
    switch (offset & ~u64{1}) {
    case offset_status: status_ = static_cast<u16>(status_ & ~bits); break;
    case offset_enable:
        enable_ = static_cast<u16>((enable_ & ~lane) | (bits & enable_writable));
        break;
    case offset_control:
        control_ = static_cast<u16>((control_ & ~(lane & control_writable)) |
                                    (bits & control_writable) | control_sci_enable);
        if ((bits & control_sleep_enable) && (control_ >> 10 & 7) == layout::sleep_type_s5)
            power_off_requested_ = true;
        break;
    default: break;
    }
}

void PowerManagement::write(u64 offset, unsigned size_bytes, u64 value) {
    catch_up(clock_.now_ns());
    for (unsigned i = 0; i < size_bytes && i < 8; i++)
        write_byte(offset + i, static_cast<u8>(value >> i * 8));
    update_sci();
}

void PowerManagement::save(StateWriter& state) const {
    state.put(status_);
    state.put(enable_);
    state.put(control_);
    state.put(timer_half_);
    state.put(static_cast<u8>(power_off_requested_));
}

void PowerManagement::restore(StateReader& state) {
    state.get(status_);
    state.get(enable_);
    state.get(control_);
    state.get(timer_half_);
    power_off_requested_ = state.get<u8>() != 0;
    if ((enable_ & ~enable_writable) || (control_ & ~(control_writable | control_sci_enable)))
        state.fail();
}

}  // namespace vmft
