#pragma once

#include <span>
#include <vector>

#include "machine/image/image_fault.h"

namespace vmft::image {

/// `body` with its checksum: the outer message of Pages and State (proto/image.proto).
std::vector<u8> seal(std::span<const u8> body);

/// The body of such a message, inside `bytes`; `checksum` and `malformed` tell what is wrong.
ImageFault unseal(std::span<const u8> bytes, std::span<const u8>& body);

}  // namespace vmft::image
