#pragma once

#include "accel/soft/differential_form.h"
#include "accel/soft/fuzz/fuzz_case.h"

/// Random code, mostly of the kind that compilers make, in pages whose multiples of 256 bytes are
/// beginnings of instructions.
namespace vmft::fuzz {

/// One instruction, or what is to be taken for one.
struct Bytes {
    u8 bytes[24] = {};
    u8 length = 0;
    /// When not 0: the last four bytes are a distance, to be filled in, to this offset from the
    /// beginning of the page that the instruction lies in. It may lie outside of it.
    i64 distance_to = 0;

    void add(u64 value, unsigned count = 1) {
        for (unsigned i = 0; i < count && length < sizeof bytes; i++)
            bytes[length++] = static_cast<u8>(value >> 8 * i);
    }
};
/// Instructions that belong behind each other.
using Group = std::vector<Bytes>;

/// What guests of the second kind know of their page tables.
struct Crossings {
    struct Entry {
        u64 at;    ///< Linear address of the entry, where only the system reaches it.
        u64 page;  ///< Linear: one that it maps, alone or with others.
        bool leaf;
    };
    std::vector<Entry> entries;
};

class CodeWriter {
public:
    /// `crossings`: null in guests of the first kind.
    CodeWriter(Random& random, std::vector<Piece>& pieces, const Crossings* crossings)
        : random_(random), pieces_(pieces), crossings_(crossings) {}

    /// Fills [from, to) of the page at `page_ram`.
    void fill(u64 page_ram, unsigned from, unsigned to);

private:
    void put(u64 page_ram, unsigned at, const Bytes& instruction, unsigned to);

    Random& random_;
    std::vector<Piece>& pieces_;
    const Crossings* crossings_;
};

/// A linear address that mostly means something: data, code, edges of pages and of all memory.
u64 draw_address(Random& random);
/// The same among addresses at which code begins.
u64 draw_code_address(Random& random);

/// fuzz_instructions.cpp: one instruction of a row of the differential test's table, with what sets
/// its operands up; what only an operating system does; what changes code.
void add_form(Random& random, Group& group);
void add_move(Random& random, Group& group);
void add_system(Random& random, Group& group);
void add_rewriting(Random& random, Group& group);
void add_string(Random& random, Group& group);
/// fuzz_crossings.cpp: jumps between pages that share a slot of the code TLB, and to such whose
/// table entries have just changed; STI with what is right behind it.
void add_crossing(Random& random, const Crossings& crossings, Group& group);
void add_enabling(Random& random, Group& group);
u64 draw_crossing_target(Random& random);
/// What lies at `short_function`: some instruction behind which everything is looked at, and RET.
Group draw_short_function(Random& random);
/// mov reg, value, as short as it gets.
Bytes move_immediate(unsigned reg, u64 value);

}  // namespace vmft::fuzz
