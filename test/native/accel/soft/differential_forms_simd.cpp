#include "differential_form.h"

namespace vmft::differential {
namespace {

struct Row {
    u8 prefix, opcode, opcodes, bytes;
    Operands operands = Operands::any;
    Kind kind = Kind::simd_integer;
    Immediate immediate = Immediate::none;
    Feature feature = Feature::base;
};

constexpr Operands any = Operands::any, mem = Operands::memory, reg = Operands::registers;
constexpr Kind ints = Kind::simd_integer, ps = Kind::simd_single, pd = Kind::simd_double,
               mm = Kind::mmx;
constexpr Immediate imm = Immediate::byte;

constexpr Row moves[] = {
    {0, 0x10, 2, 16, any, ps},
    {0x66, 0x10, 2, 16, any, pd},
    {0xf3, 0x10, 2, 4, any, ps},
    {0xf2, 0x10, 2, 8, any, pd},
    {0, 0x12, 1, 8},
    {0x66, 0x12, 1, 8, mem},
    {0, 0x13, 1, 8, mem},
    {0x66, 0x13, 1, 8, mem},
    {0, 0x14, 2, 16},
    {0x66, 0x14, 2, 16},
    {0, 0x16, 1, 8},
    {0x66, 0x16, 1, 8, mem},
    {0, 0x17, 1, 8, mem},
    {0x66, 0x17, 1, 8, mem},
    {0, 0x28, 2, 16},
    {0x66, 0x28, 2, 16},
    {0, 0x2b, 1, 16, mem},
    {0x66, 0x2b, 1, 16, mem},
    {0, 0x50, 1, 16, reg},
    {0x66, 0x50, 1, 16, reg},
    {0, 0x6e, 1, 8, any, mm},
    {0x66, 0x6e, 1, 8},
    {0, 0x6f, 1, 8, any, mm},
    {0x66, 0x6f, 1, 16},
    {0xf3, 0x6f, 1, 16},
    {0, 0x7e, 1, 8, any, mm},
    {0x66, 0x7e, 1, 8},
    {0xf3, 0x7e, 1, 8},
    {0, 0x7f, 1, 8, any, mm},
    {0x66, 0x7f, 1, 16},
    {0xf3, 0x7f, 1, 16},
    {0x66, 0xd6, 1, 8},
    {0xf3, 0xd6, 1, 8, reg, mm},
    {0xf2, 0xd6, 1, 8, reg, mm},
    {0, 0xd7, 1, 8, reg, mm},
    {0x66, 0xd7, 1, 16, reg},
    {0, 0xe7, 1, 8, mem, mm},
    {0x66, 0xe7, 1, 16, mem},
    {0, 0xf7, 1, 8, reg, Kind::simd_mask_store},
    {0x66, 0xf7, 1, 16, reg, Kind::simd_mask_store},
    {0xf3, 0x12, 1, 16, any, ps, Immediate::none, Feature::sse3},
    {0xf2, 0x12, 1, 8, any, pd, Immediate::none, Feature::sse3},
    {0xf3, 0x16, 1, 16, any, ps, Immediate::none, Feature::sse3},
    {0xf2, 0xf0, 1, 16, mem, ints, Immediate::none, Feature::sse3},
};

constexpr Row floats[] = {
    {0, 0x2a, 1, 8, any, mm},
    {0x66, 0x2a, 1, 8, any, mm},
    {0xf3, 0x2a, 1, 8, any, ps},
    {0xf2, 0x2a, 1, 8, any, pd},
    {0, 0x2c, 2, 8, any, ps},
    {0x66, 0x2c, 2, 16, any, pd},
    {0xf3, 0x2c, 2, 4, any, ps},
    {0xf2, 0x2c, 2, 8, any, pd},
    {0, 0x2e, 2, 4, any, ps},
    {0x66, 0x2e, 2, 8, any, pd},
    {0, 0x51, 1, 16, any, ps},
    {0x66, 0x51, 1, 16, any, pd},
    {0xf3, 0x51, 1, 4, any, ps},
    {0xf2, 0x51, 1, 8, any, pd},
    {0, 0x52, 2, 16, any, Kind::simd_approximate},
    {0xf3, 0x52, 2, 4, any, Kind::simd_approximate},
    {0, 0x54, 4, 16, any, ps},
    {0x66, 0x54, 4, 16, any, pd},
    {0, 0x58, 2, 16, any, ps},
    {0x66, 0x58, 2, 16, any, pd},
    {0xf3, 0x58, 2, 4, any, ps},
    {0xf2, 0x58, 2, 8, any, pd},
    {0, 0x5a, 1, 8, any, ps},
    {0x66, 0x5a, 1, 16, any, pd},
    {0xf3, 0x5a, 1, 4, any, ps},
    {0xf2, 0x5a, 1, 8, any, pd},
    {0, 0x5b, 1, 16},
    {0x66, 0x5b, 1, 16, any, ps},
    {0xf3, 0x5b, 1, 16, any, ps},
    {0, 0x5c, 4, 16, any, ps},
    {0x66, 0x5c, 4, 16, any, pd},
    {0xf3, 0x5c, 4, 4, any, ps},
    {0xf2, 0x5c, 4, 8, any, pd},
    {0, 0xc2, 1, 16, any, ps, imm},
    {0x66, 0xc2, 1, 16, any, pd, imm},
    {0xf3, 0xc2, 1, 4, any, ps, imm},
    {0xf2, 0xc2, 1, 8, any, pd, imm},
    {0, 0xc6, 1, 16, any, ps, imm},
    {0x66, 0xc6, 1, 16, any, pd, imm},
    {0x66, 0xe6, 1, 16, any, pd},
    {0xf2, 0xe6, 1, 16, any, pd},
    {0xf3, 0xe6, 1, 8},
    {0x66, 0x7c, 2, 16, any, pd, Immediate::none, Feature::sse3},
    {0xf2, 0x7c, 2, 16, any, ps, Immediate::none, Feature::sse3},
    {0x66, 0xd0, 1, 16, any, pd, Immediate::none, Feature::sse3},
    {0xf2, 0xd0, 1, 16, any, ps, Immediate::none, Feature::sse3},
};

constexpr Row integers[] = {
    {0, 0x60, 3, 4, any, mm},
    {0, 0x63, 9, 8, any, mm},
    {0x66, 0x60, 14, 16},
    {0, 0x70, 1, 8, any, mm, imm},
    {0x66, 0x70, 1, 16, any, ints, imm},
    {0xf3, 0x70, 1, 16, any, ints, imm},
    {0xf2, 0x70, 1, 16, any, ints, imm},
    {0, 0x74, 3, 8, any, mm},
    {0x66, 0x74, 3, 16},
    {0, 0xc4, 1, 2, any, mm, imm},
    {0x66, 0xc4, 1, 2, any, ints, imm},
    {0, 0xc5, 1, 2, reg, mm, imm},
    {0x66, 0xc5, 1, 2, reg, ints, imm},
    {0, 0xd1, 5, 8, any, mm},
    {0x66, 0xd1, 5, 16},
    {0, 0xd8, 14, 8, any, mm},
    {0x66, 0xd8, 14, 16},
    {0, 0xe8, 8, 8, any, mm},
    {0x66, 0xe8, 8, 16},
    {0, 0xf1, 6, 8, any, mm},
    {0x66, 0xf1, 6, 16},
    {0, 0xf8, 7, 8, any, mm},
    {0x66, 0xf8, 7, 16},
};

constexpr Row map_38[] = {
    {0, 0x00, 12, 8, any, mm, Immediate::none, Feature::ssse3},
    {0x66, 0x00, 12, 16, any, ints, Immediate::none, Feature::ssse3},
    {0, 0x1c, 3, 8, any, mm, Immediate::none, Feature::ssse3},
    {0x66, 0x1c, 3, 16, any, ints, Immediate::none, Feature::ssse3},
    {0x66, 0x10, 1, 16, any, ints, Immediate::none, Feature::sse41},
    {0x66, 0x14, 2, 16, any, ints, Immediate::none, Feature::sse41},
    {0x66, 0x17, 1, 16, any, ints, Immediate::none, Feature::sse41},
    {0x66, 0x20, 6, 8, any, ints, Immediate::none, Feature::sse41},
    {0x66, 0x28, 2, 16, any, ints, Immediate::none, Feature::sse41},
    {0x66, 0x2a, 1, 16, mem, ints, Immediate::none, Feature::sse41},
    {0x66, 0x2b, 1, 16, any, ints, Immediate::none, Feature::sse41},
    {0x66, 0x30, 6, 8, any, ints, Immediate::none, Feature::sse41},
    {0x66, 0x37, 1, 16, any, ints, Immediate::none, Feature::sse42},
    {0x66, 0x38, 10, 16, any, ints, Immediate::none, Feature::sse41},
};

constexpr Row map_3a[] = {
    {0, 0x0f, 1, 8, any, mm, imm, Feature::ssse3},
    {0x66, 0x0f, 1, 16, any, ints, imm, Feature::ssse3},
    {0x66, 0x08, 1, 16, any, ps, imm, Feature::sse41},
    {0x66, 0x09, 1, 16, any, pd, imm, Feature::sse41},
    {0x66, 0x0a, 1, 4, any, ps, imm, Feature::sse41},
    {0x66, 0x0b, 1, 8, any, pd, imm, Feature::sse41},
    {0x66, 0x0c, 3, 16, any, ints, imm, Feature::sse41},
    {0x66, 0x14, 4, 8, any, ints, imm, Feature::sse41},
    {0x66, 0x20, 3, 8, any, ints, imm, Feature::sse41},
    {0x66, 0x40, 1, 16, any, ps, imm, Feature::sse41},
    {0x66, 0x41, 1, 16, any, pd, imm, Feature::sse41},
    {0x66, 0x42, 1, 16, any, ints, imm, Feature::sse41},
    {0x66, 0x60, 4, 16, any, ints, imm, Feature::sse42},
};

template <unsigned Count>
void add(std::vector<Form>& forms, const char* name, u8 map, const Row (&rows)[Count]) {
    for (const Row& row : rows) {
        Form form{name, map, row.opcode, row.opcodes, -1, row.prefix, row.operands};
        form.with(row.kind).with(row.immediate).with(row.feature).size(row.bytes).no_66();
        forms.push_back(form);
    }
}

void add_shift_groups(std::vector<Form>& forms) {
    for (u8 opcode : {0x71, 0x72, 0x73}) {
        for (i8 digit : {2, 3, 4, 6, 7}) {
            bool quad = opcode == 0x73, bytes = digit == 3 || digit == 7;
            if (quad ? digit == 4 : bytes) continue;
            for (u8 prefix : {0x66, 0x00}) {
                if (bytes && !prefix) continue;
                forms.push_back(
                    Form{"packed shift", 1, opcode, 1, digit, prefix, Operands::registers}
                        .with(Immediate::byte)
                        .with(prefix ? Kind::simd_integer : Kind::mmx)
                        .no_66());
            }
        }
    }
}

}  // namespace

void add_simd_forms(std::vector<Form>& forms) {
    add(forms, "sse move", 1, moves);
    add(forms, "sse float", 1, floats);
    add(forms, "sse integer", 1, integers);
    add(forms, "sse 0f38", 2, map_38);
    add(forms, "sse 0f3a", 3, map_3a);
    add_shift_groups(forms);
}

const std::vector<Form>& forms() {
    static const std::vector<Form> all = [] {
        std::vector<Form> rows;
        add_integer_forms(rows);
        add_control_forms(rows);
        add_simd_forms(rows);
        add_x87_forms(rows);
        return rows;
    }();
    return all;
}

bool host_has(Feature feature) {
    switch (feature) {
    case Feature::base: return true;
    case Feature::sse3: return __builtin_cpu_supports("sse3");
    case Feature::ssse3: return __builtin_cpu_supports("ssse3");
    case Feature::sse41: return __builtin_cpu_supports("sse4.1");
    case Feature::sse42: return __builtin_cpu_supports("sse4.2");
    case Feature::popcnt: return __builtin_cpu_supports("popcnt");
    case Feature::cx16: return __builtin_cpu_supports("cmpxchg16b");
    case Feature::lahf: return __builtin_cpu_supports("lahf_lm");
    }
    return false;
}

}  // namespace vmft::differential
