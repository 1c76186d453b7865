// The benchmark's subjects. Each does a fixed amount of work times `scale` and returns a
// checksum that depends on all of it, so that a wrong CPU shows as a wrong number.
#pragma once

#include <cstdint>

namespace vmft::bench {

uint32_t crc32(uint32_t scale);           // table-driven CRC-32 over 24 MiB
uint32_t sort(uint32_t scale);            // qsort of 300,000 integers
uint32_t floating_point(uint32_t scale);  // 5-body orbits and a matrix product, in doubles
uint32_t memory(uint32_t scale);          // memset and memcpy within 256 KiB buffers

// One unit of the mode "spin": a few milliseconds of all of the above.
uint32_t spin_unit();

// CRC-32 (IEEE 802.3, reflected) of bytes, continued from `crc` (0 at the start).
uint32_t crc32_of(const void* bytes, uint64_t count, uint32_t crc);

// Marsaglia's xorshift: the same sequence everywhere.
inline uint32_t next_random(uint32_t& state) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

// Single parts, sized by the caller; the subjects are built from them.
uint32_t sort_integers(uint32_t count, uint32_t seed);
double orbit(uint32_t steps);
uint32_t fill_and_copy(uint32_t rounds);

}  // namespace vmft::bench
