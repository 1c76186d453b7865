#pragma once

#include <array>

#include "device/io_apic.h"
#include "device/local_apic.h"
#include "device/pic.h"

namespace vmft {

/// The interrupt controllers of a PC, wired: device lines to the I/O APIC and (below 16) the
/// 8259 pair, the pair's output to LINT0 of the local APIC, and both APICs to each other.
class InterruptControllers {
public:
    explicit InterruptControllers(const VirtualClock& clock);
    InterruptControllers(const InterruptControllers&) = delete;
    InterruptControllers& operator=(const InterruptControllers&) = delete;

    /// The line of a global system interrupt, 0 … layout::io_apic_pins - 1. One driver per line.
    /// GSI 2 is ISA IRQ 0 and drives the 8259's input 0; GSI 0 reaches the I/O APIC only.
    InterruptLine& line(unsigned gsi);

    /// Whether acknowledge() has an interrupt to give. Cheap: flags kept by the controllers.
    bool pending() const {
        return local_apic_.pending() ||
               (pic_.interrupt_requested() && local_apic_.passes_external());
    }
    /// The vector to deliver: the local APIC's before the 8259's. Only when pending().
    u8 acknowledge();

    u8 task_priority() const { return local_apic_.task_priority(); }
    void set_task_priority(u8 priority) { local_apic_.set_task_priority(priority); }

    LocalApic& local_apic() { return local_apic_; }
    IoApic& io_apic() { return io_apic_; }
    Pic& pic() { return pic_; }

    void save(StateWriter& state) const;
    void restore(StateReader& state);

private:
    class Line final : public InterruptLine {
    public:
        void set(bool up) override { owner->set_line(gsi, up); }
        InterruptControllers* owner = nullptr;
        unsigned gsi = 0;
    };
    class Lint0 final : public InterruptLine {
    public:
        explicit Lint0(LocalApic& apic) : apic_(apic) {}
        void set(bool up) override { apic_.set_lint0(up); }

    private:
        LocalApic& apic_;
    };
    class Broadcast final : public LocalApicListener {
    public:
        explicit Broadcast(IoApic& apic) : apic_(apic) {}
        void end_of_interrupt(u8 vector) override { apic_.end_of_interrupt(vector); }
        void acceptance_changed() override { apic_.retry(); }

    private:
        IoApic& apic_;
    };

    void set_line(unsigned gsi, bool up);

    LocalApic local_apic_;
    Lint0 lint0_;
    Pic pic_;
    IoApic io_apic_;
    Broadcast broadcast_;
    std::array<Line, layout::io_apic_pins> lines_;
};

}  // namespace vmft
