#include "subjects.h"

#include <cstdlib>

namespace vmft::bench {
namespace {

struct Crc32Table {
    uint32_t entries[256];
    Crc32Table() {
        for (uint32_t i = 0; i < 256; ++i) {
            uint32_t value = i;
            for (int bit = 0; bit < 8; ++bit)
                value = (value >> 1) ^ ((value & 1) ? 0xedb88320u : 0);
            entries[i] = value;
        }
    }
};

const Crc32Table table;

constexpr uint32_t crc_buffer_bytes = 1 << 20;
constexpr uint32_t sort_count_max = 300'000;
uint8_t crc_buffer[crc_buffer_bytes];
uint32_t integers[sort_count_max];

int compare_integers(const void* left, const void* right) {
    uint32_t a = *static_cast<const uint32_t*>(left);
    uint32_t b = *static_cast<const uint32_t*>(right);
    return a < b ? -1 : a > b;
}

}  // namespace

uint32_t crc32_of(const void* bytes, uint64_t count, uint32_t crc) {
    crc = ~crc;
    for (const uint8_t *at = static_cast<const uint8_t*>(bytes), *end = at + count; at < end;
         ++at) {
        crc = (crc >> 8) ^ table.entries[(crc ^ *at) & 0xff];
    }
    return ~crc;
}

uint32_t crc32(uint32_t scale) {
    uint32_t random = 2463534242u;
    for (uint8_t& byte : crc_buffer) byte = static_cast<uint8_t>(next_random(random));
    uint32_t crc = 0;
    for (uint32_t round = 0; round < 24 * scale; ++round)
        crc = crc32_of(crc_buffer, crc_buffer_bytes, crc);
    return crc;
}

uint32_t sort_integers(uint32_t count, uint32_t seed) {
    uint32_t random = seed;
    for (uint32_t i = 0; i < count; ++i) integers[i] = next_random(random);
    qsort(integers, count, sizeof integers[0], compare_integers);
    return crc32_of(integers, count * sizeof integers[0], 0);
}

uint32_t sort(uint32_t scale) {
    uint32_t checksum = 0;
    for (uint32_t round = 0; round < scale; ++round)
        checksum ^= sort_integers(sort_count_max, 88172645u + round);
    return checksum;
}

}  // namespace vmft::bench
