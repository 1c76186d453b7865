#include "accel/kvm/conformance/scripted_platform.h"

#include <algorithm>

#include "base/hash64.h"

namespace vmft::test::conformance {
namespace {

enum : u64 { port_in, port_out, mmio_in, mmio_out, msr_in, msr_out };

constexpr u32 msr_apic_base = 0x1b, x2apic_first = 0x800, x2apic_last = 0x8ff, x2apic_tpr = 0x808,
              x2apic_self_ipi = 0x83f;

}  // namespace

bool ScriptedPlatform::wake() {
    if (wakes_.empty()) return false;
    pending_.push_back(wakes_.front());
    wakes_.pop_front();
    return true;
}

u64 ScriptedPlatform::note(u64 kind, u64 address, unsigned size_bytes, u64 value) {
    if (size_bytes < 8) value &= (u64{1} << 8 * size_bytes) - 1;
    accesses_.push_back({kind, address, size_bytes, value});
    for (const Later& later : later_)
        if (later.at_access == accesses_.size()) pending_.push_back(later.vector);
    std::erase_if(later_, [&](const Later& one) { return one.at_access <= accesses_.size(); });
    return value;
}

u64 ScriptedPlatform::read_value(u64 kind, u64 address, unsigned size_bytes) {
    Hash64 hash(seed_);
    hash.add(accesses_.size());
    hash.add(address);
    return note(kind, address, size_bytes, hash.value());
}

u32 ScriptedPlatform::port_read(u16 port, unsigned size_bytes) {
    return static_cast<u32>(read_value(port_in, port, size_bytes));
}

void ScriptedPlatform::port_write(u16 port, unsigned size_bytes, u32 value) {
    note(port_out, port, size_bytes, value);
    u8 vector = static_cast<u8>(value);
    switch (port) {
    case port_raise: pending_.push_back(vector); break;
    case port_wake: wakes_.push_back(vector); break;
    case port_later: later_.push_back({accesses_.size() + (value >> 8), vector}); break;
    case port_end: ended_ = true; break;
    case port_failed:
        ended_ = failed_ = true;
        failed_vector_ = vector;
        break;
    default: break;
    }
}

u64 ScriptedPlatform::mmio_read(u64 address, unsigned size_bytes) {
    return read_value(mmio_in, address, size_bytes);
}

void ScriptedPlatform::mmio_write(u64 address, unsigned size_bytes, u64 value) {
    note(mmio_out, address, size_bytes, value);
    if (address == device + raise_offset) pending_.push_back(static_cast<u8>(value));
}

bool ScriptedPlatform::msr_read(u32 msr, u64& value) {
    if (msr == msr_apic_base)
        value = apic_base_;
    else if (msr == x2apic_tpr)
        value = u64{task_priority_} << 4;
    else if (msr >= x2apic_first && msr <= x2apic_last)
        value = read_value(msr_in, msr, 4);
    else
        return false;
    return true;
}

bool ScriptedPlatform::msr_write(u32 msr, u64 value) {
    if (msr < x2apic_first || msr > x2apic_last) return false;
    note(msr_out, msr, 8, value);
    if (msr == x2apic_tpr) task_priority_ = value >> 4 & 15;
    if (msr == x2apic_self_ipi) pending_.push_back(static_cast<u8>(value));
    return true;
}

u8 ScriptedPlatform::acknowledge_interrupt() {
    u8 vector = pending_.front();
    pending_.pop_front();
    acknowledged_++;
    return vector;
}

}  // namespace vmft::test::conformance
