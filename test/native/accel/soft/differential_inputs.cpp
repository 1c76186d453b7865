#include "differential_inputs.h"

#include <cstring>

namespace vmft::differential {
namespace {

constexpr unsigned rax = 0, rcx = 1, rdx = 2, rbx = 3, rsp = 4, rbp = 5, rsi = 6, rdi = 7;

template <typename T>
void put(u8* at, T value) {
    std::memcpy(at, &value, sizeof value);
}

u64 user_address(Random& random) {
    return random.chance(60) ? code_start + random.below(code_bytes)
                             : random.next() >> (17 + random.below(20));
}

u64 draw_stack(Random& random) {
    switch (random.below(12)) {
    case 0: return stack_start + random.below(24);
    case 1: return stack_start + stack_bytes - random.below(24);
    case 2: return stack_start + 4096 - 12 + random.below(24);
    case 3:
        return random.chance(50) ? u64{0x8000} << 32 | random.next() >> 1
                                 : stack_start + 2048 + random.below(4096);
    default: return stack_start + 2048 + 8 * random.below(512);
    }
}

u64 tame_stack(Random& random) { return stack_start + 1024 + random.below(stack_bytes - 2048); }

u16 draw_code_selector(Random& random) {
    static constexpr u16 others[] = {0, 3, 0x30, user_data_selector, 0xfff8 | 3};
    return random.chance(80) ? user_code_selector : others[random.below(5)];
}

/// Flags for POPF and IRET: without TF (the test's own), and without what would outlive the
/// instance: NT, AC, ID.
u64 draw_popped_flags(Random& random) {
    return random.next() & ~u64{0x100 | 0x4000 | 0x20000 | 0x40000 | 0x200000};
}

}  // namespace

u8* add_patch(Instance& instance, u64 address, unsigned count) {
    Patch& patch = instance.patches[instance.patches_used++];
    patch.address = address;
    patch.count = static_cast<u16>(count);
    return patch.bytes;
}

u64 draw_place(Random& random, unsigned size_bytes, bool tame) {
    u64 inside = data_start + random.below(data_writable - size_bytes);
    if (tame) return inside;
    u64 back = random.below(size_bytes);
    switch (random.below(24)) {
    case 0:
    case 1:
    case 2:
    case 3: return data_start + 4096 - back;
    case 4: return data_start + data_writable - back;
    case 5: return data_start + data_writable + random.below(4096 - size_bytes);
    case 6: return data_start + data_bytes - back;
    case 7: return data_start - back;
    case 8:
        return random.chance(50) ? (u64{0x8000} << 32) + (random.next() >> 2)
                                 : data_start - 0x100'0000 + random.below(0x10000);
    default: return inside;
    }
}

unsigned memory_bytes(const Instance& instance) {
    Kind kind = instance.form->kind;
    if (kind == Kind::fxsave) return 512;
    return instance.form->bytes ? instance.form->bytes : instance.operand_bytes;
}

u64 draw_target(Random& random, const Instance& instance, const Context& context) {
    unsigned size = memory_bytes(instance);
    u64 target = draw_place(random, size, false);
    Kind kind = instance.form->kind;
    bool exchanges = instance.form->map == 0 && (instance.opcode & 0xfe) == 0x86;
    // A locked access across cache lines can be slow, or refused, on the host.
    if (context.locked || exchanges) return target & ~u64{15};
    // An access that writes past what faults: the makers differ in how much is written first.
    // Targets that cannot be chosen (in read-only memory) may not be canonical: the makers refuse
    // those at different times.
    bool branches = kind == Kind::branch_indirect || kind == Kind::far_indirect;
    if (branches && target + size > data_start + data_writable && target < data_start + data_bytes)
        target = draw_place(random, size, true);
    if (kind == Kind::fxsave || kind == Kind::x87_save || kind == Kind::x87_environment)
        target = data_start + random.below(data_writable - 512);
    bool vector = kind >= Kind::simd_integer && kind <= Kind::simd_mask_store;
    if (kind == Kind::fxsave || kind == Kind::compare_exchange_pair || vector) {
        if (random.chance(85)) target &= ~u64{15};
    } else if (random.chance(35)) {
        target &= ~u64{7};
    }
    if (context.address32)
        target = ((target - context.segment_base) & 0xffff'ffff) + context.segment_base;
    return target;
}

void draw_fx_image(Random& random, u8* image, Kind kind) {
    std::memset(image, 0, 512);
    bool x87 = kind >= Kind::x87, mmx = kind == Kind::mmx || x87 || kind == Kind::simd_mask_store;
    u16 control = 0x37f, status = 0;
    if (x87 && random.chance(50)) {
        static constexpr u16 precisions[] = {0, 2, 3, 3};
        control = static_cast<u16>(precisions[random.below(4)] << 8 | random.below(4) << 10 | 0x40 |
                                   (random.chance(60) ? 0x3f : random.below(64)));
    }
    if (mmx) {
        status = static_cast<u16>(random.next() & 0x7f7f);
        if (random.chance(97)) status = static_cast<u16>(status & (control | 0xffc0));
        if (!x87) status = static_cast<u16>(status & ~0x3f);
        if (status & ~control & 0x3f) status |= 0x8080;
        image[4] = static_cast<u8>(random.chance(60) ? 0xff >> random.below(8) : random.next());
        unsigned top = status >> 11 & 7;
        if (random.chance(50)) image[4] = static_cast<u8>(image[4] << top | image[4] >> (8 - top));
        for (unsigned i = 0; i < 8; i++) {
            u64 mantissa;
            u16 sign_exponent;
            random.extended(mantissa, sign_exponent);
            if (!x87) mantissa = random.chance(50) ? random.interesting() : random.next();
            put(image + 32 + 16 * i, mantissa);
            put(image + 40 + 16 * i, sign_exponent);
        }
    }
    put(image, control);
    put(image + 2, status);
    u32 mxcsr = 0x1f80;
    if (random.chance(40)) {
        mxcsr = static_cast<u32>(random.next()) & 0xe07f;
        mxcsr |= random.chance(75) ? 0x1f80 : random.next() & 0x1f80;
    }
    put(image + 24, mxcsr);
    bool singles = kind == Kind::simd_single || kind == Kind::simd_approximate,
         doubles = kind == Kind::simd_double;
    for (unsigned i = 0; i < 32; i++) {
        u64 value = random.chance(40) ? random.interesting() : random.next();
        if (singles) value = static_cast<u64>(random.single()) << 32 | random.single();
        if (doubles) value = random.twice();
        put(image + 160 + 8 * i, value);
    }
}

void draw_registers(Random& random, Instance& instance) {
    Registers& before = instance.before;
    for (u64& value : before.gpr) value = random.interesting();
    before.gpr[rsp] = draw_stack(random);
    before.flags = 0x202 | (random.next() & arithmetic) | (random.chance(20) ? 0x400 : 0);
    draw_fx_image(random, before.fx, instance.form->kind);
}

void set_inputs(Random& random, Instance& instance, const Context& context) {
    u64* gpr = instance.before.gpr;
    unsigned operand = context.wide ? 8 : context.prefix_66 ? 2 : 4;
    switch (instance.form->kind) {
    case Kind::shift_by_cl:
    case Kind::double_shift_cl:
        if (random.chance(60)) gpr[rcx] = (gpr[rcx] & ~u64{0xff}) | random.below(70);
        break;
    case Kind::divide:
        if (random.chance(60)) gpr[rdx] = random.chance(70) ? 0 : random.below(4) - 2;
        if (instance.operand_bytes == 1 && random.chance(70))
            gpr[rax] &= random.chance(50) ? 0xff : 0xfff;
        break;
    case Kind::string: {
        gpr[rsi] = draw_place(random, 8, false) - context.segment_base;
        gpr[rdi] = draw_place(random, 8, false);
        gpr[rcx] = random.chance(85) ? random.below(instance.to_breakpoint ? 64 : 4) : gpr[rcx];
        if (instance.to_breakpoint) gpr[rcx] &= 0xff;
        // When both would fault, the order is the processor's choice.
        auto tame = [](u64 address) {
            return address - data_start < data_writable - 600 && address - data_start > 600;
        };
        if (!tame(gpr[rsi] + context.segment_base))
            gpr[rdi] = data_start + 600 + random.below(data_writable - 1200);
        else if (random.chance(15))
            gpr[rdi] = gpr[rsi] + context.segment_base + 8 * random.below(4) - 8;
        if (context.address32)
            for (unsigned number : {rcx, rsi, rdi})
                gpr[number] = (gpr[number] & 0xffff'ffff) | random.next() << 32;
        if (random.chance(40)) instance.before.flags |= 0x400;
        u8 fill = static_cast<u8>(random.chance(50) ? random.next() : gpr[rax]);
        for (u64 address : {gpr[rsi] + context.segment_base, gpr[rdi]})
            if (random.chance(60)) std::memset(add_patch(instance, address - 40, 80), fill, 80);
        break;
    }
    case Kind::translate:
        gpr[rbx] = draw_place(random, 1, false) - context.segment_base - (gpr[rax] & 0xff);
        if (context.address32) gpr[rbx] = (gpr[rbx] & 0xffff'ffff) | random.next() << 32;
        break;
    case Kind::pop_flags: put(add_patch(instance, gpr[rsp], 8), draw_popped_flags(random)); break;
    case Kind::enter:
    case Kind::leave: gpr[rbp] = draw_stack(random); break;
    case Kind::loop:
        if (random.chance(70)) gpr[rcx] = random.below(3);
        if (context.address32) gpr[rcx] |= random.next() << 32;
        break;
    case Kind::ret: put(add_patch(instance, gpr[rsp], 8), user_address(random)); break;
    case Kind::far_ret: {
        gpr[rsp] =
            tame_stack(random);  // the order of reading across pages is the processor's choice
        u8* frame = add_patch(instance, gpr[rsp], 2 * operand);
        put(frame, user_address(random));
        put(frame + operand, draw_code_selector(random));
        break;
    }
    case Kind::interrupt_ret: {
        gpr[rsp] = tame_stack(random);
        u8* frame = add_patch(instance, gpr[rsp], 5 * operand);
        std::memset(frame, 0, 5 * 8);
        u64 fields[5] = {user_address(random), draw_code_selector(random),
                         draw_popped_flags(random) | 0x100, draw_stack(random),
                         random.chance(90) ? user_data_selector : draw_code_selector(random)};
        for (unsigned i = 0; i < 5; i++) std::memcpy(frame + i * operand, &fields[i], operand);
        break;
    }
    case Kind::simd_mask_store:
        gpr[rdi] = gs_base + random.below(data_writable - 0x400) - context.segment_base;
        if (context.address32) gpr[rdi] &= 0xffff'ffff;
        break;
    default: break;
    }
}

void set_register_operand(Random& random, Instance& instance, const Context& context) {
    u64* gpr = instance.before.gpr;
    static constexpr u16 selectors[] = {
        0, 1, 2, 3, user_data_selector, user_data_selector, user_code_selector};
    switch (instance.form->kind) {
    case Kind::branch_indirect: gpr[context.rm] = user_address(random); break;
    case Kind::load_segment:
        gpr[context.rm] = (gpr[context.rm] & ~u64{0xffff}) | selectors[random.below(7)];
        break;
    case Kind::compare_exchange:
        if (random.chance(50)) gpr[context.rm] = gpr[rax];
        break;
    case Kind::plain:
        // Operands that cancel, carry all the way or fill up.
        switch (random.below(20)) {
        case 0: gpr[context.rm] = gpr[context.reg]; break;
        case 1: gpr[context.rm] = ~gpr[context.reg]; break;
        case 2: gpr[context.rm] = ~gpr[context.reg] + 1; break;
        case 3: gpr[context.reg] = ~u64{0}; break;
        default: break;
        }
        break;
    default: break;
    }
}

void patch_memory_operand(Random& random, Instance& instance, const Context& context) {
    Kind kind = instance.form->kind;
    u64 target = context.target;
    u64* gpr = instance.before.gpr;
    auto ignore = [&](u64 from, u16 count) {
        instance.ignored[instance.ignored_used++] = {target + from, count};
    };
    switch (kind) {
    case Kind::bit_test:
        // The bit's number reaches beyond the operand.
        if (random.chance(80)) gpr[context.reg] = random.below(1024) - 512;
        break;
    case Kind::compare_exchange:
        if (random.chance(50)) put(add_patch(instance, target, 8), gpr[rax]);
        break;
    case Kind::compare_exchange_pair: {
        u8* bytes = add_patch(instance, target, 16);
        bool equal = random.chance(50);
        put(bytes, equal ? gpr[rax] : random.next());
        put(bytes + (context.wide ? 8 : 4), equal ? gpr[rdx] : random.next());
        if (!context.wide)
            put(bytes + 12, random.next() & 0xffff'ffff),
                instance.patches[instance.patches_used - 1].count = 8;
        break;
    }
    case Kind::branch_indirect: put(add_patch(instance, target, 8), user_address(random)); break;
    case Kind::far_indirect: {
        u8* bytes = add_patch(instance, target, 6);
        u32 offset = static_cast<u32>(user_address(random));
        std::memcpy(bytes, &offset, 4);
        put(bytes + (context.prefix_66 ? 2 : 4), draw_code_selector(random));
        break;
    }
    case Kind::load_segment: {
        static constexpr u16 selectors[] = {0, 3, user_data_selector, user_code_selector};
        put(add_patch(instance, target, 2), selectors[random.below(4)]);
        break;
    }
    case Kind::simd_single:
    case Kind::simd_approximate:
        for (unsigned i = 0; i < 4; i++)
            if (i == 0) add_patch(instance, target, 16);
        for (unsigned i = 0; i < 4; i++)
            put(instance.patches[instance.patches_used - 1].bytes + 4 * i, random.single());
        break;
    case Kind::simd_double: {
        u8* bytes = add_patch(instance, target, 16);
        put(bytes, random.twice());
        put(bytes + 8, random.twice());
        break;
    }
    case Kind::simd_mxcsr:
        put(add_patch(instance, target, 4),
            static_cast<u32>(random.next()) &
                (random.chance(90) ? 0xffff : 0xffffffff & ~0x20000u));
        break;
    case Kind::x87: {
        u8* bytes = add_patch(instance, target, 10);
        u64 mantissa;
        u16 sign_exponent;
        random.extended(mantissa, sign_exponent);
        if (memory_bytes(instance) == 4 && random.chance(70)) mantissa = random.single();
        if (memory_bytes(instance) == 8 && random.chance(70)) mantissa = random.twice();
        bool decimal = instance.opcode == 0xdf && instance.form->extension == 4;
        if (decimal) {
            for (unsigned i = 0; i < 9; i++)
                bytes[i] = static_cast<u8>(random.below(10) << 4 | random.below(10));
            if (random.chance(30))
                std::memset(bytes + random.below(9), 0, 1), std::memset(bytes, 0, random.below(10));
            bytes[9] = static_cast<u8>(random.next());
            break;
        }
        put(bytes, mantissa);
        put(bytes + 8, sign_exponent);
        break;
    }
    case Kind::x87_environment:
    case Kind::x87_save: {
        unsigned words = context.prefix_66 && !context.wide ? 2 : 4, environment = 7 * words;
        ignore(3 * words, static_cast<u16>(4 * words));
        u8 image[512];
        draw_fx_image(random, image, Kind::x87);
        u8* bytes = add_patch(instance, target, environment + 80);
        for (unsigned i = 0; i < environment; i++) bytes[i] = static_cast<u8>(random.next());
        std::memcpy(bytes, image, 2);
        std::memcpy(bytes + words, image + 2, 2);
        for (unsigned i = 0; i < 8; i++)
            std::memcpy(bytes + environment + 10 * i, image + 32 + 16 * i, 10);
        break;
    }
    case Kind::fxsave: {
        ignore(6, 18);
        ignore(28, 4);
        u8* image = add_patch(instance, target, 512);
        draw_fx_image(random, image, Kind::x87);
        if (random.chance(5)) image[26] = 1;
        break;
    }
    default:
        if (random.chance(70)) {
            u8* bytes = add_patch(instance, target, 16);
            put(bytes, random.interesting());
            put(bytes + 8, random.interesting());
        }
        break;
    }
}

}  // namespace vmft::differential
