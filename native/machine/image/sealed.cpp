#include "machine/image/sealed.h"

#include <cstring>

#include "base/check.h"
#include "base/hash64.h"
#include "log/wire_reader.h"
#include "log/wire_writer.h"

namespace vmft::image {

Sealing::Sealing(std::vector<u8>& into, u64 body_bytes) : into_(into), body_bytes_(body_bytes) {
    into.reserve(WireWriter::message_size(2, body_bytes) + 9);
    WireWriter message(into);
    message.fixed64_field(1, ~u64{0});  // Its place.
    message.message_head(2, body_bytes);
}

void Sealing::finish() {
    VMFT_CHECK(into_.size() > body_bytes_);
    std::span<const u8> body = std::span<const u8>(into_).last(body_bytes_);
    u64 checksum = hash64(body);
    std::memcpy(into_.data() + 1, &checksum, sizeof checksum);
}

std::vector<u8> seal(std::span<const u8> body) {
    std::vector<u8> bytes;
    Sealing sealing(bytes, body.size());
    bytes.insert(bytes.end(), body.begin(), body.end());
    sealing.finish();
    return bytes;
}

ImageFault unseal(std::span<const u8> bytes, std::span<const u8>& body) {
    WireReader reader(bytes);
    u64 checksum = 0;
    u32 seen = 0;
    while (reader.next_field()) {
        reader.once(seen);
        if (reader.field() == 1)
            checksum = reader.fixed64();
        else if (reader.field() == 2)
            body = reader.bytes();
        else
            reader.fail(LogFault::unknown_field);
    }
    if (reader.fault() != LogFault::none || body.empty()) return ImageFault::malformed;
    return hash64(body) == checksum ? ImageFault::none : ImageFault::checksum;
}

}  // namespace vmft::image
