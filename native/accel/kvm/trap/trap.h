#pragma once

#include <vector>

#include "accel/kvm/trap/kernel_text.h"
#include "accel/kvm/vcpu/guest_code.h"

namespace vmft::kvm {

/// Replaces in the guest's kernel text what KVM would execute and should not (RDTSC, RDTSCP, MOV to
/// CR4) by `out imm8, al`, which exits to user space on any KVM; see trap.cpp for the essay. All
/// it does follows from guest memory and registers alone, so two machines that call it at the same
/// positions stay equal. vCPU thread only.
class KernelTraps {
public:
    explicit KernelTraps(GuestMemory& memory) : memory_(memory) {}

    /// Looks for kernel text that is mapped executable and was not looked at, or was written since
    /// (`written` flags of GuestMemory pages: they must cover every write so far, and nobody else
    /// may clear them), and patches it.
    void scan(const kvm_sregs& registers);

    /// Whether an OUT to this port may be one of ours.
    static bool is_trap_port(u16 port);

    enum class Kind : u8 { none, rdtsc, rdtscp, write_cr4 };
    struct Site {
        Kind kind = Kind::none;
        u8 source_register = 0;  ///< write_cr4: 0 … 15.
    };
    /// Whether an exit for an OUT of one byte to `port` is one of ours. `rip` is where KVM has left
    /// it: in front of the instruction (the kernel's own KVM) or behind it already (others). When
    /// the OUT is finished, rip is where the replaced instruction would have left it.
    Site site_of_exit(u16 port, u64 rip, const kvm_sregs& registers) const;

    /// What was looked at is no part of the state: it is remembered only to save time, and looking
    /// again changes nothing. After a restore it is not true any more.
    void forget() { known_.clear(); }

    /// What scans have done so far, for reports; not part of the state.
    struct Figures {
        u64 scans = 0, pages = 0;  ///< Pages looked at, again and again.
        u64 patched = 0, left_alone = 0;
    };
    const Figures& figures() const { return figures_; }

private:
    void look_at(const std::vector<TextPage>& text, size_t index);
    void replace(const std::vector<TextPage>& text, size_t index, unsigned offset, bool extended);

    GuestMemory& memory_;
    std::vector<TextPage> known_;  ///< As mapped and looked at by the last scan.
    Figures figures_;
    std::vector<u32> offsets_;  // Reused, no state.
};

}  // namespace vmft::kvm
