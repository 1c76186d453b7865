#pragma once

#include "device/device.h"
#include "device/virtio_device.h"

namespace vmft {

/// Registers of the MMIO transport, version 2 (virtio 1.2, 4.2.2).
namespace virtio_mmio {
inline constexpr u64 magic_value = 0x000;
inline constexpr u64 version = 0x004;
inline constexpr u64 device_id = 0x008;
inline constexpr u64 vendor_id = 0x00c;
inline constexpr u64 device_features = 0x010;
inline constexpr u64 device_features_select = 0x014;
inline constexpr u64 driver_features = 0x020;
inline constexpr u64 driver_features_select = 0x024;
inline constexpr u64 queue_select = 0x030;
inline constexpr u64 queue_size_max = 0x034;
inline constexpr u64 queue_size = 0x038;
inline constexpr u64 queue_ready = 0x044;
inline constexpr u64 queue_notify = 0x050;
inline constexpr u64 interrupt_status = 0x060;
inline constexpr u64 interrupt_acknowledge = 0x064;
inline constexpr u64 status = 0x070;
inline constexpr u64 queue_descriptors_low = 0x080;
inline constexpr u64 queue_descriptors_high = 0x084;
inline constexpr u64 queue_available_low = 0x090;
inline constexpr u64 queue_available_high = 0x094;
inline constexpr u64 queue_used_low = 0x0a0;
inline constexpr u64 queue_used_high = 0x0a4;
inline constexpr u64 config_generation = 0x0fc;
inline constexpr u64 config = 0x100;

inline constexpr u32 magic = 0x74726976;   // "virt"
inline constexpr u32 vendor = 0x54464d56;  // "VMFT"
}  // namespace virtio_mmio

/// Device status bits (virtio 1.2, 2.1).
namespace virtio_status {
inline constexpr u32 acknowledge = 1;
inline constexpr u32 driver = 2;
inline constexpr u32 driver_ok = 4;
inline constexpr u32 features_ok = 8;
inline constexpr u32 needs_reset = 64;
inline constexpr u32 failed = 128;
}  // namespace virtio_status

/// InterruptStatus bits (4.2.2).
namespace virtio_interrupt {
inline constexpr u32 used = 1;
inline constexpr u32 config = 2;
}  // namespace virtio_interrupt

/// One virtio-mmio slot (virtio 1.2, 4.2), empty (device id 0) or with a device type behind it.
/// The line is up while InterruptStatus is not zero. Accesses the clause does not allow
/// (width, alignment, unknown or wrongly directed register, out of sequence) have no effect and are
/// counted.
///
/// `restore` does not touch the line: the interrupt controllers save the level of their pins
/// themselves.
class VirtioMmio final : public Device, private VirtioTransport {
public:
    /// `device` may be null: an empty slot. Both outlive the slot.
    VirtioMmio(VirtioDevice* device, InterruptLine& line);

    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;

    u64 refused_accesses() const { return refused_accesses_; }

private:
    void notify_used() override { raise(virtio_interrupt::used); }
    void notify_config() override;
    void needs_reset() override;

    void raise(u32 cause);
    u64 read_config(u64 offset, unsigned size_bytes);
    bool read_register(u64 offset, u32& value) const;
    bool write_register(u64 offset, u32 value);
    bool write_queue_register(u64 offset, u32 value);
    bool write_queue_ready(VirtioQueue& queue, u32 value);
    bool write_driver_features(u32 value);
    bool write_status(u32 value);
    bool notify_queue(u32 index);
    void reset();

    VirtioDevice* device_;
    InterruptLine& line_;
    u32 device_features_select_ = 0;
    u32 driver_features_select_ = 0;
    u32 queue_select_ = 0;
    u64 driver_features_ = 0;
    u32 status_ = 0;
    u32 interrupt_status_ = 0;
    u32 config_generation_ = 0;
    u64 refused_accesses_ = 0;
};

}  // namespace vmft
