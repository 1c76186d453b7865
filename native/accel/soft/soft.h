#pragma once

#include <functional>
#include <memory>

#include "accel/accel.h"
#include "accel/soft/translator_options.h"
#include "machine/guest_memory.h"

namespace vmft {

/// The software x86-64 CPU. `memory` and `platform` outlive it.
std::unique_ptr<Accelerator> make_soft_accelerator(GuestMemory& memory, Platform& platform);
/// Makes such CPUs, with a say in what is translated.
std::function<std::unique_ptr<Accelerator>(GuestMemory& memory, Platform& platform)>
soft_accelerator_with(const TranslatorOptions& options);

}  // namespace vmft
