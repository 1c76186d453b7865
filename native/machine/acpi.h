#pragma once

#include <vector>

#include "base/types.h"
#include "machine/layout.h"

namespace vmft {

/// What of the machine varies in its tables.
struct AcpiConfig {
    /// virtio-mmio slots in use, each below layout::virtio_slots, ascending.
    std::vector<unsigned> virtio_slots;
};

/// The RSDP is the first thing in the tables.
inline constexpr u64 acpi_rsdp_address = layout::acpi_tables;

/// The machine's ACPI tables (ACPI 6.3): RSDP, XSDT, FADT, FACS, MADT and DSDT, with addresses and
/// checksums for layout::acpi_tables, where the caller copies them. At most the size of that area.
std::vector<u8> build_acpi_tables(const AcpiConfig& config);

}  // namespace vmft
