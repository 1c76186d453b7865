#pragma once

#include <deque>
#include <functional>
#include <string>

#include "accel/soft/noting_platform.h"
#include "accel/soft/tiny_kernel.h"
#include "base/hash64.h"
#include "test.h"

namespace vmft::test {

/// A small program around which everything is known, and what it is to meet.
struct Scenario {
    std::string name;
    std::span<const u8> program;
    u8 cpl = 0;
    struct Interrupt {
        u64 ticks;
        u8 vector;
    };
    std::vector<Interrupt> interrupts =
        {};  ///< Raised when the CPU has retired so many instructions, or earlier when it halts.
    std::function<void(GuestMemory&, soft::Cpu&)> prepare = {};
    u64 ticks_max = 400;
    TranslatorOptions translator = {};
};

/// A software CPU in a scenario. The platform is a log of what it was asked, with the tick of each:
///   port 0x10      any value may be written, and each read gives another
///   port 0x11      writing raises that vector
///   device memory  as port 0x10
class ExactRun final : private NotingPlatform {
public:
    explicit ExactRun(const Scenario& scenario);

    /// Runs to `ticks`, or to where nothing can go on. Raises the scenario's interrupts on the way.
    void run_to(u64 ticks);
    u64 ticks() const { return cpu_.ticks(); }
    /// Nothing happens any more: halted for good, or shut down.
    bool ended() const { return ended_; }
    /// Of everything: CPU, memory, what the platform saw.
    u64 digest();

    /// The same state in another CPU; both have empty caches then, as at a snapshot.
    void copy_from(ExactRun& other);

    std::vector<Delivered> delivered() { return tiny_kernel::delivered(memory_, cpu_); }
    soft::Cpu& cpu() { return cpu_.cpu(); }
    GuestMemory& memory() { return memory_; }
    u64 data(u64 offset) const;
    const std::vector<u64>& platform_log() const { return asked_; }

private:
    u64 ticks_now() const override { return cpu_.ticks(); }
    void raise_due(bool next_too);

    GuestMemory memory_{1 << 20};
    SoftCpu cpu_;
    std::deque<Scenario::Interrupt> coming_;
    bool ended_ = false;
};

/// Runs the scenario in one go, tick by tick, cut in two at every tick, cut at random, and copied
/// at every tick, and expects the same state at every tick. Returns the finished run for what else
/// is to be checked.
std::unique_ptr<ExactRun> expect_exact(const Scenario& scenario);

/// The vectors delivered, in order.
std::vector<u64> vectors_of(ExactRun& run);

}  // namespace vmft::test
