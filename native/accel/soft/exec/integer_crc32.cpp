#include <array>

#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_steps.h"
#include "accel/soft/exec/operand_width.h"

/// CRC32 (SSE4.2): the Castagnoli polynomial, bits reflected, without inversion (SDM 2A, CRC32).
namespace vmft::soft {
namespace {

constexpr u32 polynomial_reflected = 0x82f63b78;

constexpr std::array<u32, 256> byte_remainders = [] {
    std::array<u32, 256> table{};
    for (u32 i = 0; i < 256; i++) {
        u32 remainder = i;
        for (int bit = 0; bit < 8; bit++)
            remainder = remainder >> 1 ^ (remainder & 1 ? polynomial_reflected : 0);
        table[i] = remainder;
    }
    return table;
}();

template <typename T>
inline void accumulate(Cpu& cpu, const Insn* insn, T value) {
    u32 crc = read_reg<u32>(cpu, insn->reg);
    u64 bytes = value;
    for (unsigned i = 0; i < sizeof(T); i++, bytes >>= 8)
        crc = crc >> 8 ^ byte_remainders[(crc ^ bytes) & 0xff];
    cpu.gpr[insn->reg] = crc;
}

/// Without F2 these opcodes are MOVBE, which this CPU does not have.
Handler select_crc32(Decoding& d) {
    if (!d.repne) return nullptr;
    return by_width(width_by_opcode(d),
                    [&d]<typename T>() -> Handler { return rm_source<T, accumulate<T>>(d); });
}

}  // namespace

void register_crc32(OpcodeTable& table) {
    table.set(OpcodeMap::three_byte_38, 0xf0, true, Immediate::none, select_crc32);
    table.set(OpcodeMap::three_byte_38, 0xf1, true, Immediate::none, select_crc32);
}

}  // namespace vmft::soft
