#pragma once

#include <cstring>
#include <span>

#include "base/types.h"
#include "log/log_fault.h"

namespace vmft {

/// Reads protobuf wire format from untrusted bytes. Total: a fault is remembered, later
/// reads give zero or nothing, and the caller looks at `fault()` when it is done.
class WireReader {
public:
    explicit WireReader(std::span<const u8> bytes) : rest_(bytes) {}

    /// Whether another field follows; reads its tag. False at the end and on a fault.
    bool next_field() {
        if (fault_ != LogFault::none || rest_.empty()) return false;
        u64 tag = raw_varint();
        if (fault_ != LogFault::none) return false;
        if (tag >> 3 == 0 || tag >> 3 > 0x1fff'ffff) {
            fail(LogFault::unknown_field);
            return false;
        }
        field_ = static_cast<u32>(tag >> 3);
        wire_type_ = static_cast<u8>(tag & 7);
        return true;
    }
    u32 field() const { return field_; }

    /// The field's value. The caller knows the type from the schema; another one is a fault.
    u64 varint() { return expect(0) ? raw_varint() : 0; }
    u64 fixed64() {
        if (!expect(1)) return 0;
        u64 value = 0;
        if (rest_.size() < 8) {
            fail(LogFault::truncated);
            return 0;
        }
        std::memcpy(&value, rest_.data(), 8);
        rest_ = rest_.subspan(8);
        return value;
    }
    std::span<const u8> bytes() {
        if (!expect(2)) return {};
        u64 size = raw_varint();
        if (fault_ != LogFault::none) return {};
        if (size > rest_.size()) {
            fail(LogFault::truncated);
            return {};
        }
        std::span<const u8> value = rest_.first(size);
        rest_ = rest_.subspan(size);
        return value;
    }

    /// Marks a singular field as seen; a second time is a fault.
    void once(u32& seen) {
        u32 bit = u32{1} << (field_ & 31);
        if (seen & bit) fail(LogFault::repeated_field);
        seen |= bit;
    }

    void fail(LogFault fault) {
        if (fault_ == LogFault::none) fault_ = fault;
        rest_ = {};
    }
    LogFault fault() const { return fault_; }

private:
    bool expect(u8 wire_type) {
        if (fault_ != LogFault::none) return false;
        if (wire_type_ != wire_type) {
            fail(LogFault::wrong_wire_type);
            return false;
        }
        return true;
    }
    u64 raw_varint() {
        u64 value = 0;
        for (unsigned i = 0; i < 10; i++) {
            if (i >= rest_.size()) {
                fail(LogFault::truncated);
                return 0;
            }
            u8 byte = rest_[i];
            if (i == 9 && byte > 1) break;
            value |= u64{byte & 0x7fu} << (7 * i);
            if (byte < 0x80) {
                rest_ = rest_.subspan(i + 1);
                return value;
            }
        }
        fail(LogFault::varint_too_long);
        return 0;
    }

    std::span<const u8> rest_;
    u32 field_ = 0;
    u8 wire_type_ = 0;
    LogFault fault_ = LogFault::none;
};

}  // namespace vmft
