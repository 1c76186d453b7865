#include "differential_form.h"

namespace vmft::differential {
namespace {

constexpr u16 multiply_undefined = pf | af | zf | sf, bit_undefined = of | sf | af | pf;

void add_arithmetic(std::vector<Form>& forms) {
    static constexpr const char* names[8] = {"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"};
    for (u8 i = 0; i < 8; i++) {
        u16 undefined = i == 1 || i == 4 || i == 6 ? af : 0;
        u8 base = static_cast<u8>(i * 8);
        Form row{names[i], 0, base, 2, -1, 0, Operands::any};
        row.leaves(undefined).rep();
        forms.push_back(i == 7 ? row : Form(row).lockable());
        row.opcode = static_cast<u8>(base + 2);
        forms.push_back(row);
        forms.push_back(
            Form{names[i], 0, static_cast<u8>(base + 4)}.with(Immediate::byte).leaves(undefined));
        forms.push_back(Form{names[i], 0, static_cast<u8>(base + 5)}
                            .with(Immediate::operand)
                            .leaves(undefined));
        for (u8 opcode : {0x80, 0x81, 0x83}) {
            Form immediate{names[i], 0, opcode, 1, static_cast<i8>(i), 0, Operands::any};
            immediate.with(opcode == 0x81 ? Immediate::operand : Immediate::byte).leaves(undefined);
            forms.push_back(i == 7 ? immediate : Form(immediate).lockable());
        }
    }
}

void add_moves(std::vector<Form>& forms) {
    forms.push_back(Form{"test", 0, 0x84, 2, -1, 0, Operands::any}.leaves(af));
    forms.push_back(Form{"test", 0, 0xa8}.with(Immediate::byte).leaves(af));
    forms.push_back(Form{"test", 0, 0xa9}.with(Immediate::operand).leaves(af));
    for (i8 digit : {0, 1}) {
        forms.push_back(
            Form{"test", 0, 0xf6, 1, digit, 0, Operands::any}.with(Immediate::byte).leaves(af));
        forms.push_back(
            Form{"test", 0, 0xf7, 1, digit, 0, Operands::any}.with(Immediate::operand).leaves(af));
    }
    forms.push_back(Form{"xchg", 0, 0x86, 2, -1, 0, Operands::any}.lockable());
    forms.push_back(Form{"mov", 0, 0x88, 4, -1, 0, Operands::any}.rep());
    forms.push_back(Form{"mov sreg", 0, 0x8c, 1, -1, 0, Operands::any}.size(2));
    forms.push_back(Form{"mov", 0, 0xc6, 1, 0, 0, Operands::any}.with(Immediate::byte));
    forms.push_back(Form{"mov", 0, 0xc7, 1, 0, 0, Operands::any}.with(Immediate::operand));
    forms.push_back(Form{"mov", 0, 0xb0, 8}.with(Immediate::byte));
    forms.push_back(Form{"mov", 0, 0xb8, 8}.with(Immediate::full));
    forms.push_back(Form{"mov moffs", 0, 0xa0, 4}.with(Immediate::offset).with(Kind::absolute));
    forms.push_back(Form{"lea", 0, 0x8d, 1, -1, 0, Operands::memory});
    // With 66 the makers read two bytes or four.
    forms.push_back(Form{"movsxd", 0, 0x63, 1, -1, 0, Operands::any}.size(4).no_66());
    forms.push_back(Form{"movzx", 1, 0xb6, 2, -1, 0, Operands::any}.size(2));
    forms.push_back(Form{"movsx", 1, 0xbe, 2, -1, 0, Operands::any}.size(2));
    forms.push_back(Form{"cmov", 1, 0x40, 16, -1, 0, Operands::any});
    forms.push_back(Form{"set", 1, 0x90, 16, -1, 0, Operands::any}.size(1));
    forms.push_back(Form{"movnti", 1, 0xc3, 1, -1, 0, Operands::memory}.no_66());
    forms.push_back(Form{"xchg rax", 0, 0x90, 8});
    forms.push_back(Form{"cbw", 0, 0x98, 2});
    forms.push_back(Form{"lahf", 0, 0x9e, 2}.with(Feature::lahf));
    forms.push_back(Form{"flag", 0, 0xf8, 2});
    forms.push_back(Form{"cmc", 0, 0xf5});
    forms.push_back(Form{"direction", 0, 0xfc, 2});
    forms.push_back(Form{"xlat", 0, 0xd7}.with(Kind::translate));
    forms.push_back(Form{"nop", 1, 0x1f, 1, -1, 0, Operands::any});
    forms.push_back(Form{"bswap", 1, 0xc8, 8}.with(Kind::swap_bytes).no_66());
}

void add_one_operand(std::vector<Form>& forms) {
    for (u8 wide : {0, 1}) {
        u8 group3 = static_cast<u8>(0xf6 + wide), group4 = static_cast<u8>(0xfe + wide);
        forms.push_back(Form{"inc", 0, group4, 1, 0, 0, Operands::any}.lockable());
        forms.push_back(Form{"dec", 0, group4, 1, 1, 0, Operands::any}.lockable());
        forms.push_back(Form{"not", 0, group3, 1, 2, 0, Operands::any}.lockable());
        forms.push_back(Form{"neg", 0, group3, 1, 3, 0, Operands::any}.lockable());
        forms.push_back(Form{"mul", 0, group3, 1, 4, 0, Operands::any}.leaves(multiply_undefined));
        forms.push_back(Form{"imul", 0, group3, 1, 5, 0, Operands::any}.leaves(multiply_undefined));
        forms.push_back(
            Form{"div", 0, group3, 1, 6, 0, Operands::any}.with(Kind::divide).leaves(arithmetic));
        forms.push_back(
            Form{"idiv", 0, group3, 1, 7, 0, Operands::any}.with(Kind::divide).leaves(arithmetic));
    }
    forms.push_back(Form{"imul", 1, 0xaf, 1, -1, 0, Operands::any}.leaves(multiply_undefined));
    forms.push_back(Form{"imul", 0, 0x69, 1, -1, 0, Operands::any}
                        .with(Immediate::operand)
                        .leaves(multiply_undefined));
    forms.push_back(Form{"imul", 0, 0x6b, 1, -1, 0, Operands::any}
                        .with(Immediate::byte)
                        .leaves(multiply_undefined));
}

void add_shifts(std::vector<Form>& forms) {
    static constexpr const char* names[8] = {"rol", "ror", "rcl", "rcr",
                                             "shl", "shr", "sal", "sar"};
    for (i8 i = 0; i < 8; i++) {
        forms.push_back(Form{names[i], 0, 0xc0, 2, i, 0, Operands::any}
                            .with(Immediate::byte)
                            .with(Kind::shift_by_imm));
        forms.push_back(Form{names[i], 0, 0xd0, 2, i, 0, Operands::any}.with(Kind::shift_by_one));
        forms.push_back(Form{names[i], 0, 0xd2, 2, i, 0, Operands::any}.with(Kind::shift_by_cl));
    }
    for (u8 opcode : {0xa4, 0xac}) {
        forms.push_back(Form{"shld/shrd", 1, opcode, 1, -1, 0, Operands::any}
                            .with(Immediate::byte)
                            .with(Kind::double_shift_imm));
        forms.push_back(
            Form{"shld/shrd", 1, static_cast<u8>(opcode + 1), 1, -1, 0, Operands::any}.with(
                Kind::double_shift_cl));
    }
}

void add_bits(std::vector<Form>& forms) {
    for (u8 i = 0; i < 4; i++) {
        Form in_register{"bt", 1, static_cast<u8>(0xa3 + 8 * i), 1, -1, 0, Operands::any};
        Form immediate{"bt", 1, 0xba, 1, static_cast<i8>(4 + i), 0, Operands::any};
        in_register.with(Kind::bit_test).leaves(bit_undefined);
        immediate.with(Immediate::byte).leaves(bit_undefined);
        forms.push_back(i ? in_register.lockable() : in_register);
        forms.push_back(i ? immediate.lockable() : immediate);
    }
    forms.push_back(Form{"bsf", 1, 0xbc, 2, -1, 0, Operands::any}
                        .with(Kind::bit_scan)
                        .leaves(arithmetic & ~zf));
    forms.push_back(Form{"popcnt", 1, 0xb8, 1, -1, 0xf3, Operands::any}.with(Feature::popcnt));
    forms.push_back(Form{"crc32", 2, 0xf0, 2, -1, 0xf2, Operands::any}.with(Feature::sse42));
    forms.push_back(
        Form{"cmpxchg", 1, 0xb0, 2, -1, 0, Operands::any}.with(Kind::compare_exchange).lockable());
    forms.push_back(Form{"xadd", 1, 0xc0, 2, -1, 0, Operands::any}.lockable());
    forms.push_back(Form{"cmpxchg8b", 1, 0xc7, 1, 1, 0, Operands::memory}
                        .with(Kind::compare_exchange_pair)
                        .size(16)
                        .lockable()
                        .with(Feature::cx16)
                        .no_66());
}

}  // namespace

void add_integer_forms(std::vector<Form>& forms) {
    add_arithmetic(forms);
    add_moves(forms);
    add_one_operand(forms);
    add_shifts(forms);
    add_bits(forms);
}

}  // namespace vmft::differential
