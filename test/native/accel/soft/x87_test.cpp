#include <cstring>

#include "accel/soft/exec/x87_functions.h"
#include "accel/soft/soft_cpu.h"
#include "differential_random.h"
#include "differential_software.h"
#include "test.h"

/// What the differential test cannot see: control bits that only a kernel sets, real mode's
/// layouts, and that the computed functions are the same bits on every host.
namespace vmft {
namespace {

using namespace soft;

/// Real mode, code at 0x1000, every exception ending in a HLT that tells its vector.
class RealModeGuest {
public:
    RealModeGuest() {
        for (u32 vector = 0; vector < 256; vector++)
            memory_.write_value<u32>(4 * vector, handlers + vector);
        u8 halts[256];
        std::memset(halts, 0xf4, sizeof halts);
        memory_.write(handlers, halts);
        cpu().gpr[rsp] = 0x8000;
    }

    Cpu& cpu() { return accelerator_.cpu(); }
    GuestMemory& memory() { return memory_; }

    /// Executes one instruction; its vector if it faults, else -1.
    int run(std::initializer_list<u8> code) {
        u8 bytes[16] = {};
        std::memcpy(bytes, code.begin(), code.size());
        memory_.write(code_at, bytes);
        cpu().rip = code_at;
        cpu().halted = false;
        accelerator_.registers_changed();
        accelerator_.run(accelerator_.ticks() + 1);
        return cpu().halted ? static_cast<int>(cpu().rip - 1 - handlers) : -1;
    }

private:
    static constexpr u32 handlers = 0x600, code_at = 0x1000;
    GuestMemory memory_{1 << 20};
    differential::NoPlatform platform_;
    SoftCpu accelerator_{memory_, platform_};
};

VMFT_TEST(x87_instructions_need_the_unit) {
    RealModeGuest guest;
    guest.cpu().cr0 = cr0_et | cr0_ne;
    VMFT_EXPECT_EQUAL(guest.run({0xd9, 0xe8}), -1);  // FLD1
    for (u64 bit : {cr0_ts, cr0_em}) {
        guest.cpu().cr0 = cr0_et | cr0_ne | bit;
        VMFT_EXPECT_EQUAL(guest.run({0xd9, 0xe8}), 7);
        VMFT_EXPECT_EQUAL(guest.run({0xdb, 0xe3}), 7);                      // FNINIT
        VMFT_EXPECT_EQUAL(guest.run({0x9b}), -1);                           // FWAIT wants MP and TS
        VMFT_EXPECT_EQUAL(guest.run({0x0f, 0x77}), bit == cr0_em ? 6 : 7);  // EMMS
    }
    guest.cpu().cr0 = cr0_et | cr0_ne | cr0_mp | cr0_ts;
    VMFT_EXPECT_EQUAL(guest.run({0x9b}), 7);
}

VMFT_TEST(pending_x87_exceptions_are_raised_by_the_next_waiting_instruction) {
    RealModeGuest guest;
    guest.cpu().cr0 = cr0_et | cr0_ne;
    guest.cpu().x87.control = 0x37b;                 // ZE unmasked
    VMFT_EXPECT_EQUAL(guest.run({0xd9, 0xee}), -1);  // FLDZ
    VMFT_EXPECT_EQUAL(guest.run({0xd9, 0xe8}), -1);  // FLD1
    VMFT_EXPECT_EQUAL(guest.run({0xd8, 0xf1}), -1);  // FDIV ST1
    VMFT_EXPECT_EQUAL(guest.cpu().x87.status & 0x8084, 0x8084);
    VMFT_EXPECT_EQUAL(guest.run({0x9b}), 16);
    VMFT_EXPECT_EQUAL(guest.run({0xd9, 0xe8}), 16);
    VMFT_EXPECT_EQUAL(guest.run({0xdf, 0xe0}), -1);  // FNSTSW AX does not wait
    guest.cpu().cr0 = cr0_et;
    VMFT_EXPECT_EQUAL(guest.run({0x9b}), -1);
    guest.cpu().cr0 = cr0_et | cr0_ne;
    VMFT_EXPECT_EQUAL(guest.run({0xdb, 0xe2}), -1);  // FNCLEX
    VMFT_EXPECT_EQUAL(guest.run({0x9b}), -1);
}

VMFT_TEST(the_environment_of_real_mode_holds_linear_addresses) {
    RealModeGuest guest;
    guest.cpu().segments[seg_ds] = {0x1234, 0x93, 0xffff, 0x12340};
    VMFT_EXPECT_EQUAL(guest.run({0xd9, 0x06, 0x10, 0x00}), -1);  // FLD m32 [0010]
    guest.cpu().segments[seg_ds] = {0, 0x93, 0xffff, 0};
    VMFT_EXPECT_EQUAL(guest.run({0xd9, 0x36, 0x00, 0x20}), -1);  // FNSTENV [2000]
    u16 words[7];
    guest.memory().read(0x2000, {reinterpret_cast<u8*>(words), sizeof words});
    VMFT_EXPECT_EQUAL(words[0], 0x37f);
    VMFT_EXPECT_EQUAL(words[1], 7 << 11);
    VMFT_EXPECT_EQUAL(words[3], 0x1000);
    VMFT_EXPECT_EQUAL(words[4], 0x106);  // IP bits 16-19, opcode D9 06
    VMFT_EXPECT_EQUAL(words[5], 0x2350);
    VMFT_EXPECT_EQUAL(words[6], 1 << 12);
    VMFT_EXPECT_EQUAL(guest.run({0xd9, 0x26, 0x00, 0x20}), -1);  // FLDENV
    VMFT_EXPECT_EQUAL(guest.run({0x66, 0xd9, 0x36, 0x00, 0x30}), -1);
    u32 wide[7];
    guest.memory().read(0x3000, {reinterpret_cast<u8*>(wide), sizeof wide});
    VMFT_EXPECT_EQUAL(wide[0], 0xffff037f);
    VMFT_EXPECT_EQUAL(wide[3] & 0xffff, 0x1000u);
    VMFT_EXPECT_EQUAL(wide[4], 0x106u);
    VMFT_EXPECT_EQUAL(wide[5] & 0xffff, 0x2350u);
    VMFT_EXPECT_EQUAL(wide[6], 1u << 12);
}

VMFT_TEST(fxsave_leaves_sse_out_until_it_is_enabled_and_wants_alignment) {
    RealModeGuest guest;
    std::memset(guest.cpu().xmm, 0x5a, sizeof guest.cpu().xmm);
    VMFT_EXPECT_EQUAL(guest.run({0x0f, 0xae, 0x06, 0x00, 0x20}), -1);  // FXSAVE [2000]
    VMFT_EXPECT_EQUAL(guest.memory().data()[0x2000 + 160], 0);
    VMFT_EXPECT_EQUAL(guest.run({0x0f, 0xae, 0x16, 0x18, 0x20}), 6);  // LDMXCSR
    guest.cpu().cr4 = cr4_osfxsr;
    VMFT_EXPECT_EQUAL(guest.run({0x0f, 0xae, 0x06, 0x00, 0x20}), -1);
    VMFT_EXPECT_EQUAL(guest.memory().data()[0x2000 + 160], 0x5a);
    VMFT_EXPECT_EQUAL(guest.memory().data()[0x2000 + 160 + 8 * 16],
                      0);  // 8 registers outside 64-bit mode
    VMFT_EXPECT_EQUAL(guest.run({0x0f, 0xae, 0x06, 0x08, 0x20}), 13);
    VMFT_EXPECT_EQUAL(guest.run({0x0f, 0xae, 0x26, 0x00, 0x20}), 6);  // XSAVE: not in this CPU
}

/// FNV-1a over results and flags of many operands. A host on which it differs would part from its
/// peers.
VMFT_TEST(computed_functions_give_the_same_bits_everywhere) {
    differential::Random random(1, 1);
    u64 hash = 0xcbf29ce484222325;
    auto add = [&](u64 value) { hash = (hash ^ value) * 0x100000001b3; };
    auto add_outcome = [&](const x87::Outcome& outcome) {
        add(outcome.value.mantissa), add(outcome.value.sign_exponent), add(outcome.status),
            add(outcome.done);
    };
    for (unsigned i = 0; i < 2000; i++) {
        Float80 a, b;
        random.extended(a.mantissa, a.sign_exponent);
        random.extended(b.mantissa, b.sign_exponent);
        u16 control = static_cast<u16>(0x37f | random.below(4) << 10);
        for (auto function :
             {x87::sine, x87::cosine, x87::tangent, x87::power_minus_one, x87::extract})
            add_outcome(function(control, a));
        for (auto function : {x87::logarithm, x87::logarithm_plus_one, x87::arctangent})
            add_outcome(function(control, a, b));
        add_outcome(x87::remainder(control, a, b, false));
        add_outcome(x87::remainder(control, a, b, true));
    }
    VMFT_EXPECT_EQUAL(hash, u64{12825030955734930963u});
}

}  // namespace
}  // namespace vmft
