#pragma once

#include <span>

#include "accel/kvm/vcpu/vcpu.h"
#include "machine/guest_memory.h"

namespace vmft::kvm {

/// A guest of one MiB in 64-bit mode with a few bytes of code, to try out what a KVM does. The
/// first 2 MiB are mapped as they are, for user mode too; behind the RAM they answer as devices.
/// Every exception and interrupt comes to a handler that writes its vector to `vector_port` and
/// halts.
class TinyGuest {
public:
    static constexpr u64 code_address = 0x8000, user_code_address = 0xa000, data_address = 0x1'0000,
                         stack_top = 0x7f00, user_stack_top = 0xff00, device_address = 0x18'0000;
    static constexpr u16 vector_port = 0xe1, kernel_code = 0x08, kernel_data = 0x10,
                         user_data = 0x1b, user_code = 0x23;

    TinyGuest(KvmHost& host, std::span<const CpuidLeaf> cpuid);

    GuestMemory& memory() { return memory_; }
    Vcpu& vcpu() { return vcpu_; }

    /// The next instruction is the first of `code`, at CPL0 with interrupts off and all registers
    /// zero but the stack's.
    void load(std::span<const u8> code);
    /// The same at CPL3; the registers of IRET are set, not gone through.
    void load_user(std::span<const u8> code);

    /// Enters until an exit; false: none within `entry_ns_max`, or KVM failed.
    bool run();
    /// Runs to an exit of this kind (KVM_EXIT_…).
    bool run_to_exit(u32 reason);
    /// The last run did not come to an exit: what is left of the vCPU is not known.
    bool failed() const { return !failure_.empty(); }
    /// What the last run came to, in words.
    std::string outcome() const;

    /// The exit is a write of one byte to `port`.
    bool wrote(u16 port, u8& value) const;
    /// Runs on to a handler's report; -1: something else came.
    int run_to_vector();

private:
    static constexpr u64 entry_ns_max = 500'000'000;
    void build_tables();
    void load_segments(bool user);
    void load_at(u64 address, std::span<const u8> code, bool user);

    GuestMemory memory_;
    Vcpu vcpu_;
    std::string failure_;
};

}  // namespace vmft::kvm
