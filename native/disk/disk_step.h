#pragma once

#include "base/types.h"

namespace vmft {

/// What happens in a disk queue to a live machine's request that changes a disk, in this order.
enum class DiskStep : u8 {
    requested,  ///< The guest asked; nothing has been done.
    released,   ///< It may go; nothing has been done.
    issued,     ///< The back end has it.
    done,       ///< The back end is done; its end is no input yet.
    taken,      ///< Its end is an input.
};

}  // namespace vmft
