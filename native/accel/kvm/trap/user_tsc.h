#pragma once

#include <optional>

#include "accel/kvm/vcpu/guest_code.h"

namespace vmft::kvm {

/// Linear address of the guest's handler of #GP (IDT entry 13), whose first instruction is where a
/// faulting RDTSC of user mode can be seen. None: not in 64-bit mode, or no gate is there (yet).
std::optional<u64> gp_handler(const kvm_sregs& registers, const GuestMemory& memory);

/// What user mode goes on with behind its RDTSC or RDTSCP.
struct UserState {
    kvm_regs registers{};
    kvm_sregs system{};
    bool single_step = false;  ///< TF was set: #DB is due before the next instruction.
};

/// `registers` and `system` are those in front of the first instruction of gp_handler(). The state
/// behind the user instruction, when that was RDTSC or RDTSCP refused because of CR4.TSD: RDX:RAX =
/// `tsc`, for RDTSCP also ECX = `tsc_aux`. None: another #GP, which is the guest's own affair.
/// CS and SS are loaded from the guest's descriptors, as IRETQ would (SDM 2A, IRET).
std::optional<UserState> behind_user_rdtsc(const kvm_regs& registers, const kvm_sregs& system,
                                           const GuestMemory& memory, u64 tsc, u32 tsc_aux);

/// The same with the vCPU, whose state is changed. False: nothing was done. The caller knows that
/// the guest itself has not asked for CR4.TSD.
bool resume_behind_rdtsc(Vcpu& vcpu, GuestMemory& memory, u64 tsc, u32 tsc_aux);

}  // namespace vmft::kvm
