#include "differential_form.h"

namespace vmft::differential {

void add_x87_forms(std::vector<Form>& forms) {
    auto memory = [&](const char* name, u8 opcode, i8 digit, u8 bytes, Kind kind = Kind::x87) {
        forms.push_back(
            Form{name, 0, opcode, 1, digit, 0, Operands::memory}.with(kind).size(bytes));
    };
    auto registers = [&](const char* name, u8 opcode, i8 digit) {
        forms.push_back(Form{name, 0, opcode, 1, digit, 0, Operands::registers}.with(Kind::x87));
    };
    for (i8 digit = 0; digit < 8; digit++) {
        memory("arithmetic m32", 0xd8, digit, 4);
        memory("arithmetic m64", 0xdc, digit, 8);
        memory("arithmetic m32int", 0xda, digit, 4);
        memory("arithmetic m16int", 0xde, digit, 2);
        registers("arithmetic", 0xd8, digit);
        registers("arithmetic to st(i)", 0xdc, digit);
        if (digit != 3) registers("arithmetic, pop", 0xde, digit);
        if (digit < 4) registers("fcmov", 0xda, digit);
        if (digit < 4) registers("fcmov", 0xdb, digit);
        if (digit < 6) registers("fst, fucom", 0xdd, digit);
    }
    memory("fld", 0xd9, 0, 4);
    memory("fst", 0xd9, 2, 4);
    memory("fstp", 0xd9, 3, 4);
    memory("fld", 0xdd, 0, 8);
    memory("fst", 0xdd, 2, 8);
    memory("fstp", 0xdd, 3, 8);
    memory("fld", 0xdb, 5, 10);
    memory("fstp", 0xdb, 7, 10);
    memory("fild", 0xdb, 0, 4);
    memory("fild", 0xdf, 0, 2);
    memory("fild", 0xdf, 5, 8);
    memory("fisttp", 0xdb, 1, 4);
    memory("fisttp", 0xdd, 1, 8);
    memory("fisttp", 0xdf, 1, 2);
    memory("fist", 0xdb, 2, 4);
    memory("fistp", 0xdb, 3, 4);
    memory("fist", 0xdf, 2, 2);
    memory("fistp", 0xdf, 3, 2);
    memory("fistp", 0xdf, 7, 8);
    memory("fbld", 0xdf, 4, 10);
    memory("fbstp", 0xdf, 6, 10);
    memory("fldcw", 0xd9, 5, 2);
    memory("fnstcw", 0xd9, 7, 2);
    memory("fnstsw", 0xdd, 7, 2);
    memory("fldenv", 0xd9, 4, 28, Kind::x87_environment);
    memory("fnstenv", 0xd9, 6, 28, Kind::x87_environment);
    memory("frstor", 0xdd, 4, 108, Kind::x87_save);
    memory("fnsave", 0xdd, 6, 108, Kind::x87_save);
    registers("fld st(i)", 0xd9, 0);
    registers("fxch", 0xd9, 1);
    registers("fstp1", 0xd9, 3);
    registers("fcomi", 0xdb, 6);
    registers("fucomi", 0xdb, 5);
    registers("fcomip", 0xdf, 6);
    registers("fucomip", 0xdf, 5);
    for (i8 digit = 0; digit < 4; digit++) registers("ffreep and aliases", 0xdf, digit);
    forms.push_back(Form{"fwait", 0, 0x9b}.with(Kind::x87));
    forms.push_back(Form{"emms", 1, 0x77}.with(Kind::x87).no_66());

    // ModRM is part of the opcode.
    static constexpr struct {
        u8 opcode, modrm;
        Kind kind;
    } fixed[] = {{0xd9, 0xd0, Kind::x87},
                 {0xd9, 0xe0, Kind::x87},
                 {0xd9, 0xe1, Kind::x87},
                 {0xd9, 0xe4, Kind::x87},
                 {0xd9, 0xe5, Kind::x87},
                 {0xd9, 0xe8, Kind::x87},
                 {0xd9, 0xe9, Kind::x87},
                 {0xd9, 0xea, Kind::x87},
                 {0xd9, 0xeb, Kind::x87},
                 {0xd9, 0xec, Kind::x87},
                 {0xd9, 0xed, Kind::x87},
                 {0xd9, 0xee, Kind::x87},
                 {0xd9, 0xf0, Kind::x87_transcendental},
                 {0xd9, 0xf1, Kind::x87_transcendental},
                 {0xd9, 0xf2, Kind::x87_transcendental},
                 {0xd9, 0xf3, Kind::x87_transcendental},
                 {0xd9, 0xf4, Kind::x87},
                 {0xd9, 0xf5, Kind::x87_remainder},
                 {0xd9, 0xf6, Kind::x87},
                 {0xd9, 0xf7, Kind::x87},
                 {0xd9, 0xf8, Kind::x87_remainder},
                 {0xd9, 0xf9, Kind::x87_transcendental},
                 {0xd9, 0xfa, Kind::x87},
                 {0xd9, 0xfb, Kind::x87_transcendental},
                 {0xd9, 0xfc, Kind::x87},
                 {0xd9, 0xfd, Kind::x87},
                 {0xd9, 0xfe, Kind::x87_transcendental},
                 {0xd9, 0xff, Kind::x87_transcendental},
                 {0xda, 0xe9, Kind::x87},
                 {0xde, 0xd9, Kind::x87},
                 {0xdb, 0xe2, Kind::x87},
                 {0xdb, 0xe3, Kind::x87},
                 {0xdf, 0xe0, Kind::x87}};
    for (const auto& entry : fixed) {
        Form row{"x87 fixed",        0, entry.opcode, 1, static_cast<i8>(entry.modrm >> 3 & 7), 0,
                 Operands::registers};
        row.fixed_rm = static_cast<i8>(entry.modrm & 7);
        forms.push_back(row.with(entry.kind));
    }

    forms.push_back(
        Form{"fxsave", 1, 0xae, 1, 0, 0, Operands::memory}.with(Kind::fxsave).size(0).no_66());
    forms.push_back(
        Form{"fxrstor", 1, 0xae, 1, 1, 0, Operands::memory}.with(Kind::fxsave).size(0).no_66());
    forms.push_back(
        Form{"ldmxcsr", 1, 0xae, 1, 2, 0, Operands::memory}.with(Kind::simd_mxcsr).size(4).no_66());
    forms.push_back(
        Form{"stmxcsr", 1, 0xae, 1, 3, 0, Operands::memory}.with(Kind::simd_mxcsr).size(4).no_66());
    for (i8 digit : {5, 6, 7})
        forms.push_back(Form{"fence", 1, 0xae, 1, digit, 0, Operands::registers}.no_66());
    forms.push_back(Form{"clflush", 1, 0xae, 1, 7, 0, Operands::memory}.size(1).no_66());
}

}  // namespace vmft::differential
