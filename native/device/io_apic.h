#pragma once

#include <array>

#include "device/device.h"
#include "device/interrupt_message.h"
#include "machine/layout.h"

namespace vmft {

/// The I/O APIC (82093AA data sheet; version 0x20, so with the EOI register): 24 pins.
/// Pins take assertion, not voltage: the polarity bit is kept but changes nothing.
/// An edge on a masked pin is lost, as on the chip.
class IoApic final : public Device {
public:
    explicit IoApic(InterruptMessageTarget& target) : target_(target) {}

    /// `pin` < layout::io_apic_pins.
    void set_pin(unsigned pin, bool up);
    /// The local APIC has ended an interrupt: level-triggered pins of this vector may ask again.
    void end_of_interrupt(u8 vector);
    /// Offers level-triggered requests again that were refused before.
    void retry();

    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;

private:
    u32 read_register() const;
    void write_register(u32 value);
    bool send(unsigned pin);
    void service_level(unsigned pin);

    InterruptMessageTarget& target_;
    u8 select_ = 0;
    u32 id_ = u32{1} << 24;  // as firmware sets it and the MADT says
    std::array<u64, layout::io_apic_pins> entries_ = masked_entries();
    u32 pins_up_ = 0;

    static constexpr std::array<u64, layout::io_apic_pins> masked_entries() {
        std::array<u64, layout::io_apic_pins> entries{};
        entries.fill(u64{1} << 16);
        return entries;
    }
};

}  // namespace vmft
