#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "base/types.h"

namespace vmft {

/// Appends protobuf wire format (protobuf.dev, "Encoding"): the three wire types the log uses.
/// As proto3 prescribes, the callers leave out fields of value zero.
class WireWriter {
public:
    explicit WireWriter(std::vector<u8>& into) : into_(into) {}

    void varint(u64 value) {
        while (value >= 0x80) {
            into_.push_back(static_cast<u8>(value | 0x80));
            value >>= 7;
        }
        into_.push_back(static_cast<u8>(value));
    }
    void varint_field(u32 field, u64 value) {
        if (value == 0) return;
        varint(u64{field} << 3 | 0);
        varint(value);
    }
    void fixed64_field(u32 field, u64 value) {
        if (value == 0) return;
        varint(u64{field} << 3 | 1);
        size_t at = into_.size();
        into_.resize(at + 8);
        std::memcpy(into_.data() + at, &value, 8);
    }
    void bytes_field(u32 field, std::span<const u8> bytes) {
        if (bytes.empty()) return;
        message_head(field, bytes.size());
        into_.insert(into_.end(), bytes.begin(), bytes.end());
    }
    /// The head of a nested message (or bytes) of `size` bytes, which the caller appends next.
    void message_head(u32 field, u64 size) {
        varint(u64{field} << 3 | 2);
        varint(size);
    }

    static size_t varint_size(u64 value) {
        size_t size = 1;
        for (; value >= 0x80; value >>= 7) size++;
        return size;
    }
    static size_t varint_field_size(u32 field, u64 value) {
        return value == 0 ? 0 : varint_size(u64{field} << 3) + varint_size(value);
    }
    static size_t fixed64_field_size(u32 field, u64 value) {
        return value == 0 ? 0 : varint_size(u64{field} << 3) + 8;
    }
    static size_t message_size(u32 field, u64 size) {
        return varint_size(u64{field} << 3) + varint_size(size) + size;
    }

private:
    std::vector<u8>& into_;
};

}  // namespace vmft
