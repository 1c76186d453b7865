#pragma once

#include <span>
#include <string>
#include <vector>

#include "device/device.h"
#include "output/output.h"
#include "test.h"

/// What devices see of a machine, under a test's control.
namespace vmft::test {

class FakeClock final : public VirtualClock {
public:
    u64 now_ns() const override { return now; }
    u64 realtime_base_ns() const override { return base; }
    u64 now = 0;
    u64 base = 0;
};

class FakeLine final : public InterruptLine {
public:
    void set(bool wanted) override {
        if (wanted && !up) rises++;
        up = wanted;
    }
    bool up = false;
    unsigned rises = 0;
};

class FakeSink final : public OutputSink {
public:
    void emit(OutputKind kind, std::span<const u8> bytes) override {
        VMFT_EXPECT(kind == OutputKind::console);
        batches.emplace_back(bytes.begin(), bytes.end());
    }
    std::vector<std::string> batches;
};

/// Lets time come to `until_ns` as the machine does: stopping at each deadline. False when a
/// deadline does not move on.
template <typename D>
bool run_until(FakeClock& clock, D& device, u64 until_ns) {
    unsigned idle = 0;
    while (device.deadline_ns() <= until_ns) {
        u64 deadline = device.deadline_ns();
        if (deadline > clock.now) clock.now = deadline;
        device.advance(clock.now);
        if (device.deadline_ns() == deadline && ++idle > 2) return false;
    }
    clock.now = until_ns;
    return true;
}

template <typename D>
std::vector<u8> saved(const D& device) {
    StateWriter state;
    device.save(state);
    return state.bytes();
}

/// Restores `from`'s state into `into`; the bytes must be the same again, and every truncation be
/// refused.
template <typename D>
void copy_state(const D& from, D& into) {
    std::vector<u8> bytes = saved(from);
    for (size_t size = 0; size < bytes.size(); size++) {
        std::span<const u8> all = bytes;
        StateReader cut(all.first(size));
        into.restore(cut);
        VMFT_EXPECT(!cut.ok());
    }
    StateReader state(bytes);
    into.restore(state);
    VMFT_EXPECT(state.ok());
    VMFT_EXPECT_EQUAL(state.bytes_left(), 0u);
    VMFT_EXPECT(saved(into) == bytes);
}

/// A small generator for tests that try many values; the same on every run.
class Sequence {
public:
    explicit Sequence(u64 seed) : state_(seed) {}
    u64 next() {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        u64 mixed = state_ ^ state_ >> 33;
        return mixed * 0xff51afd7ed558ccd >> 7;
    }
    u64 below(u64 bound) { return next() % bound; }

private:
    u64 state_;
};

/// Any guest, however hostile: random accesses, time passing, and random state restored. Must only
/// not crash or hang, and two copies must stay equal.
template <typename D>
void hammer(FakeClock& clock, D& device, D& copy, u64 offsets, unsigned width_bytes, u64 seed) {
    Sequence random(seed);
    for (int i = 0; i < 20'000; i++) {
        u64 offset = random.below(offsets), value = random.next();
        unsigned size = 1u << random.below(4);
        if (size > width_bytes) size = width_bytes;
        switch (random.below(8)) {
        case 0: VMFT_EXPECT_EQUAL(device.read(offset, size), copy.read(offset, size)); break;
        case 1:
            clock.now += random.below(3) == 0 ? random.below(u64{1} << random.below(50))
                                              : random.below(100'000);
            if (device.deadline_ns() <= clock.now) {
                device.advance(clock.now);
                copy.advance(clock.now);
            }
            break;
        default:
            if (random.below(2)) value &= 0xFF;
            device.write(offset, size, value);
            copy.write(offset, size, value);
            break;
        }
        VMFT_EXPECT_EQUAL(device.deadline_ns(), copy.deadline_ns());
    }
    VMFT_EXPECT(saved(device) == saved(copy));
    std::vector<u8> bytes = saved(device);
    for (int i = 0; i < 2000; i++) {
        std::vector<u8> broken = bytes;
        for (u64 flips = random.below(4) + 1; flips > 0; flips--)
            broken[random.below(broken.size())] ^= 1u << random.below(8);
        StateReader state(broken);
        copy.restore(state);
        copy.read(random.below(offsets), 1);
        copy.write(random.below(offsets), 1, random.next());
        copy.advance(clock.now);
        copy.deadline_ns();
    }
}

}  // namespace vmft::test
