#pragma once

#include <array>

#include "device/device.h"
#include "device/pit_channel.h"

namespace vmft {

/// The 8254 interval timer at ports 0x40 … 0x43. Channel 0's output is ISA IRQ 0, channel 1 is
/// free, channel 2 is gated by port 0x61 (PitGatePort).
///
/// The interrupt line is pulsed at each rise of channel 0's output and stays up; falls between
/// rises are not shown, because the line is edge-triggered and only rises count.
class Pit final : public Device {
public:
    Pit(const VirtualClock& clock, InterruptLine& line) : clock_(clock), line_(line) {}

    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;
    u64 deadline_ns() const override;
    void advance(u64 now_ns) override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;

    bool speaker_gate() const { return channels_[2].gate(); }
    void set_speaker_gate(bool up);
    bool speaker_output() const;

private:
    u64 tick() const;
    void control(u8 value);
    void fire_due(u64 tick);

    const VirtualClock& clock_;
    InterruptLine& line_;
    std::array<PitChannel, 3> channels_{PitChannel(true), PitChannel(true), PitChannel(false)};
};

/// Port 0x61: bit 0 gates channel 2, bit 1 the speaker (silent), bit 4 toggles with the
/// memory refresh of old (about every 15 µs), bit 5 is channel 2's output.
class PitGatePort final : public Device {
public:
    PitGatePort(const VirtualClock& clock, Pit& pit) : clock_(clock), pit_(pit) {}

    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;
    void save(StateWriter& state) const override { state.put(kept_bits_); }
    void restore(StateReader& state) override { kept_bits_ = state.get<u8>() & 0x0E; }

private:
    const VirtualClock& clock_;
    Pit& pit_;
    u8 kept_bits_ = 0;  ///< Bits 1 … 3 as written.
};

}  // namespace vmft
