#pragma once

#include <vector>

#include "machine/acpi.h"

namespace vmft {

/// The AML after the DSDT's header: the S5 state and the devices that cannot be probed.
std::vector<u8> build_dsdt_content(const AcpiConfig& config);

}  // namespace vmft
