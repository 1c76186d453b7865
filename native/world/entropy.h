#pragma once

#include <span>

#include "base/types.h"

namespace vmft {

/// Fills `into` with random bytes of the host's kernel, fit for keys. Blocks only before the
/// host's pool is first seeded, early at boot.
void host_random(std::span<u8> into);

}  // namespace vmft
