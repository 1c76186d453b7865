#pragma once

#include "base/types.h"

namespace vmft::soft {

/// Sets of the six arithmetic flags.
using FlagSet = u8;
inline constexpr FlagSet use_cf = 1, use_pf = 2, use_af = 4, use_zf = 8, use_sf = 16, use_of = 32,
                         use_all = 63, use_none = 0;

/// Those that condition code `code` (0-15, as encoded in Jcc) looks at.
constexpr FlagSet flags_of_condition(unsigned code) {
    constexpr FlagSet by_kind[8] = {use_of, use_cf, use_zf,          use_cf | use_zf,
                                    use_sf, use_pf, use_sf | use_of, use_zf | use_sf | use_of};
    return by_kind[code >> 1 & 7];
}

/// How the host's flags after an instruction differ from the guest's, where the manual leaves some
/// undefined and the interpreter does not (exec/integer_shift.h).
enum class FlagRepair : u8 {
    none,
    clear_af,                  ///< AF is 0.
    clear_af_of,               ///< AF and OF are 0.
    clear_af_of_is_cf_xor_sf,  ///< AF is 0, OF is CF ^ SF.
};

/// How flags that are in no host register can be had again from guest registers that have not
/// changed since. `a` and `b` are guest registers.
struct FlagRecipe {
    enum class Kind : u8 {
        none,
        compare,     ///< of a - b
        test,        ///< of a & b
        sum,         ///< of the addition that made a, to which b was added
        difference,  ///< of the subtraction that made a, from which b was taken
    };
    Kind kind = Kind::none;
    u8 bytes = 0;
    u8 a = 0, b = 0;
    bool b_is_immediate = false;
    i32 immediate = 0;

    bool uses(unsigned reg) const {
        return kind != Kind::none && (a == reg || (!b_is_immediate && b == reg));
    }
};

/// Where the guest's flags are while a block is emitted.
struct FlagState {
    bool in_memory = true;  ///< Cpu::host_flags
    bool in_host = false;   ///< The host's own, but for `repair`.
    bool dead = false;      ///< Nobody asks for them before they are all written again.
    /// While not in_host: those of the host's that are the guest's all the same.
    FlagSet host_part = use_none;
    FlagRepair repair = FlagRepair::none;
    FlagRecipe recipe;

    bool only_in_host() const {
        return in_host && !in_memory && !dead && recipe.kind == FlagRecipe::Kind::none;
    }
};

}  // namespace vmft::soft
