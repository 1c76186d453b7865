#pragma once

#include <deque>
#include <memory>
#include <string>

#include "accel/soft/fuzz/fuzz_case.h"
#include "accel/soft/noting_platform.h"
#include "accel/soft/soft_cpu.h"

namespace vmft::fuzz {

/// A bug of the CPU under test, to see that it would be found.
enum class Planted : u8 {
    none,
    register_bit,  ///< From a tick on, one bit of a register is wrong.
    flag_bit,
    xmm_bit,
    memory_bit,   ///< Of a page that is not marked as written.
    translation,  ///< A cached translation is lost.
    stale_code,   ///< From a tick on, nobody watches for changes of decoded code.
    late,         ///< It retires one instruction more than it counts.
};

/// A software CPU in the guest of a case, and the world around it.
class FuzzMachine final : private test::NotingPlatform {
public:
    FuzzMachine(const Case& drawn, const TranslatorOptions& options, Slices slices,
                Planted planted = Planted::none);

    /// Runs to `ticks`, or to where nothing can go on, with what happens on the way.
    void run_to(u64 ticks);

    bool ended() const { return ended_; }
    u64 ticks() const { return cpu_.ticks(); }
    /// How much of a guest there was: exceptions that went on.
    u32 restarts() const;
    std::string describe() const;
    /// rip and the bytes there, where the code TLB knows the page.
    std::string next_instruction() const;

    /// What of all that the guest can observe differs; empty: nothing.
    static std::string difference(FuzzMachine& tested, FuzzMachine& reference);

private:
    u64 ticks_now() const override { return cpu_.ticks(); }
    u8 vector_for(u32 value) const override { return static_cast<u8>(value | 0x20); }
    void port_write(u16 port, unsigned bytes, u32 value) override;

    void enter_guest();
    u64 slice(u64 ticks_left);
    void happen(const WorldEvent& event);
    void plant();

    const Case& case_;
    Slices slices_;
    Planted planted_;
    bool planted_now_ = false;
    Random random_;
    GuestMemory memory_{ram_bytes};
    SoftCpu cpu_;
    size_t next_event_ = 0;
    bool ended_ = false, restores_ = false;
};

}  // namespace vmft::fuzz
