#pragma once

#include "accel/kvm/kvm_host.h"

namespace vmft::kvm {

/// Makes every RDMSR and WRMSR of the guest come to user space (KVM_EXIT_X86_RDMSR, _WRMSR), but
/// for the registers that are part of how the processor executes and hold nothing but what the
/// guest wrote: EFER, SYSCALL's and SYSENTER's, and the FS and GS bases. x2APIC's range cannot be
/// filtered; without an interrupt controller in the kernel it comes as an invalid register.
/// `machine_fd` is a virtual machine's. Throws AcceleratorFault (host).
void filter_msrs(int machine_fd);

/// Whether the guest's accesses to it stay in KVM.
bool msr_stays_in_kvm(u32 msr);

}  // namespace vmft::kvm
