#pragma once

#include <string>
#include <vector>

#include "accel/soft/differential_random.h"
#include "accel/soft/translator_options.h"
#include "base/types.h"

/// Random small guests on which two software CPUs must agree: what one is.
namespace vmft::fuzz {

using differential::Random;

/// A few bytes of code at a place in RAM; minimising puts NOPs in its stead.
struct Piece {
    u32 ram_offset = 0;
    u8 length = 0;
    u8 bytes[15] = {};
    bool kept = true;
};

/// What the world does between two instructions.
struct WorldEvent {
    enum Kind : u8 {
        interrupt,    ///< `value` is the vector.
        dma,          ///< A device writes eight bytes, `value`, at `ram_offset`.
        clear_dirty,  ///< As a digest of memory does.
        snapshot,     ///< The caches are emptied, and the CPU under test is restored from its own
                      ///< state.
    };
    u64 ticks = 0;
    Kind kind = interrupt;
    u32 ram_offset = 0;
    u64 value = 0;
};

/// How one CPU is run from one stop to the next.
enum class Slices : u8 { whole, random, single };

struct Case {
    u64 seed = 0;
    u64 ticks_max = 0;
    u16 gdt_limit = 0x4f;
    TranslatorOptions options;  ///< Of the CPU under test; the other one interprets.
    Slices slices = Slices::whole, reference_slices = Slices::whole;
    std::vector<u8> ram;  ///< Everything but the pieces.
    std::vector<Piece> pieces;
    std::vector<WorldEvent> events;  ///< By ticks.
    std::vector<u64> stops;          ///< Where states are compared; the last is ticks_max.
};

// Physical memory: 1 MiB.
inline constexpr u64 ram_bytes = u64{1} << 20;
inline constexpr u64 gdt = 0, tss = 0x100, idt = 0x1000, stubs = 0x2000, handlers = 0x3000,
                     fault_stack_top = 0x5000, interrupt_stack_top = 0x7000, scratch = 0x7f00,
                     records = 0x8000, tables = 0x1'0000, tables_end = 0x3'0000,
                     code_ram = 0x3'0000, data_ram = 0x4'0000, last_page = ram_bytes - page_bytes;
inline constexpr unsigned code_pages_max = 16, data_pages = 10;
// Linear memory: the system's pages; many mixed pages in one place, two at the end of the lower
// half, some in the kernel's half, large ones over all of RAM and what lies behind it.
inline constexpr u64 system_linear = 0xffff'8000'0000'0000, mixed = 0x40'0000, mixed_pages = 64,
                     edge = 0x7fff'ffff'e000, high = 0xffff'ffff'8000'0000, high_pages = 16,
                     large = 0x4000'0000, large_pages = 4, large_page_bytes = u64{2} << 20;
// In guests of the second kind also: as many pages as `mixed` has, in the same slots of the code
// TLB, and of both TLBs.
inline constexpr u64 alias_distances[] = {u64{2} << 20, u64{8} << 20};
/// In them every page of code has a function of a few instructions here.
inline constexpr unsigned short_function = 0xe00;

/// Where a guest goes on after a fault: registers that make sense.
struct Record {
    u64 gpr[16];
    u64 rip, cs, rflags, rsp, ss, cr0, cr4, mxcsr;
};
inline constexpr unsigned record_count = 64;

/// Seeds from here on draw guests of the second kind: those of the first kind, with more of page
/// tables, jumps to other pages, and interrupts. (Smaller seeds draw what they drew before, so what
/// one of them found can be asked for again.)
inline constexpr u64 second_kind = u64{1} << 31;

/// The same case for the same seed, on every host.
Case draw_case(u64 seed);

}  // namespace vmft::fuzz
