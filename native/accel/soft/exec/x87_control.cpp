#include "accel/soft/exec/x87_environment.h"
#include "accel/soft/exec/x87_select.h"

namespace vmft::soft::x87 {

void fwait(Cpu& cpu, const Insn* insn) {
    if ((cpu.cr0 & (cr0_mp | cr0_ts)) == (cr0_mp | cr0_ts)) raise(cpu, insn, vector_nm);
    require_no_pending_exception(cpu, insn);
}

void emms(Cpu& cpu, const Insn* insn) {
    if (cpu.cr0 & cr0_em) raise(cpu, insn, vector_ud);
    require_ready(cpu, insn);
    cpu.x87.valid = 0;
    cpu.x87.top = 0;
}

namespace {

[[gnu::noinline]] void initialize(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    reset(cpu.x87);
}

[[gnu::noinline]] void clear_exceptions(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    cpu.x87.status &= condition_codes;
}

/// FENI, FDISI and FSETPM of older coprocessors.
[[gnu::noinline]] void no_operation(Cpu& cpu, const Insn* insn) { require_unit(cpu, insn); }

/// FNOP waits.
[[gnu::noinline]] void waiting_no_operation(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
}

[[gnu::noinline]] void load_control(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    set_control(cpu.x87, load<u16>(cpu, insn, linear_address(cpu, insn, 2, Access::read)));
}
[[gnu::noinline]] void store_control(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    store<u16>(cpu, insn, linear_address(cpu, insn, 2, Access::write), cpu.x87.control);
}
[[gnu::noinline]] void store_status(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    store<u16>(cpu, insn, linear_address(cpu, insn, 2, Access::write), status_word(cpu.x87));
}
[[gnu::noinline]] void status_to_ax(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    write_reg<u16>(cpu, rax, status_word(cpu.x87));
}

/// FFREE, and the undocumented FFREEP.
template <bool Pop>
[[gnu::noinline]] void free_register(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    clear_c1(cpu.x87);
    release(cpu.x87, insn->rm & 7);
    if constexpr (Pop) pop(cpu.x87);
}
template <unsigned Step>
[[gnu::noinline]] void move_top(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    note_instruction(cpu, insn);
    clear_c1(cpu.x87);
    cpu.x87.top = (cpu.x87.top + Step) & 7;
}

template <unsigned Bytes>
[[gnu::noinline]] void load_environment_form(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    u8 image[Bytes];
    load_slow_bytes(cpu, insn, linear_address(cpu, insn, Bytes, Access::read), image, Bytes);
    unpack_environment(cpu, image, Bytes == 28);
}
template <unsigned Bytes>
[[gnu::noinline]] void store_environment_form(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    u8 image[Bytes];
    pack_environment(cpu, image, Bytes == 28);
    store_slow(cpu, insn, linear_address(cpu, insn, Bytes, Access::write), image, Bytes);
    cpu.x87.control |= exceptions;
    update_summary(cpu.x87);
}

/// FRSTOR and FNSAVE: the environment, then ST0-ST7 in ten bytes each.
template <unsigned Bytes>
[[gnu::noinline]] void restore_form(Cpu& cpu, const Insn* insn) {
    require_ready(cpu, insn);
    u8 image[Bytes + 80];
    load_slow_bytes(cpu, insn, linear_address(cpu, insn, sizeof image, Access::read), image,
                    sizeof image);
    unpack_environment(cpu, image, Bytes == 28);
    for (unsigned i = 0; i < 8; ++i) {
        Float80& value = st(cpu.x87, i);
        std::memcpy(&value.mantissa, image + Bytes + 10 * i, 8);
        std::memcpy(&value.sign_exponent, image + Bytes + 10 * i + 8, 2);
    }
}
template <unsigned Bytes>
[[gnu::noinline]] void save_form(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    u8 image[Bytes + 80];
    pack_environment(cpu, image, Bytes == 28);
    for (unsigned i = 0; i < 8; ++i) {
        const Float80& value = st(cpu.x87, i);
        std::memcpy(image + Bytes + 10 * i, &value.mantissa, 8);
        std::memcpy(image + Bytes + 10 * i + 8, &value.sign_exponent, 2);
    }
    store_slow(cpu, insn, linear_address(cpu, insn, sizeof image, Access::write), image,
               sizeof image);
    reset(cpu.x87);
}

}  // namespace

Handler select_control(const Decoding& d) {
    bool narrow = d.operand_bytes == 2;
    if (d.memory) {
        switch (d.opcode << 4 | d.reg) {
        case 0xd94:
            return narrow ? step<load_environment_form<14>> : step<load_environment_form<28>>;
        case 0xd95: return step<load_control>;
        case 0xd96:
            return narrow ? step<store_environment_form<14>> : step<store_environment_form<28>>;
        case 0xd97: return step<store_control>;
        case 0xdd4: return narrow ? step<restore_form<14>> : step<restore_form<28>>;
        case 0xdd6: return narrow ? step<save_form<14>> : step<save_form<28>>;
        case 0xdd7: return step<store_status>;
        default: return nullptr;
        }
    }
    switch (d.opcode << 8 | d.modrm) {
    case 0xd9d0: return step<waiting_no_operation>;
    case 0xd9f6: return step<move_top<7>>;
    case 0xd9f7: return step<move_top<1>>;
    case 0xdbe0:
    case 0xdbe1:
    case 0xdbe4: return step<no_operation>;
    case 0xdbe2: return step<clear_exceptions>;
    case 0xdbe3: return step<initialize>;
    case 0xdfe0: return step<status_to_ax>;
    default: break;
    }
    if (d.opcode == 0xdd && d.reg == 0) return step<free_register<false>>;
    if (d.opcode == 0xdf && d.reg == 0) return step<free_register<true>>;
    return nullptr;
}

}  // namespace vmft::soft::x87
