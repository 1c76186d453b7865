#include "subjects.h"

#include <cstring>

namespace vmft::bench {
namespace {

constexpr uint32_t buffer_bytes = 256 << 10;
uint8_t source[buffer_bytes];
uint8_t target[buffer_bytes];

}  // namespace

uint32_t fill_and_copy(uint32_t rounds) {
    uint32_t random = 362436069u;
    uint32_t checksum = 0;
    // What an earlier call left must not show in the checksum.
    memset(source, 0, sizeof source);
    memset(target, 0, sizeof target);
    for (uint32_t round = 0; round < rounds; ++round) {
        uint32_t start = next_random(random) % (buffer_bytes / 2);
        uint32_t bytes = buffer_bytes / 4 + next_random(random) % (buffer_bytes / 4);
        memset(source + start, static_cast<int>(round), bytes);
        memcpy(target + buffer_bytes / 2 - start % 4096, source + start / 2, bytes);
        checksum += target[buffer_bytes / 2 + start % 64];
    }
    return checksum ^ crc32_of(target + buffer_bytes / 2, 4096, 0);
}

uint32_t memory(uint32_t scale) { return fill_and_copy(8'000 * scale); }

}  // namespace vmft::bench
