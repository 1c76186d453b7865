#include "accel/kvm/trap/trap.h"

#include <algorithm>
#include <cstring>

#include "accel/kvm/trap/instruction_boundary.h"
#include "accel/kvm/trap/trap_sites.h"
#include "machine/layout.h"

/// A stock KVM lets the guest's kernel read the host's time-stamp counter. Hiding it in CPUID is
/// not enough: a 64-bit Linux executes RDTSC for its stack canary and its entropy pool without
/// asking. So the instruction is replaced where it is found, in guest memory, by one that makes an
/// exit on every KVM and is just as long: OUT to a port that no device has, with a prefix where one
/// is needed. (Not with a NOP: Linux merges that with the padding it finds behind.) MOV to CR4 is
/// replaced as well, so that CR4.TSD can be kept on, and user mode's RDTSC faults (user_tsc.h).
///
/// Finding it is the problem. The bytes 0F 31 also turn up inside immediates and displacements, and
/// in data: until late in its boot Linux maps all of its image executable, tables and strings too.
/// A patch there would damage the guest. So each place is judged (instruction_boundary.cpp):
///
///   boundary   x86 code that is decoded from a wrong start falls into step within a few
///              instructions. Nearly all of the starts up to 512 bytes in front of a real
///              instruction lead to it, and hardly any to the inside of one.
///   code       Data decodes too, after a fashion. But it soon contains what compilers hardly ever
///              write: carries, string I/O, x87, zeros as ADD. Both sides of the place must look
///              like code.
///
/// Replicas must come to the same bytes, though one may have looked at other times than the other:
/// a machine restored from a snapshot knows nothing of earlier scans. So the verdict on a place is
/// a function of the text around it *as it was before our patches*: replacements are put back
/// before judging. Looking again at what has not changed changes nothing, and which pages are
/// skipped is no part of the state. A page is skipped when it and its two neighbours are mapped as
/// they were at the last scan and none of the three was written since: no verdict looks farther.
///
/// Rejected: breakpoints (INT3 costs an exception exit, and not every KVM can); to follow the
/// control flow from known entries (tables of pointers hide half of it); the guest's own tables of
/// alternatives and unwinding (another format with every kernel version).
namespace vmft::kvm {

namespace {

constexpr size_t none = ~size_t{0};
constexpr unsigned instruction_bytes_max = 15;

/// The page's neighbour in linear addresses: -1 the one before, 1 the one behind.
size_t neighbour(const std::vector<TextPage>& text, size_t index, int step) {
    size_t other = index + static_cast<size_t>(static_cast<i64>(step));
    if (index == none || other >= text.size()) return none;
    u64 wanted = text[index].linear + static_cast<u64>(static_cast<i64>(step)) * page_bytes;
    return text[other].linear == wanted ? other : none;
}

u64 ram_page(const std::vector<TextPage>& text, size_t index) {
    return index == none ? ~u64{0} : text[index].ram_page;
}

/// Index of the page in the list of the last scan, if it is mapped as then, with its neighbours.
bool mapped_as_before(const std::vector<TextPage>& before, const std::vector<TextPage>& now,
                      size_t index) {
    auto found = std::lower_bound(before.begin(), before.end(), now[index]);
    if (found == before.end() || *found != now[index]) return false;
    auto old = static_cast<size_t>(found - before.begin());
    for (int step : {-1, 1})
        if (ram_page(before, neighbour(before, old, step)) !=
            ram_page(now, neighbour(now, index, step)))
            return false;
    return true;
}

u64 address_of(const GuestMemory& memory, u64 ram_offset) {
    if (ram_offset < memory.low_bytes()) return ram_offset;
    return layout::high_ram_start + (ram_offset - memory.low_bytes());
}

/// Legacy prefixes and REX, as far as they may stand in front of a replaced instruction.
bool is_prefix(u8 byte) {
    return (byte & 0xf0) == 0x40 || byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e;
}

}  // namespace

void KernelTraps::scan(const kvm_sregs& registers) {
    std::vector<TextPage> text = executable_kernel_pages(memory_, PagingState::of(registers));
    u8* flags = memory_.page_flags();
    auto written = [&](size_t index) {
        return index != none && (flags[text[index].ram_page] & GuestMemory::written);
    };
    const bool all_as_before = text == known_;
    std::vector<size_t> changed;
    for (size_t i = 0; i < text.size(); i++)
        if (written(i) || written(neighbour(text, i, -1)) || written(neighbour(text, i, 1)) ||
            !(all_as_before || mapped_as_before(known_, text, i)))
            changed.push_back(i);
    for (size_t index : changed) look_at(text, index);
    for (const TextPage& page : text)
        flags[page.ram_page] &= static_cast<u8>(~GuestMemory::written);
    figures_.scans++;
    figures_.pages += changed.size();
    known_ = std::move(text);
}

/// Judges every original that begins in the page.
void KernelTraps::look_at(const std::vector<TextPage>& text, size_t index) {
    const u8* page = memory_.data() + (text[index].ram_page << page_shift);
    const size_t behind = neighbour(text, index, 1), before = neighbour(text, index, -1);
    offsets_.clear();
    find_originals({page, page_bytes}, offsets_);
    if (behind != none) {
        // One that the border cuts in two.
        u8 border[2 * (trap_bytes_max - 1)];
        const u64 first = page_bytes - (trap_bytes_max - 1);
        std::memcpy(border, page + first, trap_bytes_max - 1);
        std::memcpy(border + trap_bytes_max - 1,
                    memory_.data() + (text[behind].ram_page << page_shift), trap_bytes_max - 1);
        for (unsigned at = 0; at < trap_bytes_max - 1; at++) {
            TrapBytes trap = original_at({border + at, sizeof border - at});
            if (trap.kind != Kind::none && at + trap.length() > trap_bytes_max - 1)
                offsets_.push_back(static_cast<u32>(first + at));
        }
    }
    if (offsets_.empty()) return;

    std::vector<u8> bytes;
    auto append = [&](size_t from, u64 offset, u64 count) {
        if (from == none) return;
        const u8* at = memory_.data() + (text[from].ram_page << page_shift) + offset;
        bytes.insert(bytes.end(), at, at + count);
    };
    constexpr unsigned before_max = CodeStretch::bytes_before + CodeStretch::margin,
                       behind_max = CodeStretch::bytes_behind + CodeStretch::margin;
    append(before, page_bytes - before_max, before_max);
    append(index, 0, page_bytes);
    append(behind, 0, behind_max);
    const unsigned page_start = before == none ? 0 : before_max;
    const unsigned begin = before == none ? 0 : CodeStretch::margin;
    const auto end =
        static_cast<unsigned>(bytes.size()) - (behind == none ? 0 : CodeStretch::margin);
    CodeStretch stretch(bytes, begin, end);
    for (u32 offset : offsets_) {
        auto found = stretch.instruction_at(page_start + offset);
        if (found) {
            replace(text, index, offset, found->extended);
            figures_.patched++;
        } else {
            figures_.left_alone++;
        }
    }
}

/// `extended`: REX.B stands in front, and stays there without meaning.
void KernelTraps::replace(const std::vector<TextPage>& text, size_t index, unsigned offset,
                          bool extended) {
    u8 bytes[trap_bytes_max];
    auto place = [&](unsigned at) {
        bool here = offset + at < page_bytes;
        const TextPage& page = text[here ? index : index + 1];
        return (page.ram_page << page_shift) + (offset + at) % page_bytes;
    };
    for (unsigned at = 0; at < trap_bytes_max; at++) {
        bool there = offset + at < page_bytes || neighbour(text, index, 1) != none;
        bytes[at] = there ? memory_.data()[place(at)] : 0;
    }
    TrapBytes trap = original_at(bytes);
    if (trap.kind == Kind::none) return;  // Patched under another of its linear addresses.
    if (trap.kind == Kind::write_cr4 && extended) trap.source_register |= 8;
    write_replacement(trap, bytes);
    for (unsigned at = 0; at < trap.length(); at++)
        memory_.write(address_of(memory_, place(at)), {bytes + at, 1});
}

bool KernelTraps::is_trap_port(u16 port) {
    return port == layout::trap_rdtsc || port == layout::trap_rdtscp ||
           (port & ~15) == layout::trap_write_cr4;
}

KernelTraps::Site KernelTraps::site_of_exit(u16 port, u64 rip, const kvm_sregs& registers) const {
    if (!is_trap_port(port)) return {};
    const PagingState paging = PagingState::of(registers);
    const bool user_mode = registers.ss.dpl == 3;
    auto replacement = [&](std::span<const u8> bytes) {
        TrapBytes trap = replacement_at(bytes);
        bool ours = trap.kind != Kind::none && bytes[trap.length() - 1] == port;
        // A program that may use ports may not write to CR4.
        if (trap.kind == Kind::write_cr4 && user_mode) ours = false;
        return ours ? Site{trap.kind, trap.source_register} : Site{};
    };
    // It begins at rip, perhaps with prefixes.
    u8 bytes[instruction_bytes_max];
    size_t count = read_linear(memory_, paging, rip, bytes);
    for (size_t at = 0; at < count; at++) {
        Site site = replacement({bytes + at, count - at});
        if (site.kind != Kind::none) return site;
        if (!is_prefix(bytes[at])) break;
    }
    // It ends there.
    for (unsigned length = 2; length <= trap_bytes_max; length++) {
        std::span<u8> before(bytes, length);
        if (read_linear(memory_, paging, rip - length, before) != length) continue;
        Site site = replacement(before);
        if (site.kind != Kind::none) return site;
    }
    return {};
}

}  // namespace vmft::kvm
