#include "accel/soft/exec/x87_environment.h"
#include "accel/soft/exec/x87_select.h"
#include "accel/soft/simd_state.h"

/// Group 15 (0F AE): FXSAVE, FXRSTOR, LDMXCSR, STMXCSR, the fences and CLFLUSH.
namespace vmft::soft::x87 {
namespace {

constexpr unsigned image_bytes = 512, written_bytes = 416;  // The rest is software's.
constexpr u32 mxcsr_mask = 0xffff;
constexpr unsigned at_x87 = 32, at_xmm = 160;

unsigned saved_xmm(const Cpu& cpu) { return (cpu.code_mode & code_mode_mask) == code64 ? 16 : 8; }

u64 image_address(Cpu& cpu, const Insn* insn, Access access) {
    u64 linear = linear_address(cpu, insn, image_bytes, access);
    if (linear & 15) raise(cpu, insn, vector_gp, 0);
    return linear;
}

template <bool Wide>
[[gnu::noinline]] void fxsave(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    u64 linear = image_address(cpu, insn, Access::write);
    alignas(16) u8 image[written_bytes] = {};
    const X87& x = cpu.x87;
    u16 status = status_word(x);
    std::memcpy(image, &x.control, 2);
    std::memcpy(image + 2, &status, 2);
    image[4] = x.valid;
    std::memcpy(image + 6, &x.opcode, 2);
    std::memcpy(image + 8, &x.instruction_pointer, Wide ? 8 : 4);
    std::memcpy(image + 16, &x.data_pointer, Wide ? 8 : 4);
    if constexpr (!Wide) {
        std::memcpy(image + 12, &x.instruction_selector, 2);
        std::memcpy(image + 20, &x.data_selector, 2);
    }
    for (unsigned i = 0; i < 8; ++i) {
        const Float80& value = x.registers[physical(x, i)];
        std::memcpy(image + at_x87 + 16 * i, &value.mantissa, 8);
        std::memcpy(image + at_x87 + 16 * i + 8, &value.sign_exponent, 2);
    }
    unsigned bytes = at_xmm;
    if (cpu.cr4 & cr4_osfxsr) {
        u32 mxcsr = simd_read_mxcsr(cpu);
        std::memcpy(image + 24, &mxcsr, 4);
        std::memcpy(image + 28, &mxcsr_mask, 4);
        std::memcpy(image + at_xmm, cpu.xmm, 16 * saved_xmm(cpu));
        bytes += 16 * saved_xmm(cpu);
    }
    // All 512 bytes are probed: it is one operand, though its end is not written.
    probe_write_slow(cpu, insn, linear, image_bytes);
    for (unsigned at = 0; at < bytes; at += 16) store_slow(cpu, insn, linear + at, image + at, 16);
}

template <bool Wide>
[[gnu::noinline]] void fxrstor(Cpu& cpu, const Insn* insn) {
    require_unit(cpu, insn);
    u64 linear = image_address(cpu, insn, Access::read);
    alignas(16) u8 image[image_bytes];
    for (unsigned at = 0; at < image_bytes; at += 16)
        load_slow_bytes(cpu, insn, linear + at, image + at, 16);
    if (cpu.cr4 & cr4_osfxsr) {
        u32 mxcsr;
        std::memcpy(&mxcsr, image + 24, 4);
        if (mxcsr & ~mxcsr_mask) raise(cpu, insn, vector_gp, 0);
        simd_write_mxcsr(cpu, mxcsr);
        std::memcpy(cpu.xmm, image + at_xmm, 16 * saved_xmm(cpu));
    }
    X87& x = cpu.x87;
    u16 control, status;
    std::memcpy(&control, image, 2);
    std::memcpy(&status, image + 2, 2);
    set_control(x, control);
    set_status_word(x, status);
    x.valid = image[4];
    std::memcpy(&x.opcode, image + 6, 2);
    x.opcode &= 0x7ff;
    x.instruction_pointer = x.data_pointer = 0;
    x.instruction_selector = x.data_selector = 0;
    std::memcpy(&x.instruction_pointer, image + 8, Wide ? 8 : 4);
    std::memcpy(&x.data_pointer, image + 16, Wide ? 8 : 4);
    if constexpr (!Wide) {
        std::memcpy(&x.instruction_selector, image + 12, 2);
        std::memcpy(&x.data_selector, image + 20, 2);
    }
    for (unsigned i = 0; i < 8; ++i) {
        Float80& value = st(x, i);
        std::memcpy(&value.mantissa, image + at_x87 + 16 * i, 8);
        std::memcpy(&value.sign_exponent, image + at_x87 + 16 * i + 8, 2);
    }
}

void require_sse(Cpu& cpu, const Insn* insn) {
    if (cpu.cr0 & cr0_em || !(cpu.cr4 & cr4_osfxsr)) raise(cpu, insn, vector_ud);
    if (cpu.cr0 & cr0_ts) raise(cpu, insn, vector_nm);
}

[[gnu::noinline]] void ldmxcsr(Cpu& cpu, const Insn* insn) {
    require_sse(cpu, insn);
    u32 value = load<u32>(cpu, insn, linear_address(cpu, insn, 4, Access::read));
    if (value & ~mxcsr_mask) raise(cpu, insn, vector_gp, 0);
    simd_write_mxcsr(cpu, value);
}
[[gnu::noinline]] void stmxcsr(Cpu& cpu, const Insn* insn) {
    require_sse(cpu, insn);
    store<u32>(cpu, insn, linear_address(cpu, insn, 4, Access::write), simd_read_mxcsr(cpu));
}

/// One vCPU sees its own accesses in order and has no caches of its own to flush.
void fence(Cpu&, const Insn*) {}
/// CLFLUSH is subject to a byte load's checks (SDM 2).
[[gnu::noinline]] void clflush(Cpu& cpu, const Insn* insn) {
    load<u8>(cpu, insn, linear_address(cpu, insn, 1, Access::read));
}

}  // namespace

Handler select_fxsave_group(Decoding& d) {
    if (d.mandatory != Mandatory::none) return nullptr;
    if (!d.memory) return d.reg >= 5 ? step<fence> : nullptr;
    switch (d.reg) {
    case 0: return d.rex_w() ? step<fxsave<true>> : step<fxsave<false>>;
    case 1: return d.rex_w() ? step<fxrstor<true>> : step<fxrstor<false>>;
    case 2: return step<ldmxcsr>;
    case 3: return step<stmxcsr>;
    case 7: return step<clflush>;
    default: return nullptr;  // XSAVE, XRSTOR, XSAVEOPT: not in this CPU
    }
}

}  // namespace vmft::soft::x87
