#include "accel/kvm/counter/branch_instruction.h"

#include "accel/soft/decode.h"

/// What an instruction is, is read off its opcode here; how long it is, and whether it is one, the
/// software CPU's decoder knows.
namespace vmft::kvm {

namespace {

constexpr unsigned prefixes_max = 14;
constexpr u64 efer_lma = 0x400;

struct Opcode {
    u8 map = 0;  ///< 0: one byte; 1: 0F; 2: 0F 38; 3: 0F 3A.
    u8 byte = 0, modrm = 0;
    bool has_modrm = false;
    bool operand_prefix = false, repeat = false, lock = false, wide = false;

    u8 reg() const { return modrm >> 3 & 7; }
};

std::optional<Opcode> read_opcode(std::span<const u8> bytes, bool bits64) {
    Opcode opcode;
    size_t at = 0;
    for (;; at++) {
        if (at >= bytes.size() || at > prefixes_max) return {};
        u8 byte = bytes[at];
        if (byte == 0x66) {
            opcode.operand_prefix = true;
        } else if (byte == 0xf2 || byte == 0xf3) {
            opcode.repeat = true;
        } else if (byte == 0xf0) {
            opcode.lock = true;
        } else if (bits64 && (byte & 0xf0) == 0x40) {
            opcode.wide = byte & 8;
            continue;
        } else if (!(byte == 0x67 || byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
                     byte == 0x64 || byte == 0x65)) {
            break;
        }
        opcode.wide = false;  // REX counts only right before the opcode.
    }
    opcode.byte = bytes[at++];
    if (opcode.byte == 0x0f) {
        if (at >= bytes.size()) return {};
        opcode.map = 1;
        opcode.byte = bytes[at++];
        if (opcode.byte == 0x38 || opcode.byte == 0x3a) {
            if (at >= bytes.size()) return {};
            opcode.map = opcode.byte == 0x38 ? 2 : 3;
            opcode.byte = bytes[at++];
        }
    }
    opcode.has_modrm = at < bytes.size();
    if (opcode.has_modrm) opcode.modrm = bytes[at];
    return opcode;
}

bool is_string(u8 opcode) {
    return (opcode >= 0x6c && opcode <= 0x6f) || (opcode >= 0xa4 && opcode <= 0xa7) ||
           (opcode >= 0xaa && opcode <= 0xaf);
}

u8 stack_slot_bytes(const Opcode& opcode, CodeBits mode) {
    if (mode == CodeBits::bits64) return opcode.operand_prefix ? 2 : 8;
    return opcode.operand_prefix != (mode == CodeBits::bits16) ? 2 : 4;
}

void classify_one_byte(const Opcode& opcode, CodeBits mode, DecodedInstruction& found) {
    u8 byte = opcode.byte;
    if (opcode.repeat && is_string(byte)) found.kind = InstructionKind::repeated_string;
    if (byte >= 0x70 && byte <= 0x7f) found.kind = InstructionKind::conditional_branch;
    if (byte >= 0xd8 && byte <= 0xdf) found.faults = FaultClass::x87;
    switch (byte) {
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3: found.kind = InstructionKind::conditional_branch; break;
    case 0x9b: found.faults = FaultClass::x87; break;
    case 0x9c:
        found.kind = InstructionKind::push_flags;
        found.operand_bytes = stack_slot_bytes(opcode, mode);
        break;
    case 0x9d:
        found.kind = InstructionKind::pop_flags;
        found.operand_bytes = stack_slot_bytes(opcode, mode);
        break;
    case 0xcf:
        found.kind = InstructionKind::interrupt_return;
        found.operand_bytes = stack_slot_bytes(opcode, mode);
        // Without a prefix IRET takes 32 bits in 64-bit mode.
        if (mode == CodeBits::bits64)
            found.operand_bytes = opcode.wide ? 8 : opcode.operand_prefix ? 2 : 4;
        found.faults = FaultClass::segment;
        found.changes_system_state = true;
        break;
    case 0xcc:
    case 0xcd:
    case 0xce:
        found.kind = InstructionKind::software_interrupt;
        found.vector = byte == 0xcc ? 3 : byte == 0xce ? 4 : opcode.modrm;
        found.changes_system_state = true;
        break;
    case 0xf1: found.kind = InstructionKind::debug_trap; break;
    case 0xf4: found.kind = InstructionKind::halt; break;
    case 0xfb: found.kind = InstructionKind::enable_interrupts; break;
    case 0xe4:
    case 0xe5:
    case 0xe6:
    case 0xe7:
    case 0xec:
    case 0xed:
    case 0xee:
    case 0xef: found.kind = InstructionKind::port; break;
    case 0x17:  // POP SS
        found.kind = InstructionKind::load_stack_segment;
        found.faults = FaultClass::segment;
        found.changes_system_state = true;
        break;
    case 0x8e:  // MOV Sreg
        if (opcode.reg() == 2) found.kind = InstructionKind::load_stack_segment;
        found.faults = FaultClass::segment;
        found.changes_system_state = true;
        break;
    case 0x07:  // POP ES, POP DS; LES, LDS; far CALL, RET, JMP
    case 0x1f:
    case 0xc4:
    case 0xc5:
    case 0x9a:
    case 0xca:
    case 0xcb:
    case 0xea:
        found.faults = FaultClass::segment;
        found.changes_system_state = true;
        break;
    case 0xff:
        if (opcode.reg() == 3 || opcode.reg() == 5) {
            found.faults = FaultClass::segment;
            found.changes_system_state = true;
        }
        break;
    case 0x62: found.faults = FaultClass::bound; break;
    case 0xf6:
    case 0xf7:
        if (opcode.reg() >= 6) found.faults = FaultClass::divide;
        break;
    case 0xd4: found.faults = FaultClass::divide; break;  // AAM
    default: break;
    }
}

void classify_two_byte(const Opcode& opcode, DecodedInstruction& found) {
    u8 byte = opcode.byte;
    if (byte >= 0x80 && byte <= 0x8f) found.kind = InstructionKind::conditional_branch;
    if ((byte >= 0x10 && byte <= 0x17) || (byte >= 0x28 && byte <= 0x2f) ||
        (byte >= 0x50 && byte <= 0x7f) || byte == 0xc2 || (byte >= 0xc4 && byte <= 0xc6) ||
        byte >= 0xd0)
        found.faults = FaultClass::vector;
    switch (byte) {
    case 0x05:
        found.kind = InstructionKind::system_call;
        found.faults = FaultClass::undefined;
        found.changes_system_state = true;
        break;
    case 0x07:
        found.kind = InstructionKind::system_return;
        found.faults = FaultClass::undefined;
        found.changes_system_state = true;
        break;
    case 0xae: found.faults = FaultClass::vector; break;
    case 0x77: found.faults = FaultClass::x87; break;  // EMMS
    case 0x00:  // LLDT, LTR; LGDT, LIDT, LMSW; CLTS; MOV CR, DR; WRMSR; SYSENTER, SYSEXIT
    case 0x01:
    case 0x06:
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x30:
    case 0x34:
    case 0x35:
    case 0xa1:  // POP FS, POP GS; LSS, LFS, LGS
    case 0xa9:
    case 0xb2:
    case 0xb4:
    case 0xb5:
        found.faults = FaultClass::segment;
        found.changes_system_state = true;
        break;
    default: break;
    }
}

bool in(u8 opcode, u8 first, u8 last) { return opcode >= first && opcode <= last; }

/// Of the commonest instructions; the rest does not matter.
bool registers_only(const Opcode& opcode, CodeBits mode) {
    u8 byte = opcode.byte;
    bool register_operand = opcode.has_modrm && opcode.modrm >= 0xc0;
    if (opcode.map == 1)
        return in(byte, 0x80, 0x8f) || byte == 0x1f || in(byte, 0xc8, 0xcf) ||
               (register_operand && (in(byte, 0x40, 0x4f) || in(byte, 0x90, 0x9f) || byte == 0xaf ||
                                     byte == 0xb6 || byte == 0xb7 || byte == 0xbe || byte == 0xbf));
    if (opcode.map != 0) return false;
    if (byte < 0x40) {
        // ADD, OR, ADC, SBB, AND, SUB, XOR, CMP: with ModRM, or an immediate for the accumulator.
        u8 form = byte & 7;
        return form < 4 ? register_operand : form < 6;
    }
    if (in(byte, 0x40, 0x4f)) return mode != CodeBits::bits64;  // INC, DEC
    if (in(byte, 0x70, 0x7f) || in(byte, 0x90, 0x99) || in(byte, 0xb0, 0xbf) ||
        in(byte, 0xe0, 0xe3) || byte == 0xe9 || byte == 0xeb || byte == 0xa8 || byte == 0xa9 ||
        byte == 0x8d || byte == 0xf5 || byte == 0xf8 || byte == 0xf9 || byte == 0xfc ||
        byte == 0xfd)
        return true;
    if (!register_operand) return false;
    if (byte == 0xf6 || byte == 0xf7 || byte == 0xfe || byte == 0xff)
        return opcode.reg() < (byte < 0xf8 ? 6 : 2);  // No DIV; INC and DEC.
    return in(byte, 0x80, 0x8b) || byte == 0x63 || byte == 0x69 || byte == 0x6b || byte == 0xc0 ||
           byte == 0xc1 || in(byte, 0xc6, 0xc7) || in(byte, 0xd0, 0xd3);
}

u8 decoder_mode(CodeBits mode) {
    switch (mode) {
    case CodeBits::bits16: return soft::code16;
    case CodeBits::bits32: return soft::code32 | soft::code_stack32;
    case CodeBits::bits64: break;
    }
    return soft::code64 | soft::code_stack32;
}

}  // namespace

CodeBits code_bits(const kvm_sregs& registers) {
    if ((registers.efer & efer_lma) && registers.cs.l) return CodeBits::bits64;
    return registers.cs.db ? CodeBits::bits32 : CodeBits::bits16;
}

u64 linear_code(const kvm_sregs& registers, u64 rip) {
    if (code_bits(registers) == CodeBits::bits64) return rip;
    return static_cast<u32>(registers.cs.base + rip);
}

std::optional<DecodedInstruction> decode_instruction(std::span<const u8> bytes, CodeBits mode) {
    std::optional<Opcode> opcode = read_opcode(bytes, mode == CodeBits::bits64);
    if (!opcode) return {};
    DecodedInstruction found;
    soft::Insn insn;
    soft::Decoding decoding;
    if (soft::decode(bytes.data(), static_cast<unsigned>(bytes.size()), decoder_mode(mode), 0, insn,
                     decoding) == soft::DecodeResult::need_more_bytes)
        return {};
    found.length = insn.length;
    if (opcode->map == 0)
        classify_one_byte(*opcode, mode, found);
    else if (opcode->map == 1)
        classify_two_byte(*opcode, found);
    else
        found.faults = FaultClass::vector;
    found.registers_only = registers_only(*opcode, mode);
    // Unknown to that CPU: #UD most likely (of ours, the ones with LOCK and those without a meaning
    // in 64-bit mode), #GP (longer than 15 bytes), or an instruction of a newer one, which does
    // nothing special either. But SYSCALL outside 64-bit code is AMD's alone.
    if (decoding.raises && found.kind != InstructionKind::system_call)
        found = {.faults = FaultClass::undefined, .length = 0, .changes_system_state = true};
    return found;
}

}  // namespace vmft::kvm
