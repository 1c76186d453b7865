#include <algorithm>
#include <cstring>

#include "accel/kvm/probe/probe.h"

/// Instructions that an incomplete KVM fails on, or executes as the host's processor would.
namespace vmft::kvm {

namespace {

constexpr u8 vector_protection_fault = 13, vector_invalid_opcode = 6;
constexpr u64 cr4_tsd = 4;
constexpr u64 data = TinyGuest::data_address;
static_assert(data == 0x1'0000, "the address is in the code below");

}  // namespace

ProbeResult probe_user_cpuid(TinyGuest& guest) {
    // Through IRETQ: PUSH SS; PUSH RSP; PUSH RFLAGS; PUSH CS; PUSH RIP; IRETQ
    const u8 kernel[] = {0x68, TinyGuest::user_data, 0, 0, 0, 0x68, 0, 0xff, 0, 0, 0x6a, 2,
                         0x68, TinyGuest::user_code, 0, 0, 0, 0x68, 0, 0xa0, 0, 0, 0x48, 0xcf};
    static_assert(TinyGuest::user_stack_top == 0xff00 && TinyGuest::user_code_address == 0xa000);
    // MOV EAX, 0x40000000; CPUID; MOV [data], EBX; UD2
    const u8 user[] = {0xb8, 0, 0, 0, 0x40, 0x0f, 0xa2, 0x89, 0x1c, 0x25, 0, 0, 1, 0, 0x0f, 0x0b};
    guest.load(kernel);
    guest.memory().write(TinyGuest::user_code_address, user);
    guest.memory().write_value<u32>(data, 0);
    if (guest.run_to_vector() != vector_invalid_opcode) return probe_fails(guest);
    u32 maker = 0;
    guest.memory().read_value(data, maker);
    if (maker != 0x746d'6676 /*"vmft"*/)
        return probe_wrong("CPUID at CPL3 answers for the host's processor");
    return probe_works();
}

ProbeResult probe_user_rdtsc(TinyGuest& guest) {
    const u8 code[] = {0x0f, 0x31, 0x0f, 0x0b};  // RDTSC; UD2
    guest.load_user(code);
    kvm_sregs system = guest.vcpu().system_registers();
    system.cr4 |= cr4_tsd;
    guest.vcpu().set_system_registers(system);
    switch (guest.run_to_vector()) {
    case vector_protection_fault: return probe_works();
    case vector_invalid_opcode: return probe_wrong("RDTSC at CPL3 is not stopped by CR4.TSD");
    default: return probe_fails(guest);
    }
}

ProbeResult probe_cmpxchg16b(TinyGuest& guest) {
    // MOV EBX, 0x11111111; MOV ECX, 0x22222222; LOCK CMPXCHG16B [data]; HLT
    const u8 code[] = {0xbb, 0x11, 0x11, 0x11, 0x11, 0xb9, 0x22, 0x22, 0x22, 0x22, 0xf0,
                       0x48, 0x0f, 0xc7, 0x0c, 0x25, 0,    0,    1,    0,    0xf4};
    guest.load(code);
    guest.memory().write_value<u64>(data, 0);
    guest.memory().write_value<u64>(data + 8, 0);
    if (!guest.run_to_exit(KVM_EXIT_HLT)) return probe_fails(guest);
    u64 low = 0, high = 0;
    guest.memory().read_value(data, low);
    guest.memory().read_value(data + 8, high);
    if (low != 0x1111'1111 || high != 0x2222'2222)
        return probe_wrong("CMPXCHG16B does not exchange");
    return probe_works();
}

ProbeResult probe_fxsave(TinyGuest& guest) {
    // FXSAVE [data]; HLT
    const u8 code[] = {0x0f, 0xae, 0x04, 0x25, 0, 0, 1, 0, 0xf4};
    guest.load(code);
    kvm_fpu fpu{};
    fpu.fcw = 0x27f;
    fpu.mxcsr = 0x1fa0;
    fpu.xmm[5][3] = 0x77;
    guest.vcpu().set_fpu(fpu);
    if (!guest.run_to_exit(KVM_EXIT_HLT)) return probe_fails(guest);
    const u8* area = guest.memory().data() + data;
    u16 control = 0;
    u32 mxcsr = 0;
    std::memcpy(&control, area, sizeof control);
    std::memcpy(&mxcsr, area + 24, sizeof mxcsr);
    if (control != 0x27f || mxcsr != 0x1fa0 || area[160 + 5 * 16 + 3] != 0x77)
        return probe_wrong("FXSAVE does not store the state that was set");
    return probe_works();
}

ProbeResult probe_sse(TinyGuest& guest) {
    // PADDB XMM1, XMM2; MOVDQU [data], XMM1; HLT
    const u8 code[] = {0x66, 0x0f, 0xfc, 0xca, 0xf3, 0x0f, 0x7f, 0x0c, 0x25, 0, 0, 1, 0, 0xf4};
    guest.load(code);
    kvm_fpu fpu{};
    fpu.fcw = 0x37f;
    fpu.mxcsr = 0x1f80;
    std::fill(std::begin(fpu.xmm[1]), std::end(fpu.xmm[1]), 0x11);
    std::fill(std::begin(fpu.xmm[2]), std::end(fpu.xmm[2]), 0x22);
    guest.vcpu().set_fpu(fpu);
    if (!guest.run_to_exit(KVM_EXIT_HLT)) return probe_fails(guest);
    const u8* stored = guest.memory().data() + data;
    if (!std::all_of(stored, stored + 16, [](u8 byte) { return byte == 0x33; }))
        return probe_wrong("SSE instructions compute something else");
    return probe_works();
}

}  // namespace vmft::kvm
