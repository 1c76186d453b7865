// Code that changes itself: before it runs, while its block is cached, across a page border, from
// within the block that is running, and by another mapping of the same page.

#include "guest.h"

extern "C" guest::u64 page_directories[4 * 512];

namespace {

using namespace guest;

alignas(4096) u8 code[3 * 4096];

// mov eax, value; ret
u32 run_constant(u8* at, u32 value) {
    at[0] = 0xb8;
    for (int i = 0; i < 4; ++i) at[1 + i] = u8(value >> (8 * i));
    at[5] = 0xc3;
    return reinterpret_cast<u32 (*)()>(at)();
}

bool rewritten_code_runs(u8* at) {
    for (u32 value = 0; value < 1000; ++value) {
        if (run_constant(at, value * 0x01010101) != value * 0x01010101) return false;
    }
    return true;
}

// Only the immediate's last byte changes, which lies in the second page.
bool border_byte_counts() {
    u8* at = code + 4096 - 4;
    run_constant(at, 0);
    for (u32 value = 0; value < 200; ++value) {
        at[4] = u8(value);
        if (reinterpret_cast<u32 (*)()>(at)() != value << 24) return false;
    }
    return true;
}

// The store changes the instruction right behind it in the same block.
bool next_instruction_changes() {
    static const u8 bytes[] = {
        0x40, 0x88, 0x3d, 0x01, 0x00, 0x00, 0x00,  // mov [rip + 1], dil
        0xb8, 0x00, 0x00, 0x00, 0x00,              // mov eax, 0 (its first byte changes)
        0xc3,                                      // ret
    };
    u8* at = code + 0x800;
    for (u32 value = 0; value < 200; ++value) {
        for (u64 i = 0; i < sizeof bytes; ++i) at[i] = bytes[i];
        u32 got = reinterpret_cast<u32 (*)(u32)>(at)(value);
        if (got != value) return false;
    }
    return true;
}

// The identity map's 2 MiB page is mapped a second time, and written there.
bool alias_counts() {
    constexpr u64 alias = 0x3fe0'0000;
    page_directories[alias >> 21] = page_directories[reinterpret_cast<u64>(code) >> 21];
    asm volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" : : : "rax", "memory");
    u8* written = reinterpret_cast<u8*>(alias + (reinterpret_cast<u64>(code) & 0x1fffff) + 0x900);
    u8* run = code + 0x900;
    run_constant(run, 1);
    for (u32 value = 0; value < 200; ++value) {
        written[1] = u8(value);
        if (reinterpret_cast<u32 (*)()>(run)() != value) return false;
    }
    return true;
}

bool string_store_counts() {
    u8* at = code + 0xa00;
    for (u32 value = 0; value < 100; ++value) {
        run_constant(at, 0);
        void* to = at + 1;
        u64 count = 4;
        asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
        if (reinterpret_cast<u32 (*)()>(at)() != value * 0x01010101) return false;
    }
    return true;
}

}  // namespace

extern "C" void guest_main() {
    expect(rewritten_code_runs(code), "self-modifying: rewritten code");
    expect(rewritten_code_runs(code + 4096 - 3), "self-modifying: across pages");
    expect(border_byte_counts(), "self-modifying: one byte behind a page border");
    expect(next_instruction_changes(), "self-modifying: the next instruction");
    expect(alias_counts(), "self-modifying: through another mapping");
    expect(string_store_counts(), "self-modifying: by a string store");
}
