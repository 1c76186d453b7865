#include <cstring>

#include "accel/kvm/probe/tiny_guest.h"
#include "accel/kvm/trap/trap.h"
#include "accel/kvm/trap/user_tsc.h"
#include "accel/kvm/with_kvm.h"
#include "machine/layout.h"

/// What the host's KVM makes of the replacements, and of user mode's RDTSC.
namespace vmft::kvm {

namespace {

const CpuidLeaf leaves[] = {{0, 0, false, 1, 0x746d'6676, 0x746d'6676, 0x746d'6676},
                            {1, 0, false, 0, 0, 0, 0x0783'fbff},
                            {0x8000'0000, 0, false, 0x8000'0008, 0, 0, 0},
                            {0x8000'0001, 0, false, 0, 0, 0, 0x2010'0800},
                            {0x8000'0008, 0, false, 0x3028, 0, 0, 0}};

constexpr u64 cr4_tsd = 4;
constexpr u8 vector_ud = 6;

}  // namespace

VMFT_TEST(replacements_come_out_and_are_finished) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, leaves);
    KernelTraps traps(guest.memory());
    struct Replaced {
        std::vector<u8> code;
        u16 port;
        KernelTraps::Kind kind;
        u8 source_register;
    };
    const u8 rdtsc = layout::trap_rdtsc, rdtscp = layout::trap_rdtscp, cr4 = layout::trap_write_cr4;
    const Replaced all[] = {
        {{0xe6, rdtsc}, rdtsc, KernelTraps::Kind::rdtsc, 0},
        {{0x48, 0xe6, rdtsc}, rdtsc, KernelTraps::Kind::rdtsc, 0},
        {{0x3e, 0xe6, rdtscp}, rdtscp, KernelTraps::Kind::rdtscp, 0},
        {{0x3e, 0xe6, static_cast<u8>(cr4 + 7)}, cr4 + 7, KernelTraps::Kind::write_cr4, 7},
        {{0x41, 0x3e, 0xe6, static_cast<u8>(cr4 + 9)}, cr4 + 9, KernelTraps::Kind::write_cr4, 9}};
    for (const Replaced& replaced : all) {
        std::vector<u8> code = replaced.code;
        code.push_back(0xf4);  // HLT
        guest.load(code);
        VMFT_REQUIRE(guest.run_to_exit(KVM_EXIT_IO));
        u8 value = 0;
        VMFT_EXPECT(guest.wrote(replaced.port, value));
        Vcpu& vcpu = guest.vcpu();
        // In front of the instruction or behind it.
        auto site = traps.site_of_exit(guest.vcpu().run_page().io.port, vcpu.registers().rip,
                                       vcpu.system_registers());
        VMFT_EXPECT(site.kind == replaced.kind);
        VMFT_EXPECT_EQUAL(site.source_register, replaced.source_register);
        VMFT_EXPECT(!vcpu.complete());
        VMFT_EXPECT_EQUAL(vcpu.registers().rip, TinyGuest::code_address + replaced.code.size());
        VMFT_EXPECT(guest.run_to_exit(KVM_EXIT_HLT));
    }
}

VMFT_TEST(user_mode_s_rdtsc_is_answered) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, leaves);
    // XOR EDI, EDI (ZF); RDTSC; PUSHFQ; MOV [data], RAX; MOV [data + 8], RDX; POP [data + 16]; UD2
    static_assert(TinyGuest::data_address == 0x1'0000);
    const u8 code[] = {0x31, 0xff, 0x0f, 0x31, 0x9c,                    //
                       0x48, 0x89, 0x04, 0x25, 0x00, 0x00, 0x01, 0x00,  //
                       0x48, 0x89, 0x14, 0x25, 0x08, 0x00, 0x01, 0x00,  //
                       0x8f, 0x04, 0x25, 0x10, 0x00, 0x01, 0x00,        //
                       0x0f, 0x0b};
    guest.load_user(code);
    Vcpu& vcpu = guest.vcpu();
    kvm_sregs system = vcpu.system_registers();
    system.cr4 |= cr4_tsd;
    vcpu.set_system_registers(system);
    auto handler = gp_handler(system, guest.memory());
    VMFT_REQUIRE(handler.has_value());
    kvm_guest_debug debug{};
    debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
    debug.arch.debugreg[0] = *handler;
    debug.arch.debugreg[7] = 0x402;  // G0: an execution breakpoint
    vcpu.set_guest_debug(debug);
    if (!guest.run_to_exit(KVM_EXIT_DEBUG)) VMFT_SKIP("no hardware breakpoint: " + guest.outcome());
    VMFT_EXPECT_EQUAL(vcpu.registers().rip, *handler);
    VMFT_EXPECT(resume_behind_rdtsc(vcpu, guest.memory(), 0x1122'3344'5566'7788, 0));
    VMFT_EXPECT_EQUAL(vcpu.registers().rip, TinyGuest::user_code_address + 4);
    VMFT_EXPECT_EQUAL(vcpu.system_registers().cs.dpl, 3);
    VMFT_EXPECT_EQUAL(guest.run_to_vector(), vector_ud);
    u64 stored[3] = {};
    guest.memory().read(TinyGuest::data_address, {reinterpret_cast<u8*>(stored), sizeof stored});
    VMFT_EXPECT_EQUAL(stored[0], 0x5566'7788u);
    VMFT_EXPECT_EQUAL(stored[1], 0x1122'3344u);
    VMFT_EXPECT_EQUAL(stored[2] & 0xfff, 0x46u);  // ZF, PF

    // A fault that is the guest's own goes its way.
    const u8 halt[] = {0xf4};
    guest.load_user(halt);
    vcpu.set_guest_debug(debug);  // Loading has taken it away.
    VMFT_REQUIRE(guest.run_to_exit(KVM_EXIT_DEBUG));
    VMFT_EXPECT(!resume_behind_rdtsc(vcpu, guest.memory(), 1, 0));
}

}  // namespace vmft::kvm
