#include <cstring>

#include "accel/soft/exact_run.h"

using namespace vmft;
using namespace vmft::test;
namespace k = vmft::test::tiny_kernel;

/// SSE instructions become unavailable, or their exceptions unmasked, after the code that has them
/// has been translated; and again behind them.
namespace {

constexpr u64 masked = 0x200, division_unmasked = 0x208, invalid_unmasked = 0x210;

VMFT_CODE(exact_sse, R"(
  mov ebp, 8
1: # The last passes are not like the others, by when the code has been translated.
  cmp ebp, 5
  ja 7f
  jne 2f
  mov rcx, cr0
  or ecx, 8
  mov cr0, rcx
2: cmp ebp, 4
  jne 2f
  mov rcx, cr0
  or ecx, 4
  mov cr0, rcx
2: cmp ebp, 3
  jne 2f
  mov rcx, cr4
  and ecx, ~0x200
  mov cr4, rcx
2: cmp ebp, 2
  jne 2f
  ldmxcsr [0x600208]
2: cmp ebp, 1
  jne 7f
  ldmxcsr [0x600210]
7: lea r15, [rip + 4f]
  jmp 3f
3: add ebx, ebp
exact_sse_move: movaps xmm4, xmm2
exact_sse_divide: divss xmm4, xmm3
  jnc 2f
  ud2
2: ucomiss xmm4, xmm2
  ja 5f
  ud2
5: movups [0x600020], xmm4
  inc ebx
4: # Everything as before.
  xor r15d, r15d
  cmp ebp, 5
  ja 2f
  mov rcx, cr0
  and ecx, ~0xc
  mov cr0, rcx
  mov rcx, cr4
  or ecx, 0x200
  mov cr4, rcx
  clts
  ldmxcsr [0x600200]
2: dec ebp
  jnz 1b
  mov [0x600000], rbx
  cli
  hlt
)");
VMFT_LABEL(exact_sse_move);
VMFT_LABEL(exact_sse_divide);

void put(GuestMemory& memory, u64 offset, u32 value) {
    std::memcpy(memory.data() + k::data_ram + offset, &value, sizeof value);
}
void put(soft::Xmm& to, float value) { std::memcpy(to.bytes, &value, sizeof value); }

VMFT_TEST(sse_is_refused_and_checked_in_translated_code) {
    Scenario scenario{"sse", code_of(exact_sse)};
    scenario.translator.after_runs = 1;
    scenario.prepare = [](GuestMemory& memory, soft::Cpu& cpu) {
        put(memory, masked, 0x1f80);
        put(memory, division_unmasked, 0x1d80);
        put(memory, invalid_unmasked, 0x1f00);
        put(cpu.xmm[2], 3.0f);
        put(cpu.xmm[3], 0.0f);
    };
    auto run = expect_exact(scenario);
    std::vector<Delivered> all = run->delivered();
    auto at = [](const u8* label) { return k::code + static_cast<u64>(label - exact_sse); };
    VMFT_REQUIRE(all.size() == 4);
    VMFT_EXPECT_EQUAL(all[0].vector, 7u);  // CR0.TS
    VMFT_EXPECT_EQUAL(all[1].vector, 6u);  // CR0.EM
    VMFT_EXPECT_EQUAL(all[2].vector, 6u);  // not CR4.OSFXSR
    for (unsigned i = 0; i < 3; i++) VMFT_EXPECT_EQUAL(all[i].rip, at(exact_sse_move));
    VMFT_EXPECT_EQUAL(all[3].vector, 19u);
    VMFT_EXPECT_EQUAL(all[3].rip, at(exact_sse_divide));
    // 4 of the 8 passes divided, and stored infinity.
    VMFT_EXPECT_EQUAL(run->data(0), 36u + 4u);
    VMFT_EXPECT_EQUAL(run->data(0x20) & 0xffff'ffff, 0x7f80'0000u);
}

}  // namespace
