#pragma once

#include "accel/kvm/conformance/follower.h"
#include "accel/soft/soft_cpu.h"
#include "machine/random.h"

namespace vmft::test::conformance {

/// A guest on the software CPU.
class SoftSubject {
public:
    SoftSubject(const Guest& guest, u64 platform_seed);

    RunExit run(u64 until_ticks) { return cpu_.run(until_ticks); }
    u64 ticks() const { return cpu_.ticks(); }
    CpuImage image();
    soft::Cpu& cpu() { return cpu_.cpu(); }
    SoftCpu& accelerator() { return cpu_; }
    GuestMemory& memory() { return memory_; }
    ScriptedPlatform& platform() { return platform_; }
    /// The bytes of the next instruction, as far as they are mapped. At most 15.
    std::vector<u8> next_code();

private:
    GuestMemory memory_{memory_bytes};
    ScriptedPlatform platform_;
    SoftCpu cpu_;
};

/// The software CPU behind itself, stopped at some of the places only, so that its blocks run:
/// proves the harness, and that slices do not matter.
class SoftFollower : public Follower {
public:
    SoftFollower(const Guest& guest, u64 platform_seed)
        : subject_(guest, platform_seed), random_(platform_seed + 1) {}

    bool stops_at(const Place&) override { return random_.below(3) == 0; }
    Came follow(const Place& place) override;
    CpuImage image() override { return subject_.image(); }
    GuestMemory& memory() override { return subject_.memory(); }
    ScriptedPlatform& platform() override { return subject_.platform(); }
    void collect_dirty_flags() override {}
    void dirty_flags_cleared() override { subject_.accelerator().dirty_flags_cleared(); }

protected:
    SoftSubject subject_;

private:
    Random random_;
};

}  // namespace vmft::test::conformance
