// The local APIC's register file as the guest reaches it: the MMIO page (xAPIC) and the
// MSRs (x2APIC). A register's index is its MMIO offset / 16, and its MSR - 0x800.

#include "device/local_apic.h"
#include "machine/layout.h"

namespace vmft {

namespace {

constexpr u32 msr_apic_base = 0x1B;
constexpr u32 msr_tsc_deadline = 0x6E0;
constexpr u32 msr_x2apic_first = 0x800, msr_x2apic_last = 0x8FF;

constexpr u32 base_x2apic = 1u << 10;
constexpr u32 base_enable = 1u << 11;
constexpr u32 base_bootstrap = 1u << 8;

constexpr u32 version =
    0x5'0014;  // integrated APIC, LVT entries 0 … 5, no EOI broadcast suppression

enum Index : unsigned {
    reg_id = 0x02,
    reg_version = 0x03,
    reg_task_priority = 0x08,
    reg_arbitration_priority = 0x09,
    reg_processor_priority = 0x0A,
    reg_eoi = 0x0B,
    reg_logical_destination = 0x0D,
    reg_destination_format = 0x0E,
    reg_spurious = 0x0F,
    reg_in_service = 0x10,
    reg_trigger = 0x18,
    reg_requested = 0x20,
    reg_errors = 0x28,
    reg_command_low = 0x30,
    reg_command_high = 0x31,
    reg_lvt_first = 0x32,
    reg_initial_count = 0x38,
    reg_current_count = 0x39,
    reg_divide = 0x3E,
    reg_self_ipi = 0x3F,
};

/// Bits an x2APIC register takes; a write with any other is #GP (SDM 3A 11.12.1.3).
u64 x2apic_writable(unsigned index) {
    switch (index) {
    case reg_task_priority:
    case reg_self_ipi: return 0xFF;
    case reg_eoi:
    case reg_errors: return 0;
    case reg_spurious: return 0x3FF;
    case reg_command_low: return 0xFFFF'FFFF'000C'CFFF;
    case reg_lvt_first: return 0x7'10FF;
    case reg_lvt_first + 1:
    case reg_lvt_first + 2: return 0x1'17FF;
    case reg_lvt_first + 3:
    case reg_lvt_first + 4: return 0x1'F7FF;
    case reg_lvt_first + 5: return 0x1'10FF;
    case reg_divide: return 0xB;
    default: return 0xFFFF'FFFF;
    }
}

}  // namespace

bool LocalApic::read_register(unsigned index, u32& value) const {
    auto word = [](const Vectors& set, unsigned i) {
        return static_cast<u32>(set[i / 2] >> (i % 2 * 32));
    };
    value = 0;
    if (index >= reg_in_service && index < reg_errors) {
        const Vectors& set = index < reg_trigger     ? in_service_
                             : index < reg_requested ? trigger_level_
                                                     : requested_;
        value = word(set, index & 7);
        return true;
    }
    if (index >= reg_lvt_first && index < reg_lvt_first + lvt_entries) {
        value = lvt_[index - reg_lvt_first];
        return true;
    }
    switch (index) {
    case reg_id: value = x2apic() ? 0 : id_; return true;
    case reg_version: value = version; return true;
    case reg_task_priority: value = task_priority_; return true;
    case reg_processor_priority: value = processor_priority(); return true;
    case reg_logical_destination: value = x2apic() ? 1 : logical_destination_; return true;
    case reg_spurious: value = spurious_; return true;
    case reg_errors: value = errors_seen_; return true;
    case reg_command_low: value = command_low_; return true;
    case reg_initial_count: value = timer_.initial_count(); return true;
    case reg_current_count: value = timer_.current_count(clock_.now_ns()); return true;
    case reg_divide: value = timer_.divide_configuration(); return true;
    default: break;
    }
    if (x2apic()) return false;
    switch (index) {
    case reg_arbitration_priority: return true;
    case reg_eoi: return true;
    case reg_destination_format: value = destination_format_; return true;
    case reg_command_high: value = command_high_; return true;
    default: return false;
    }
}

bool LocalApic::write_register(unsigned index, u32 value) {
    if (index >= reg_lvt_first && index < reg_lvt_first + lvt_entries) {
        write_lvt(index - reg_lvt_first, value);
        return true;
    }
    switch (index) {
    case reg_task_priority:
        task_priority_ = static_cast<u8>(value);
        recompute();
        return true;
    case reg_eoi: end_of_interrupt(); return true;
    case reg_spurious: write_spurious(value); return true;
    case reg_errors:
        errors_seen_ = errors_pending_;
        errors_pending_ = 0;
        return true;
    case reg_command_low:
        send_command(value, x2apic() ? command_high_ : command_high_ >> 24);
        return true;
    case reg_initial_count: timer_.set_initial_count(value, clock_.now_ns()); return true;
    case reg_divide: timer_.set_divide_configuration(value, clock_.now_ns()); return true;
    default: break;
    }
    if (x2apic()) return false;
    switch (index) {
    case reg_id: id_ = value & 0xFF00'0000; break;
    case reg_logical_destination: logical_destination_ = value & 0xFF00'0000; break;
    case reg_destination_format: destination_format_ = value | 0x0FFF'FFFF; break;
    case reg_command_high: command_high_ = value & 0xFF00'0000; return true;
    default: return false;
    }
    if (listener_) listener_->acceptance_changed();
    return true;
}

u64 LocalApic::read(u64 offset, unsigned size_bytes) {
    u64 ones = size_bytes >= 8 ? ~u64{0} : (u64{1} << size_bytes * 8) - 1;
    u32 value = 0;
    if (!hardware_enabled() || x2apic() || offset >= layout::local_apic_bytes) {
        ignored_accesses_++;
        return ones;
    }
    if ((offset & 0xF) >= 4) return 0;
    if (!read_register(static_cast<unsigned>(offset >> 4), value)) {
        ignored_accesses_++;
        return 0;  // reserved registers of the page read as zero, and set no error bit below P6
    }
    return value >> (offset & 3) * 8 & ones;
}

void LocalApic::write(u64 offset, unsigned size_bytes, u64 value) {
    if (!hardware_enabled() || x2apic() || offset >= layout::local_apic_bytes ||
        (offset & 0xF) != 0 || size_bytes < 4 ||
        !write_register(static_cast<unsigned>(offset >> 4), static_cast<u32>(value)))
        ignored_accesses_++;
}

bool LocalApic::write_apic_base(u64 value) {
    constexpr u64 known = layout::local_apic_base | base_enable | base_x2apic | base_bootstrap;
    if ((value & ~known) != 0 || (value & ~u64{0xFFF}) != layout::local_apic_base) return false;
    u32 before = apic_base_ & (base_enable | base_x2apic);
    u32 after = static_cast<u32>(value) & (base_enable | base_x2apic);
    // SDM 3A figure 11-28: x2APIC is entered from xAPIC only, and left only by disabling.
    if (after == base_x2apic) return false;
    if (before == 0 && (after & base_x2apic)) return false;
    if (before == (base_enable | base_x2apic) && after == base_enable) return false;
    if (before == after) return true;
    apic_base_ = static_cast<u32>(layout::local_apic_base) | base_bootstrap | after;
    if (after == 0) {
        power_up_registers();
    } else if (after & base_x2apic) {
        id_ = 0;
        command_high_ = 0;
    }
    recompute();
    if (listener_) listener_->acceptance_changed();
    return true;
}

bool LocalApic::msr_read(u32 msr, u64& value) {
    if (msr == msr_apic_base) {
        value = apic_base_;
        return true;
    }
    if (msr == msr_tsc_deadline) {
        value = timer_.tsc_deadline();
        return true;
    }
    if (!x2apic() || msr < msr_x2apic_first || msr > msr_x2apic_last) return false;
    u32 low = 0;
    unsigned index = msr - msr_x2apic_first;
    if (!read_register(index, low)) return false;
    value = index == reg_command_low ? u64{command_high_} << 32 | low : low;
    return true;
}

bool LocalApic::msr_write(u32 msr, u64 value) {
    if (msr == msr_apic_base) return write_apic_base(value);
    if (msr == msr_tsc_deadline) {
        timer_.set_tsc_deadline(value);
        return true;
    }
    if (!x2apic() || msr < msr_x2apic_first || msr > msr_x2apic_last) return false;
    unsigned index = msr - msr_x2apic_first;
    if ((value & ~x2apic_writable(index)) != 0) return false;
    if (index == reg_self_ipi) {
        send_command(1u << 18 | (static_cast<u32>(value) & 0xFF), 0);
        return true;
    }
    if (index == reg_command_low) command_high_ = static_cast<u32>(value >> 32);
    return write_register(index, static_cast<u32>(value));
}

}  // namespace vmft
