#pragma once

#include <cstring>
#include <span>

#include "base/types.h"

namespace vmft {

/// A 64-bit hash for digests and checksums: detects accidents (a flipped bit, a
/// diverged byte), not forgery. Two 64×64→128 multiplications fold every 16 bytes.
/// The value depends only on the bytes and the seed, never on how they were split
/// over `add` calls' alignment: callers that compare must split alike.
class Hash64 {
public:
    explicit Hash64(u64 seed = 0) : state_(seed ^ 0x9e3779b97f4a7c15) {}

    void add(u64 word) {
        state_ = fold(state_ ^ word, 0xe7037ed1a0b428db ^ (word << 32 | word >> 32));
    }

    void add(std::span<const u8> bytes) {
        add(static_cast<u64>(bytes.size()));
        const u8* at = bytes.data();
        size_t left = bytes.size();
        for (; left >= 16; at += 16, left -= 16) {
            u64 first, second;
            std::memcpy(&first, at, 8);
            std::memcpy(&second, at + 8, 8);
            state_ = fold(state_ ^ first ^ 0xa0761d6478bd642f, second ^ 0xe7037ed1a0b428db) +
                     0x8ebc6af09c88c6e3;
        }
        if (left > 0) {
            u64 tail[2] = {0, 0};
            std::memcpy(tail, at, left);
            state_ = fold(state_ ^ tail[0] ^ 0xa0761d6478bd642f, tail[1] ^ 0xe7037ed1a0b428db) +
                     0x8ebc6af09c88c6e3;
        }
    }

    u64 value() const { return fold(state_ ^ 0x589965cc75374cc3, 0x1d8e4e27c47d124f); }

private:
    /// Multiplies to 128 bits and folds the halves. The addends keep a zero factor
    /// from swallowing the other.
    static u64 fold(u64 a, u64 b) {
        unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
        return static_cast<u64>(product) ^ static_cast<u64>(product >> 64) ^
               (a + (b << 1 | b >> 63));
    }

    u64 state_;
};

inline u64 hash64(std::span<const u8> bytes, u64 seed = 0) {
    Hash64 hash(seed);
    hash.add(bytes);
    return hash.value();
}

}  // namespace vmft
