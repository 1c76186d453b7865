#pragma once

#include <string>
#include <vector>

#include "accel/kvm/kvm_host.h"

namespace vmft::kvm {

/// What this host's KVM does and what it does not, found out with small guests. Not every /dev/kvm
/// is a faithful machine (docs/determinism.md).
struct Preflight {
    enum class Verdict : u8 {
        works,
        does_not,  ///< It fails, and says so.
        wrong,     ///< It does something else than a processor, silently.
    };
    /// Who must be able to rely on it.
    enum class Need : u8 {
        anything,  ///< Even a guest that never leaves CPL0.
        replay,    ///< An ordinary guest, recorded and replayed.
        stepping,  ///< Only the counters `step` and `simulated`, in user mode.
    };
    struct Finding {
        const char* name;
        Need need;
        Verdict verdict = Verdict::does_not;
        std::string detail;  ///< One line; empty when it works.
    };

    std::vector<Finding> findings;

    bool trusted_for_cpl0() const { return all_work(Need::anything); }
    bool trusted_for_replay() const { return all_work(Need::replay); }
    /// What is not to be trusted for replay, and how it shows, on one line; empty: nothing.
    std::string why_not_replay() const { return failures_up_to(Need::replay); }
    /// The same for guests that stay at CPL0.
    std::string why_not_cpl0() const { return failures_up_to(Need::anything); }

private:
    bool all_work(Need need) const;
    std::string failures_up_to(Need need) const;
};

/// Runs the guests, once a process; some milliseconds on hardware. Any thread: they run on one of
/// their own. Throws AcceleratorFault when no guest can be made at all.
const Preflight& preflight(KvmHost& host);

}  // namespace vmft::kvm
