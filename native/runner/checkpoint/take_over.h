#pragma once

#include "machine/machine.h"
#include "runner/checkpoint/checkpoint_feed.h"

namespace vmft {

/// Makes the machine, which does not run, what the checkpoint says; it is what the one before it
/// said. After a fault it must not run.
image::ImageFault take_over(const Checkpoint& checkpoint, Machine& machine);

}  // namespace vmft
