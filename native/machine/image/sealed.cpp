#include "machine/image/sealed.h"

#include "base/hash64.h"
#include "log/wire_reader.h"
#include "log/wire_writer.h"

namespace vmft::image {

std::vector<u8> seal(std::span<const u8> body) {
    std::vector<u8> bytes;
    bytes.reserve(body.size() + 24);
    WireWriter message(bytes);
    message.fixed64_field(1, hash64(body));
    message.bytes_field(2, body);
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
