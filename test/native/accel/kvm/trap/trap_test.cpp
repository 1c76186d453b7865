#include "accel/kvm/trap/instruction_shape.h"
#include "accel/kvm/trap/text_guest.h"
#include "accel/kvm/trap/trap_sites.h"
#include "accel/soft/tiny_kernel.h"
#include "machine/layout.h"
#include "machine/random.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;
using kvm::KernelTraps;
using Kind = KernelTraps::Kind;

namespace {

constexpr u64 ram = TextGuest::text_ram;

VMFT_CODE(trap_test_rdtsc, "rdtsc");
VMFT_CODE(trap_test_rdtsc_rex, ".byte 0x48; rdtsc");
VMFT_CODE(trap_test_rdtscp, "rdtscp");
VMFT_CODE(trap_test_cr4_rax, "mov cr4, rax");
VMFT_CODE(trap_test_cr4_rdi, "mov cr4, rdi");
VMFT_CODE(trap_test_cr4_r9, "mov cr4, r9");
VMFT_CODE(trap_test_cr4_r14, "mov cr4, r14");
// Not R8's: what looks like a prefix belongs to the instruction before.
VMFT_CODE(trap_test_displacement_41, "mov eax, [rcx + 0x41]; mov cr4, rax");

// Places that look like them inside of other instructions.
VMFT_CODE(trap_test_inside, R"(
  mov eax, 0x310f
  mov rcx, qword ptr [rdi + 0x310f]
  cmp dword ptr [rsi + 8], 0xf9010f
  mov rdx, 0x310f22e0220f
  test dword ptr [rax + rbx * 2 + 0xe0220f], 0x310f
  lea r8, [rip + 0xe7220f]
  mov word ptr [rbp - 0x20], 0x310f
)");
// MOV to CR3 and CR0, SWAPGS, OUT and IN of others.
VMFT_CODE(trap_test_others, R"(
  mov cr3, rax
  mov cr0, rdx
  mov rax, cr4
  swapgs
  out 0x80, al
  in al, 0x42
  rdmsr
)");

struct Sample {
    std::span<const u8> code;
    Kind kind;
    u8 source_register;
};

std::vector<Sample> samples() {
    return {{code_of(trap_test_rdtsc), Kind::rdtsc, 0},
            {code_of(trap_test_rdtsc_rex), Kind::rdtsc, 0},
            {code_of(trap_test_rdtscp), Kind::rdtscp, 0},
            {code_of(trap_test_cr4_rax), Kind::write_cr4, 0},
            {code_of(trap_test_cr4_rdi), Kind::write_cr4, 7},
            {code_of(trap_test_cr4_r9), Kind::write_cr4, 9},
            {code_of(trap_test_cr4_r14), Kind::write_cr4, 14}};
}

u16 port_of(const Sample& sample) {
    if (sample.kind == Kind::rdtsc) return layout::trap_rdtsc;
    if (sample.kind == Kind::rdtscp) return layout::trap_rdtscp;
    return layout::trap_write_cr4 + sample.source_register;
}

/// Seen from both ends: KVMs differ in where they leave rip.
bool is_ours(TextGuest& guest, const KernelTraps& traps, u64 linear, const Sample& sample) {
    for (u64 rip : {linear, linear + sample.code.size()}) {
        auto site = traps.site_of_exit(port_of(sample), rip, guest.registers());
        if (site.kind != sample.kind || site.source_register != sample.source_register)
            return false;
    }
    return true;
}

/// A guest with pages of ordinary code mapped from TextGuest::base on, backwards in RAM.
void map_text(TextGuest& guest, unsigned pages) {
    for (unsigned i = 0; i < pages; i++)
        guest.map(TextGuest::base + i * page_bytes, ram + (pages - 1 - i) * page_bytes);
    std::vector<u8> code = ordinary_code(pages * page_bytes);
    code.resize(pages * page_bytes);
    guest.write(TextGuest::base, code);
}

void clear_flags(TextGuest& guest) {
    for (u64 page = 0; page < guest.memory.pages(); page++) guest.memory.page_flags()[page] = 0;
}

}  // namespace

VMFT_TEST(instructions_are_replaced_in_front_middle_and_end_of_text) {
    for (const Sample& sample : samples()) {
        for (size_t in_front : {size_t{0}, size_t{1}, size_t{5}, size_t{40}}) {
            TextGuest guest;
            map_text(guest, 3);
            std::vector<u8> code;
            std::vector<u64> places;
            for (unsigned i = 0; i < 5; i++) {
                append(code, ordinary_code(i == 0 ? in_front : 1700));
                places.push_back(TextGuest::base + code.size());
                append(code, sample.code);
            }
            append(code, ordinary_code(200));
            guest.write(TextGuest::base, code);
            KernelTraps traps(guest.memory);
            traps.scan(guest.registers());
            VMFT_EXPECT_EQUAL(traps.figures().patched, 5u);
            VMFT_EXPECT_EQUAL(traps.figures().left_alone, 0u);
            for (u64 place : places) VMFT_EXPECT(is_ours(guest, traps, place, sample));
            // With the replacements undone the text is what it was.
            std::vector<u8> after = guest.read(TextGuest::base, code.size());
            kvm::undo_replacements(after);
            VMFT_EXPECT(after == code);
        }
    }
}

VMFT_TEST(a_replacement_is_one_instruction_of_the_same_length) {
    for (const Sample& sample : samples()) {
        std::vector<u8> code(sample.code.begin(), sample.code.end());
        size_t prefixes = code[0] == 0x0f ? 0 : 1;
        auto trap = kvm::original_at(std::span(code).subspan(prefixes));
        if (sample.source_register > 7) trap.source_register |= 8;
        VMFT_REQUIRE(trap.kind == sample.kind);
        kvm::write_replacement(trap, std::span(code).subspan(prefixes));
        VMFT_EXPECT(kvm::replacement_at(std::span(code).subspan(prefixes)) == trap);
        code.resize(15, 0x90);
        VMFT_EXPECT_EQUAL(kvm::instruction_shape(code.data(), 15).length, sample.code.size());
    }
}

VMFT_TEST(sixteen_bytes_are_no_instruction) {
    std::vector<u8> bytes(32, 0x3e);
    bytes[14] = 0x90;
    VMFT_EXPECT_EQUAL(kvm::instruction_shape(bytes.data(), 32).length, 15);
    bytes[14] = 0x75;
    VMFT_EXPECT_EQUAL(kvm::instruction_shape(bytes.data(), 32).length, 0);
}

VMFT_TEST(a_displacement_is_no_prefix) {
    TextGuest guest;
    map_text(guest, 1);
    std::vector<u8> code = ordinary_code(500);
    append(code, code_of(trap_test_displacement_41));
    u64 behind = TextGuest::base + code.size();
    append(code, ordinary_code(500));
    guest.write(TextGuest::base, code);
    KernelTraps traps(guest.memory);
    traps.scan(guest.registers());
    auto site = traps.site_of_exit(layout::trap_write_cr4, behind, guest.registers());
    VMFT_EXPECT(site.kind == Kind::write_cr4);
    VMFT_EXPECT_EQUAL(site.source_register, 0);
}

VMFT_TEST(the_inside_of_instructions_is_left_alone) {
    for (std::span<const u8> between : {code_of(trap_test_inside), code_of(trap_test_others)}) {
        TextGuest guest;
        map_text(guest, 4);
        std::vector<u8> code;
        while (code.size() < 3 * page_bytes) {
            append(code, between);
            append(code, ordinary_code(300));
        }
        guest.write(TextGuest::base, code);
        std::vector<u8> before = guest.text();
        KernelTraps traps(guest.memory);
        traps.scan(guest.registers());
        VMFT_EXPECT_EQUAL(traps.figures().patched, 0u);
        VMFT_EXPECT(guest.text() == before);
        VMFT_EXPECT((traps.figures().left_alone > 0) ==
                    (between.data() == code_of(trap_test_inside).data()));
    }
}

VMFT_TEST(data_that_is_mapped_executable_is_left_alone) {
    Random random(7);
    const std::string text("a string that a kernel prints: %s\n\0and 0x%lx another one", 56);
    for (unsigned kind = 0; kind < 3; kind++) {
        TextGuest guest;
        map_text(guest, 16);
        std::vector<u8> data;
        while (data.size() < 15 * page_bytes) {
            for (unsigned i = 0; i < 100; i++) {
                // Random bytes; a table of small numbers and pointers; strings.
                if (kind == 0) data.push_back(static_cast<u8>(random.below(256)));
                u64 entry = i % 2 ? random.below(5000) : TextGuest::base + random.below(1 << 24);
                if (kind == 1) append(data, {reinterpret_cast<const u8*>(&entry), 8});
                if (kind == 2)
                    data.push_back(static_cast<u8>(text[(i + data.size()) % text.size()]));
            }
            append(data, random.below(2) ? code_of(trap_test_rdtsc) : code_of(trap_test_rdtscp));
        }
        guest.write(TextGuest::base, data);
        KernelTraps traps(guest.memory);
        traps.scan(guest.registers());
        VMFT_EXPECT(traps.figures().left_alone > 50);
        VMFT_EXPECT_EQUAL(traps.figures().patched, 0u);
    }
}

VMFT_TEST(instructions_across_pages_are_replaced) {
    for (const Sample& sample : samples()) {
        for (size_t here = 1; here < sample.code.size(); here++) {
            TextGuest guest;
            map_text(guest, 2);
            u64 place = TextGuest::base + page_bytes - here;
            std::vector<u8> code = ordinary_code(page_bytes);
            code.resize(page_bytes - here);
            // The last instruction may be cut off: what is cut becomes padding.
            std::fill(code.end() - 64, code.end(), 0x90);
            append(code, sample.code);
            append(code, ordinary_code(300));
            guest.write(TextGuest::base, code);
            clear_flags(guest);
            KernelTraps traps(guest.memory);
            traps.scan(guest.registers());
            VMFT_EXPECT_EQUAL(traps.figures().patched, 1u);
            VMFT_EXPECT(is_ours(guest, traps, place, sample));
        }
    }
}

VMFT_TEST(only_executable_pages_of_the_kernels_range_are_looked_at) {
    TextGuest guest;
    std::vector<u8> code = ordinary_code(400);
    append(code, code_of(trap_test_rdtsc));
    append(code, ordinary_code(400));
    struct Mapping {
        u64 linear, flags;
        bool large, patched;
    };
    const Mapping mappings[] = {
        {TextGuest::base, 0, false, true},
        {TextGuest::base + 0x10000, TextGuest::pte_no_execute, false, false},
        {0xffff'ffff'c000'0000, 0, false, true},
        {0xffff'ffff'ff60'0000, 0, false, false},  // vsyscall
        {0xffff'8880'0000'0000, 0, false, false},  // direct mapping
        {0x40'0000, 0, false, false},
        {0xffff'ffff'a000'0000, 0, true, true},
        {0xffff'ffff'a040'0000, TextGuest::pte_no_execute, true, false}};
    u64 physical = ram, large_physical = 0x20'0000;
    for (const Mapping& mapping : mappings) {
        u64& at = mapping.large ? large_physical : physical;
        mapping.large ? guest.map_large(mapping.linear, at, mapping.flags)
                      : guest.map(mapping.linear, at, mapping.flags);
        guest.write(mapping.linear, code);
        at += mapping.large ? 0x20'0000 : page_bytes;
    }
    KernelTraps traps(guest.memory);
    traps.scan(guest.registers());
    for (const Mapping& mapping : mappings)
        VMFT_EXPECT_EQUAL(guest.read(mapping.linear, code.size()) != code, mapping.patched);
}

VMFT_TEST(the_kernels_tables_are_found_while_user_mode_runs) {
    // Page-table isolation: the kernel's root at 0x2000, user mode's beside it, with a part.
    TextGuest guest;
    constexpr u64 kernels = 0x2000, users = 0x3000, entry_page = TextGuest::base + 0x5000;
    for (u64 root : {kernels, users, TextGuest::root}) guest.map(entry_page, ram, 0, root);
    for (u64 root : {kernels, TextGuest::root})
        guest.map(TextGuest::base, ram + page_bytes, 0, root);
    std::vector<u8> code = ordinary_code(600);
    append(code, code_of(trap_test_rdtsc));
    append(code, ordinary_code(200));
    guest.write(TextGuest::base, code);
    KernelTraps traps(guest.memory);
    kvm_sregs registers = guest.registers();
    registers.cr3 = users;
    traps.scan(registers);
    VMFT_EXPECT_EQUAL(traps.figures().patched, 1u);
    VMFT_EXPECT_EQUAL(traps.figures().pages, 2u);
}

VMFT_TEST(what_has_not_changed_is_not_looked_at_again) {
    TextGuest guest;
    map_text(guest, 8);
    std::vector<u8> code(40, 0x90);
    append(code, code_of(trap_test_rdtscp));
    append(code, ordinary_code(300));
    guest.write(TextGuest::base + 3 * page_bytes, code);
    KernelTraps traps(guest.memory);
    traps.scan(guest.registers());
    VMFT_EXPECT_EQUAL(traps.figures().pages, 8u);
    VMFT_EXPECT_EQUAL(traps.figures().patched, 1u);
    traps.scan(guest.registers());
    VMFT_EXPECT_EQUAL(traps.figures().pages, 8u);

    // Text is changed: the page and its neighbours.
    code = ordinary_code(300);
    append(code, code_of(trap_test_rdtsc));
    guest.write(TextGuest::base + 5 * page_bytes, code);
    traps.scan(guest.registers());
    VMFT_EXPECT_EQUAL(traps.figures().pages, 11u);
    VMFT_EXPECT_EQUAL(traps.figures().patched, 2u);
    std::vector<u8> before = guest.text();
    // A page goes: its neighbours have one less.
    guest.unmap(TextGuest::base + 6 * page_bytes);
    traps.scan(guest.registers());
    VMFT_EXPECT_EQUAL(traps.figures().pages, 13u);

    // One that knows nothing of earlier scans finds nothing to do.
    KernelTraps fresh(guest.memory);
    guest.map(TextGuest::base + 6 * page_bytes, ram + page_bytes);
    fresh.scan(guest.registers());
    VMFT_EXPECT_EQUAL(fresh.figures().patched, 0u);
    VMFT_EXPECT(guest.text() == before);
}

VMFT_TEST(patches_are_marked_dirty_and_leave_text_unwritten) {
    TextGuest guest;
    map_text(guest, 3);
    guest.write(TextGuest::base + page_bytes + 1000, ordinary_code(100));
    std::vector<u8> code = ordinary_code(500);
    append(code, code_of(trap_test_rdtsc));
    append(code, ordinary_code(500));
    guest.write(TextGuest::base + page_bytes, code);
    clear_flags(guest);
    KernelTraps traps(guest.memory);
    traps.scan(guest.registers());
    for (u64 i = 0; i < 3; i++) {
        u8 flags = guest.memory.page_flags()[(ram >> page_shift) + 2 - i];
        VMFT_EXPECT_EQUAL(flags, i == 1 ? GuestMemory::dirty | GuestMemory::changed : 0);
    }
}

VMFT_TEST(exits_of_others_are_not_ours) {
    TextGuest guest;
    map_text(guest, 1);
    KernelTraps traps(guest.memory);
    auto kind = [&](u16 port, std::vector<u8> bytes) {
        guest.write(TextGuest::base, bytes);
        return traps.site_of_exit(port, TextGuest::base, guest.registers()).kind;
    };
    const u8 rdtsc = layout::trap_rdtsc, rdtscp = layout::trap_rdtscp;
    VMFT_EXPECT(kind(rdtsc, {0xe6, rdtsc}) == Kind::rdtsc);
    VMFT_EXPECT(kind(rdtsc, {0xe6, 0x80}) == Kind::none);
    VMFT_EXPECT(kind(0x80, {0xe6, rdtsc}) == Kind::none);
    VMFT_EXPECT(kind(rdtscp, {0xe6, rdtscp}) == Kind::none);
    VMFT_EXPECT(kind(rdtscp, {0x3e, 0xe6, rdtscp}) == Kind::rdtscp);
    VMFT_EXPECT(kind(rdtsc, {0xee}) == Kind::none);
    VMFT_EXPECT(traps.site_of_exit(rdtsc, 0x1234'5000, guest.registers()).kind == Kind::none);
    // A program that may use ports reads the counter by them, but does not write to CR4.
    kvm_sregs user = guest.registers();
    user.ss.dpl = 3;
    const u8 cr4 = layout::trap_write_cr4;
    VMFT_EXPECT(kind(cr4, {0x3e, 0xe6, cr4}) == Kind::write_cr4);
    VMFT_EXPECT(traps.site_of_exit(cr4, TextGuest::base, user).kind == Kind::none);
    VMFT_EXPECT(kind(rdtsc, {0xe6, rdtsc}) == Kind::rdtsc);
    VMFT_EXPECT(traps.site_of_exit(rdtsc, TextGuest::base, user).kind == Kind::rdtsc);
    VMFT_EXPECT(KernelTraps::is_trap_port(0x5f) && !KernelTraps::is_trap_port(0x20) &&
                !KernelTraps::is_trap_port(0x12));
}

/// Two machines do the same; one forgets its scans now and then, as a restored one has.
VMFT_TEST(replicas_agree_whenever_they_have_looked) {
    constexpr unsigned pages = 6, rounds = 400;
    Random random(99);
    TextGuest guests[2];
    for (TextGuest& guest : guests) map_text(guest, pages);
    KernelTraps traps[2] = {KernelTraps(guests[0].memory), KernelTraps(guests[1].memory)};
    const auto known = samples();
    u64 bytes_different = 0;
    for (unsigned round = 0; round < rounds; round++) {
        std::vector<u8> bytes;
        u64 pieces = random.below(6);
        for (u64 i = 0; i < pieces; i++) {
            u64 piece = random.below(8);
            if (piece < 4) append(bytes, known[random.below(known.size())].code);
            if (piece == 4) append(bytes, code_of(trap_test_inside));
            if (piece == 5) append(bytes, ordinary_code(random.below(900)));
            // Bytes of which places and replacements are made, in any order.
            static constexpr u8 parts[] = {0x0f, 0x31, 0x01, 0xf9, 0x22, 0xe0, 0xe6,
                                           0x10, 0x11, 0x18, 0x3e, 0x41, 0x90, 0x1e};
            for (u64 j = random.below(piece > 5 ? 30 : 1); j > 0; j--)
                bytes.push_back(parts[random.below(sizeof parts)]);
        }
        u64 place = TextGuest::base + random.below(pages * page_bytes - 1);
        u64 page = TextGuest::base + random.below(pages) * page_bytes;
        u64 physical = ram + random.below(pages + 2) * page_bytes, change = random.below(8);
        bool forget = random.below(3) == 0, scan = random.below(4) > 0;
        for (unsigned i = 0; i < 2; i++) {
            guests[i].write(place, bytes);
            if (change == 0) guests[i].unmap(page);
            if (change == 1) guests[i].map(page, physical);
            if (change == 2) guests[i].map(page, physical, TextGuest::pte_no_execute);
            if (i == 1 && forget) traps[i].forget();
            if (scan) traps[i].scan(guests[i].registers());
        }
        bytes_different += guests[0].text() != guests[1].text();
    }
    VMFT_EXPECT_EQUAL(bytes_different, 0u);
    VMFT_EXPECT(traps[0].figures().patched > 100);
    VMFT_EXPECT(traps[0].figures().pages < traps[1].figures().pages);
}
