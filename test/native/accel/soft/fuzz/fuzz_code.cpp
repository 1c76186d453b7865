#include "accel/soft/fuzz/fuzz_code.h"

#include <algorithm>
#include <cstring>

namespace vmft::fuzz {
namespace {

constexpr unsigned aligned_every = 256, group_bytes_max = 200;

Group draw_group(Random& random, unsigned depth, const Crossings* crossings);

unsigned length_of(const Group& group) {
    unsigned length = 0;
    for (const Bytes& one : group) length += one.length;
    return length;
}
void append(Group& to, const Group& from) { to.insert(to.end(), from.begin(), from.end()); }

/// Over a few instructions, by a condition.
Group skip(Random& random, unsigned depth, const Crossings* crossings) {
    Group over = draw_group(random, depth + 1, crossings);
    Bytes jump;
    unsigned length = length_of(over);
    if (length > 127) return over;
    jump.add(random.chance(85) ? 0x70 | random.below(16) : 0xeb);
    jump.add(length);
    Group group{jump};
    append(group, over);
    return group;
}

/// Some turns, counted in a register that the body may happen to change.
Group loop(Random& random, unsigned depth, const Crossings* crossings) {
    unsigned reg = random.chance(50) ? 1 : 12 + static_cast<unsigned>(random.below(4));
    Group body;
    for (u64 i = 1 + random.below(5); i > 0; i--)
        append(body, draw_group(random, depth + 1, crossings));
    unsigned length = length_of(body);
    if (length > 110) return body;
    Group group{move_immediate(reg, 2 + random.below(random.chance(20) ? 300 : 30))};
    append(group, body);
    Bytes back;
    if (reg == 1 && random.chance(30)) {
        back.add(0xe2);  // loop
    } else {
        Bytes less;
        if (reg >= 8) less.add(0x41);
        less.add(0xff), less.add(0xc8 | (reg & 7));
        group.push_back(less);
        length += less.length;
        back.add(0x75);
    }
    back.add(static_cast<u8>(-static_cast<int>(length + 2)));
    group.push_back(back);
    return group;
}

/// Elsewhere in the page, or a few pages on.
Bytes far_jump(Random& random) {
    Bytes jump;
    unsigned kind = static_cast<unsigned>(random.below(10));
    if (kind < 5)
        jump.add(0x0f), jump.add(0x80 | random.below(16));
    else
        jump.add(kind < 8 ? 0xe9 : 0xe8);
    jump.add(0, 4);
    i64 page = random.chance(70) ? 0 : static_cast<i64>(random.below(9)) - 4;
    jump.distance_to = page * static_cast<i64>(page_bytes) +
                       static_cast<i64>(random.below(page_bytes / aligned_every) * aligned_every);
    if (random.chance(8)) jump.distance_to += 1 + static_cast<i64>(random.below(40));
    if (jump.distance_to == 0) jump.distance_to = aligned_every;
    return jump;
}

Group indirect(Random& random) {
    Group group;
    unsigned reg = static_cast<unsigned>(random.below(4)) | (random.chance(30) ? 8 : 0);
    bool call = random.chance(40);
    if (random.chance(30)) {
        // By memory, whose words are often addresses of code.
        Bytes jump;
        jump.add(0xff), jump.add(call ? 0x14 : 0x24), jump.add(0x25);
        jump.add(mixed + random.below(mixed_pages) * page_bytes + random.below(512) * 8, 4);
        group.push_back(jump);
        return group;
    }
    group.push_back(move_immediate(reg, draw_code_address(random)));
    Bytes jump;
    if (random.chance(15)) {  // push reg; ret
        if (reg & 8) jump.add(0x41);
        jump.add(0x50 | (reg & 7));
        group.push_back(jump);
        Bytes back;
        back.add(0xc3);
        group.push_back(back);
        return group;
    }
    if (reg & 8) jump.add(0x41);
    jump.add(0xff), jump.add((call ? 0xd0 : 0xe0) | (reg & 7));
    group.push_back(jump);
    return group;
}

Group stack(Random& random) {
    Group group;
    Bytes one;
    unsigned reg = static_cast<unsigned>(random.below(16));
    bool push = random.chance(50);
    if (push || (reg & 7) != 4) {
        if (reg & 8) one.add(0x41);
        one.add((push ? 0x50 : 0x58) | (reg & 7));
    } else {
        one.add(random.chance(50) ? 0x9c : 0xc3);
    }
    group.push_back(one);
    return group;
}

Group rubbish(Random& random) {
    Bytes some;
    for (u64 count = 1 + random.below(12); count > 0; count--) some.add(random.next() & 0xff);
    return {some};
}

/// A jump to the second or third byte of the instruction behind it.
Group into_the_middle(Random& random, unsigned depth, const Crossings* crossings) {
    Group group;
    Bytes jump;
    jump.add(random.chance(50) ? 0xeb : 0x70 | random.below(16));
    jump.add(1 + random.below(3));
    group.push_back(jump);
    append(group, draw_group(random, depth + 1, crossings));
    return group;
}

Group draw_group(Random& random, unsigned depth, const Crossings* crossings) {
    Group group;
    if (crossings && random.chance(8)) {
        if (random.chance(65))
            add_crossing(random, *crossings, group);
        else
            add_enabling(random, group);
        return group;
    }
    unsigned kind = static_cast<unsigned>(random.below(200));
    if (depth > 2 && kind >= 130 && kind < 156) kind = 0;
    if (kind < 86)
        add_form(random, group);
    else if (kind < 130)
        add_move(random, group);
    else if (kind < 143)
        return skip(random, depth, crossings);
    else if (kind < 154)
        return loop(random, depth, crossings);
    else if (kind < 156)
        return into_the_middle(random, depth, crossings);
    else if (kind < 166)
        return stack(random);
    else if (kind < 176)
        group.push_back(far_jump(random));
    else if (kind < 181)
        return indirect(random);
    else if (kind < 190)
        add_rewriting(random, group);
    else if (kind < 194)
        add_string(random, group);
    else if (kind < 198)
        add_system(random, group);
    else
        return rubbish(random);
    return group;
}

}  // namespace

Bytes move_immediate(unsigned reg, u64 value) {
    Bytes move;
    bool wide = value >> 32;
    u8 rex = static_cast<u8>((wide ? 8 : 0) | (reg & 8 ? 1 : 0));
    if (rex) move.add(0x40 | rex);
    move.add(0xb8 | (reg & 7));
    move.add(value, wide ? 8 : 4);
    return move;
}

u64 draw_address(Random& random) {
    u64 place = random.below(page_bytes);
    if (random.chance(60)) place &= ~u64{15};
    if (random.chance(12)) place = page_bytes - random.below(18);
    switch (random.below(40)) {
    case 0: return large + random.below(ram_bytes * 5 / 4);
    case 1: return edge + random.below(2 * page_bytes);
    case 2: return high + random.below(high_pages) * page_bytes + place;
    case 3: return system_linear + random.below(0x2'0000);
    case 4: return random.interesting();
    default: return mixed + random.below(mixed_pages) * page_bytes + place;
    }
}

u64 draw_code_address(Random& random) {
    u64 place = random.below(page_bytes / aligned_every) * aligned_every;
    if (random.chance(4)) place += random.below(aligned_every);
    switch (random.below(16)) {
    case 0: return high + random.below(high_pages) * page_bytes + place;
    case 1: return edge + page_bytes + place;
    case 2:
        return large + (random.chance(80) ? code_ram + random.below(4) * page_bytes : last_page) +
               place;
    default: return mixed + random.below(mixed_pages) * page_bytes + place;
    }
}

void CodeWriter::put(u64 page_ram, unsigned at, const Bytes& instruction, unsigned to) {
    Piece piece;
    piece.ram_offset = static_cast<u32>(page_ram + at);
    piece.length = static_cast<u8>(std::min<unsigned>({instruction.length, to - at, 15}));
    std::memcpy(piece.bytes, instruction.bytes, piece.length);
    if (instruction.distance_to != 0 && piece.length == instruction.length) {
        i32 distance = static_cast<i32>(instruction.distance_to - (at + instruction.length));
        std::memcpy(piece.bytes + piece.length - 4, &distance, 4);
    }
    pieces_.push_back(piece);
}

void CodeWriter::fill(u64 page_ram, unsigned from, unsigned to) {
    unsigned at = from;
    while (at < to) {
        if (crossings_ && at == short_function)
            for (const Bytes& one : draw_short_function(random_)) {
                put(page_ram, at, one, to);
                at += one.length;
            }
        unsigned boundary = std::min((at / aligned_every + 1) * aligned_every, to);
        Group group = draw_group(random_, 0, crossings_);
        unsigned length = length_of(group);
        // At the page's end an instruction may stick out, and is cut there.
        bool sticks_out = boundary == page_bytes && random_.chance(50);
        if (length > group_bytes_max || (at + length > boundary && !sticks_out)) {
            if (length > group_bytes_max && boundary - at > 40) continue;
            Bytes nop;
            nop.add(0x90);
            while (at < boundary) put(page_ram, at++, nop, to);
            continue;
        }
        for (const Bytes& one : group) {
            if (at >= to) break;
            put(page_ram, at, one, to);
            at += one.length;
        }
    }
}

}  // namespace vmft::fuzz
