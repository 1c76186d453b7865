#pragma once

#include <vector>

#include "base/types.h"

/// The table of instruction forms that the differential test draws from.
namespace vmft::differential {

enum class Operands : u8 { none, any, memory, registers };

enum class Immediate : u8 {
    none,
    byte,
    word,
    operand,
    full,
    relative_byte,
    relative,
    offset,
    enter
};

/// What inputs make sense, and what of the result is defined.
enum class Kind : u8 {
    plain,
    shift_by_cl,
    shift_by_one,
    shift_by_imm,
    double_shift_cl,
    double_shift_imm,
    divide,
    bit_scan,
    bit_test,
    compare_exchange,
    compare_exchange_pair,
    translate,
    absolute,
    string,
    push_pop,
    push_flags,
    pop_flags,
    enter,
    leave,
    branch,
    branch_indirect,
    ret,
    far_ret,
    interrupt_ret,
    far_indirect,
    loop,
    load_segment,
    swap_bytes,
    simd_integer,
    simd_single,
    simd_double,
    simd_approximate,
    simd_mask_store,
    simd_mxcsr,
    mmx,
    x87,
    x87_transcendental,
    x87_remainder,
    x87_environment16,
    x87_environment,
    x87_save,
    fxsave,
};

enum class Feature : u8 { base, sse3, ssse3, sse41, sse42, popcnt, cx16, lahf };

inline constexpr u16 cf = 1, pf = 4, af = 0x10, zf = 0x40, sf = 0x80, of = 0x800,
                     arithmetic = 0x8d5;

/// One row: an opcode or a run of them that share everything else.
struct Form {
    const char* name;
    u8 map = 0;  ///< 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A
    u8 opcode = 0;
    u8 opcodes = 1;
    i8 extension = -1;  ///< ModRM.reg where it selects; -1: free
    u8 prefix = 0;      ///< Mandatory 66, F2 or F3
    Operands operands = Operands::none;
    Immediate immediate = Immediate::none;
    Kind kind = Kind::plain;
    u16 undefined = 0;  ///< Flags that the manual leaves undefined
    u8 bytes = 0;       ///< Of the memory operand; 0: the operand size
    bool lock = false;  ///< LOCK is legal with a memory destination
    bool allow_66 = true, allow_w = true, allow_rep = false;
    Feature feature = Feature::base;
    i8 fixed_rm = -1;  ///< ModRM.rm where it selects too

    constexpr Form& with(Immediate value) {
        immediate = value;
        return *this;
    }
    constexpr Form& with(Kind value) {
        kind = value;
        return *this;
    }
    constexpr Form& with(Feature value) {
        feature = value;
        return *this;
    }
    constexpr Form& run(u8 count) {
        opcodes = count;
        return *this;
    }
    constexpr Form& digit(i8 value) {
        extension = value;
        return *this;
    }
    constexpr Form& leaves(u16 flags) {
        undefined = flags;
        return *this;
    }
    constexpr Form& size(u8 value) {
        bytes = value;
        return *this;
    }
    constexpr Form& lockable() {
        lock = true;
        return *this;
    }
    constexpr Form& no_66() {
        allow_66 = false;
        return *this;
    }
    constexpr Form& no_w() {
        allow_w = false;
        return *this;
    }
    constexpr Form& rep() {
        allow_rep = true;
        return *this;
    }
};

void add_integer_forms(std::vector<Form>& forms);
void add_control_forms(std::vector<Form>& forms);
void add_simd_forms(std::vector<Form>& forms);
void add_x87_forms(std::vector<Form>& forms);

/// All rows; order and contents fix what a seed generates.
const std::vector<Form>& forms();
bool host_has(Feature feature);

}  // namespace vmft::differential
