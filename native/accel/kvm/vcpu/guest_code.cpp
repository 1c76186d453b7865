#include "accel/kvm/vcpu/guest_code.h"

#include <algorithm>
#include <vector>

/// The walk is total: tables are guest memory, which may hold anything. An entry outside RAM maps
/// nothing; no chain is longer than the levels.
namespace vmft::kvm {

namespace {

constexpr u64 cr0_pg = u64{1} << 31, cr4_pse = 16, cr4_pae = 32, cr4_la57 = 1 << 12;
constexpr u64 efer_lma = 0x400, efer_nxe = 0x800;
constexpr u64 entry_present = 1, entry_write = 2, entry_user = 4, entry_large = 0x80,
              entry_no_execute = u64{1} << 63;
constexpr u64 address_field = ((u64{1} << 52) - 1) & ~page_mask;
constexpr u64 low_half = 0xffff'ffff;
constexpr u64 pdpt_field_32 = 0xffff'ffe0, page_field_32 = 0xffff'f000;

/// 4-level, 5-level and PAE paging (SDM 3A 4.4, 4.5): 8-byte entries, 9 bits of index a level.
std::optional<Translation> walk_wide(const GuestMemory& memory, const PagingState& paging,
                                     u64 linear, unsigned levels) {
    bool pae = levels == 3;
    u64 table = pae ? paging.cr3 & pdpt_field_32 : paging.cr3 & address_field;
    bool no_execute_on = paging.efer & efer_nxe;
    Translation found{0, page_bytes, true, true, true};
    for (unsigned level = levels; level >= 1; level--) {
        unsigned shift = page_shift + 9 * (level - 1);
        u64 entry = 0;
        if (!memory.read_value(table + (linear >> shift & 511) * sizeof entry, entry)) return {};
        if (!(entry & entry_present)) return {};
        // The page directory pointers of PAE have no rights, and no large pages (SDM 3A 4.4.1).
        bool pointers = pae && level == 3;
        if (!pointers) {
            found.writable &= (entry & entry_write) != 0;
            found.user &= (entry & entry_user) != 0;
            found.executable &= !(no_execute_on && (entry & entry_no_execute));
        }
        bool large = (level == 2 || level == 3) && !pointers && (entry & entry_large);
        if (level == 1 || large) {
            found.page_bytes = u64{1} << shift;
            u64 inside = found.page_bytes - 1;
            found.physical = (entry & address_field & ~inside) | (linear & inside);
            return found;
        }
        table = entry & address_field;
    }
    return {};
}

/// 32-bit paging (SDM 3A 4.3): 4-byte entries, 4 MiB pages with PSE-36's address bits.
std::optional<Translation> walk_narrow(const GuestMemory& memory, const PagingState& paging,
                                       u64 linear) {
    u32 entry = 0;
    if (!memory.read_value((paging.cr3 & page_field_32) + (linear >> 22 & 1023) * sizeof entry,
                           entry) ||
        !(entry & entry_present))
        return {};
    Translation found;
    found.writable = entry & entry_write;
    found.user = entry & entry_user;
    found.executable = true;
    if ((entry & entry_large) && (paging.cr4 & cr4_pse)) {
        found.page_bytes = u64{1} << 22;
        u64 high = static_cast<u64>(entry >> 13 & 0xff) << 32;
        found.physical = high | (entry & 0xffc0'0000) | (linear & (found.page_bytes - 1));
        return found;
    }
    if (!memory.read_value((entry & page_field_32) + (linear >> 12 & 1023) * sizeof entry, entry) ||
        !(entry & entry_present))
        return {};
    found.writable &= (entry & entry_write) != 0;
    found.user &= (entry & entry_user) != 0;
    found.physical = (entry & page_field_32) | (linear & page_mask);
    return found;
}

bool canonical(u64 linear, unsigned bits) {
    unsigned unused = 64 - bits;
    return static_cast<u64>(static_cast<i64>(linear << unused) >> unused) == linear;
}

}  // namespace

std::optional<Translation> translate(const GuestMemory& memory, const PagingState& paging,
                                     u64 linear) {
    if (!(paging.efer & efer_lma)) linear &= low_half;
    if (!(paging.cr0 & cr0_pg)) return Translation{linear, page_bytes, true, true, true};
    if (paging.efer & efer_lma) {
        unsigned levels = paging.cr4 & cr4_la57 ? 5 : 4;
        if (!canonical(linear, page_shift + 9 * levels)) return {};
        return walk_wide(memory, paging, linear, levels);
    }
    if (paging.cr4 & cr4_pae) return walk_wide(memory, paging, linear, 3);
    return walk_narrow(memory, paging, linear);
}

size_t read_linear(const GuestMemory& memory, const PagingState& paging, u64 linear,
                   std::span<u8> into) {
    size_t done = 0;
    while (done < into.size()) {
        u64 at = linear + done;
        std::optional<Translation> page = translate(memory, paging, at);
        if (!page) break;
        size_t bytes = std::min<u64>(into.size() - done, page_bytes - (at & page_mask));
        // RAM ends at a page's end.
        if (!memory.read(page->physical, into.subspan(done, bytes))) break;
        done += bytes;
    }
    return done;
}

bool write_linear(GuestMemory& memory, const PagingState& paging, u64 linear,
                  std::span<const u8> from) {
    // All is looked up before anything is written: the bytes may land in the tables themselves.
    struct Piece {
        u64 physical;
        size_t begin, bytes;
    };
    std::vector<Piece> pieces;
    for (size_t done = 0; done < from.size();) {
        u64 at = linear + done;
        size_t bytes = std::min<u64>(from.size() - done, page_bytes - (at & page_mask));
        std::optional<Translation> page = translate(memory, paging, at);
        if (!page || !memory.contains(page->physical, bytes)) return false;
        pieces.push_back({page->physical, done, bytes});
        done += bytes;
    }
    for (const Piece& piece : pieces)
        memory.write(piece.physical, from.subspan(piece.begin, piece.bytes));
    return true;
}

}  // namespace vmft::kvm
