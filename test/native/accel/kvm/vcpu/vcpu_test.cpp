
#include <atomic>
#include <cstring>
#include <thread>

#include "accel/kvm/monotonic_clock.h"
#include "accel/kvm/probe/tiny_guest.h"
#include "accel/kvm/with_kvm.h"

namespace vmft::kvm {

namespace {

const CpuidLeaf leaves[] = {{0, 0, false, 1, 0x746d'6676, 0x746d'6676, 0x746d'6676},
                            {1, 0, false, 0, 0, 0, 0x0783'fbff},
                            {0x8000'0000, 0, false, 0x8000'0008, 0, 0, 0},
                            {0x8000'0001, 0, false, 0, 0, 0, 0x2010'0800},
                            {0x8000'0008, 0, false, 0x3028, 0, 0, 0}};

}  // namespace

VMFT_TEST(no_device_is_named_with_what_works) {
    try {
        KvmHost host("/nonexistent/kvm");
        VMFT_EXPECT(false);
    } catch (const AcceleratorFault& fault) {
        VMFT_EXPECT(fault.kind() == AcceleratorFault::Kind::unavailable);
        VMFT_EXPECT(fault.what_to_do().find("--accel soft") != std::string::npos);
    }
    try {
        KvmHost host("/dev/null");
        VMFT_EXPECT(false);
    } catch (const AcceleratorFault& fault) {
        VMFT_EXPECT(fault.kind() == AcceleratorFault::Kind::unavailable);
    }
}

VMFT_TEST(ports_answer_and_registers_follow) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, leaves);
    // IN AL, 0x10; ADD AL, 1; OUT 0x11, AL; HLT
    const u8 code[] = {0xe4, 0x10, 0x04, 0x01, 0xe6, 0x11, 0xf4};
    guest.load(code);
    VMFT_REQUIRE(guest.run());
    struct kvm_run& run = guest.vcpu().run_page();
    VMFT_REQUIRE(run.exit_reason == KVM_EXIT_IO);
    VMFT_EXPECT_EQUAL(guest.vcpu().registers().rip, TinyGuest::code_address);
    reinterpret_cast<u8*>(&run)[run.io.data_offset] = 0x41;
    VMFT_EXPECT(!guest.vcpu().complete());
    VMFT_EXPECT_EQUAL(guest.vcpu().registers().rip, TinyGuest::code_address + 2);
    VMFT_EXPECT_EQUAL(guest.vcpu().registers().rax, 0x41u);
    VMFT_REQUIRE(guest.run());
    u8 value = 0;
    VMFT_EXPECT(guest.wrote(0x11, value) && value == 0x42);
    VMFT_REQUIRE(guest.run());
    VMFT_EXPECT_EQUAL(run.exit_reason, static_cast<u32>(KVM_EXIT_HLT));
    VMFT_EXPECT_EQUAL(guest.vcpu().registers().rip, TinyGuest::code_address + sizeof code);
}

VMFT_TEST(only_the_processor_s_own_msrs_stay_in_kvm) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, leaves);
    struct kvm_run& run = guest.vcpu().run_page();
    for (u32 msr : {0x10u, 0x1bu, 0x277u, 0x2ffu, 0x6e0u, 0x802u, 0xc000'0103u, 0xc001'0015u,
                    0x4b56'4d01u, 0x1234'5678u}) {
        // MOV ECX, msr; RDMSR; WRMSR; HLT
        u8 code[] = {0xb9, 0, 0, 0, 0, 0x0f, 0x32, 0x0f, 0x30, 0xf4};
        std::memcpy(code + 1, &msr, 4);
        guest.load(code);
        VMFT_REQUIRE(guest.run());
        VMFT_EXPECT_EQUAL(run.exit_reason, static_cast<u32>(KVM_EXIT_X86_RDMSR));
        VMFT_EXPECT_EQUAL(run.msr.index, msr);
        run.msr.error = 0;
        run.msr.data = 0x1122'3344'5566'7788;
        VMFT_REQUIRE(guest.run());
        VMFT_EXPECT_EQUAL(run.exit_reason, static_cast<u32>(KVM_EXIT_X86_WRMSR));
        VMFT_EXPECT_EQUAL(run.msr.data, 0x1122'3344'5566'7788u);
        run.msr.error = 1;
        VMFT_EXPECT_EQUAL(guest.run_to_vector(), 13);
    }
    // LSTAR: MOV ECX, msr; MOV EAX, 0x123; XOR EDX, EDX; WRMSR; RDMSR; HLT
    const u8 code[] = {0xb9, 0x82, 0,    0,    0xc0, 0xb8, 0x23, 1,   0,
                       0,    0x31, 0xd2, 0x0f, 0x30, 0x0f, 0x32, 0xf4};
    guest.load(code);
    VMFT_REQUIRE(guest.run());
    VMFT_EXPECT_EQUAL(run.exit_reason, static_cast<u32>(KVM_EXIT_HLT));
    u64 value = 0;
    VMFT_EXPECT(guest.vcpu().get_msr(0xc000'0082, value));
    VMFT_EXPECT_EQUAL(value, 0x123u);
}

VMFT_TEST(pages_that_the_guest_writes_are_flagged) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, leaves);
    // MOV [0x10000], EAX; MOV [0x34000], EAX; HLT
    const u8 code[] = {0x89, 0x04, 0x25, 0, 0, 1, 0, 0x89, 0x04, 0x25, 0, 0x40, 3, 0, 0xf4};
    guest.load(code);
    guest.vcpu().collect_dirty_flags();
    std::memset(guest.memory().page_flags(), 0, guest.memory().pages());
    VMFT_REQUIRE(guest.run());
    guest.vcpu().collect_dirty_flags();
    VMFT_EXPECT_EQUAL(guest.memory().page_flags()[0x10], GuestMemory::write_marks);
    VMFT_EXPECT_EQUAL(guest.memory().page_flags()[0x34], GuestMemory::write_marks);
    VMFT_EXPECT_EQUAL(guest.memory().page_flags()[0x35], 0);
}

VMFT_TEST(the_x87_and_sse_state_goes_in_and_out) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, leaves);
    kvm_fpu fpu{};
    fpu.fcw = 0x37f;
    fpu.mxcsr = 0x1f80;
    for (unsigned i = 0; i < 256; i++) fpu.xmm[i / 16][i % 16] = static_cast<u8>(i);
    // NOP; HLT; PADDB XMM1, XMM2; MOVD EAX, XMM15; HLT
    const u8 code[] = {0x90, 0xf4, 0x66, 0x0f, 0xfc, 0xca, 0x66, 0x44, 0x0f, 0x7e, 0xf8, 0xf4};
    guest.load(code);
    guest.vcpu().set_fpu(fpu);
    VMFT_REQUIRE(guest.run());
    kvm_fpu after = guest.vcpu().fpu();
    VMFT_EXPECT(std::memcmp(after.xmm, fpu.xmm, sizeof fpu.xmm) == 0);
    VMFT_REQUIRE(guest.run());
    if (guest.vcpu().run_page().exit_reason == KVM_EXIT_INTERNAL_ERROR)
        VMFT_SKIP("this KVM does not execute SSE instructions");
    VMFT_EXPECT_EQUAL(guest.vcpu().registers().rax, 0xf3f2'f1f0u);
    after = guest.vcpu().fpu();
    VMFT_EXPECT_EQUAL(after.xmm[1][3], 0x13 + 0x23);
    VMFT_EXPECT(std::memcmp(after.xmm[7], fpu.xmm[7], 16) == 0);
    VMFT_EXPECT_EQUAL(after.mxcsr, 0x1f80u);
    VMFT_EXPECT_EQUAL(after.fcw, 0x37f);
}

VMFT_TEST(a_kick_ends_an_entry_and_none_is_lost) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, leaves);
    const u8 forever[] = {0xeb, 0xfe};
    guest.load(forever);
    Vcpu& vcpu = guest.vcpu();

    // Before the entry, of the past, of the future.
    vcpu.kick_at(0);
    VMFT_EXPECT(!vcpu.enter() && !vcpu.enter() && vcpu.take_kick() && !vcpu.take_kick());
    vcpu.kick_at(1);
    VMFT_EXPECT(!vcpu.enter() && vcpu.take_kick());
    u64 at = monotonic_ns() + 3'000'000;
    vcpu.kick_at(at + 1'000'000'000);
    vcpu.kick_at(at);
    vcpu.kick_at(at + 2'000'000'000);
    VMFT_EXPECT(!vcpu.enter() && vcpu.take_kick());
    VMFT_EXPECT(monotonic_ns() >= at && monotonic_ns() < at + 500'000'000);

    // From another thread, each answered before the next.
    constexpr unsigned rounds = 300;
    std::atomic<unsigned> taken{0};
    std::thread kicker([&] {
        for (unsigned i = 0; i < rounds; i++) {
            while (taken < i) std::this_thread::yield();
            vcpu.kick_at(i % 3 == 0 ? 0 : monotonic_ns() + (i % 3 - 1) * 20'000);
        }
    });
    while (taken < rounds) {
        VMFT_EXPECT(!vcpu.enter());
        if (vcpu.take_kick()) taken++;
    }
    kicker.join();
}

VMFT_TEST(a_counters_signal_ends_an_entry_and_is_no_kick) {
    VMFT_NEED_KVM(host);
    TinyGuest guest(host, leaves);
    const u8 forever[] = {0xeb, 0xfe};
    guest.load(forever);
    Vcpu& vcpu = guest.vcpu();
    vcpu.kick_at(0);
    VMFT_EXPECT(!vcpu.enter() && vcpu.take_kick());  // The thread is the vCPU's now.
    sigval value{};
    pthread_sigqueue(pthread_self(), Vcpu::interrupt_signal(), value);
    VMFT_EXPECT(!vcpu.enter() && !vcpu.take_kick());
    std::thread other([&, self = pthread_self()] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        pthread_sigqueue(self, Vcpu::interrupt_signal(), value);
    });
    VMFT_EXPECT(!vcpu.enter() && !vcpu.take_kick());
    other.join();
}

VMFT_TEST(a_kick_after_the_vcpu_has_gone_touches_nothing) {
    VMFT_NEED_KVM(host);
    const u8 halt[] = {0xf4};
    for (unsigned i = 0; i < 20; i++) {
        TinyGuest guest(host, leaves);
        guest.load(halt);
        guest.vcpu().kick_at(monotonic_ns() + 300'000 + i * 50'000);
        guest.vcpu().enter();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
}

}  // namespace vmft::kvm
