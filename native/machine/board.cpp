#include "machine/board.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/limits.h"
#include "device/interrupt_controllers.h"
#include "device/null_device.h"
#include "device/pit.h"
#include "device/pm.h"
#include "device/reset.h"
#include "device/rtc.h"
#include "device/serial_16550.h"
#include "device/virtio_console.h"
#include "device/virtio_entropy.h"
#include "device/virtio_mmio.h"
#include "device/virtio_net.h"
#include "machine/bus.h"
#include "machine/layout.h"

namespace vmft {
namespace {

// Ports that only pass time or show progress: POST codes, and Linux's io_delay.
constexpr u16 post_code_port = 0x80;
constexpr u16 delay_port = 0xED;

}  // namespace

struct Board::Parts {
    Parts(const MachineConfig& config, GuestMemory& memory, const VirtualClock& clock,
          OutputSink& outputs, DiskRequestSink& disk_requests)
        : controllers(clock), pit(clock, controllers.line(layout::gsi_pit)), pit_gate(clock, pit),
          serial(clock, controllers.line(layout::gsi_com1), outputs),
          rtc(clock, controllers.line(layout::gsi_rtc)),
          pm(clock, controllers.line(layout::gsi_sci)), console(memory, outputs), entropy(memory) {
        if (config.mac) net = std::make_unique<VirtioNet>(memory, *config.mac, outputs);
        static_assert(layout::virtio_slot_disk_first + limits::disks_max <= layout::virtio_slots);
        VMFT_CHECK(config.disks.size() <= limits::disks_max);
        for (u32 i = 0; i < config.disks.size(); i++)
            disks.push_back(std::make_unique<VirtioBlk>(memory, i, config.disks[i], disk_requests));
        for (unsigned slot = 0; slot < layout::virtio_slots; slot++)
            slots[slot] = std::make_unique<VirtioMmio>(
                device_in(slot), controllers.line(layout::gsi_virtio_first + slot));
        timed = {&controllers.local_apic(), &pit, &serial, &rtc, &pm};
        map_ports();
        map_memory();
    }

    VirtioDevice* device_in(unsigned slot) {
        if (slot >= layout::virtio_slot_disk_first) {
            unsigned disk = slot - layout::virtio_slot_disk_first;
            return disk < disks.size() ? disks[disk].get() : nullptr;
        }
        switch (slot) {
        case layout::virtio_slot_net: return net.get();
        case layout::virtio_slot_console: return &console;
        case layout::virtio_slot_entropy: return &entropy;
        default: return nullptr;
        }
    }

    void map_ports() {
        Pic& pic = controllers.pic();
        ports.add(layout::pic_master, 2, pic, 1, Pic::master_offset);
        ports.add(layout::pic_slave, 2, pic, 1, Pic::slave_offset);
        ports.add(layout::pic_elcr, 2, pic, 1, Pic::elcr_offset);
        ports.add(layout::pit, 4, pit, 1);
        ports.add(layout::pit_gate, 1, pit_gate, 1);
        ports.add(layout::keyboard_data, 1, reset, 1, ResetPorts::keyboard_data_offset);
        ports.add(layout::keyboard_command, 1, reset, 1, ResetPorts::keyboard_command_offset);
        ports.add(layout::reset_control, 1, reset, 1, ResetPorts::control_offset);
        ports.add(layout::rtc, 2, rtc, 1);
        ports.add(post_code_port, 1, nothing, 1);
        ports.add(delay_port, 1, nothing, 1);
        ports.add(layout::com1, 8, serial, 1);
        ports.add(layout::pm1a_event, PowerManagement::block_bytes, pm, 4);
    }

    void map_memory() {
        for (unsigned slot = 0; slot < layout::virtio_slots; slot++)
            mmio.add(layout::virtio_mmio_base + slot * layout::virtio_mmio_stride,
                     layout::virtio_mmio_stride, *slots[slot], 8);
        mmio.add(layout::io_apic_base, layout::io_apic_bytes, controllers.io_apic(), 4);
        mmio.add(layout::local_apic_base, layout::local_apic_bytes, controllers.local_apic(), 8);
    }

    InterruptControllers controllers;
    Pit pit;
    PitGatePort pit_gate;
    Serial16550 serial;
    RealTimeClock rtc;
    PowerManagement pm;
    ResetPorts reset;
    NullDevice nothing;
    std::unique_ptr<VirtioNet> net;
    std::vector<std::unique_ptr<VirtioBlk>> disks;
    VirtioConsole console;
    VirtioEntropy entropy;
    std::array<std::unique_ptr<VirtioMmio>, layout::virtio_slots> slots;
    Bus ports, mmio;
    std::array<Device*, 5> timed{};  ///< The devices that have deadlines.
};

Board::Board(const MachineConfig& config, GuestMemory& memory, const VirtualClock& clock,
             OutputSink& outputs, DiskRequestSink& disk_requests)
    : parts_(std::make_unique<Parts>(config, memory, clock, outputs, disk_requests)) {}
Board::~Board() = default;

u32 Board::port_read(u16 port, unsigned size_bytes) {
    return static_cast<u32>(parts_->ports.read(port, size_bytes));
}
void Board::port_write(u16 port, unsigned size_bytes, u32 value) {
    parts_->ports.write(port, size_bytes, value);
}
u64 Board::mmio_read(u64 address, unsigned size_bytes) {
    return parts_->mmio.read(address, size_bytes);
}
void Board::mmio_write(u64 address, unsigned size_bytes, u64 value) {
    parts_->mmio.write(address, size_bytes, value);
}
bool Board::msr_read(u32 msr, u64& value) {
    return parts_->controllers.local_apic().msr_read(msr, value);
}
bool Board::msr_write(u32 msr, u64 value) {
    return parts_->controllers.local_apic().msr_write(msr, value);
}
u8 Board::task_priority() const { return parts_->controllers.task_priority(); }
void Board::set_task_priority(u8 priority) { parts_->controllers.set_task_priority(priority); }
bool Board::interrupt_pending() const { return parts_->controllers.pending(); }
u8 Board::acknowledge_interrupt() { return parts_->controllers.acknowledge(); }

u64 Board::deadline_ns() const {
    u64 earliest = no_deadline_ns;
    for (const Device* device : parts_->timed) earliest = std::min(earliest, device->deadline_ns());
    return earliest;
}

void Board::advance(u64 now_ns) {
    for (Device* device : parts_->timed)
        if (device->deadline_ns() <= now_ns) device->advance(now_ns);
}

void Board::receive_frame(std::span<const u8> frame) {
    if (parts_->net) parts_->net->receive(frame);
}

void Board::receive_console(u32 port, std::span<const u8> bytes) {
    if (port == 0) {
        parts_->serial.receive(bytes);
    } else {
        parts_->console.receive(bytes);
    }
}

void Board::supply_entropy(std::span<const u8> bytes) { parts_->entropy.supply(bytes); }
void Board::press_power_button() { parts_->pm.press_power_button(); }

void Board::complete_disk_request(const DiskCompletionInput& completion) {
    if (completion.disk >= parts_->disks.size()) return;
    parts_->disks[completion.disk]->complete(completion.request, completion.status,
                                             completion.data);
}

void Board::repeat_pending_disk_requests() const {
    for (const auto& disk : parts_->disks) disk->repeat_pending();
}

bool Board::network_ready() const { return parts_->net && parts_->net->driver_ready(); }
bool Board::takes_large_frames() const { return parts_->net && parts_->net->takes_large_frames(); }
bool Board::can_receive_frame() const { return parts_->net && parts_->net->can_receive(); }
u64 Board::entropy_bytes_wanted() const { return parts_->entropy.wanted_bytes(); }

u64 Board::console_room(u32 port) const {
    if (port == 0) return parts_->serial.receive_room();
    if (!parts_->console.driver_ready()) return 0;
    return limits::console_input_bytes_max -
           std::min(parts_->console.input_bytes_waiting(), limits::console_input_bytes_max);
}

PowerRequest Board::power_request() const {
    if (parts_->pm.power_off_requested()) return PowerRequest::off;
    return parts_->reset.reset_requested() ? PowerRequest::reset : PowerRequest::none;
}

void Board::flush_outputs() { parts_->serial.flush_output(); }

void Board::save(StateWriter& state) const {
    parts_->controllers.save(state);
    parts_->pit.save(state);
    parts_->pit_gate.save(state);
    parts_->serial.save(state);
    parts_->rtc.save(state);
    parts_->pm.save(state);
    parts_->reset.save(state);
    for (const auto& slot : parts_->slots) slot->save(state);
    parts_->ports.save(state);
    parts_->mmio.save(state);
}

void Board::restore(StateReader& state) {
    parts_->controllers.restore(state);
    parts_->pit.restore(state);
    parts_->pit_gate.restore(state);
    parts_->serial.restore(state);
    parts_->rtc.restore(state);
    parts_->pm.restore(state);
    parts_->reset.restore(state);
    for (auto& slot : parts_->slots) slot->restore(state);
    parts_->ports.restore(state);
    parts_->mmio.restore(state);
}

}  // namespace vmft
