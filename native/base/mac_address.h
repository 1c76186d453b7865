#pragma once

#include <array>

#include "base/types.h"

namespace vmft {

/// An Ethernet address in the order it has on the wire.
using MacAddress = std::array<u8, 6>;

}  // namespace vmft
