#include "accel/soft/fuzz/fuzz_code.h"

/// What makes a jump to another page, or the end of a time without interrupts, go an unusual way.
namespace vmft::fuzz {
namespace {

Bytes of(std::initializer_list<unsigned> values) {
    Bytes bytes;
    for (unsigned value : values) bytes.add(value);
    return bytes;
}

/// A page of the same slot in the code TLB as page `number` of `mixed`.
u64 page_of_slot(Random& random, u64 number) {
    u64 page = number * page_bytes;
    switch (random.below(8)) {
    case 0:
    case 1: return mixed + page;
    case 2: return high + number % high_pages * page_bytes;
    case 3:
        return large + random.below(large_pages) * large_page_bytes + code_ram + page % 0x1'0000;
    default: return mixed + alias_distances[random.below(2)] + page;
    }
}

u64 draw_place(Random& random) {
    if (random.chance(40)) return short_function;
    return random.below(page_bytes / 256) * 256 + (random.chance(4) ? random.below(40) : 0);
}

void jump_through(Random& random, Group& group, u64 to) {
    unsigned reg = static_cast<unsigned>(random.below(3));
    group.push_back(move_immediate(reg, to));
    unsigned kind = static_cast<unsigned>(random.below(8));
    if (kind == 0) {
        group.push_back(of({0x50 | reg}));
        group.push_back(of({0xc3}));
    } else {
        group.push_back(of({0xff, (kind < 5 ? 0xd0u : 0xe0u) | reg}));
    }
}

Bytes jump_directly(Random& random, i64 pages_away) {
    Bytes jump;
    unsigned kind = static_cast<unsigned>(random.below(8));
    if (kind < 3)
        jump.add(0x0f), jump.add(0x80 | random.below(16));
    else
        jump.add(kind < 5 ? 0xe9 : 0xe8);
    jump.add(0, 4);
    jump.distance_to =
        pages_away * static_cast<i64>(page_bytes) + static_cast<i64>(draw_place(random));
    if (jump.distance_to == 0) jump.distance_to = short_function;
    return jump;
}

i64 draw_pages_away(Random& random) {
    static constexpr i64 distances[] = {1, -1, 2, 512, -512, 2048, -2048, 1536, -1536, 511};
    return distances[random.below(10)];
}

/// Reads CR3, and writes it back or takes the other tables.
void write_tables(Random& random, Group& group) {
    group.push_back(of({0x0f, 0x20, 0xd8}));
    if (random.chance(30)) group.push_back(of({0x35, 0x00, 0x10, 0x00, 0x00}));
    group.push_back(of({0x0f, 0x22, 0xd8}));
}
static_assert((tables ^ (tables + page_bytes)) == 0x1000);

void invalidate(Group& group, u64 page) {
    group.push_back(move_immediate(7, page));
    group.push_back(of({0x0f, 0x01, 0x3f}));
}

/// A bit of an entry on the way to a page changes; then maybe its translation is forgotten, and
/// maybe it is jumped to.
void change_entry(Random& random, const Crossings& crossings, Group& group) {
    const Crossings::Entry& entry = crossings.entries[random.below(crossings.entries.size())];
    constexpr unsigned set = 0x2f, clear = 0x37, toggle = 0x3f;  // Of [rdi]
    struct Change {
        unsigned modrm, bit;
    };
    static constexpr Change changes[] = {{clear, 5},  {clear, 5},  {clear, 5},   {clear, 5},
                                         {toggle, 2}, {toggle, 1}, {toggle, 0},  {set, 0},
                                         {set, 0},    {clear, 63}, {toggle, 63}, {clear, 6}};
    // Above the last level mostly the accessed bit, or soon nothing is left to run.
    Change change = changes[random.below(entry.leaf || random.chance(10) ? 12 : 4)];
    group.push_back(move_immediate(7, entry.at));
    group.push_back(of({0x48, 0x0f, 0xba, change.modrm, change.bit}));
    if (random.chance(40))
        invalidate(group, entry.page);
    else if (random.chance(40))
        write_tables(random, group);
    if (random.chance(60)) jump_through(random, group, entry.page + draw_place(random));
}

/// To and fro between pages that share a slot.
void change_pages(Random& random, Group& group) {
    u64 number = random.below(mixed_pages);
    group.push_back(move_immediate(1, 2 + random.below(60)));
    unsigned length = 0;
    auto add = [&](const Bytes& one) {
        group.push_back(one);
        length += one.length;
    };
    for (u64 i = 2 + random.below(2); i > 0; i--) {
        if (random.chance(30)) {
            Bytes call = of({0xe8, 0, 0, 0, 0});
            call.distance_to = draw_pages_away(random) * static_cast<i64>(page_bytes) +
                               static_cast<i64>(short_function);
            add(call);
        } else {
            add(move_immediate(0, page_of_slot(random, number) + short_function));
            add(of({0xff, 0xd0}));
        }
    }
    if (random.chance(50))
        add(of({0xff, 0xc9})), add(of({0x75, static_cast<u8>(-static_cast<int>(length + 2))}));
    else
        add(of({0xe2, static_cast<u8>(-static_cast<int>(length + 2))}));
}

/// What comes right behind STI, and before it what that needs.
Bytes draw_behind(Random& random, Group& before) {
    static constexpr u8 one_byte[] = {0x90, 0xf4, 0xf4, 0xc3, 0xcc, 0xfa, 0xfb, 0x9d};
    static constexpr u8 two_bytes[][2] = {{0x0f, 0x0b}, {0xf7, 0xf1}, {0xe4, 0x10}, {0xe6, 0x10},
                                          {0xe6, 0x11}, {0x0f, 0x05}, {0xf3, 0x90}, {0x0f, 0x30},
                                          {0xf0, 0x90}, {0x0f, 0xa2}, {0x0f, 0x31}};
    switch (random.below(12)) {
    case 0:
    case 1: {
        u8 opcode = one_byte[random.below(sizeof one_byte)];
        if (opcode == 0x9d) before.push_back(of({0x9c}));
        return of({opcode});
    }
    case 2:
    case 3: {
        const u8* bytes = two_bytes[random.below(std::size(two_bytes))];
        return of({bytes[0], bytes[1]});
    }
    case 4: {  // An operand that may be absent.
        Bytes load = of({0x48, random.chance(50) ? 0x8bu : 0x01u, 0x04, 0x25});
        load.add(mixed + random.below(mixed_pages) * page_bytes + random.below(512) * 8, 4);
        return load;
    }
    case 5:  // A device, most of the time.
        before.push_back(move_immediate(7, large + ram_bytes + random.below(512) * 8));
        return of({random.chance(50) ? 0x8bu : 0x89u, 0x07});
    case 6: {
        before.push_back(move_immediate(7, draw_address(random)));
        before.push_back(move_immediate(6, draw_address(random)));
        before.push_back(move_immediate(1, random.chance(30) ? 0 : random.below(40)));
        return of({0xf3, random.chance(50) ? 0xa4u : 0xabu});
    }
    case 7:  // mov ss
        before.push_back(move_immediate(0, random.chance(80) ? 0x18 : 0x2b));
        return of({0x8e, 0xd0});
    case 8: before.push_back(of({0x0f, 0x20, 0xd8})); return of({0x0f, 0x22, 0xd8});
    case 9:
        before.push_back(move_immediate(0, page_of_slot(random, random.below(mixed_pages)) +
                                               draw_place(random)));
        return of({0xff, random.chance(50) ? 0xd0u : 0xe0u});
    case 10: return jump_directly(random, random.chance(50) ? 0 : draw_pages_away(random));
    default: {  // A store over what follows.
        Bytes store = of({0xc6, 0x05});
        store.add(random.below(4), 4);
        store.add(random.chance(50) ? 0x90 : 0xfb);
        return store;
    }
    }
}

}  // namespace

/// EDX counts the calls. What only every other call does meets code behind it that is translated.
Group draw_short_function(Random& random) {
    Group function;
    auto add = [&](std::initializer_list<unsigned> values) { function.push_back(of(values)); };
    bool user = random.chance(50);
    auto every_other_time = [&](std::initializer_list<unsigned> values) {
        if (random.chance(70)) {
            add({0xf6, 0xc2, 0x01});
            add({0x75, static_cast<unsigned>(values.size())});
        }
        add(values);
    };
    switch (random.below(16)) {
    case 0:
    case 1:  // cli; sti
        every_other_time({0xfa});
        add({0xfb});
        if (random.chance(30)) add({random.chance(50) ? 0xf4u : 0xfbu});
        break;
    case 2:  // mov ss
        function.push_back(move_immediate(0, user ? 0x2b : 0x18));
        add({0x8e, 0xd0});
        break;
    case 3:
        add({0x0f, 0x20, 0xd8});
        add({0x0f, 0x22, 0xd8});
        break;
    case 4: add({0x0f, 0x01, 0x3c, 0x24}); break;  // invlpg [rsp]
    case 5:
        add({0x9c});
        add({0x9d});
        break;
    case 6:
    case 7:  // iretq to behind it, maybe with RF or TF
        add({0x48, 0x89, 0xe0});
        add({0x6a, user ? 0x2bu : 0x18u});
        add({0x50});
        add({0x9c});
        if (random.chance(60)) every_other_time({0x80, 0x4c, 0x24, 0x02, 0x01});
        if (random.chance(10)) add({0x80, 0x4c, 0x24, 0x01, 0x01});
        add({0x6a, user ? 0x33u : 0x10u});
        add({0x48, 0x8d, 0x3d, 3, 0, 0, 0});
        add({0x57});
        add({0x48, 0xcf});
        break;
    case 8:  // A breakpoint behind MOV to DR7.
        add({0x48, 0x8d, 0x3d, 11, 0, 0, 0});
        add({0x0f, 0x23, 0xc7});
        add({0xb8, 0x01, 0x04, 0, 0});
        add({0x0f, 0x23, 0xf8});
        add({0xff, 0xc2});
        add({0x31, 0xc0});
        add({0x0f, 0x23, 0xf8});
        break;
    case 9:
        add({0x0f, 0x01, 0xf8});
        add({0x0f, 0x01, 0xf8});
        break;
    default: break;
    }
    add({0xff, 0xc2});  // inc edx
    add({0xc3});
    return function;
}

u64 draw_crossing_target(Random& random) {
    return page_of_slot(random, random.below(mixed_pages)) + draw_place(random);
}

void add_crossing(Random& random, const Crossings& crossings, Group& group) {
    switch (random.below(10)) {
    case 0:
    case 1:
    case 2: return change_entry(random, crossings, group);
    case 3: group.push_back(jump_directly(random, draw_pages_away(random))); return;
    case 4: return jump_through(random, group, draw_crossing_target(random));
    case 5: {  // It returns a little further than to where it was called from.
        group.push_back(of({0xe8, 0, 0, 0, 0}));
        group.push_back(of({0x48, 0x83, 0x04, 0x24, 6 + static_cast<unsigned>(random.below(20))}));
        group.push_back(of({0xc3}));
        return;
    }
    case 6: {
        u64 to = draw_crossing_target(random);
        invalidate(group, to);
        return jump_through(random, group, to);
    }
    case 7:
        write_tables(random, group);
        if (random.chance(50))
            group.push_back(jump_directly(random, draw_pages_away(random)));
        else
            jump_through(random, group, draw_crossing_target(random));
        return;
    default: return change_pages(random, group);
    }
}

void add_enabling(Random& random, Group& group) {
    bool again = random.chance(50);
    if (again) group.push_back(move_immediate(15, 2 + random.below(20)));
    size_t first = group.size();
    Group before;
    Bytes behind = draw_behind(random, before);
    if (random.chance(80)) group.push_back(of({0xfa}));
    for (u64 count = random.below(3); count > 0; count--) {  // Interrupts that wait.
        group.push_back(move_immediate(0, 0x20 + random.below(0xe0)));
        group.push_back(of({0xe6, 0x11}));
    }
    if (random.chance(40)) add_move(random, group);
    group.insert(group.end(), before.begin(), before.end());
    group.push_back(of({0xfb}));
    group.push_back(behind);
    if (!again) return;
    group.push_back(of({0x41, 0xff, 0xcf}));
    unsigned length = 2;
    for (size_t i = first; i < group.size(); i++) length += group[i].length;
    if (length < 128) group.push_back(of({0x75, static_cast<u8>(-static_cast<int>(length))}));
}

}  // namespace vmft::fuzz
