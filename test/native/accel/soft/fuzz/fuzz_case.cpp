#include "accel/soft/fuzz/fuzz_case.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "accel/soft/fuzz/fuzz_code.h"
#include "accel/soft/interrupts.h"
#include "accel/soft/tiny_kernel.h"
#include "base/check.h"

/// The guest around the random code. Its exceptions all end in a handler that goes on at the next
/// of its records, with registers that make sense again; interrupts return, or do that too. So
/// whatever the code does, most ticks are spent in new situations. Nothing protects handlers,
/// tables and records from code at CPL 0: a guest that has lost them ends in a triple fault, and
/// that too is to be the same on both CPUs.
namespace vmft::fuzz {

// Written for system_linear: 0xffff800000000000. Records are 24 words.
VMFT_CODE(fuzz_fault_handler, R"(
  movabs rax, 0xffff800000000000
  mov ecx, [rax + 0x7f00]
  inc dword ptr [rax + 0x7f00]
  and ecx, 63
  imul ecx, ecx, 192
  lea rbx, [rax + rcx + 0x8000]
  lea rsp, [rax + 0x4f00]
  xor edx, edx
  mov dr7, rdx
  mov rdx, [rbx + 168]
  mov cr0, rdx
  mov rdx, [rbx + 176]
  mov cr4, rdx
  ldmxcsr [rbx + 184]
  fninit
  push [rbx + 160]
  push [rbx + 152]
  push [rbx + 144]
  push [rbx + 136]
  push [rbx + 128]
  mov rax, [rbx]
  mov rcx, [rbx + 8]
  mov rdx, [rbx + 16]
  mov rbp, [rbx + 40]
  mov rsi, [rbx + 48]
  mov rdi, [rbx + 56]
  mov r8, [rbx + 64]
  mov r9, [rbx + 72]
  mov r10, [rbx + 80]
  mov r11, [rbx + 88]
  mov r12, [rbx + 96]
  mov r13, [rbx + 104]
  mov r14, [rbx + 112]
  mov r15, [rbx + 120]
  mov rbx, [rbx + 24]
  iretq
)");
// A debug trap: tracing ends after a while.
VMFT_CODE(fuzz_debug_handler, R"(
  push rax
  push rcx
  movabs rax, 0xffff800000000000
  mov ecx, [rax + 0x7f04]
  inc dword ptr [rax + 0x7f04]
  test cl, 15
  jnz 1f
  btr dword ptr [rsp + 32], 8
  xor ecx, ecx
  mov dr7, rcx
1:
  xor ecx, ecx
  mov dr6, rcx
  pop rcx
  pop rax
  iretq
)");
VMFT_CODE(fuzz_counting_handler, R"(
  push rax
  movabs rax, 0xffff800000000000
  inc dword ptr [rax + 0x7f08]
  pop rax
  iretq
)");
VMFT_CODE(fuzz_device_handler, R"(
  out 0x10, al
  iretq
)");
VMFT_CODE(fuzz_system_call, R"(
  sysretq
)");

namespace {

constexpr u64 present = 1, write = 2, user = 4, accessed = 0x20, dirty = 0x40, large_page = 0x80,
              global = 0x100, no_execute = u64{1} << 63;
constexpr u64 debug_handler = handlers + 0x200, counting_handler = handlers + 0x280,
              device_handler = handlers + 0x2c0, system_call_handler = handlers + 0x300;

class Builder {
public:
    explicit Builder(Case& drawn)
        : case_(drawn), random_(drawn.seed, 0), second_(drawn.seed >= second_kind) {}

    void build() {
        case_.ram.assign(ram_bytes, 0);
        code_pages_ = 2 + static_cast<unsigned>(random_.below(code_pages_max - 1));
        user_share_ = random_.chance(50) ? 85 : random_.below(101);
        system_share_ = static_cast<unsigned>(random_.chance(60) ? 40 : random_.below(101));
        build_system();
        build_tables();
        if (second_) build_aliases();
        build_code();
        build_data();
        build_records();
        draw_world();
    }

private:
    template <typename T>
    void put(u64 offset, T value) {
        std::memcpy(case_.ram.data() + offset, &value, sizeof value);
    }
    void put_code(u64 offset, std::span<const u8> code) {
        std::memcpy(case_.ram.data() + offset, code.data(), code.size());
    }

    void gate(unsigned vector, u64 handler, unsigned stack) {
        u64 at = system_linear + handler, entry = idt + u64{vector} * 16;
        u64 attributes = vector >= 0x80 || vector == 3 ? 0xee : 0x8e;
        put<u64>(entry, (at & 0xffff) | u64{0x10} << 16 | u64{stack} << 32 | attributes << 40 |
                            (at >> 16 & 0xffff) << 48);
        put<u64>(entry + 8, at >> 32);
    }

    void build_system() {
        put<u64>(gdt + 0x08, 0x00cf'9b00'0000'ffff);  // 32-bit code
        put<u64>(gdt + 0x10, 0x00af'9b00'0000'ffff);
        put<u64>(gdt + 0x18, 0x00cf'9300'0000'ffff);
        put<u64>(gdt + 0x20, 0x00cf'fb00'0000'ffff);  // 32-bit user code
        put<u64>(gdt + 0x28, 0x00cf'f300'0000'ffff);
        put<u64>(gdt + 0x30, 0x00af'fb00'0000'ffff);
        u64 at = system_linear + tss;
        put<u64>(gdt + 0x40,
                 103 | (at & 0xff'ffff) << 16 | u64{0x8b} << 40 | (at >> 24 & 0xff) << 56);
        put<u64>(gdt + 0x48, at >> 32);
        put<u64>(tss + 4, system_linear + interrupt_stack_top);
        put<u64>(tss + 36, system_linear + fault_stack_top);
        put<u64>(tss + 44, system_linear + interrupt_stack_top - 0x800);
        put<u16>(tss + 102, 104);
        put_code(handlers, code_of(fuzz_fault_handler));
        put_code(debug_handler, code_of(fuzz_debug_handler));
        put_code(counting_handler, code_of(fuzz_counting_handler));
        put_code(device_handler, code_of(fuzz_device_handler));
        put_code(system_call_handler, code_of(fuzz_system_call));
        for (unsigned vector = 0; vector < 256; vector++) {
            bool fault = vector < 32;
            u64 kinds[] = {counting_handler, counting_handler, device_handler, handlers};
            u64 handler = fault ? handlers : kinds[vector & 3];
            unsigned stack = handler == handlers ? 1 : vector & 4 ? 2 : 0;
            if (vector == 1) handler = debug_handler, stack = 2;
            if (vector == 3) handler = counting_handler, stack = 0;
            gate(vector, handler, stack);
        }
    }

    u64 new_table() { return next_table_ += page_bytes; }
    u64 entry_of(u64 root, u64 linear, unsigned levels) {
        u64 table = root;
        for (unsigned level = 4; level > levels; level--) {
            u64 at = table + (linear >> (page_shift + 9 * (level - 1)) & 511) * 8, entry;
            std::memcpy(&entry, case_.ram.data() + at, 8);
            if (entry == 0) {
                entry = new_table() | present | write | user | upper_bits();
                put(at, entry);
            }
            table = entry & 0xff'ffff'f000;
        }
        return table + (linear >> (page_shift + 9 * (levels - 1)) & 511) * 8;
    }
    /// Of tables above the last: accessed or not.
    u64 upper_bits() { return random_.chance(50) ? accessed : 0; }

    u64 random_flags(bool code) {
        u64 flags = 0;
        auto bit = [&](u64 value, u64 percent) {
            if (random_.chance(static_cast<unsigned>(percent))) flags |= value;
        };
        bit(present, 98), bit(write, 82), bit(user, user_share_), bit(accessed, 60), bit(dirty, 60);
        bit(global, 5), bit(no_execute, code ? 3 : 30);
        bit(0x18, 5);
        if (random_.below(300) == 0) flags |= u64{1} << 45;  // reserved
        return flags;
    }

    u64 random_entry() {
        unsigned kind = static_cast<unsigned>(random_.below(100));
        if (kind < 52)
            return (code_ram + random_.below(code_pages_) * page_bytes) | random_flags(true);
        if (kind < 90)
            return (data_ram + random_.below(data_pages) * page_bytes) | random_flags(false);
        if (kind < 93) return last_page | random_flags(true);
        if (kind < 95) return ram_bytes | random_flags(true);
        if (kind < 97) return (0x1000'0000 + random_.below(4) * page_bytes) | random_flags(false);
        if (kind < 99) return (tables + random_.below(32) * page_bytes) | random_flags(true);
        return random_.next() & random_flags(false);
    }

    /// Both roots share the system's pages, and differ in some others.
    void build_tables() {
        next_table_ = tables + page_bytes;
        for (u64 root : {tables, tables + page_bytes}) {
            for (u64 at = 0; at < tables_end; at += page_bytes)
                put<u64>(entry_of(root, system_linear + at, 1),
                         at | present | write | accessed | dirty);
            bool in_code = random_.chance(50);
            u64 leaf = in_code ? code_ram + random_.below(code_pages_) * page_bytes : new_table();
            put<u64>(entry_of(root, mixed, 2), leaf | present | write | user | upper_bits());
            leaf_tables_.push_back(leaf);
            for (u64 page = 0; page < mixed_pages; page++)
                put<u64>(leaf + ((mixed >> page_shift & 511) + page) * 8, random_entry());
            for (u64 page = 0; page < 2; page++)
                put<u64>(entry_of(root, edge + page * page_bytes, 1), random_entry());
            for (u64 page = 0; page < high_pages; page++)
                put<u64>(entry_of(root, high + page * page_bytes, 1), random_entry());
            for (u64 page = 0; page < large_pages; page++) {
                u64 flags =
                    present | write | large_page | (random_.chance(60) ? user : 0) | upper_bits();
                // Of which only the first MiB is RAM.
                put<u64>(entry_of(root, large + page * (u64{2} << 20), 2), flags);
            }
        }
        VMFT_CHECK(next_table_ < tables_end);
    }

    /// More pages of both roots, whose entries the guest's system knows.
    void build_aliases() {
        for (u64 root : {tables, tables + page_bytes}) {
            for (u64 distance : alias_distances) {
                u64 leaf = new_table();
                put<u64>(entry_of(root, mixed + distance, 2),
                         leaf | present | write | user | upper_bits());
                for (u64 page = 0; page < mixed_pages; page++)
                    put<u64>(leaf + ((mixed >> page_shift & 511) + page) * 8, random_entry());
            }
            for (u64 distance : {u64{0}, alias_distances[0], alias_distances[1]})
                for (u64 page = 0; page < mixed_pages; page++)
                    know_entry(root, mixed + distance + page * page_bytes, 1);
            for (u64 page = 0; page < high_pages; page++)
                know_entry(root, high + page * page_bytes, 1);
            for (unsigned levels = 2; levels <= 4; levels++)
                for (u64 linear : {mixed, mixed + alias_distances[0], high, large})
                    know_entry(root, linear, levels);
        }
        VMFT_CHECK(next_table_ < tables_end);
        put<u64>(gdt + 0x50, 0x008f'9b40'0000'ffff);  // 16-bit code over `mixed`
        put<u64>(gdt + 0x58, 0x008f'fb40'0000'ffff);
        case_.gdt_limit = 0x5f;
    }
    void know_entry(u64 root, u64 linear, unsigned levels) {
        u64 at = entry_of(root, linear, levels);
        // A table in code pages is not where the system sees it.
        if (at < tables_end)
            crossings_.entries.push_back({system_linear + at, linear, levels == 1});
    }

    void build_code() {
        CodeWriter writer(random_, case_.pieces, second_ ? &crossings_ : nullptr);
        // Not where a table in use lies: mixed_pages entries from that of `mixed` on.
        constexpr unsigned table_first = (mixed >> page_shift & 511) * 8,
                           table_last = table_first + mixed_pages * 8;
        for (unsigned page = 0; page <= code_pages_; page++) {
            u64 ram = page == code_pages_ ? last_page : code_ram + page * page_bytes;
            bool is_table =
                std::find(leaf_tables_.begin(), leaf_tables_.end(), ram) != leaf_tables_.end();
            if (!is_table) {
                writer.fill(ram, 0, page_bytes);
                continue;
            }
            writer.fill(ram, 0, table_first);
            writer.fill(ram, table_last, page_bytes);
        }
    }

    void build_data() {
        for (u64 at = data_ram; at < data_ram + data_pages * page_bytes; at += 8) {
            unsigned kind = static_cast<unsigned>(random_.below(8));
            put<u64>(at, kind < 2   ? draw_code_address(random_)
                         : kind < 3 ? draw_address(random_)
                         : kind < 5 ? random_.interesting()
                         : kind < 6 ? random_.twice()
                                    : random_.next());
        }
    }

    void build_records() {
        using namespace soft;
        for (unsigned i = 0; i < record_count; i++) {
            Record record{};
            for (u64& value : record.gpr) value = random_.interesting();
            for (unsigned reg : {rbx, rbp, rsi, rdi, r8, r9, r10, r11})
                record.gpr[reg] = draw_address(random_);
            bool system = random_.chance(system_share_);
            bool compatibility = random_.chance(4);
            record.rip = compatibility ? mixed + random_.below(mixed_pages) * page_bytes +
                                             random_.below(16) * 256
                                       : draw_code_address(random_);
            if (second_ && !compatibility && random_.chance(30))
                record.rip = draw_crossing_target(random_);
            record.cs = system ? (compatibility ? 0x08 : 0x10) : compatibility ? 0x23 : 0x33;
            if (second_ && compatibility && random_.chance(30)) {
                record.rip -= mixed;
                record.cs = system ? 0x50 : 0x5b;
            }
            record.ss = system ? 0x18 : 0x2b;
            record.rsp =
                mixed + random_.below(mixed_pages) * page_bytes + 0x800 + random_.below(64) * 8;
            if (random_.chance(5)) record.rsp = draw_address(random_);
            record.rflags = 2 | (random_.chance(85) ? flag_if : 0) |
                            (random_.chance(3) ? flag_tf : 0) | (random_.chance(5) ? flag_df : 0) |
                            (random_.chance(15) ? flag_iopl : 0) |
                            (random_.chance(5) ? flag_ac : 0) | (random_.chance(3) ? flag_rf : 0) |
                            (random_.next() & flags_arithmetic);
            record.cr0 = cr0_pe | cr0_mp | cr0_et | cr0_ne | cr0_pg |
                         (random_.chance(90) ? cr0_wp : 0) | (random_.chance(2) ? cr0_ts : 0) |
                         (random_.chance(5) ? cr0_am : 0);
            record.cr4 = cr4_pae | cr4_osfxsr | (random_.chance(80) ? cr4_osxmmexcpt : 0) | cr4_de |
                         smep_ | smap_;
            record.mxcsr = random_.chance(70) ? 0x1f80 : random_.next() & 0xffff;
            std::memcpy(case_.ram.data() + records + i * sizeof record, &record, sizeof record);
        }
    }

    void draw_world() {
        case_.ticks_max = 500 + random_.below(random_.chance(15) ? 60'000 : 10'000);
        static constexpr u32 runs[] = {0, 0, 0, 1, 2, 12};
        case_.options.after_runs = runs[random_.below(6)];
        static constexpr u64 sizes[] = {u64{64} << 10, u64{128} << 10, u64{1} << 20};
        case_.options.code_bytes = sizes[random_.below(3)];
        auto slices = [&] {
            return static_cast<Slices>(random_.chance(60) ? 0 : random_.below(3));
        };
        case_.slices = slices();
        case_.reference_slices = slices();
        u64 count = random_.below(random_.chance(30) ? 60 : 10);
        for (u64 i = 0; i < count; i++) {
            WorldEvent event;
            event.ticks = random_.below(case_.ticks_max);
            unsigned kind = static_cast<unsigned>(random_.below(20));
            event.kind = kind < 15   ? WorldEvent::interrupt
                         : kind < 17 ? WorldEvent::dma
                         : kind < 18 ? WorldEvent::clear_dirty
                                     : WorldEvent::snapshot;
            event.ram_offset = static_cast<u32>(code_ram + random_.below(code_pages_) * page_bytes +
                                                random_.below(page_bytes - 8));
            event.value =
                event.kind == WorldEvent::interrupt ? 0x20 + random_.below(0xe0) : random_.next();
            case_.events.push_back(event);
        }
        if (second_) meet_more();
        std::sort(case_.events.begin(), case_.events.end(),
                  [](const WorldEvent& a, const WorldEvent& b) { return a.ticks < b.ticks; });
        u64 stops = random_.below(random_.chance(50) ? 4 : 30);
        for (u64 i = 0; i < stops; i++) case_.stops.push_back(1 + random_.below(case_.ticks_max));
        case_.stops.push_back(case_.ticks_max);
        std::sort(case_.stops.begin(), case_.stops.end());
    }

    /// More interrupts, stops and ends of slices.
    void meet_more() {
        if (random_.chance(60)) case_.slices = Slices::random;
        for (u64 i = random_.below(60); i > 0; i--) {
            WorldEvent event;
            event.ticks = random_.below(case_.ticks_max);
            event.value = 0x20 + random_.below(0xe0);
            case_.events.push_back(event);
        }
        for (u64 i = random_.below(60); i > 0; i--)
            case_.stops.push_back(1 + random_.below(case_.ticks_max));
    }

    Case& case_;
    Random random_;
    bool second_;
    Crossings crossings_;
    unsigned code_pages_ = 0, system_share_ = 0;
    u64 user_share_ = 0, next_table_ = 0;
    std::vector<u64> leaf_tables_;
    u64 smep_ = random_.chance(15) ? soft::cr4_smep : 0,
        smap_ = random_.chance(15) ? soft::cr4_smap : 0;
};

}  // namespace

Case draw_case(u64 seed) {
    Case drawn;
    drawn.seed = seed;
    Builder(drawn).build();
    return drawn;
}

}  // namespace vmft::fuzz
