#include <iomanip>

#include "accel/soft/decode.h"
#include "accel/soft/translate/emit_table.h"
#include "test.h"

/// Which SSE instructions the translator leaves to their handlers: those, and no others.
namespace vmft::soft {
namespace {

constexpr u8 prefix_bytes[4] = {0, 0x66, 0xf3, 0xf2};

struct Encoded {
    u8 bytes[16] = {};
    unsigned length = 0;
    void add(unsigned byte) { bytes[length++] = static_cast<u8>(byte); }
};

Encoded encode(OpcodeMap map, unsigned opcode, Mandatory prefix, unsigned modrm) {
    Encoded code;
    if (prefix != Mandatory::none) code.add(prefix_bytes[static_cast<u8>(prefix)]);
    code.add(0x0f);
    if (map == OpcodeMap::three_byte_38) code.add(0x38);
    if (map == OpcodeMap::three_byte_3a) code.add(0x3a);
    code.add(opcode);
    code.add(modrm);
    return code;
}

/// Opcodes of 0F that are SSE or MMX.
bool is_simd(OpcodeMap map, unsigned opcode) {
    if (map == OpcodeMap::three_byte_38) return opcode < 0xf0;
    if (map == OpcodeMap::three_byte_3a) return true;
    return (opcode >= 0x10 && opcode < 0x18) || (opcode >= 0x28 && opcode < 0x30) ||
           (opcode >= 0x50 && opcode < 0x80) || opcode == 0xc2 ||
           (opcode >= 0xc4 && opcode < 0xc7) || (opcode >= 0xd0 && opcode < 0xff);
}

bool has_mmx_registers(OpcodeMap map, unsigned opcode, Mandatory prefix) {
    bool plain = prefix == Mandatory::none;
    if (map != OpcodeMap::two_byte) return plain;
    if (opcode >= 0x2a && opcode <= 0x2d && opcode != 0x2b)
        return plain || prefix == Mandatory::p66;
    if (opcode == 0xd6) return prefix == Mandatory::pf3 || prefix == Mandatory::pf2;
    return plain && opcode >= 0x60 && opcode != 0xc2 && opcode != 0xc6;
}

/// RSQRTxx and RCPxx are our own algorithm; DPPS and DPPD are put together by their handlers;
/// MASKMOVDQU stores a byte at a time.
bool stays_with_handler(OpcodeMap map, unsigned opcode, Mandatory prefix) {
    if (has_mmx_registers(map, opcode, prefix)) return true;
    if (map == OpcodeMap::two_byte)
        return opcode == 0x52 || opcode == 0x53 || (opcode == 0xf7 && prefix == Mandatory::p66);
    return map == OpcodeMap::three_byte_3a && (opcode == 0x40 || opcode == 0x41);
}

VMFT_TEST(sse_instructions_have_emitters) {
    unsigned emitted = 0, by_handler = 0;
    for (OpcodeMap map :
         {OpcodeMap::two_byte, OpcodeMap::three_byte_38, OpcodeMap::three_byte_3a}) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            if (!is_simd(map, opcode)) continue;
            for (unsigned cell = 0; cell < 4 * 8 * 2; cell++) {
                Mandatory prefix = static_cast<Mandatory>(cell & 3);
                unsigned modrm = (cell >> 2 & 7) << 3 | (cell & 32 ? 0xc2u : 0x03u);
                Encoded code = encode(map, opcode, prefix, modrm);
                GuestInsn guest;
                decode(code.bytes, sizeof code.bytes, code64 | code_stack32, 0, guest.insn,
                       guest.d);
                if (guest.insn.handler == undefined_instruction) continue;
                bool found = emit_table().find(guest);
                (found ? emitted : by_handler)++;
                bool as_wanted = found != stays_with_handler(map, opcode, prefix);
                if (!as_wanted)
                    std::cout << "map " << static_cast<int>(map) << std::hex << " opcode " << opcode
                              << " prefix " << int{prefix_bytes[cell & 3]} << " modrm " << modrm
                              << std::dec << (found ? " is emitted" : " has no emitter")
                              << std::endl;
                VMFT_EXPECT(as_wanted);
            }
        }
    }
    VMFT_EXPECT(emitted > 3000);
    VMFT_EXPECT(by_handler > 1000);
}

}  // namespace
}  // namespace vmft::soft
