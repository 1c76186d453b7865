#include <cmath>
#include <cstring>
#include <iomanip>
#include <sstream>

#include "differential_instance.h"

/// Equality of results, but for what the manual (SDM 2, each instruction's page) leaves undefined
/// or approximate.
namespace vmft::differential {
namespace {

constexpr u16 x87_c0_c2_c3 = 0x4500, x87_c1 = 0x200, x87_c2 = 0x400, x87_summary = 0x80;

template <typename T>
T get(const u8* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

u64 undefined_flags(const Instance& instance) {
    u64 undefined = instance.form->undefined;
    unsigned count = instance.shift_count, bits = instance.operand_bytes * 8u;
    switch (instance.form->kind) {
    case Kind::shift_by_cl:
    case Kind::shift_by_one:
    case Kind::shift_by_imm: {
        if (count == 0) break;
        bool rotates = instance.form->extension < 4;
        if (!rotates) undefined |= af;
        if (count != 1) undefined |= of;
        if (!rotates && instance.form->extension != 7 && count >= bits) undefined |= cf;
        break;
    }
    case Kind::double_shift_cl:
    case Kind::double_shift_imm:
        if (count) undefined |= af;
        if (count > 1) undefined |= of;
        break;
    default: break;
    }
    return undefined;
}

/// Whether the instruction says what C0, C2 and C3 become.
bool defines_conditions(const Instance& instance) {
    Kind kind = instance.form->kind;
    if (kind == Kind::x87_remainder || kind == Kind::x87_environment || kind == Kind::x87_save ||
        kind == Kind::fxsave)
        return true;
    if (kind != Kind::x87) return kind != Kind::x87_transcendental;
    unsigned reg = instance.modrm >> 3 & 7;
    bool memory = instance.modrm < 0xc0;
    switch (instance.opcode) {
    case 0xd8:
    case 0xdc:
    case 0xde: return reg == 2 || reg == 3;
    case 0xda: return memory ? reg == 2 || reg == 3 : instance.modrm == 0xe9;
    case 0xdd: return !memory && (reg == 4 || reg == 5);
    case 0xd9: return instance.modrm == 0xe4 || instance.modrm == 0xe5;
    case 0xdb: return instance.modrm == 0xe3;
    default: return false;
    }
}

/// FCOM, FUCOM, FTST and their kin. With an unmasked exception the makers differ in whether the
/// order is stored.
bool compares(const Instance& instance) {
    if (instance.form->kind != Kind::x87) return false;
    unsigned reg = instance.modrm >> 3 & 7;
    if (instance.modrm >= 0xc0 && (instance.opcode == 0xdb || instance.opcode == 0xdf))
        return reg == 5 || reg == 6;
    return instance.modrm == 0xe4 ||
           (instance.opcode != 0xd9 && instance.opcode != 0xdb && defines_conditions(instance));
}

/// Steps between two 80-bit values of the same sign; huge when they are not comparable.
u64 distance(const u8* a, const u8* b) {
    u16 sign_a = get<u16>(a + 8), sign_b = get<u16>(b + 8);
    if ((sign_a ^ sign_b) & 0x8000) return ~u64{0};
    u64 mantissa_a = get<u64>(a), mantissa_b = get<u64>(b);
    if (sign_a == sign_b)
        return mantissa_a > mantissa_b ? mantissa_a - mantissa_b : mantissa_b - mantissa_a;
    // Neighbours across a power of two.
    if (sign_a + 1 == sign_b) return (mantissa_b - (u64{1} << 63)) + (~mantissa_a + 1);
    if (sign_b + 1 == sign_a) return (mantissa_a - (u64{1} << 63)) + (~mantissa_b + 1);
    return ~u64{0};
}

bool same_approximation(const u8* a, const u8* b) {
    float x = get<float>(a), y = get<float>(b);
    if (get<u32>(a) == get<u32>(b)) return true;
    return std::fabs(x - y) <= std::fabs(x) * (1.0f / 1024);
}

class Comparison {
public:
    Comparison(const Instance& instance, const Result& native, const Result& software)
        : instance_(instance), native_(native), software_(software),
          unmasked_(get<u16>(native.after.fx + 2) & x87_summary) {}

    std::string run() {
        check("fault", native_.fault, software_.fault);
        if (native_.fault && software_.fault) {
            check("vector", native_.vector, software_.vector);
            // The kernel reports every page of its own half as present.
            u32 compared = native_.vector == 14 && native_.cr2 >> 47 ? ~u32{1} : ~u32{0};
            check("error code", native_.error & compared, software_.error & compared);
            // Which byte of a long image is touched first is the processor's choice.
            Kind kind = instance_.form->kind;
            bool image =
                kind == Kind::fxsave || kind == Kind::x87_save || kind == Kind::x87_environment;
            if (!image) check("cr2", native_.cr2, software_.cr2);
        }
        general();
        x87();
        simd();
        return text_.str();
    }

private:
    void check(const char* what, u64 native, u64 software) {
        if (native != software)
            text_ << "  " << what << ": native " << std::hex << native << ", software " << software
                  << std::dec << "\n";
    }

    void general() {
        const Registers &a = native_.after, &b = software_.after;
        check("rip", a.rip, b.rip);
        u64 compared = flags_compared & ~undefined_flags(instance_);
        if (unmasked_ && compares(instance_)) compared &= ~u64{arithmetic};
        check("flags", a.flags & compared, b.flags & compared);
        // Returning from the kernel takes the RPL off a null selector.
        auto selector = [](u16 value) { return value & ~3 ? value : 0; };
        check("ds", static_cast<u64>(selector(a.ds)), static_cast<u64>(selector(b.ds)));
        check("es", static_cast<u64>(selector(a.es)), static_cast<u64>(selector(b.es)));
        static constexpr const char* names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                  "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                  "r12", "r13", "r14", "r15"};
        bool no_bit_found =
            instance_.form->kind == Kind::bit_scan && a.flags & zf && !native_.fault;
        for (unsigned i = 0; i < 16; i++)
            if (!no_bit_found || (i & 7) != (instance_.modrm >> 3 & 7))
                check(names[i], a.gpr[i], b.gpr[i]);
    }

    void x87() {
        const u8 *a = native_.after.fx, *b = software_.after.fx;
        Kind kind = instance_.form->kind;
        check("x87 control", get<u16>(a), get<u16>(b));
        u16 compared = 0xffff;
        bool to_flags =
            compares(instance_) &&
            (instance_.opcode & 0xfb) == 0xdb;  // FCOMI: C1 is the makers' choice, as in FFREE
        if (!defines_conditions(instance_) || (unmasked_ && compares(instance_)))
            compared = static_cast<u16>(compared & ~x87_c0_c2_c3);
        if (to_flags || (instance_.opcode == 0xdd && instance_.modrm >> 3 == 0x18))
            compared = static_cast<u16>(compared & ~x87_c1);
        if (kind == Kind::x87_transcendental)
            compared = static_cast<u16>((compared & ~x87_c1) | x87_c2);
        check("x87 status", get<u16>(a + 2) & compared, get<u16>(b + 2) & compared);
        check("x87 tags", a[4], b[4]);
        bool partial = kind == Kind::x87_remainder && get<u16>(a + 2) & get<u16>(b + 2) & x87_c2;
        for (unsigned i = 0; i < 8; i++) {
            const u8 *value_a = a + 32 + 16 * i, *value_b = b + 32 + 16 * i;
            bool equal = std::memcmp(value_a, value_b, 10) == 0;
            if (!equal && kind == Kind::x87_transcendental && i < 2)
                equal = distance(value_a, value_b) <= 4;
            if (!equal && partial && i == 0)
                equal = true;  // how far it reduced is the processor's choice
            if (equal) continue;
            text_ << "  st" << i << ": native " << std::hex << get<u16>(value_a + 8) << ":"
                  << get<u64>(value_a) << ", software " << get<u16>(value_b + 8) << ":"
                  << get<u64>(value_b) << std::dec << "\n";
        }
    }

    void simd() {
        const u8 *a = native_.after.fx, *b = software_.after.fx;
        // With underflow unmasked, inexact is told for a result of unbounded exponent, which nobody
        // stores.
        u32 mxcsr = get<u32>(b + 24);
        bool unbounded = native_.fault && native_.vector == 19 && (mxcsr & 0x810) == 0x10;
        u32 compared = unbounded ? 0xffdf : 0xffff;
        check("mxcsr", get<u32>(a + 24) & compared, mxcsr & compared);
        for (unsigned i = 0; i < 16; i++) {
            const u8 *value_a = a + 160 + 16 * i, *value_b = b + 160 + 16 * i;
            if (std::memcmp(value_a, value_b, 16) == 0) continue;
            bool equal = instance_.form->kind == Kind::simd_approximate;
            for (unsigned lane = 0; lane < 16; lane += 4)
                equal = equal && same_approximation(value_a + lane, value_b + lane);
            if (equal) continue;
            text_ << "  xmm" << i << ": native " << std::hex << get<u64>(value_a + 8) << ":"
                  << get<u64>(value_a) << ", software " << get<u64>(value_b + 8) << ":"
                  << get<u64>(value_b) << std::dec << "\n";
        }
    }

    const Instance& instance_;
    const Result &native_, &software_;
    bool unmasked_;  ///< An x87 exception is pending afterwards.
    std::ostringstream text_;
};

void print_bytes(std::ostream& out, const u8* bytes, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        out << std::setw(2) << std::setfill('0') << static_cast<unsigned>(bytes[i]);
}

void print_result(std::ostream& out, const char* name, const Result& result) {
    out << "  " << name << ": ";
    if (result.fault)
        out << "vector " << std::dec << static_cast<unsigned>(result.vector) << std::hex
            << " error " << result.error << " cr2 " << result.cr2;
    else
        out << "retired";
    out << " rip " << result.after.rip << " flags " << result.after.flags << "\n";
}

}  // namespace

std::string compare(const Instance& instance, const Result& native, const Result& software) {
    return Comparison(instance, native, software).run();
}

std::string describe(const Instance& instance, const Result& native, const Result& software) {
    std::ostringstream out;
    const Registers& before = instance.before;
    out << "instance " << instance.number << ", " << instance.form->name << ": " << std::hex;
    print_bytes(out, instance.code, instance.length);
    out << (instance.to_breakpoint ? " (to its end)" : "") << "\n  before:";
    for (unsigned i = 0; i < 16; i++)
        out << " r" << std::dec << i << std::hex << "=" << before.gpr[i];
    out << " rip=" << before.rip << " flags=" << before.flags << "\n";
    Kind kind = instance.form->kind;
    if (kind >= Kind::mmx || kind == Kind::simd_mask_store) {
        out << "  x87 control " << get<u16>(before.fx) << " status " << get<u16>(before.fx + 2)
            << " tags " << unsigned{before.fx[4]};
        for (unsigned i = 0; i < 8; i++)
            out << " st" << i << "=" << get<u16>(before.fx + 40 + 16 * i) << ":"
                << get<u64>(before.fx + 32 + 16 * i);
        out << "\n";
    }
    if (kind >= Kind::simd_integer && kind <= Kind::mmx) {
        out << "  mxcsr " << get<u32>(before.fx + 24);
        for (unsigned number : {instance.modrm >> 3 & 7, instance.modrm & 7, 0})
            for (unsigned high : {0u, 8u})
                out << " xmm" << std::dec << number + high << std::hex << "="
                    << get<u64>(before.fx + 168 + 16 * (number + high)) << ":"
                    << get<u64>(before.fx + 160 + 16 * (number + high));
        out << "\n";
    }
    for (unsigned i = 0; i < instance.patches_used; i++) {
        out << "  memory at " << instance.patches[i].address << ": ";
        print_bytes(out, instance.patches[i].bytes,
                    instance.patches[i].count < 128 ? instance.patches[i].count : 128);
        out << "\n";
    }
    print_result(out, "native", native);
    print_result(out, "software", software);
    return out.str();
}

}  // namespace vmft::differential
