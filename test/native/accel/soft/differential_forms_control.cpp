#include "differential_form.h"

/// Stack, strings, transfers of control, and what user code may not do. In 64-bit mode. Left out is
/// what reads the machine the test runs on (CPUID, RDTSC, descriptor tables, SYSCALL, INT n), FS
/// and SS loads, and near branches with an operand size prefix, on which the makers' processors
/// differ.
namespace vmft::differential {
namespace {

void add_stack(std::vector<Form>& forms) {
    forms.push_back(Form{"push", 0, 0x50, 8}.with(Kind::push_pop));
    forms.push_back(Form{"pop", 0, 0x58, 8}.with(Kind::push_pop));
    forms.push_back(Form{"push imm", 0, 0x68}.with(Immediate::operand).with(Kind::push_pop));
    forms.push_back(Form{"push imm", 0, 0x6a}.with(Immediate::byte).with(Kind::push_pop));
    forms.push_back(Form{"pop m", 0, 0x8f, 1, 0, 0, Operands::any}.with(Kind::push_pop));
    forms.push_back(Form{"push m", 0, 0xff, 1, 6, 0, Operands::any}.with(Kind::push_pop));
    forms.push_back(Form{"push sreg", 1, 0xa0}.with(Kind::push_pop).no_66());
    forms.push_back(Form{"push sreg", 1, 0xa8}.with(Kind::push_pop).no_66());
    forms.push_back(Form{"pushf", 0, 0x9c}.with(Kind::push_flags));
    forms.push_back(Form{"popf", 0, 0x9d}.with(Kind::pop_flags));
    forms.push_back(Form{"enter", 0, 0xc8}.with(Immediate::enter).with(Kind::enter));
    forms.push_back(Form{"leave", 0, 0xc9}.with(Kind::leave));
}

void add_strings(std::vector<Form>& forms) {
    for (const char* name : {"string a", "string b"}) {  // twice: their inputs are many
        forms.push_back(Form{name, 0, 0xa4, 4}.with(Kind::string).rep());
        forms.push_back(Form{name, 0, 0xaa, 6}.with(Kind::string).rep());
    }
}

void add_branches(std::vector<Form>& forms) {
    forms.push_back(
        Form{"jcc", 0, 0x70, 16}.with(Immediate::relative_byte).with(Kind::branch).no_66());
    forms.push_back(Form{"jcc", 1, 0x80, 16}.with(Immediate::relative).with(Kind::branch).no_66());
    forms.push_back(Form{"jmp", 0, 0xeb}.with(Immediate::relative_byte).with(Kind::branch).no_66());
    forms.push_back(Form{"jmp", 0, 0xe9}.with(Immediate::relative).with(Kind::branch).no_66());
    forms.push_back(Form{"call", 0, 0xe8}.with(Immediate::relative).with(Kind::push_pop).no_66());
    forms.push_back(
        Form{"loop", 0, 0xe0, 4}.with(Immediate::relative_byte).with(Kind::loop).no_66());
    forms.push_back(Form{"ret", 0, 0xc3}.with(Kind::ret).no_66());
    forms.push_back(Form{"ret", 0, 0xc2}.with(Immediate::word).with(Kind::ret).no_66());
    forms.push_back(Form{"call m", 0, 0xff, 1, 2, 0, Operands::any}
                        .with(Kind::branch_indirect)
                        .size(8)
                        .no_66());
    forms.push_back(
        Form{"jmp m", 0, 0xff, 1, 4, 0, Operands::any}.with(Kind::branch_indirect).size(8).no_66());
    forms.push_back(Form{"retf", 0, 0xcb}.with(Kind::far_ret));
    forms.push_back(Form{"retf", 0, 0xca}.with(Immediate::word).with(Kind::far_ret));
    forms.push_back(Form{"iret", 0, 0xcf}.with(Kind::interrupt_ret));
    forms.push_back(Form{"call far", 0, 0xff, 1, 3, 0, Operands::memory}
                        .with(Kind::far_indirect)
                        .size(6)
                        .no_w());
    forms.push_back(Form{"jmp far", 0, 0xff, 1, 5, 0, Operands::memory}
                        .with(Kind::far_indirect)
                        .size(6)
                        .no_w());
}

void add_refused(std::vector<Form>& forms) {
    // Undefined in 64-bit mode, or for ever.
    for (u8 opcode : {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37,
                      0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea})
        forms.push_back(Form{"undefined", 0, opcode});
    forms.push_back(Form{"ud2", 1, 0x0b});
    forms.push_back(Form{"undefined", 1, 0x0a});
    forms.push_back(Form{"undefined", 1, 0x36});
    forms.push_back(Form{"undefined", 0, 0xfe, 1, 2, 0, Operands::registers});
    forms.push_back(Form{"undefined", 0, 0xff, 1, 7, 0, Operands::registers});
    forms.push_back(
        Form{"undefined", 0, 0xc7, 1, 3, 0, Operands::registers}.with(Immediate::operand));
    forms.push_back(Form{"undefined", 0, 0x8d, 1, -1, 0, Operands::registers});
    forms.push_back(Form{"undefined", 0, 0xff, 1, 3, 0, Operands::registers});
    forms.push_back(Form{"undefined", 0, 0xff, 1, 5, 0, Operands::registers});
    // Privileged.
    for (u8 opcode : {0xf4, 0xfa, 0xfb}) forms.push_back(Form{"privileged", 0, opcode});
    for (u8 opcode : {0x06, 0x08, 0x09, 0x30, 0x32})
        forms.push_back(Form{"privileged", 1, opcode}.no_66());
    forms.push_back(Form{"mov cr", 1, 0x20, 1, 0, 0, Operands::registers}.no_66());
    forms.push_back(Form{"mov cr", 1, 0x22, 1, 3, 0, Operands::registers}.no_66());
    forms.push_back(Form{"mov dr", 1, 0x21, 1, 7, 0, Operands::registers}.no_66());
    forms.push_back(Form{"mov dr", 1, 0x23, 1, 7, 0, Operands::registers}.no_66());
    forms.push_back(Form{"lgdt", 1, 0x01, 1, 2, 0, Operands::memory}.size(10));
    forms.push_back(Form{"lidt", 1, 0x01, 1, 3, 0, Operands::memory}.size(10));
    forms.push_back(Form{"invlpg", 1, 0x01, 1, 7, 0, Operands::memory}.size(1));
    forms.push_back(Form{"in", 0, 0xec, 4});
    forms.push_back(Form{"in", 0, 0xe4, 4}.with(Immediate::byte));
    forms.push_back(
        Form{"mov ds", 0, 0x8e, 1, 3, 0, Operands::any}.with(Kind::load_segment).size(2));
    forms.push_back(
        Form{"mov es", 0, 0x8e, 1, 0, 0, Operands::any}.with(Kind::load_segment).size(2));
    forms.push_back(Form{"mov cs", 0, 0x8e, 1, 1, 0, Operands::registers});
}

}  // namespace

void add_control_forms(std::vector<Form>& forms) {
    add_stack(forms);
    add_strings(forms);
    add_branches(forms);
    add_refused(forms);
}

}  // namespace vmft::differential
