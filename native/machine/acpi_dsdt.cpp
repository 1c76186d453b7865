#include "machine/acpi_dsdt.h"

#include <string>

#include "base/check.h"
#include "machine/aml.h"

namespace vmft {

namespace {

using aml::Bytes;

constexpr u64 present_and_working = 0x0F;

Bytes serial_port() {
    return aml::device(
        "COM1", {aml::name("_HID", aml::eisa_id("PNP0501")), aml::name("_UID", aml::integer(1)),
                 aml::name("_STA", aml::integer(present_and_working)),
                 aml::name("_CRS", aml::resources({aml::io_ports(layout::com1, 8),
                                                   aml::isa_interrupt(layout::gsi_com1)}))});
}

Bytes real_time_clock() {
    return aml::device("RTC_",
                       {aml::name("_HID", aml::eisa_id("PNP0B00")),
                        aml::name("_STA", aml::integer(present_and_working)),
                        aml::name("_CRS", aml::resources({aml::io_ports(layout::rtc, 2),
                                                          aml::isa_interrupt(layout::gsi_rtc)}))});
}

/// virtio over MMIO has no bus to be found on: Linux takes it from this id.
Bytes virtio_slot(unsigned slot) {
    VMFT_CHECK(slot < layout::virtio_slots);
    u32 base = static_cast<u32>(layout::virtio_mmio_base + slot * layout::virtio_mmio_stride);
    std::string path = "VR0" + std::to_string(slot);
    return aml::device(
        path, {aml::name("_HID", aml::string("LNRO0005")), aml::name("_UID", aml::integer(slot)),
               aml::name("_STA", aml::integer(present_and_working)),
               aml::name("_CRS",
                         aml::resources({aml::memory_32(base, layout::virtio_mmio_stride),
                                         aml::level_interrupt(layout::gsi_virtio_first + slot)}))});
}

}  // namespace

std::vector<u8> build_dsdt_content(const AcpiConfig& config) {
    static_assert(layout::virtio_slots <= 10, "one digit in the device name");
    Bytes virtio;
    for (unsigned slot : config.virtio_slots) virtio = aml::join({virtio, virtio_slot(slot)});
    Bytes sleep_type = aml::integer(layout::sleep_type_s5);
    return aml::join({
        aml::name("\\_S5_",
                  aml::package({sleep_type, aml::integer(0), aml::integer(0), aml::integer(0)})),
        aml::scope("\\_SB_", {serial_port(), real_time_clock(), virtio}),
    });
}

}  // namespace vmft
