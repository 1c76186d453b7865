#include "accel/soft/translate/emitter.h"

#include "base/check.h"

namespace vmft::soft {

using namespace host;

void Emitter::save_from_host(FlagRepair repair) {
    lahf();
    switch (repair) {
    case FlagRepair::none: seto(al); break;
    case FlagRepair::clear_af:
        seto(al);
        and_(eax, 0xef01);
        break;
    case FlagRepair::clear_af_of: and_(eax, 0xef00); break;
    case FlagRepair::clear_af_of_is_cf_xor_sf:
        mov(al, ah);
        shr(al, 7);
        xor_(al, ah);
        and_(eax, 0xef01);
        break;
    }
    mov(word[field(VMFT_CPU_FIELD(host_flags))], ax);
}

void Emitter::recompute_flags(const FlagRecipe& recipe) {
    auto other = [&](auto operation) {
        if (recipe.b_is_immediate)
            operation(recipe.immediate);
        else
            operation(source(recipe.b, recipe.bytes, temp));
    };
    HostReg a = source(recipe.a, recipe.bytes, rax);
    switch (recipe.kind) {
    case FlagRecipe::Kind::none: break;
    case FlagRecipe::Kind::compare:
        if (recipe.b_is_immediate)
            cmp(a, recipe.immediate);
        else
            cmp(a, source(recipe.b, recipe.bytes, temp));
        break;
    case FlagRecipe::Kind::test:
        if (recipe.b_is_immediate)
            test(a, recipe.immediate);
        else
            test(a, source(recipe.b, recipe.bytes, temp));
        break;
    case FlagRecipe::Kind::sum:
    case FlagRecipe::Kind::difference: {
        HostReg copy = sized(rax, recipe.bytes);
        if (in_host_register(recipe.a)) mov(rax, home(recipe.a));
        bool sum = recipe.kind == FlagRecipe::Kind::sum;
        other([&](auto b) { sum ? sub(copy, b) : add(copy, b); });
        other([&](auto b) { sum ? add(copy, b) : sub(copy, b); });
        break;
    }
    }
}

void Emitter::lose_host_flags() {
    if (flags_.only_in_host()) save_flags();
    flags_.in_host = false;
    flags_.host_part = use_none;
}

void Emitter::carry_set() {
    if (flags_dead()) return host_flags_set();
    setc(al);
    and_(flags_byte(), 0xfe);
    or_(flags_byte(), al);
    neg(al);
    flags_ = {};
    flags_.host_part = use_cf;
}

void Emitter::save_flags() {
    if (flags_.in_memory) return;
    if (!flags_.in_host) {
        VMFT_CHECK(flags_.recipe.kind != FlagRecipe::Kind::none);
        recompute_flags(flags_.recipe);
        flags_.in_host = true;
    }
    save_from_host(flags_.repair);
    flags_.in_memory = true;
    if (flags_.repair != FlagRepair::none) flags_.in_host = false;
}

void Emitter::load_host_flags() {
    if (flags_.in_host && flags_.repair == FlagRepair::none) return;
    if (!flags_.in_memory && flags_.recipe.kind != FlagRecipe::Kind::none) {
        recompute_flags(flags_.recipe);
    } else {
        save_flags();
        movzx(eax, word[field(VMFT_CPU_FIELD(host_flags))]);
        add(al, 0x7f);  // Overflows when AL is 1.
        sahf();
    }
    flags_.in_host = true;
    flags_.repair = FlagRepair::none;
    flags_.host_part = use_none;
}

void Emitter::load_condition(unsigned code) {
    FlagSet needed = flags_of_condition(code);
    if ((needed & flags_.host_part) == needed) return;
    bool overflow_counts = needed & use_of;
    bool overflow_right =
        flags_.repair == FlagRepair::none || flags_.repair == FlagRepair::clear_af;
    if (flags_.in_host && (overflow_right || !overflow_counts)) return;
    load_host_flags();
}

void Emitter::host_flags_set(FlagRepair repair, const FlagRecipe& recipe) {
    flags_ = {};
    flags_.in_memory = false;
    flags_.in_host = true;
    flags_.dead = effects_.flags_dead_after;
    flags_.repair = repair;
    flags_.recipe = recipe;
}

}  // namespace vmft::soft
