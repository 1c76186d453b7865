#pragma once

#include <cstring>

#include "accel/soft/access.h"
#include "accel/soft/dispatch.h"

// Guest SSE runs on host SSE, so the addon needs an x86-64-v2 host, and asks for it here rather
// than for the whole build.
#pragma GCC target("sse4.2")
#include <immintrin.h>

/// The frames around SSE and MMX operations: what is checked before (availability, alignment,
/// masks), where the source comes from, and how the next instruction follows. An operation itself
/// is a struct with `static void run(Cpu&, const Insn*, const u8* source)`, where `source` is the
/// r/m operand: a register in Cpu, guest memory in place, or a copy of it. That keeps the fast
/// handlers free of stack frames; everything rare is a jump to one slow function
/// (run_from_register, run_from_memory, run_to_memory) that does the whole instruction.
namespace vmft::soft {

using V = __m128i;

/// Which state an instruction uses: decides what makes it unavailable (SDM 2A 2.4 exception
/// classes, SDM 3A 12.1).
enum class Unit : u8 { sse, mmx, sse_and_mmx };
enum class File : u8 { xmm, mmx, general };

struct Form {
    Unit unit = Unit::sse;
    File file = File::xmm;  ///< Where a register source lives.
    u8 bytes = 16;          ///< Of a memory operand: 1, 2, 4, 8, 16.
    bool aligned = true;    ///< #GP(0) when a 16-byte memory operand is not aligned.
    bool rounds = false;    ///< May raise SIMD floating-point exceptions.
};

inline constexpr Form xmm_form{};
inline constexpr Form xmm_unaligned{.aligned = false};
inline constexpr Form xmm_quad{.bytes = 8, .aligned = false};
inline constexpr Form xmm_dword{.bytes = 4, .aligned = false};
inline constexpr Form xmm_word{.bytes = 2, .aligned = false};
inline constexpr Form mmx_form{.unit = Unit::mmx, .file = File::mmx, .bytes = 8, .aligned = false};
inline constexpr Form mmx_dword{.unit = Unit::mmx, .file = File::mmx, .bytes = 4, .aligned = false};
/// As `form`, with floating-point exceptions.
constexpr Form rounding(Form form) {
    form.rounds = true;
    return form;
}
/// As `form`, with a general register or `bytes` of memory as source.
constexpr Form from_general(Form form, u8 bytes) {
    form.file = File::general;
    form.bytes = bytes;
    form.aligned = false;
    return form;
}

inline constexpr u32 mxcsr_flags = 0x3f, mxcsr_masks = 0x1f80, mxcsr_flush_to_zero = 0x8000;
inline constexpr u32 mxcsr_underflow = 0x10, mxcsr_precision = 0x20,
                     mxcsr_before_computation = 0x07;  // IE, DE, ZE
inline constexpr u16 x87_exception_summary = 0x80;

using Operation = void (*)(Cpu& cpu, const Insn* insn, const u8* source);
using StoredValue = V (*)(Cpu& cpu, const Insn* insn);

/// Whole instructions with every check, for when a fast frame finds something rare.
void run_from_register(Cpu& cpu, const Insn* insn, Form form, Operation operation);
void run_from_memory(Cpu& cpu, const Insn* insn, Form form, Operation operation);
void run_to_memory(Cpu& cpu, const Insn* insn, Form form, StoredValue value);

// State ------------------------------------------------------------------------------

inline V& xmm(Cpu& cpu, unsigned number) { return *reinterpret_cast<V*>(&cpu.xmm[number]); }
inline u64& mmx(Cpu& cpu, unsigned number) { return cpu.x87.registers[number & 7].mantissa; }

/// What every MMX instruction but EMMS does to the x87 unit (SDM 3A 12.2).
inline void enter_mmx(Cpu& cpu) {
    cpu.x87.top = 0;
    cpu.x87.valid = 0xff;
}
inline void write_mmx(Cpu& cpu, unsigned number, u64 value) {
    enter_mmx(cpu);
    cpu.x87.registers[number & 7] = {value, 0xffff};
}

template <typename T>
inline T read_as(const u8* source) {
    T value;
    std::memcpy(&value, source, sizeof value);
    return value;
}
/// The operand in the low bytes, zeros above.
template <unsigned bytes>
inline V read_operand(const u8* source) {
    if constexpr (bytes == 16)
        return _mm_loadu_si128(reinterpret_cast<const V*>(source));
    else if constexpr (bytes == 8)
        return _mm_loadl_epi64(reinterpret_cast<const V*>(source));
    else if constexpr (bytes == 4)
        return _mm_cvtsi32_si128(read_as<int>(source));
    else if constexpr (bytes == 2)
        return _mm_cvtsi32_si128(read_as<u16>(source));
    else
        return _mm_cvtsi32_si128(*source);
}

template <File file>
inline const u8* register_source(Cpu& cpu, const Insn* insn) {
    if constexpr (file == File::xmm)
        return cpu.xmm[insn->rm].bytes;
    else if constexpr (file == File::mmx)
        return reinterpret_cast<const u8*>(&mmx(cpu, insn->rm));
    else
        return reinterpret_cast<const u8*>(&cpu.gpr[insn->rm]);
}

// Frames -------------------------------------------------------------------------------

/// Nothing refuses the instruction, and no exception flag must be looked at after it.
template <Form form>
inline bool ready(const Cpu& cpu) {
    u64 refused = cpu.cr0 & (cr0_em | cr0_ts);
    if constexpr (form.unit != Unit::mmx) refused |= ~cpu.cr4 & cr4_osfxsr;
    if constexpr (form.unit != Unit::sse) refused |= cpu.x87.status & x87_exception_summary;
    if constexpr (form.rounds) refused |= ~cpu.mxcsr & mxcsr_masks;
    return refused == 0;
}

template <unsigned bytes>
struct Sized {
    u8 value[bytes];
};

template <typename Op, Form form>
[[gnu::noinline, gnu::cold]] void from_register_slow(Cpu& cpu, const Insn* insn) {
    run_from_register(cpu, insn, form, Op::run);
    VMFT_GO(cpu, insn + 1);
}
template <typename Op, Form form>
void from_register(Cpu& cpu, const Insn* insn) {
    if (!ready<form>(cpu)) [[unlikely]]
        return from_register_slow<Op, form>(cpu, insn);
    Op::run(cpu, insn, register_source<form.file>(cpu, insn));
    VMFT_GO(cpu, insn + 1);
}

template <typename Op, Form form>
[[gnu::noinline, gnu::cold]] void from_memory_slow(Cpu& cpu, const Insn* insn) {
    run_from_memory(cpu, insn, form, Op::run);
    VMFT_GO(cpu, insn + 1);
}
template <typename Op, Form form>
void from_memory(Cpu& cpu, const Insn* insn) {
    if (!ready<form>(cpu)) [[unlikely]]
        return from_memory_slow<Op, form>(cpu, insn);
    if (insn->flags & insn_address_checked) [[unlikely]]
        return from_memory_slow<Op, form>(cpu, insn);
    const u64 linear = effective_address(cpu, insn) + cpu.segment_base[insn->segment];
    if (form.aligned && (linear & 15)) [[unlikely]]
        return from_memory_slow<Op, form>(cpu, insn);
    const u8* host = fast_read<Sized<form.bytes>>(cpu, linear);
    if (!host) [[unlikely]]
        return from_memory_slow<Op, form>(cpu, insn);
    Op::run(cpu, insn, host);
    VMFT_GO(cpu, insn + 1);
}

template <typename Value, Form form>
[[gnu::noinline, gnu::cold]] void to_memory_slow(Cpu& cpu, const Insn* insn) {
    run_to_memory(cpu, insn, form, Value::get);
    VMFT_GO(cpu, insn + 1);
}
/// Stores the low bytes of Value::get(cpu, insn).
template <typename Value, Form form>
void to_memory(Cpu& cpu, const Insn* insn) {
    if (!ready<form>(cpu)) [[unlikely]]
        return to_memory_slow<Value, form>(cpu, insn);
    if (insn->flags & insn_address_checked) [[unlikely]]
        return to_memory_slow<Value, form>(cpu, insn);
    const u64 linear = effective_address(cpu, insn) + cpu.segment_base[insn->segment];
    if (form.aligned && (linear & 15)) [[unlikely]]
        return to_memory_slow<Value, form>(cpu, insn);
    u8* host = fast_write<Sized<form.bytes>>(cpu, linear);
    if (!host) [[unlikely]]
        return to_memory_slow<Value, form>(cpu, insn);
    const V value = Value::get(cpu, insn);
    std::memcpy(host, &value, form.bytes);
    if constexpr (form.unit != Unit::sse) enter_mmx(cpu);
    VMFT_GO(cpu, insn + 1);
}

// Operations from plain functions ----------------------------------------------------------

/// F is a stateless lambda on (Cpu&, const Insn*, const u8* source).
template <typename F>
struct Raw {
    static void run(Cpu& cpu, const Insn* insn, const u8* source) { F{}(cpu, insn, source); }
};
/// F is a stateless lambda (Cpu&, const Insn*) -> V.
template <typename F>
struct Stored {
    static V get(Cpu& cpu, const Insn* insn) { return F{}(cpu, insn); }
};

/// Whether F takes the immediate as third argument.
template <typename F>
inline constexpr bool takes_immediate = requires(F f, V v) { f(v, v, 1u); };

template <typename F>
inline V apply(V a, V b, const Insn* insn) {
    if constexpr (takes_immediate<F>)
        return F{}(a, b, static_cast<unsigned>(insn->imm) & 0xff);
    else
        return F{}(a, b);
}
/// XMM register = F(XMM register, source).
template <typename F, unsigned bytes>
struct XmmOperation {
    static void run(Cpu& cpu, const Insn* insn, const u8* source) {
        V& destination = xmm(cpu, insn->reg);
        destination = apply<F>(destination, read_operand<bytes>(source), insn);
    }
};
/// MMX register = low half of F(MMX register, source). MMX never runs on the host's MMX registers,
/// which are its x87 registers: the low half of an XMM register does the same.
template <typename F, unsigned bytes>
struct MmxOperation {
    static void run(Cpu& cpu, const Insn* insn, const u8* source) {
        V a = _mm_cvtsi64_si128(static_cast<long long>(mmx(cpu, insn->reg)));
        V result = apply<F>(a, read_operand<bytes>(source), insn);
        write_mmx(cpu, insn->reg, static_cast<u64>(_mm_cvtsi128_si64(result)));
    }
};

/// A lambda for the host instruction of this name. Floating point must be this and not the
/// compiler's arithmetic: that may exchange the operands of a sum, which shows in the payload of a
/// NaN, and may move across a write of MXCSR.
#define VMFT_HOST(mnemonic)                                                                        \
    [](V a, V b) {                                                                                 \
        asm volatile(mnemonic " %1, %0" : "+x"(a) : "x"(b));                                       \
        return a;                                                                                  \
    }

}  // namespace vmft::soft
