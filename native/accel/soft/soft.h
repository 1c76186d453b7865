#pragma once

#include <memory>

#include "accel/accel.h"
#include "machine/guest_memory.h"

namespace vmft {

/// The software x86-64 CPU. `memory` and `platform` outlive it.
std::unique_ptr<Accelerator> make_soft_accelerator(GuestMemory& memory, Platform& platform);

}  // namespace vmft
