#include "accel/soft/flags.h"

#include <memory>

#include "accel/soft/exec/integer_alu.h"
#include "accel/soft/exec/integer_shift.h"
#include "test.h"

/// The flag-setting operations against the host CPU's own, on edge values and pseudo-random ones.
/// Flags that the SDM leaves undefined are not compared.
#if defined(__x86_64__)

namespace vmft::soft {
namespace {

template <typename T>
struct Outcome {
    T result;
    u64 flags;
};

// Each runs one host instruction with the arithmetic flags set from `flags`. The red zone is kept
// off.
#define VMFT_HOST_BINARY(name, instruction)                                                        \
    template <typename T>                                                                          \
    Outcome<T> host_##name(T a, [[maybe_unused]] T b, u64 flags) {                                 \
        asm volatile("lea -128(%%rsp), %%rsp\n\tpush %[f]\n\tpopfq\n\t" instruction                \
                     "\n\tpushfq\n\tpop %[f]\n\tlea 128(%%rsp), %%rsp"                             \
                     : [a] "+q"(a), [f] "+r"(flags)                                                \
                     : [b] "q"(b)                                                                  \
                     : "cc", "memory");                                                            \
        return {a, flags & flags_arithmetic};                                                      \
    }
VMFT_HOST_BINARY(add, "add %[b], %[a]")
VMFT_HOST_BINARY(adc, "adc %[b], %[a]")
VMFT_HOST_BINARY(sub, "sub %[b], %[a]")
VMFT_HOST_BINARY(sbb, "sbb %[b], %[a]")
VMFT_HOST_BINARY(and, "and %[b], %[a]")
VMFT_HOST_BINARY(or, "or %[b], %[a]")
VMFT_HOST_BINARY(xor, "xor %[b], %[a]")
VMFT_HOST_BINARY(cmp, "cmp %[b], %[a]")
VMFT_HOST_BINARY(inc, "inc %[a]")
VMFT_HOST_BINARY(dec, "dec %[a]")
VMFT_HOST_BINARY(neg, "neg %[a]")
#undef VMFT_HOST_BINARY

#define VMFT_HOST_SHIFT(name)                                                                      \
    template <typename T>                                                                          \
    Outcome<T> host_##name(T a, u8 count, u64 flags) {                                             \
        asm volatile("lea -128(%%rsp), %%rsp\n\tpush %[f]\n\tpopfq\n\t" #name                      \
                     " %%cl, %[a]\n\tpushfq\n\tpop %[f]\n\tlea 128(%%rsp), %%rsp"                  \
                     : [a] "+q"(a), [f] "+r"(flags)                                                \
                     : "c"(count)                                                                  \
                     : "cc", "memory");                                                            \
        return {a, flags & flags_arithmetic};                                                      \
    }
VMFT_HOST_SHIFT(rol)
VMFT_HOST_SHIFT(ror)
VMFT_HOST_SHIFT(rcl)
VMFT_HOST_SHIFT(rcr)
VMFT_HOST_SHIFT(shl)
VMFT_HOST_SHIFT(shr)
VMFT_HOST_SHIFT(sar)
#undef VMFT_HOST_SHIFT

#define VMFT_HOST_DOUBLE_SHIFT(name)                                                               \
    template <typename T>                                                                          \
    Outcome<T> host_##name(T a, T b, u8 count, u64 flags) {                                        \
        asm volatile("lea -128(%%rsp), %%rsp\n\tpush %[f]\n\tpopfq\n\t" #name                      \
                     " %%cl, %[b], %[a]\n\tpushfq\n\tpop %[f]\n\tlea 128(%%rsp), %%rsp"            \
                     : [a] "+q"(a), [f] "+r"(flags)                                                \
                     : [b] "q"(b), "c"(count)                                                      \
                     : "cc", "memory");                                                            \
        return {a, flags & flags_arithmetic};                                                      \
    }
VMFT_HOST_DOUBLE_SHIFT(shld)
VMFT_HOST_DOUBLE_SHIFT(shrd)
#undef VMFT_HOST_DOUBLE_SHIFT

/// A small fixed generator (xorshift64): the same values on every run.
class Values {
public:
    template <typename T>
    T next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        constexpr unsigned top = 8 * sizeof(T) - 1;
        constexpr u64 edges[] = {
            0, 1, 2, 9, 0x0f, 0x10, ~u64{0}, ~u64{1}, u64{1} << top, (u64{1} << top) - 1};
        if (state_ >> 60 < 10) return static_cast<T>(edges[state_ >> 60]);
        return static_cast<T>(state_ >> 3);
    }

private:
    u64 state_ = 0x9e3779b97f4a7c15;
};

constexpr int rounds = 20000;

class Bench {
public:
    Bench() : cpu_(std::make_unique<Cpu>()) {}

    u64 any_flags() { return (values_.next<u64>() & flags_arithmetic) | 2; }
    template <typename T>
    T any() {
        return values_.next<T>();
    }
    /// The software operation, starting from `flags`.
    template <typename T, typename Operation>
    Outcome<T> run(u64 flags, Operation operation) {
        set_arithmetic_flags(*cpu_, flags);
        T result = operation(*cpu_);
        return {result, arithmetic_flags(*cpu_)};
    }
    template <typename T>
    bool same(const char* what, Outcome<T> found, Outcome<T> wanted,
              u64 defined = flags_arithmetic) {
        if (found.result == wanted.result && ((found.flags ^ wanted.flags) & defined) == 0)
            return true;
        VMFT_EXPECT_EQUAL(what, "the host's outcome");
        VMFT_EXPECT_EQUAL(found.result, wanted.result);
        VMFT_EXPECT_EQUAL(found.flags & defined, wanted.flags & defined);
        return false;
    }

private:
    std::unique_ptr<Cpu> cpu_;
    Values values_;
};

template <typename T>
void check_alu() {
    Bench bench;
    for (int i = 0; i < rounds; i++) {
        T a = bench.any<T>(), b = bench.any<T>();
        u64 flags = bench.any_flags();
        constexpr u64 logic = flags_arithmetic & ~flag_af;
        bool same = true;
#define VMFT_COMPARE(name, op, defined)                                                            \
    same = same && bench.same<T>(#name, bench.run<T>(flags, [&](Cpu& cpu) { return op; }),         \
                                 host_##name<T>(a, b, flags), defined)
        VMFT_COMPARE(add, (alu<Alu::add, T>(cpu, a, b)), flags_arithmetic);
        VMFT_COMPARE(adc, (alu<Alu::adc, T>(cpu, a, b)), flags_arithmetic);
        VMFT_COMPARE(sub, (alu<Alu::sub, T>(cpu, a, b)), flags_arithmetic);
        VMFT_COMPARE(sbb, (alu<Alu::sbb, T>(cpu, a, b)), flags_arithmetic);
        VMFT_COMPARE(and, (alu<Alu::bit_and, T>(cpu, a, b)), logic);
        VMFT_COMPARE(or, (alu<Alu::bit_or, T>(cpu, a, b)), logic);
        VMFT_COMPARE(xor, (alu<Alu::bit_xor, T>(cpu, a, b)), logic);
        VMFT_COMPARE(cmp, (alu<Alu::cmp, T>(cpu, a, b), a), flags_arithmetic);
        VMFT_COMPARE(inc, (increment<T, false>(cpu, a)), flags_arithmetic);
        VMFT_COMPARE(dec, (increment<T, true>(cpu, a)), flags_arithmetic);
        VMFT_COMPARE(neg, (negate<T>(cpu, a)), flags_arithmetic);
#undef VMFT_COMPARE
        if (!same) return;
    }
}

/// What SDM 2B defines of a shift's flags: OF only for a count of 1, CF only for counts up to the
/// width.
template <typename T>
u64 defined_by_shift(unsigned count, bool rotate) {
    u64 defined = flags_arithmetic & ~(rotate ? 0 : flag_af);
    if (count != 1) defined &= ~flag_of;
    if (!rotate && count > bits_of<T>) defined &= ~flag_cf;
    return defined;
}

template <typename T>
void check_shifts() {
    Bench bench;
    for (int i = 0; i < rounds; i++) {
        T a = bench.any<T>();
        u64 flags = bench.any_flags();
        u8 count = static_cast<u8>(bench.any<u64>() >> 5) & (sizeof(T) == 8 ? 63 : 31);
        if (i % 4 == 0) count = 1;
        if (count == 0) continue;
        bool same = true;
#define VMFT_COMPARE(name, rotate)                                                                 \
    same =                                                                                         \
        same &&                                                                                    \
        bench.same<T>(                                                                             \
            #name,                                                                                 \
            bench.run<T>(flags, [&](Cpu& cpu) { return shift<Shift::name, T>(cpu, a, count); }),   \
            host_##name<T>(a, count, flags), defined_by_shift<T>(count, rotate))
        VMFT_COMPARE(rol, true);
        VMFT_COMPARE(ror, true);
        VMFT_COMPARE(rcl, true);
        VMFT_COMPARE(rcr, true);
        VMFT_COMPARE(shl, false);
        VMFT_COMPARE(shr, false);
        VMFT_COMPARE(sar, false);
#undef VMFT_COMPARE
        if (!same) return;
    }
}

template <typename T>
void check_double_shifts() {
    Bench bench;
    for (int i = 0; i < rounds; i++) {
        T a = bench.any<T>(), b = bench.any<T>();
        u64 flags = bench.any_flags();
        u8 count = static_cast<u8>(bench.any<u64>() >> 5) & (sizeof(T) == 8 ? 63 : 31);
        if (i % 4 == 0) count = 1;
        if (count == 0 || count > bits_of<T>) continue;
        u64 defined = defined_by_shift<T>(count, false);
        auto left =
            bench.run<T>(flags, [&](Cpu& cpu) { return shift_left_double<T>(cpu, a, b, count); });
        auto right =
            bench.run<T>(flags, [&](Cpu& cpu) { return shift_right_double<T>(cpu, a, b, count); });
        if (!bench.same<T>("shld", left, host_shld<T>(a, b, count, flags), defined)) return;
        if (!bench.same<T>("shrd", right, host_shrd<T>(a, b, count, flags), defined)) return;
    }
}

template <unsigned Code>
void check_condition(Cpu& cpu, u64 flags) {
    bool of = flags & flag_of, cf = flags & flag_cf, zf = flags & flag_zf, sf = flags & flag_sf,
         pf = flags & flag_pf;
    const bool met[8] = {of, cf, zf, cf || zf, sf, pf, sf != of, zf || sf != of};
    VMFT_EXPECT_EQUAL(condition<Code>(cpu), met[Code >> 1] != (Code & 1));
    if constexpr (Code > 0) check_condition<Code - 1>(cpu, flags);
}

VMFT_TEST(alu_flags_match_the_host) {
    check_alu<u8>();
    check_alu<u16>();
    check_alu<u32>();
    check_alu<u64>();
}

VMFT_TEST(shift_flags_match_the_host) {
    check_shifts<u8>();
    check_shifts<u16>();
    check_shifts<u32>();
    check_shifts<u64>();
}

VMFT_TEST(double_shift_flags_match_the_host) {
    check_double_shifts<u16>();
    check_double_shifts<u32>();
    check_double_shifts<u64>();
}

VMFT_TEST(arithmetic_flags_survive_the_lazy_form) {
    auto cpu = std::make_unique<Cpu>();
    for (u64 bits = 0; bits < 0x1000; bits++) {
        u64 flags = bits & flags_arithmetic;
        set_arithmetic_flags(*cpu, flags);
        VMFT_EXPECT_EQUAL(arithmetic_flags(*cpu), flags);
        check_condition<15>(*cpu, flags);
        set_cf(*cpu, true);
        VMFT_EXPECT_EQUAL(arithmetic_flags(*cpu), flags | flag_cf);
        set_of(*cpu, false);
        VMFT_EXPECT_EQUAL(arithmetic_flags(*cpu), (flags | flag_cf) & ~flag_of);
    }
}

}  // namespace
}  // namespace vmft::soft

#endif
