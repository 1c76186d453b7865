#pragma once

#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "base/types.h"

namespace vmft {

/// Appends a component's state as little-endian bytes. What `save` writes is what
/// digests cover and what `restore` reads back, in the same order.
class StateWriter {
public:
    template <typename T>
        requires(std::is_integral_v<T> || std::is_enum_v<T>)
    void put(T value) {
        put_bytes({reinterpret_cast<const u8*>(&value), sizeof value});
    }
    void put_bytes(std::span<const u8> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    /// A length (u64) and the bytes.
    void put_block(std::span<const u8> bytes) {
        put(static_cast<u64>(bytes.size()));
        put_bytes(bytes);
    }
    const std::vector<u8>& bytes() const { return bytes_; }
    void clear() { bytes_.clear(); }

private:
    std::vector<u8> bytes_;
};

/// Reads what StateWriter wrote. A read past the end yields zero and makes `ok()`
/// false for good, so that callers check once at the end.
class StateReader {
public:
    explicit StateReader(std::span<const u8> bytes) : rest_(bytes) {}

    template <typename T>
        requires(std::is_integral_v<T> || std::is_enum_v<T>)
    T get() {
        T value{};
        get_bytes({reinterpret_cast<u8*>(&value), sizeof value});
        return value;
    }
    template <typename T>
    void get(T& value) {
        value = get<T>();
    }
    void get_bytes(std::span<u8> into) {
        if (into.size() > rest_.size()) {
            ok_ = false;
            rest_ = {};
            std::memset(into.data(), 0, into.size());
            return;
        }
        std::memcpy(into.data(), rest_.data(), into.size());
        rest_ = rest_.subspan(into.size());
    }
    /// A block of at most `bytes_max` bytes; empty and not ok when longer.
    std::vector<u8> get_block(u64 bytes_max) {
        u64 size = get<u64>();
        if (size > bytes_max || size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        std::vector<u8> block(rest_.begin(), rest_.begin() + static_cast<i64>(size));
        rest_ = rest_.subspan(size);
        return block;
    }
    bool ok() const { return ok_; }
    void fail() { ok_ = false; }
    size_t bytes_left() const { return rest_.size(); }

private:
    std::span<const u8> rest_;
    bool ok_ = true;
};

}  // namespace vmft
