#pragma once

#include <string>

#include "differential_form.h"

/// What one instance is, and what executing it gives: the language of generator, the two executors
/// and the comparison.
namespace vmft::differential {

// Linear addresses, the same for both CPUs. The pages before and behind each region are not mapped.
inline constexpr u64 code_start = 0x1000'0000, code_bytes = 4096;
inline constexpr u64 data_start = 0x2000'0000,
                     data_bytes = 3 * 4096;  ///< The third page is read-only.
inline constexpr u64 data_writable = 2 * 4096;
inline constexpr u64 stack_start = 0x3000'0000, stack_bytes = 2 * 4096;
inline constexpr u64 gs_base = 0x2000'0300;
inline constexpr u16 user_code_selector = 0x33, user_data_selector = 0x2b;

/// Flags that are compared. TF and RF belong to the way of executing; NT, AC and ID do not start as
/// the instance says.
inline constexpr u64 flags_compared = 0x8d5 | 0x400;

struct Registers {
    u64 gpr[16] = {};
    u64 rip = 0, flags = 2;
    u16 ds = 0, es = 0;
    alignas(16) u8 fx[512] = {};  ///< As FXSAVE64 lays it out.
};

/// A value in memory before the instruction.
struct Patch {
    u64 address = 0;
    u16 count = 0;
    u8 bytes[512];
};

struct Ignored {
    u64 address;
    u16 count;
};

struct Instance {
    u64 number = 0;
    const Form* form = nullptr;
    u8 code[24] = {};
    u8 length = 0;
    u8 opcode = 0, modrm = 0, operand_bytes = 4;
    u8 shift_count = 0;          ///< Where flags depend on it, already masked.
    bool to_breakpoint = false;  ///< Run until it is over (all iterations), not one step.
    Registers before;
    Patch patches[3];
    unsigned patches_used = 0;
    Ignored ignored[2];  ///< Memory whose contents the manual leaves open.
    unsigned ignored_used = 0;
};

struct Result {
    Registers after;
    bool fault = false;
    u8 vector = 0;
    u32 error = 0;
    u64 cr2 = 0;
};

/// The same instance for the same seed and number, on every host.
void generate(u64 seed, u64 number, Instance& instance);

/// What differs in anything the manual defines; empty: nothing. Memory is compared apart.
std::string compare(const Instance& instance, const Result& native, const Result& software);
/// Registers that matter, bytes, and both results.
std::string describe(const Instance& instance, const Result& native, const Result& software);

}  // namespace vmft::differential
