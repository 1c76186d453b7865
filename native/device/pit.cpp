#include "device/pit.h"

#include "device/frequency.h"
#include "machine/layout.h"

namespace vmft {

namespace {

constexpr u64 refresh_half_period_ns = 15'085;

}  // namespace

u64 Pit::tick() const { return ticks_at(clock_.now_ns(), layout::pit_hz); }

u64 Pit::read(u64 offset, unsigned size_bytes) {
    (void)size_bytes;
    if (offset >= channels_.size()) return 0xFF;  // the control register cannot be read
    return channels_[offset].read_count(tick());
}

void Pit::control(u8 value) {
    u64 now = tick();
    unsigned selected = value >> 6;
    if (selected == 3) {  // read-back
        for (unsigned i = 0; i < channels_.size(); i++) {
            if (!(value >> (i + 1) & 1)) continue;
            if (!(value & 0x20)) channels_[i].latch_count(now);
            if (!(value & 0x10)) channels_[i].latch_status(now);
        }
    } else if ((value & 0x30) == 0) {
        channels_[selected].latch_count(now);
    } else {
        channels_[selected].write_control(value, now);
        if (selected == 0) line_.set(channels_[0].output(now));
    }
}

void Pit::write(u64 offset, unsigned size_bytes, u64 value) {
    (void)size_bytes;
    u8 byte = static_cast<u8>(value);
    if (offset == 3) {
        control(byte);
    } else if (offset < 3) {
        u64 now = tick();
        if (offset == 0) fire_due(now);  // a rise that is due is not undone by reprogramming
        channels_[offset].write_count(byte, now);
        if (offset == 0 && !channels_[0].output(now)) line_.set(false);
    }
}

u64 Pit::deadline_ns() const {
    u64 rise = channels_[0].next_rise();
    return rise == PitChannel::never ? no_deadline_ns : ns_of_tick(rise, layout::pit_hz);
}

void Pit::fire_due(u64 tick) {
    if (!channels_[0].take_rises(tick)) return;
    line_.set(false);
    line_.set(true);
}

void Pit::advance(u64 now_ns) { fire_due(ticks_at(now_ns, layout::pit_hz)); }

void Pit::set_speaker_gate(bool up) { channels_[2].set_gate(up, tick()); }

bool Pit::speaker_output() const { return channels_[2].output(tick()); }

void Pit::save(StateWriter& state) const {
    for (const PitChannel& channel : channels_) channel.save(state);
}

void Pit::restore(StateReader& state) {
    for (PitChannel& channel : channels_) channel.restore(state);
}

u64 PitGatePort::read(u64 offset, unsigned size_bytes) {
    (void)offset;
    (void)size_bytes;
    u64 refresh = clock_.now_ns() / refresh_half_period_ns & 1;
    return kept_bits_ | u64{pit_.speaker_gate()} | refresh << 4 | u64{pit_.speaker_output()} << 5;
}

void PitGatePort::write(u64 offset, unsigned size_bytes, u64 value) {
    (void)offset;
    (void)size_bytes;
    kept_bits_ = value & 0x0E;
    pit_.set_speaker_gate(value & 1);
}

}  // namespace vmft
