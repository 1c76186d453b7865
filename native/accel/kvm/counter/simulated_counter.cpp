#include "accel/kvm/counter/simulated_counter.h"

namespace vmft::kvm {

namespace {

constexpr u64 late_instructions_max = 7;

}  // namespace

/// A Weyl sequence, mixed.
u64 SimulatedCounter::next_random() {
    random_ += 0x9e37'79b9'7f4a'7c15;
    u64 value = random_;
    value = (value ^ value >> 32) * 0xd6e8'feb8'6659'fd93;
    value = (value ^ value >> 32) * 0xd6e8'feb8'6659'fd93;
    return value ^ value >> 32;
}

void SimulatedCounter::arm(u64 at) {
    u64 branches = next_random() % (skid_ + 1), instructions = next_random();
    // Instructions on the way may be branches: with the largest skid there is no room for one.
    instructions = branches < skid_ ? instructions % (late_instructions_max + 1) : 0;
    steps_.arm_late(at, branches, instructions);
}

}  // namespace vmft::kvm
