#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/flags.h"

/// CBW, CWDE, CDQE; CWD, CDQ, CQO.
namespace vmft::soft {
namespace {

template <typename T>
inline void widen_accumulator(Cpu& cpu, const Insn*) {
    if constexpr (sizeof(T) == 2)
        write_reg<u16>(cpu, rax, static_cast<u16>(sign_extend(read_reg8(cpu, rax * 8))));
    else if constexpr (sizeof(T) == 4)
        write_reg<u32>(cpu, rax, static_cast<u32>(sign_extend(read_reg<u16>(cpu, rax))));
    else
        cpu.gpr[rax] = sign_extend(read_reg<u32>(cpu, rax));
}

template <typename T>
inline void sign_into_rdx(Cpu& cpu, const Insn*) {
    i64 extended = static_cast<i64>(sign_extend(read_reg<T>(cpu, rax)));
    write_reg<T>(cpu, rdx, static_cast<T>(extended >> 63));
}

Handler select_widen(Decoding& d) {
    return by_operand_width(d.operand_bytes,
                            []<typename T>() -> Handler { return step<widen_accumulator<T>>; });
}
Handler select_sign(Decoding& d) {
    return by_operand_width(d.operand_bytes,
                            []<typename T>() -> Handler { return step<sign_into_rdx<T>>; });
}

}  // namespace

void register_convert(OpcodeTable& table) {
    table.set(OpcodeMap::one_byte, 0x98, false, Immediate::none, select_widen);
    table.set(OpcodeMap::one_byte, 0x99, false, Immediate::none, select_sign);
}

}  // namespace vmft::soft
