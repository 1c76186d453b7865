#pragma once

#include <linux/kvm.h>

#include <optional>
#include <span>

#include "base/types.h"

namespace vmft::kvm {

/// How the processor decodes: CS.L and CS.D, in long mode and out of it.
enum class CodeBits : u8 { bits16, bits32, bits64 };

CodeBits code_bits(const kvm_sregs& registers);
/// Linear address of the code at `rip`.
u64 linear_code(const kvm_sregs& registers, u64 rip);

/// What whoever steps over an instruction has to know about it. SDM 2.
enum class InstructionKind : u8 {
    plain,               ///< Nothing below.
    conditional_branch,  ///< Counts: Jcc, LOOP, LOOPE, LOOPNE, JCXZ, JECXZ, JRCXZ.
    repeated_string,  ///< REP MOVS and its kin, port strings too: a step is an iteration or more.
    push_flags,       ///< PUSHF: a copy of TF goes to the stack.
    pop_flags,        ///< POPF, IRET: TF comes from the stack.
    interrupt_return,
    system_call,         ///< SYSCALL: TF to R11, then masked.
    system_return,       ///< SYSRET: TF from R11.
    software_interrupt,  ///< INT n, INT3, INTO (of `vector`): TF to the stack, then cleared.
    debug_trap,          ///< INT1 (F1): #DB as a trap.
    load_stack_segment,  ///< MOV SS, POP SS: traps wait for the end of the next instruction.
    enable_interrupts,   ///< STI: some processors hold traps back as behind MOV SS.
    halt,
    port,  ///< IN, OUT without REP and string: always an exit.
};

/// Exceptions, besides #PF, #GP and #SS, that tell where an instruction may end instead.
enum class FaultClass : u8 { integer, divide, bound, x87, vector, segment, undefined };

struct DecodedInstruction {
    InstructionKind kind = InstructionKind::plain;
    FaultClass faults = FaultClass::integer;
    u8 length = 0;         ///< In bytes; 0: unknown to the software CPU's decoder.
    u8 vector = 0;         ///< software_interrupt.
    u8 operand_bytes = 4;  ///< Of PUSHF, POPF, IRET: what a slot of the stack takes.
    /// Segments, control registers or MSRs that decide about addresses may be others behind it.
    bool changes_system_state = false;
    /// Works on registers alone: once fetched it takes no fault, and memory stays as it is.
    bool registers_only = false;
};

/// Decodes the instruction at the start of `bytes` (15 suffice). None: they are cut off, or
/// all prefixes.
std::optional<DecodedInstruction> decode_instruction(std::span<const u8> bytes, CodeBits mode);

}  // namespace vmft::kvm
