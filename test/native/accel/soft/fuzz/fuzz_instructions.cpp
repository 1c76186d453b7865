#include <algorithm>
#include <string_view>

#include "accel/soft/fuzz/fuzz_code.h"

namespace vmft::fuzz {
namespace {

using namespace differential;

/// Rows by weight; not those that would only end the guest.
const Form& draw_row(Random& random) {
    struct Weighted {
        const Form* form;
        u32 end;
    };
    static const std::vector<Weighted> rows = [] {
        std::vector<Weighted> list;
        u32 sum = 0;
        for (const Form& form : forms()) {
            std::string_view name = form.name;
            if (name == "lgdt" || name == "lidt" || name == "mov cr") continue;
            bool integer = form.kind < Kind::push_pop && name != "undefined";
            bool rare = name == "undefined" || name == "privileged" || name == "ud2" ||
                        form.kind == Kind::far_ret || form.kind == Kind::interrupt_ret ||
                        form.kind == Kind::far_indirect || form.kind == Kind::branch ||
                        form.kind == Kind::ret;
            u32 opcodes = std::min<u32>(form.opcodes, 8);
            sum += rare ? 1 : (integer ? 10 : 3) * opcodes;
            list.push_back({&form, sum});
        }
        return list;
    }();
    u32 at = static_cast<u32>(random.below(rows.back().end));
    return *std::upper_bound(rows.begin(), rows.end(), at, [](u32 value, const Weighted& row) {
                return value < row.end;
            })->form;
}

/// A memory operand: ModRM but for its reg field, SIB, displacement, REX.X and REX.B.
struct Memory {
    u8 rex = 0, modrm = 0, tail[5] = {}, tail_length = 0;

    void add(u64 value, unsigned count) {
        for (unsigned i = 0; i < count; i++) tail[tail_length++] = static_cast<u8>(value >> 8 * i);
    }
};

constexpr u8 pointer_registers[] = {3, 5, 6, 7, 8, 9, 10, 11};

/// Where it lies is set up in front of it as often as not.
Memory draw_memory(Random& random, Group& group) {
    Memory memory;
    unsigned kind = static_cast<unsigned>(random.below(20));
    if (kind < 2) {  // rip-relative
        i64 distance = static_cast<i64>(random.below(random.chance(50) ? 0x200 : 0x1'0000)) -
                       (random.chance(50) ? 0x80 : 0x8000);
        memory.modrm = 5;
        memory.add(static_cast<u64>(distance), 4);
        return memory;
    }
    if (kind < 4) {  // absolute
        memory.modrm = 4;
        memory.add(0x25, 1);
        memory.add(draw_address(random), 4);
        return memory;
    }
    if (kind < 7) {  // [rsp + displacement]
        memory.modrm = 0x44;
        memory.add(0x24, 1);
        memory.add(random.below(16) * 8, 1);
        return memory;
    }
    unsigned base = pointer_registers[random.below(8)];
    if (random.chance(35)) group.push_back(move_immediate(base, draw_address(random)));
    unsigned mode = 1 + static_cast<unsigned>(random.below(2));
    memory.rex = base >> 3;
    if (kind < 9) {  // with an index
        unsigned index = static_cast<unsigned>(random.below(16));
        if (index == 4) index = 2;
        if (random.chance(75)) group.push_back(move_immediate(index, random.below(200)));
        memory.rex |= static_cast<u8>(index >> 3 << 1);
        memory.modrm = static_cast<u8>(mode << 6 | 4);
        memory.add(random.below(4) << 6 | (index & 7) << 3 | (base & 7), 1);
    } else {
        memory.modrm = static_cast<u8>(mode << 6 | (base & 7));
    }
    i64 displacement = static_cast<i64>(random.below(24)) * 8 - 64;
    if (random.chance(15)) displacement += static_cast<i64>(random.below(16));
    if (mode == 2 && random.chance(30)) displacement += static_cast<i64>(random.below(0x4000));
    memory.add(static_cast<u64>(displacement), mode == 1 ? 1 : 4);
    return memory;
}

void add_memory(Bytes& one, const Memory& memory, unsigned reg) {
    one.add(memory.modrm | (reg & 7) << 3);
    for (unsigned i = 0; i < memory.tail_length; i++) one.add(memory.tail[i]);
}

void add_row_immediate(Random& random, const Form& form, Bytes& one, bool prefix_66, bool wide,
                       bool address32) {
    u64 value = random.chance(50) ? random.interesting() : random.below(64);
    switch (form.immediate) {
    case Immediate::none: break;
    case Immediate::byte: one.add(value, 1); break;
    case Immediate::word: one.add(random.below(64) & ~u64{7}, 2); break;
    case Immediate::operand: one.add(value, prefix_66 && !wide ? 2 : 4); break;
    case Immediate::full: {
        bool byte = form.opcode == 0xb0;
        one.add(value, byte ? 1 : wide ? 8 : prefix_66 ? 2 : 4);
        break;
    }
    case Immediate::relative_byte: one.add(random.below(60), 1); break;
    case Immediate::relative: one.add(random.below(0x100), 4); break;
    case Immediate::offset: one.add(draw_address(random), address32 ? 4 : 8); break;
    case Immediate::enter: one.add(random.below(64), 2), one.add(random.below(3)); break;
    }
}

Bytes of(std::initializer_list<unsigned> values) {
    Bytes bytes;
    for (unsigned value : values) bytes.add(value);
    return bytes;
}

constexpr u32 known_msrs[] = {0x10,        0x3b,        0x174,       0x175,       0x176,
                              0x277,       0xc000'0080, 0xc000'0081, 0xc000'0082, 0xc000'0084,
                              0xc000'0100, 0xc000'0101, 0xc000'0102, 0xc000'0103, 0x999};

}  // namespace

void add_form(Random& random, Group& group) {
    const Form& form = draw_row(random);
    bool choice = random.chance(40);
    bool memory_form =
        form.operands == Operands::memory || (form.operands == Operands::any && choice);
    bool prefix_66 = form.allow_66 && random.chance(12), wide = form.allow_w && random.chance(40);
    bool address32 = random.chance(2);
    Memory memory;
    if (memory_form) memory = draw_memory(random, group);
    unsigned reg = form.extension >= 0 ? static_cast<unsigned>(form.extension)
                                       : static_cast<unsigned>(random.below(16));
    unsigned rm = form.fixed_rm >= 0 ? static_cast<unsigned>(form.fixed_rm)
                                     : static_cast<unsigned>(random.below(16));
    // Pointers live longer when fewer instructions write to them.
    if (!memory_form && form.fixed_rm < 0 && (rm == 4 || random.chance(50))) rm &= 3;
    if (form.extension < 0 && (reg == 4 || random.chance(50))) reg &= 3;

    Bytes one;
    if (form.prefix) one.add(form.prefix);
    if (prefix_66) one.add(0x66);
    if (address32) one.add(0x67);
    if (random.chance(3)) {
        static constexpr u8 segments[] = {0x2e, 0x3e, 0x26, 0x36, 0x64, 0x65};
        one.add(segments[random.below(6)]);
    }
    if (form.allow_rep && random.chance(form.kind == Kind::string ? 60 : 2)) {
        one.add(random.chance(50) ? 0xf2 : 0xf3);
        if (form.kind == Kind::string && random.chance(80))
            group.push_back(move_immediate(1, random.below(100)));
    }
    if (form.lock && memory_form && random.chance(20)) one.add(0xf0);
    u8 rex = static_cast<u8>((wide ? 8 : 0) | (memory_form ? memory.rex : rm >> 3));
    if (form.operands != Operands::none && form.extension < 0) rex |= reg >> 3 << 2;
    if (form.operands == Operands::none && form.opcodes == 8 && random.chance(50)) rex |= 1;
    if (rex || random.chance(5)) one.add(0x40 | rex);
    if (form.map) one.add(0x0f);
    if (form.map == 2) one.add(0x38);
    if (form.map == 3) one.add(0x3a);
    one.add(form.opcode + random.below(form.opcodes));
    if (form.operands != Operands::none) {
        if (memory_form)
            add_memory(one, memory, reg);
        else
            one.add(0xc0 | (reg & 7) << 3 | (rm & 7));
    }
    if (form.kind == Kind::divide && random.chance(70)) {
        // Mostly without the fault.
        group.push_back(of({0x31, 0xd2}));
        if (!memory_form && (rm == 0 || rm == 2)) return;
    }
    add_row_immediate(random, form, one, prefix_66, wide, address32);
    group.push_back(one);
}

void add_move(Random& random, Group& group) {
    Memory memory = draw_memory(random, group);
    unsigned reg = static_cast<unsigned>(random.below(16));
    if (reg == 4) reg = 0;
    if (random.chance(40)) reg &= 3;
    Bytes one;
    u8 rex = static_cast<u8>(memory.rex | (reg >> 3 << 2) | (random.chance(60) ? 8 : 0));
    if (random.chance(5)) one.add(0x66);
    if (rex) one.add(0x40 | rex);
    static constexpr u8 opcodes[] = {0x8b, 0x8b, 0x89, 0x89, 0x8d, 0x03, 0x01, 0x3b, 0x39,
                                     0x85, 0x33, 0x29, 0x88, 0x8a, 0x80, 0x83, 0xc7, 0xc6};
    u8 opcode = opcodes[random.below(sizeof opcodes)];
    one.add(opcode);
    bool immediate = opcode == 0x80 || opcode == 0x83 || opcode >= 0xc6;
    add_memory(one, memory, opcode >= 0xc6 ? 0 : reg);
    if (immediate)
        one.add(random.interesting(),
                opcode == 0xc7 ? (one.bytes[0] == 0x66 && !(rex & 8) ? 2 : 4) : 1);
    group.push_back(one);
}

void add_string(Random& random, Group& group) {
    u64 from = draw_address(random),
        to = random.chance(20) ? from + random.below(32) : draw_address(random);
    group.push_back(move_immediate(6, from));
    group.push_back(move_immediate(7, to));
    group.push_back(move_immediate(1, random.below(random.chance(10) ? 3000 : 60)));
    if (random.chance(15)) group.push_back(of({0xfd}));
    Bytes one;
    if (random.chance(80)) one.add(random.chance(70) ? 0xf3 : 0xf2);
    if (random.chance(40)) one.add(0x48);
    static constexpr u8 opcodes[] = {0xa4, 0xa5, 0xaa, 0xab, 0xa6, 0xa7, 0xac, 0xad, 0xae, 0xaf};
    one.add(opcodes[random.below(sizeof opcodes)]);
    group.push_back(one);
    if (random.chance(80)) group.push_back(of({0xfc}));
}

/// A store a few bytes ahead or behind, to any code by any of its addresses, or by a string.
void add_rewriting(Random& random, Group& group) {
    static constexpr u8 good[] = {0x90, 0xc3, 0x40, 0x48, 0x01, 0x29,
                                  0x31, 0x03, 0x90, 0xeb, 0x74, 0xf4};
    u64 value = random.chance(60) ? good[random.below(sizeof good)] : random.next() & 0xff;
    if (random.chance(50))
        value |= good[random.below(sizeof good)] << 8 | (random.next() & 0xffff'0000);
    Bytes one;
    switch (random.below(5)) {
    case 0:
    case 1: {
        bool wide = random.chance(50);
        one.add(wide ? 0xc7 : 0xc6), one.add(0x05);
        one.add(static_cast<u64>(static_cast<i64>(random.below(160)) - 60), 4);
        one.add(value, wide ? 4 : 1);
        break;
    }
    case 2:
        one.add(0x89), one.add(0x05 | random.below(4) << 3);
        one.add(static_cast<u64>(static_cast<i64>(random.below(0x2000)) - 0x1000), 4);
        break;
    case 3: {
        u64 to = draw_code_address(random) + random.below(64);
        if (random.chance(20)) to = (to | page_mask) - random.below(8);
        group.push_back(move_immediate(7, to));
        static constexpr u8 kinds[] = {0xc6, 0xff, 0x31, 0x83};
        u8 opcode = kinds[random.below(4)];
        one.add(opcode), one.add(0x07);
        if (opcode == 0xc6 || opcode == 0x83) one.add(value, 1);
        break;
    }
    default:
        group.push_back(move_immediate(7, draw_code_address(random) + random.below(64)));
        group.push_back(move_immediate(0, value));
        group.push_back(move_immediate(1, 1 + random.below(12)));
        one.add(0xf3), one.add(random.chance(70) ? 0xaa : 0xab);
        break;
    }
    group.push_back(one);
}

void add_system(Random& random, Group& group) {
    switch (random.below(24)) {
    case 0:  // mov rax, cr3; mov cr3, rax: sometimes to the other tables.
        group.push_back(of({0x0f, 0x20, 0xd8}));
        if (random.chance(40))
            group.push_back(move_immediate(0, random.chance(50) ? tables : tables + page_bytes));
        group.push_back(of({0x0f, 0x22, 0xd8}));
        break;
    case 1: {  // invlpg
        group.push_back(move_immediate(3, draw_address(random)));
        group.push_back(of({0x0f, 0x01, 0x3b}));
        break;
    }
    case 2: {  // A bit of CR0: WP, TS, AM, EM
        static constexpr u8 bits[] = {16, 3, 18, 2, 16};
        group.push_back(of({0x0f, 0x20, 0xc0}));
        group.push_back(of({0x0f, 0xba, 0xf8, bits[random.below(5)]}));
        group.push_back(of({0x0f, 0x22, 0xc0}));
        break;
    }
    case 3: {  // of CR4: PGE, SMEP, SMAP, OSXMMEXCPT, TSD, UMIP is not offered
        static constexpr u8 bits[] = {7, 20, 21, 10, 2, 9};
        group.push_back(of({0x0f, 0x20, 0xe0}));
        group.push_back(of({0x0f, 0xba, 0xf8, bits[random.below(6)]}));
        group.push_back(of({0x0f, 0x22, 0xe0}));
        break;
    }
    case 4:
        group.push_back(move_immediate(1, known_msrs[random.below(15)]));
        group.push_back(of({0x0f, 0x32}));
        if (random.chance(50)) group.push_back(of({0x0f, 0x30}));
        break;
    case 5:
        group.push_back(move_immediate(1, 0xc000'0100 + random.below(3)));
        group.push_back(move_immediate(0, draw_address(random) & 0xffff'ffff));
        group.push_back(move_immediate(2, 0));
        group.push_back(of({0x0f, 0x30}));
        break;
    case 6: group.push_back(of({0xfa})); break;
    case 7: group.push_back(of({0xfb})); break;
    case 8: group.push_back(of({0xf4})); break;
    case 9:  // in, out
        group.push_back(move_immediate(2, 0x10 + random.below(3)));
        group.push_back(of({static_cast<u8>(0xec + random.below(4))}));
        break;
    case 10: group.push_back(of({0xcd, static_cast<u8>(random.next())})); break;
    case 11: group.push_back(of({0xcc})); break;
    case 12: group.push_back(of({0x0f, 0x05})); break;
    case 13:  // popf with TF, AC, IF
        group.push_back(of({0x9c}));
        group.push_back(of({0x80, 0x74, 0x24, static_cast<u8>(1 + random.below(2)),
                            static_cast<u8>(random.chance(40)   ? 1
                                            : random.chance(50) ? 2
                                                                : 4)}));
        group.push_back(of({0x9d}));
        break;
    case 14: {  // A breakpoint: address, then DR7
        unsigned number = static_cast<unsigned>(random.below(4));
        group.push_back(move_immediate(0, random.chance(50) ? draw_code_address(random)
                                                            : draw_address(random)));
        group.push_back(of({0x0f, 0x23, static_cast<u8>(0xc0 | number << 3)}));
        group.push_back(move_immediate(0, 0x400 | u64{1} << (2 * number) |
                                              random.below(16) << (16 + 4 * number)));
        group.push_back(of({0x0f, 0x23, 0xf8}));
        break;
    }
    case 15: group.push_back(of({0x0f, 0x01, 0xf8})); break;  // swapgs
    case 16: group.push_back(of({0x0f, 0xa2})); break;        // cpuid
    case 17: group.push_back(of({0x0f, static_cast<u8>(random.chance(80) ? 0x31 : 0x33)})); break;
    case 18:  // mov ds, eax; mov ss, eax
        group.push_back(move_immediate(0, random.chance(60)   ? 0x2b
                                          : random.chance(50) ? 0x18
                                                              : random.below(0x60)));
        group.push_back(of({0x8e, static_cast<u8>(0xc0 | random.below(6) << 3)}));
        break;
    case 19: {  // iretq to where code is
        u64 user = random.below(2);
        for (u64 value :
             {user ? u64{0x2b} : u64{0x18}, draw_address(random), u64{0x202} | random.below(0x1000),
              user ? u64{random.chance(15) ? 0x23u : 0x33u} : u64{0x10},
              draw_code_address(random)}) {
            group.push_back(move_immediate(0, value));
            group.push_back(of({0x50}));
        }
        group.push_back(of({0x48, 0xcf}));
        break;
    }
    case 20: group.push_back(of({0x0f, 0x06})); break;  // clts
    case 21:
        group.push_back(of({0x0f, 0x01, static_cast<u8>(random.chance(50) ? 0xca : 0xcb)}));
        break;  // clac, stac
    case 22:    // ldmxcsr
        group.push_back(
            of({0x68, static_cast<u8>(random.next()), static_cast<u8>(random.next()), 0, 0}));
        group.push_back(of({0x0f, 0xae, 0x14, 0x24}));
        group.push_back(of({0x58}));
        break;
    default:  // sysret
        group.push_back(move_immediate(1, draw_code_address(random)));
        group.push_back(of({0x48, 0x0f, 0x07}));
        break;
    }
}

}  // namespace vmft::fuzz
