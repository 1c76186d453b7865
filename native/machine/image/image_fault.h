#pragma once

#include "base/types.h"

namespace vmft::image {

/// Why bytes are not a piece of an image that this machine takes over. Names are stable: they
/// appear in messages and tests.
enum class ImageFault : u8 {
    none,
    malformed,       ///< Not the message that it should be.
    checksum,        ///< Not the bytes that were written.
    out_of_range,    ///< A page that the guest does not have.
    not_ascending,   ///< Page numbers out of order, or one twice.
    too_long,        ///< More pages or bytes than limits.h allows.
    pages_checksum,  ///< What was decompressed is not what was compressed.
    version,         ///< Of another version of the machine's state.
    other_guest,     ///< Another size of memory, another network address or other disks.
    bad_state,       ///< A component refuses its state.
};

inline const char* name_of(ImageFault fault) {
    switch (fault) {
    case ImageFault::none: return "none";
    case ImageFault::malformed: return "malformed";
    case ImageFault::checksum: return "checksum";
    case ImageFault::out_of_range: return "out-of-range";
    case ImageFault::not_ascending: return "not-ascending";
    case ImageFault::too_long: return "too-long";
    case ImageFault::pages_checksum: return "pages-checksum";
    case ImageFault::version: return "version";
    case ImageFault::other_guest: return "other-guest";
    case ImageFault::bad_state: return "bad-state";
    }
    return "unknown";
}

}  // namespace vmft::image
