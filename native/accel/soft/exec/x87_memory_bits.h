#pragma once

#include "base/types.h"

namespace vmft::soft::x87 {

/// The integer as which an x87 memory operand of type T is loaded and stored.
template <typename T>
struct MemoryBits;
template <>
struct MemoryBits<float> {
    using Type = u32;
};
template <>
struct MemoryBits<double> {
    using Type = u64;
};
template <>
struct MemoryBits<i16> {
    using Type = u16;
};
template <>
struct MemoryBits<i32> {
    using Type = u32;
};
template <>
struct MemoryBits<i64> {
    using Type = u64;
};

}  // namespace vmft::soft::x87
