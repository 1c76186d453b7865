#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "accel/kvm/counter/counter.h"
#include "machine/guest_memory.h"

namespace vmft::kvm::test {

/// Machine code of a test's guest: assembler between two labels, run at CounterGuest::code.
struct GuestCode {
    const u8* begin;
    const u8* end;
    struct Handler {
        u8 vector;
        const u8* entry;  ///< Between begin and end.
    };
    std::initializer_list<Handler> handlers = {};
};

/// A guest of 4 MiB in 64-bit mode with interrupt table, task state, user mode, SYSCALL, and a
/// device behind its RAM. An exception that `code` does not handle ends it (an OUT to
/// `unexpected_port`, the vector in AL). Port and device reads answer with a count.
class CounterGuest {
public:
    static constexpr u64 bytes = 4 << 20;
    static constexpr u64 code = 0x10000, data = 0x30000, other_data = 0x31000, stack_top = 0x9000,
                         device = 0x400000, unmapped = 0x800000;
    static constexpr u16 end_port = 0xf0, unexpected_port = 0xf1, system_call_vector = 0x80,
                         kernel_code = 0x08, kernel_data = 0x10, user_data = 0x1b, user_code = 0x23;

    CounterGuest(KvmHost& host, const GuestCode& code);

    Vcpu& vcpu() { return *vcpu_; }
    GuestMemory& memory() { return memory_; }
    u64 exits = 0;  ///< Answered so far.

    /// Answers the exit that the vCPU is at and has KVM finish the instruction. False: it is the
    /// end (end_port), HLT or anything unexpected; `end` tells.
    bool answer();
    enum class End : u8 { none, port, halt, unexpected, cannot_execute };
    End end = End::none;
    std::string reason;

    /// Runs to the end without any counter, answering exits.
    End run_free();
    /// Called with each exit, before it is answered.
    std::function<void()> on_exit;

private:
    void build_tables(const GuestCode& code);
    void load();

    GuestMemory memory_{bytes};
    std::unique_ptr<Vcpu> vcpu_;
};

/// All that must be equal behind the same instructions: registers, segments, memory.
bool same_state(CounterGuest& left, CounterGuest& right);

/// /dev/kvm, or null, having printed why.
KvmHost* kvm_host();

}  // namespace vmft::kvm::test
