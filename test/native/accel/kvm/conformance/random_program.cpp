#include "accel/kvm/conformance/random_program.h"

#include "accel/kvm/conformance/guest.h"
#include "accel/soft/differential_form.h"
#include "accel/soft/differential_random.h"

namespace vmft::test::conformance {
namespace {

using namespace vmft::differential;

constexpr u64 operands_at = data_at + 0x8000, operands_bytes = 0x1e00;
/// All but RSP, RBP (the operands' base) and R12 (the rounds), and R13, which encodes as RBP.
constexpr u8 free_registers[] = {0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 14, 15};

bool is_x87(const Form& form) {
    bool converts_mmx = form.map == 1 && form.opcode >= 0x2a && form.opcode <= 0x2d &&
                        (form.prefix == 0 || form.prefix == 0x66);
    return form.kind == Kind::x87 || form.kind == Kind::mmx || converts_mmx;
}

bool is_vector(const Form& form) { return form.kind == Kind::simd_integer; }

bool is_float(const Form& form) {
    return form.kind == Kind::simd_single || form.kind == Kind::simd_double;
}

/// RCL, RCR. QEMU's TCG loses the carry when their operand's page has to be mapped first, in the
/// middle of the instruction.
bool rotates_carry(const Form& form) {
    bool shifts = form.kind == Kind::shift_by_cl || form.kind == Kind::shift_by_one ||
                  form.kind == Kind::shift_by_imm;
    return shifts && (form.extension == 2 || form.extension == 3);
}

/// Rows whose instructions neither fault nor leave the program.
bool harmless(const Form& form) {
    switch (form.immediate) {
    case Immediate::none:
    case Immediate::byte:
    case Immediate::operand:
    case Immediate::full: break;
    default: return false;
    }
    switch (form.kind) {
    case Kind::plain: {
        // Where the rows of what user mode is refused begin, and instructions like them.
        std::string_view name = form.name;
        for (const char* other :
             {"undefined", "ud2", "privileged", "mov cr", "mov dr", "lgdt", "lidt", "invlpg", "in",
              "mov cs", "direction", "lahf", "fence", "clflush", "mov sreg"})
            if (name == other) return false;
        // TEST has a second encoding that not every emulator knows.
        return (name != "test" || form.extension != 1) && form.feature == Feature::base;
    }
    case Kind::shift_by_cl:
    case Kind::shift_by_one:
    case Kind::shift_by_imm:
    case Kind::bit_scan:
    case Kind::bit_test:
    case Kind::compare_exchange:
    case Kind::swap_bytes:
    case Kind::simd_integer: return form.map != 3 || (form.opcode & 0xfc) != 0x60;  // PCMPxSTRx
    case Kind::simd_single:
    case Kind::simd_double:
    case Kind::mmx: return true;
    case Kind::x87: return std::string_view(form.name) != "fldcw";
    default: return false;
    }
}

class Writer {
public:
    explicit Writer(const RandomProgram& wanted) : wanted_(wanted), random_(1, wanted.seed) {
        for (const Form& form : forms()) {
            if (!harmless(form) || !host_has(form.feature)) continue;
            bool takes = is_x87(form)      ? wanted.x87
                         : is_vector(form) ? wanted.vectors
                         : is_float(form)  ? wanted.floats
                                           : wanted.integers;
            if (takes) forms_.push_back(&form);
        }
    }

    std::vector<u8> run() {
        emit({0x44, 0x8b, 0x24, 0x25});  // mov r12d, [g_rounds]
        emit_value(variables_at + 0x20, 4);
        emit({0xbd});  // mov ebp, operands
        emit_value(operands_at, 4);
        emit({0xdb, 0xe3});  // fninit
        for (u8 number : free_registers) {
            emit({static_cast<u8>(0x48 | number >> 3), static_cast<u8>(0xb8 | (number & 7))});
            emit_value(random_.interesting(), 8);
        }
        size_t loop = code_.size();
        for (unsigned i = 0; i < wanted_.instructions; i++) {
            if (random_.chance(8)) emit_branch();
            emit_instruction();
        }
        emit({0x41, 0xff, 0xcc, 0x0f, 0x85});  // dec r12d; jnz loop
        emit_value(loop - code_.size() - 4, 4);
        emit({0xe6, 0x43, 0xfa, 0xf4});  // out port_end, al; cli; hlt
        return std::move(code_);
    }

private:
    void emit(std::initializer_list<u8> bytes) { code_.insert(code_.end(), bytes); }
    void emit_value(u64 value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; i++) code_.push_back(static_cast<u8>(value >> 8 * i));
    }
    u8 draw_register() { return free_registers[random_.below(sizeof free_registers)]; }

    /// Over the next two bytes, or not.
    void emit_branch() {
        emit({static_cast<u8>(0x70 | random_.below(16)), 2, 0xff, 0xc0});  // jcc; inc eax
    }

    void emit_instruction() {
        const Form& form = *forms_[random_.below(forms_.size())];
        u8 opcode = static_cast<u8>(form.opcode + random_.below(form.opcodes));
        bool in_opcode = form.operands == Operands::none && form.opcodes == 8;
        bool memory = form.operands == Operands::memory ||
                      (form.operands == Operands::any && random_.chance(50));
        // Far from the operand with a bit number in a register.
        if (form.kind == Kind::bit_test && form.immediate == Immediate::none) memory = false;
        if (rotates_carry(form)) memory = false;
        // One that fails leaves a register as it was, but not where KVM emulates it.
        if (form.kind == Kind::compare_exchange) memory = true;
        bool wide = form.allow_w && random_.chance(35);
        bool prefix_66 = form.allow_66 && !wide && random_.chance(20);
        u8 reg = draw_register(), rm = draw_register();
        if (form.extension >= 0) reg = static_cast<u8>(form.extension);
        if (form.fixed_rm >= 0) rm = static_cast<u8>(form.fixed_rm);

        size_t start = code_.size();
        if (form.lock && memory && random_.chance(25)) emit({0xf0});
        if (form.prefix) emit({form.prefix});
        if (prefix_66) emit({0x66});
        u8 rex = static_cast<u8>((wide ? 8 : 0) | (reg >> 3 << 2));
        if (in_opcode) rex |= rm >> 3;
        if (form.operands != Operands::none && !memory) rex |= rm >> 3;
        if (rex) emit({static_cast<u8>(0x40 | rex)});
        if (form.map) emit({0x0f});
        if (form.map == 2) emit({0x38});
        if (form.map == 3) emit({0x3a});
        emit({in_opcode ? static_cast<u8>(form.opcode | (rm & 7)) : opcode});
        if (form.operands != Operands::none) {
            if (memory) {
                emit({static_cast<u8>(0x85 | (reg & 7) << 3)});  // [rbp + disp32]
                emit_value(random_.below(operands_bytes / 16) * 16, 4);
            } else {
                emit({static_cast<u8>(0xc0 | (reg & 7) << 3 | (rm & 7))});
            }
        }
        u64 value = random_.chance(50) ? random_.interesting() : random_.next();
        unsigned operand = prefix_66 ? 2 : 4;
        if (form.immediate == Immediate::byte) emit_value(value, 1);
        if (form.immediate == Immediate::operand) emit_value(value, operand);
        if (form.immediate == Immediate::full) emit_value(value, wide ? 8 : operand);
        if (undefined_flags(code_.data() + start, code_.size() - start))
            emit({0x49, 0x39, 0xde});  // cmp r14, rbx
    }

    const RandomProgram& wanted_;
    differential::Random random_;
    std::vector<const Form*> forms_;
    std::vector<u8> code_;
};

}  // namespace

std::vector<u8> random_program(const RandomProgram& wanted) { return Writer(wanted).run(); }

u64 undefined_flags(const u8* code, size_t available) {
    size_t at = 0;
    while (at < available && ((code[at] & 0xf0) == 0x40 || code[at] == 0x66 || code[at] == 0x67 ||
                              (code[at] & 0xfe) == 0xf2 || code[at] == 0xf0))
        at++;
    if (at + 1 >= available) return 0;
    u8 opcode = code[at], reg = code[at + 1] >> 3 & 7;
    constexpr u64 multiply = pf | af | zf | sf, bits = of | sf | af | pf;
    switch (opcode) {
    case 0x69:
    case 0x6b: return multiply;
    case 0xf6:
    case 0xf7: return reg == 4 || reg == 5 ? multiply : reg >= 6 ? arithmetic : 0;
    case 0xc0:
    case 0xc1:
    case 0xd2:
    case 0xd3: return reg < 4 ? of : reg == 7 ? of | af : of | af | cf;
    case 0xd0:
    case 0xd1: return reg < 4 ? 0 : af;
    case 0x0f: break;
    default: return 0;
    }
    if (at + 2 >= available) return 0;
    opcode = code[at + 1];
    reg = code[at + 2] >> 3 & 7;
    switch (opcode) {
    case 0xaf: return multiply;
    case 0xa4:
    case 0xa5:
    case 0xac:
    case 0xad: return of | af;
    case 0xa3:
    case 0xab:
    case 0xb3:
    case 0xbb: return bits;
    case 0xba: return reg >= 4 ? bits : 0;
    case 0xbc:
    case 0xbd: return arithmetic & ~zf;
    default: return 0;
    }
}

}  // namespace vmft::test::conformance
