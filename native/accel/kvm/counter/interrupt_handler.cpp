#include "accel/kvm/counter/interrupt_handler.h"

#include <cstring>

namespace vmft::kvm {

namespace {

constexpr u64 cr0_pe = 1, efer_lma = 0x400;
constexpr u64 gate_present = u64{1} << 47;

template <typename T>
bool read_value(const GuestMemory& memory, const kvm_sregs& registers, u64 linear, T& value) {
    return read_linear(memory, PagingState::of(registers), linear,
                       {reinterpret_cast<u8*>(&value), sizeof value}) == sizeof value;
}

}  // namespace

std::optional<u64> code_segment_base(const GuestMemory& memory, const kvm_sregs& registers,
                                     u16 selector) {
    if (selector == registers.cs.selector) return registers.cs.base;
    bool local = selector & 4;
    u64 table = local ? registers.ldt.base : registers.gdt.base;
    u64 limit = local ? registers.ldt.limit : registers.gdt.limit;
    u64 offset = selector & 0xfff8;
    u64 descriptor = 0;
    if (offset + 7 > limit || !read_value(memory, registers, table + offset, descriptor)) return {};
    return (descriptor >> 16 & 0xff'ffff) | (descriptor >> 56 & 0xff) << 24;
}

std::optional<InterruptHandler> interrupt_handler(const GuestMemory& memory,
                                                  const kvm_sregs& registers, u8 vector) {
    u64 table = registers.idt.base, limit = registers.idt.limit;
    if (!(registers.cr0 & cr0_pe)) {
        u32 entry = 0;
        if (vector * u64{4} + 3 > limit ||
            !read_value(memory, registers, table + vector * u64{4}, entry))
            return {};
        return InterruptHandler{(u64{entry >> 16} << 4) + (entry & 0xffff), 2};
    }
    bool wide = registers.efer & efer_lma;
    u64 entry_bytes = wide ? 16 : 8, at = table + vector * entry_bytes;
    u64 gate = 0;
    if (vector * entry_bytes + entry_bytes - 1 > limit ||
        !read_value(memory, registers, at, gate) || !(gate & gate_present))
        return {};
    unsigned type = gate >> 40 & 0x1f;
    bool narrow = type == 6 || type == 7;
    if (type != 0xe && type != 0xf && !(narrow && !wide)) return {};
    u64 offset = (gate & 0xffff) | (narrow ? 0 : gate >> 48 << 16);
    u16 selector = static_cast<u16>(gate >> 16);
    if (wide) {
        u32 high = 0;
        if (!read_value(memory, registers, at + 8, high)) return {};
        return InterruptHandler{offset | u64{high} << 32, 8};
    }
    std::optional<u64> base = code_segment_base(memory, registers, selector);
    if (!base) return {};
    return InterruptHandler{(*base + offset) & 0xffff'ffff, static_cast<u8>(narrow ? 2 : 4)};
}

}  // namespace vmft::kvm
