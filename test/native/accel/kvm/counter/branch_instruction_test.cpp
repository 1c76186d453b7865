#include "accel/kvm/counter/branch_instruction.h"

#include <random>
#include <vector>

#include "test.h"

namespace vmft::kvm::test {
namespace {

struct Case {
    std::vector<u8> bytes;
    CodeBits mode;
    InstructionKind kind;
    u8 length;
};

VMFT_TEST(instructions_are_told_apart) {
    using enum InstructionKind;
    constexpr CodeBits b16 = CodeBits::bits16, b32 = CodeBits::bits32, b64 = CodeBits::bits64;
    const Case cases[] = {
        {{0x75, 1}, b64, conditional_branch, 2},
        {{0x2e, 0x70, 1}, b64, conditional_branch, 3},
        {{0x0f, 0x8f, 1, 2, 3, 4}, b64, conditional_branch, 6},
        {{0x0f, 0x80, 1, 2}, b16, conditional_branch, 4},
        {{0xe0, 1}, b32, conditional_branch, 2},
        {{0xe1, 1}, b32, conditional_branch, 2},
        {{0xe2, 1}, b64, conditional_branch, 2},
        {{0x67, 0xe3, 1}, b64, conditional_branch, 3},
        {{0x0f, 0x94, 0xc0}, b64, plain, 3},
        {{0x0f, 0x44, 0xc1}, b64, plain, 3},
        {{0xeb, 1}, b64, plain, 2},
        {{0xf0, 0x75, 1}, b64, plain, 0},
        {{0xf3, 0xa4}, b64, repeated_string, 2},
        {{0xf2, 0x66, 0x6f}, b64, repeated_string, 3},
        {{0xa4}, b64, plain, 1},
        {{0xf3, 0x90}, b64, plain, 2},
        {{0x9c}, b64, push_flags, 1},
        {{0x9d}, b32, pop_flags, 1},
        {{0x48, 0xcf}, b64, interrupt_return, 2},
        {{0x0f, 0x05}, b64, system_call, 2},
        {{0x48, 0x0f, 0x07}, b64, system_return, 3},
        {{0xcc}, b64, software_interrupt, 1},
        {{0xcd, 0x80}, b64, software_interrupt, 2},
        {{0xce}, b32, software_interrupt, 1},
        {{0xce}, b64, plain, 0},
        {{0xf1}, b64, debug_trap, 1},
        {{0x8e, 0xd0}, b64, load_stack_segment, 2},
        {{0x8e, 0xd8}, b64, plain, 2},
        {{0x17}, b32, load_stack_segment, 1},
        {{0xf4}, b64, halt, 1},
        {{0xfb}, b64, enable_interrupts, 1},
        {{0xe6, 1}, b64, port, 2},
        {{0xed}, b64, port, 1},
        {{0x6e}, b64, plain, 1},
    };
    for (const Case& one : cases) {
        std::vector<u8> bytes = one.bytes;
        bytes.resize(15);
        std::optional<DecodedInstruction> found = decode_instruction(bytes, one.mode);
        VMFT_REQUIRE(found);
        VMFT_EXPECT_EQUAL(static_cast<int>(found->kind), static_cast<int>(one.kind));
        VMFT_EXPECT_EQUAL(found->length, one.length);
        bytes.resize(one.length == 0 ? 0 : one.length - 1);
        VMFT_EXPECT(!decode_instruction(bytes, one.mode));
    }
    VMFT_EXPECT_EQUAL(decode_instruction(std::vector<u8>{0x66, 0x9c, 0, 0}, b64)->operand_bytes, 2);
    VMFT_EXPECT_EQUAL(decode_instruction(std::vector<u8>{0x9c, 0, 0}, b16)->operand_bytes, 2);
    VMFT_EXPECT_EQUAL(decode_instruction(std::vector<u8>{0xcf, 0, 0}, b64)->operand_bytes, 4);
    VMFT_EXPECT(!decode_instruction({}, b64));
}

VMFT_TEST(an_instruction_longer_than_fifteen_bytes_is_none) {
    // PUSHF behind fourteen and behind fifteen prefixes; Jcc whose displacement is the 16th byte.
    auto prefixed = [](size_t prefixes, std::initializer_list<u8> instruction) {
        std::vector<u8> bytes(prefixes, 0x3e);
        bytes.insert(bytes.end(), instruction);
        bytes.resize(30);
        return decode_instruction(bytes, CodeBits::bits64);
    };
    VMFT_EXPECT(prefixed(14, {0x9c})->kind == InstructionKind::push_flags);
    std::optional<DecodedInstruction> branch = prefixed(14, {0x75, 1});
    VMFT_REQUIRE(branch);
    VMFT_EXPECT(branch->kind == InstructionKind::plain);
    VMFT_EXPECT(branch->faults == FaultClass::undefined);
    VMFT_EXPECT_EQUAL(branch->length, 0);
    VMFT_EXPECT(!prefixed(15, {0x9c}));
}

VMFT_TEST(any_bytes_are_decoded) {
    std::mt19937_64 random(7);
    for (unsigned i = 0; i < 300'000; i++) {
        u8 bytes[15];
        for (u8& byte : bytes) byte = static_cast<u8>(random());
        size_t available = random() % 16;
        for (CodeBits mode : {CodeBits::bits16, CodeBits::bits32, CodeBits::bits64}) {
            std::optional<DecodedInstruction> found = decode_instruction({bytes, available}, mode);
            if (found) VMFT_EXPECT(found->length <= available);
        }
    }
}

}  // namespace
}  // namespace vmft::kvm::test
