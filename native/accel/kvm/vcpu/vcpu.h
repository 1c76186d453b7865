#pragma once

#include <linux/kvm.h>

#include <optional>
#include <span>
#include <vector>

#include "accel/kvm/kvm_host.h"
#include "accel/kvm/vcpu/kick.h"
#include "base/scoped_fd.h"
#include "machine/guest_memory.h"

namespace vmft::kvm {

/// One CPUID leaf as the guest sees it (struct kvm_cpuid_entry2 without its flags).
struct CpuidLeaf {
    u32 function = 0, index = 0;
    bool indexed = false;  ///< `index` matters (ECX selects a subleaf).
    u32 eax = 0, ebx = 0, ecx = 0, edx = 0;

    bool operator==(const CpuidLeaf&) const = default;
};

/// A virtual machine of the host's KVM with one vCPU and the guest's RAM in memory slots; no
/// interrupt controller in the kernel. One method an ioctl, typed; what they mean is for the files
/// beside this one. All methods but `kick_at` belong to the vCPU thread, the first that calls
/// `enter`. Throws AcceleratorFault (unavailable, host), naming the request or capability.
class Vcpu {
public:
    Vcpu(KvmHost& host, GuestMemory& memory, std::span<const CpuidLeaf> cpuid);
    ~Vcpu();
    Vcpu(const Vcpu&) = delete;
    Vcpu& operator=(const Vcpu&) = delete;

    /// KVM_RUN. False: a kick came before or during it (run_page() tells nothing), or a signal of
    /// interrupt_signal(). A kick refuses every entry until it is taken.
    bool enter();
    /// The signal that a counter may ask for on this thread (F_SETSIG): ends the entry under way or
    /// else the next one, once, as a kick does, but take_kick() does not tell of it.
    static int interrupt_signal() { return Kick::signal_number(); }
    /// Lets KVM finish the instruction whose exit user space has just answered, without entering
    /// the guest (KVM_RUN with immediate_exit). True: finishing it made another exit.
    bool complete();

    struct kvm_run& run_page() { return *run_; }
    const struct kvm_run& run_page() const { return *run_; }

    /// The general registers, rip and rflags: cached, read from KVM at most once after each entry.
    const kvm_regs& registers();
    void set_registers(const kvm_regs& registers);
    kvm_sregs system_registers();
    void set_system_registers(const kvm_sregs& registers);
    kvm_fpu fpu();
    void set_fpu(const kvm_fpu& fpu);
    kvm_debugregs debug_registers();
    void set_debug_registers(const kvm_debugregs& registers);
    kvm_vcpu_events events();
    void set_events(const kvm_vcpu_events& events);
    /// False: KVM does not know it.
    bool get_msr(u32 msr, u64& value);
    bool set_msr(u32 msr, u64 value);

    /// KVM_SET_GUEST_DEBUG. Nothing is done when it is what was set last.
    void set_guest_debug(const kvm_guest_debug& debug);
    /// KVM_INTERRUPT: enters the guest with it next time. The caller has checked that it can be
    /// taken.
    void inject_interrupt(u8 vector);
    /// Delivers the exception in front of the next instruction, with the next entry; in place of
    /// one that waits already.
    void inject_exception(u8 vector, std::optional<u32> error_code = {});

    /// Adds the dirty flags of pages written by the guest since the last call (KVM_GET_DIRTY_LOG).
    void collect_dirty_flags();

    /// Any thread: the entry under way, or else the next one, ends at this time of CLOCK_MONOTONIC
    /// at the latest; 0: at once. The earliest asked for counts. A signal to the vCPU thread whose
    /// handler sets immediate_exit, so that no kick is lost between the look and the entry.
    void kick_at(u64 monotonic_ns);
    /// A kick came (or its time did) since the last call. vCPU thread.
    bool take_kick();

    /// The thread that runs the vCPU; 0 before the first entry.
    int thread_id() const { return kick_->thread_id(); }

private:
    /// Guest RAM in one memory slot.
    struct Slot {
        u32 number = 0;
        u64 address = 0, offset = 0, pages = 0;
    };

    void create_machine();
    void map_memory();
    void map_slot(u64 address, u64 offset, u64 bytes);
    void create_vcpu(std::span<const CpuidLeaf> cpuid);
    void entered();
    void apply_guest_debug();

    KvmHost& host_;
    GuestMemory& memory_;
    ScopedFd machine_, vcpu_;
    struct kvm_run* run_ = nullptr;
    size_t run_bytes_ = 0;
    Kick* kick_ = nullptr;
    bool synchronized_registers_ = false;  ///< KVM_CAP_SYNC_REGS: registers come in the run page.
    bool extended_state_ = false;          ///< KVM_CAP_XSAVE.
    bool registers_valid_ = false, system_registers_valid_ = false;
    kvm_regs registers_{};
    kvm_sregs system_registers_{};
    kvm_guest_debug debug_{};
    std::vector<Slot> slots_;
    std::vector<u64> dirty_bitmap_;
};

}  // namespace vmft::kvm
