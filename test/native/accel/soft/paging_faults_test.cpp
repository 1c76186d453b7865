#include <cstring>

#include "accel/soft/exact_run.h"

using namespace vmft;
using namespace vmft::test;
namespace k = vmft::test::tiny_kernel;

/// Every combination of rights, modes and kinds of access against the rules of SDM 3A 4.6 and 4.7,
/// written down a second time here: whether it faults, with which error code, and what becomes of
/// the accessed and dirty bits.
namespace {

VMFT_CODE(paging_read, "mov al, [rbx]\n int3\n");
VMFT_CODE(paging_write, "mov [rbx], al\n int3\n");
VMFT_CODE(paging_fetch, "jmp rbx\n");
VMFT_CODE(paging_modify, "add byte ptr [rbx], 1\n int3\n");

constexpr u64 target = k::data + page_bytes;
constexpr u64 reserved_bit = u64{1} << 45;
constexpr u64 breakpoint = 3, page_fault = 14;

enum class Kind { read, write, fetch, modify };

struct Case {
    bool present, writable, user_page, no_execute, reserved;  // Of the last level.
    bool upper_writable, upper_user, upper_no_execute;        // Of the level above.
    bool user, wp, smep, smap, ac, nxe;
    Kind kind;

    explicit Case(u64 bits) {
        bool* all[] = {&present,    &writable,
                       &user_page,  &no_execute,
                       &reserved,   &upper_writable,
                       &upper_user, &upper_no_execute,
                       &user,       &wp,
                       &smep,       &smap,
                       &ac,         &nxe};
        for (bool* one : all) *one = bits & 1, bits >>= 1;
        kind = static_cast<Kind>(bits & 3);
    }
};
constexpr u64 case_bits = 14 + 2;

struct Expected {
    bool fault;
    u64 error;
};

Expected by_the_manual(const Case& c) {
    bool fetch = c.kind == Kind::fetch, write = c.kind == Kind::write || c.kind == Kind::modify;
    u64 error = (write ? 2 : 0) | (c.user ? 4 : 0) | (fetch && (c.nxe || c.smep) ? 16 : 0);
    if (c.upper_no_execute && !c.nxe) return {true, error | 9};
    if (!c.present) return {true, error};
    if (c.reserved || (c.no_execute && !c.nxe)) return {true, error | 9};
    bool may_write = c.writable && c.upper_writable, user_page = c.user_page && c.upper_user;
    bool no_execute = c.no_execute || c.upper_no_execute;
    bool allowed;
    if (c.user) {
        allowed = user_page && (!write || may_write) && (!fetch || !no_execute);
    } else if (fetch) {
        allowed = !no_execute && !(c.smep && user_page);
    } else {
        allowed = !(c.smap && !c.ac && user_page) && (!write || may_write || !c.wp);
    }
    return {!allowed, error | 1};
}

std::span<const u8> program(Kind kind) {
    switch (kind) {
    case Kind::read: return code_of(paging_read);
    case Kind::write: return code_of(paging_write);
    case Kind::fetch: return code_of(paging_fetch);
    default: return code_of(paging_modify);
    }
}

u64 leaf(const Case& c) {
    return (k::data_ram + page_bytes) | (c.present ? 1 : 0) | (c.writable ? k::pte_write : 0) |
           (c.user_page ? k::pte_user : 0) | (c.no_execute ? k::pte_no_execute : 0) |
           (c.reserved ? reserved_bit : 0);
}

void prepare(const Case& c, GuestMemory& memory, soft::Cpu& cpu) {
    k::write_entry(memory, target, leaf(c));
    // The level above, from the last one's table: its entry is the only one that points there.
    u64 table = k::entry_offset(memory, target) & ~page_mask;
    for (u64 at = 0x1'0000; at < 0x3'0000; at += 8) {
        u64 entry;
        std::memcpy(&entry, memory.data() + at, 8);
        if (entry != (table | 7)) continue;
        entry = table | 1 | (c.upper_writable ? k::pte_write : 0) |
                (c.upper_user ? k::pte_user : 0) | (c.upper_no_execute ? k::pte_no_execute : 0);
        std::memcpy(memory.data() + at, &entry, 8);
    }
    if (!c.user) k::write_entry(memory, k::code, k::read_entry(memory, k::code) & ~k::pte_user);
    std::memset(memory.data() + k::data_ram + page_bytes, 0xcc, page_bytes);
    cpu.gpr[soft::rbx] = target;
    cpu.gpr[soft::r15] = 0;
    if (!c.wp) cpu.cr0 &= ~soft::cr0_wp;
    if (c.smep) cpu.cr4 |= soft::cr4_smep;
    if (c.smap) cpu.cr4 |= soft::cr4_smap;
    if (c.ac) cpu.rflags |= soft::flag_ac;
    if (!c.nxe) cpu.efer &= ~soft::efer_nxe;
}

bool check(const Case& c) {
    Scenario scenario{"paging", program(c.kind), static_cast<u8>(c.user ? 3 : 0)};
    scenario.prepare = [&](GuestMemory& memory, soft::Cpu& cpu) { prepare(c, memory, cpu); };
    ExactRun run(scenario);
    for (u64 ticks = 1; ticks < 40 && run.delivered().empty(); ticks++) run.run_to(ticks);
    std::vector<Delivered> all = run.delivered();
    if (all.empty()) return false;
    Expected expected = by_the_manual(c);
    const Delivered& first = all[0];
    u64 entry = k::read_entry(run.memory(), target);
    bool write = c.kind == Kind::write || c.kind == Kind::modify;
    if (!expected.fault) {
        u64 bits = k::pte_accessed | (write ? k::pte_dirty : 0);
        return first.vector == breakpoint && (entry & (k::pte_accessed | k::pte_dirty)) == bits;
    }
    u64 rip = c.kind == Kind::fetch ? target : k::code;
    return first.vector == page_fault && first.error == expected.error && first.cr2 == target &&
           first.rip == rip && entry == leaf(c);
}

}  // namespace

VMFT_TEST(page_faults_follow_the_manual_in_every_combination) {
    u64 wrong = 0, faults = 0, cases = u64{1} << case_bits;
    for (u64 i = 0; i < cases; i++) {
        Case c(i);
        faults += by_the_manual(c).fault;
        if (check(c)) continue;
        if (wrong++ < 5) std::cout << "  case " << i << " is wrong" << std::endl;
    }
    VMFT_EXPECT_EQUAL(wrong, 0u);
    VMFT_EXPECT(faults > 1000 && faults < cases);
}
