#include "accel/soft/exec/stack_address.h"

namespace vmft::soft {

u64 segment_address_checked(Cpu& cpu, const Insn* insn, SegmentRegister which, u64 offset,
                            unsigned size_bytes, Access access) {
    const SegmentState& segment = cpu.segments[which];
    bool allowed = true;
    if (protected_mode(cpu)) {
        constexpr unsigned read_write = 2;  // data: writable; code: readable
        allowed = segment.usable();
        if (access == Access::write)
            allowed = allowed && !segment.is_code() && (segment.type() & read_write);
        else
            allowed = allowed && (!segment.is_code() || (segment.type() & read_write));
    }
    u64 last = offset + size_bytes - 1;
    constexpr unsigned expand_down = 4;
    if (!segment.is_code() && (segment.type() & expand_down)) {
        u64 top = segment.access & SegmentState::big ? 0xffffffff : 0xffff;
        allowed = allowed && offset > segment.limit && last <= top;
    } else {
        allowed = allowed && last <= segment.limit;
    }
    if (!allowed) raise(cpu, insn, which == seg_ss ? vector_ss : vector_gp, 0);
    return static_cast<u32>(segment.base + offset);
}

namespace {

void require_canonical(Cpu& cpu, const Insn* insn, u64 linear, unsigned size_bytes) {
    if (!in_64bit(cpu)) return;
    if (!is_canonical(linear) || !is_canonical(linear + size_bytes - 1))
        raise(cpu, insn, vector_ss, 0);
}

}  // namespace

u64 stack_load_slow(Cpu& cpu, const Insn* insn, u64 linear, unsigned size_bytes) {
    require_canonical(cpu, insn, linear, size_bytes);
    return load_slow(cpu, insn, linear, size_bytes);
}
void stack_store_slow(Cpu& cpu, const Insn* insn, u64 linear, u64 value, unsigned size_bytes) {
    require_canonical(cpu, insn, linear, size_bytes);
    store_slow_value(cpu, insn, linear, value, size_bytes);
}
void stack_probe_write(Cpu& cpu, const Insn* insn, u64 linear, unsigned size_bytes) {
    require_canonical(cpu, insn, linear, size_bytes);
    probe_write_slow(cpu, insn, linear, size_bytes);
}

}  // namespace vmft::soft
