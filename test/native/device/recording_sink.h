#pragma once

#include <vector>

#include "device/device.h"
#include "output/output.h"

namespace vmft::test {

/// Keeps what devices show the world.
struct RecordingSink final : OutputSink {
    struct Shown {
        OutputKind kind;
        std::vector<u8> bytes;
        bool operator==(const Shown&) const = default;
    };
    std::vector<Shown> shown;
    void emit(OutputKind kind, std::span<const u8> bytes) override {
        shown.push_back({kind, {bytes.begin(), bytes.end()}});
    }
};

/// Counts only: for random guests, whose output may be large.
struct CountingSink final : OutputSink {
    u64 outputs = 0, bytes = 0;
    void emit(OutputKind, std::span<const u8> shown) override {
        outputs++;
        bytes += shown.size();
    }
};

/// A line whose level a test can look at.
struct RecordingLine final : InterruptLine {
    bool up = false;
    unsigned rises = 0;
    void set(bool to) override {
        rises += to && !up;
        up = to;
    }
};

}  // namespace vmft::test
