#include "device/interrupt_controllers.h"

#include "base/check.h"

namespace vmft {

InterruptControllers::InterruptControllers(const VirtualClock& clock)
    : local_apic_(clock), lint0_(local_apic_), pic_(lint0_), io_apic_(local_apic_),
      broadcast_(io_apic_) {
    local_apic_.set_listener(broadcast_);
    for (unsigned gsi = 0; gsi < lines_.size(); gsi++) {
        lines_[gsi].owner = this;
        lines_[gsi].gsi = gsi;
    }
}

InterruptLine& InterruptControllers::line(unsigned gsi) {
    VMFT_CHECK(gsi < lines_.size());
    return lines_[gsi];
}

void InterruptControllers::set_line(unsigned gsi, bool up) {
    io_apic_.set_pin(gsi, up);
    if (gsi == layout::gsi_pit)
        pic_.set_input(0, up);
    else if (gsi != 0 && gsi < 16)
        pic_.set_input(gsi, up);
}

u8 InterruptControllers::acknowledge() {
    if (local_apic_.pending()) return local_apic_.acknowledge();
    return pic_.acknowledge();
}

void InterruptControllers::save(StateWriter& state) const {
    local_apic_.save(state);
    pic_.save(state);
    io_apic_.save(state);
}

void InterruptControllers::restore(StateReader& state) {
    local_apic_.restore(state);
    pic_.restore(state);
    io_apic_.restore(state);
}

}  // namespace vmft
