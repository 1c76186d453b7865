#pragma once

#include <span>
#include <vector>

#include "machine/image/image_fault.h"

namespace vmft::image {

/// The outer message of Pages and State (proto/image.proto): a body with its checksum. The body is
/// written where it stays, since it may be a MiB:
///
///     Sealing sealing(into, body_bytes);
///     // append exactly body_bytes bytes to `into`
///     sealing.finish();
class Sealing {
public:
    /// `into` is empty.
    Sealing(std::vector<u8>& into, u64 body_bytes);
    void finish();

private:
    std::vector<u8>& into_;
    const u64 body_bytes_;
};

std::vector<u8> seal(std::span<const u8> body);

/// The body of such a message, inside `bytes`; `checksum` and `malformed` tell what is wrong.
ImageFault unseal(std::span<const u8> bytes, std::span<const u8>& body);

}  // namespace vmft::image
