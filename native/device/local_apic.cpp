#include "device/local_apic.h"

#include <bit>

#include "machine/layout.h"

namespace vmft {

namespace {

constexpr u32 base_x2apic = 1u << 10;
constexpr u32 base_enable = 1u << 11;
constexpr u32 base_bootstrap = 1u << 8;

constexpr u32 lvt_masked = 1u << 16;
constexpr u32 lvt_level = 1u << 15;
constexpr u32 lvt_remote_irr = 1u << 14;
constexpr unsigned mode_fixed = 0, mode_lowest = 1, mode_external = 7;

unsigned delivery_mode(u32 value) { return value >> 8 & 7; }

bool test(const std::array<u64, 4>& set, u8 vector) {
    return set[vector >> 6] >> (vector & 63) & 1;
}
void insert(std::array<u64, 4>& set, u8 vector) { set[vector >> 6] |= u64{1} << (vector & 63); }
void remove(std::array<u64, 4>& set, u8 vector) { set[vector >> 6] &= ~(u64{1} << (vector & 63)); }
/// The highest vector in the set, -1 when empty.
int highest(const std::array<u64, 4>& set) {
    for (int word = 3; word >= 0; word--)
        if (set[word] != 0) return word * 64 + 63 - std::countl_zero(set[word]);
    return -1;
}

constexpr u32 lvt_writable[] = {
    0x7'10FF,  // timer: vector, mask, mode
    0x1'07FF,  // thermal
    0x1'07FF,  // performance
    0x1'A7FF,  // LINT0: polarity and trigger too
    0x1'A7FF,  // LINT1
    0x1'00FF,  // error
};

}  // namespace

LocalApic::LocalApic(const VirtualClock& clock) : clock_(clock) {
    apic_base_ = static_cast<u32>(layout::local_apic_base) | base_enable | base_bootstrap;
    power_up_registers();
    lvt_[lvt_lint0] = mode_external << 8;
    lvt_[lvt_lint1] = 4u << 8;
    recompute();
}

void LocalApic::power_up_registers() {
    // SDM 3A 11.4.7.1
    id_ = 0;
    task_priority_ = 0;
    logical_destination_ = 0;
    destination_format_ = ~u32{0};
    spurious_ = 0xFF;
    errors_seen_ = errors_pending_ = 0;
    command_low_ = command_high_ = 0;
    lvt_.fill(lvt_masked);
    in_service_ = trigger_level_ = requested_ = {};
    timer_ = ApicTimer();
    recompute();
}

u8 LocalApic::processor_priority() const {
    int serviced = highest(in_service_);
    u8 service_class = serviced < 0 ? 0 : static_cast<u8>(serviced & 0xF0);
    return (task_priority_ & 0xF0) >= service_class ? task_priority_ : service_class;
}

void LocalApic::recompute() {
    int waiting = hardware_enabled() ? highest(requested_) : -1;
    pending_ = waiting >= 0 && (waiting & 0xF0) > (processor_priority() & 0xF0);
    u32 lint0 = lvt_[lvt_lint0];
    passes_external_ =
        !hardware_enabled() || (!(lint0 & lvt_masked) && delivery_mode(lint0) == mode_external);
}

u8 LocalApic::acknowledge() {
    int vector = highest(requested_);
    if (!pending_ || vector < 0) return static_cast<u8>(spurious_);
    remove(requested_, static_cast<u8>(vector));
    insert(in_service_, static_cast<u8>(vector));
    recompute();
    return static_cast<u8>(vector);
}

void LocalApic::set_task_priority(u8 priority) {
    task_priority_ = static_cast<u8>(priority << 4);
    recompute();
}

bool LocalApic::accept_vector(u8 vector, bool level) {
    if (!hardware_enabled() || !software_enabled()) return false;
    if (vector < 16) {
        report_error(6);
        return false;
    }
    insert(requested_, vector);
    if (level)
        insert(trigger_level_, vector);
    else
        remove(trigger_level_, vector);
    recompute();
    return true;
}

void LocalApic::report_error(u32 bit) {
    if (errors_pending_ >> bit & 1) return;
    errors_pending_ |= 1u << bit;
    // An error LVT with an illegal vector must not report itself again: the bit is set by now.
    if (!(lvt_[lvt_error] & lvt_masked)) accept_vector(static_cast<u8>(lvt_[lvt_error]), false);
}

void LocalApic::end_of_interrupt() {
    int vector = highest(in_service_);
    if (vector < 0) return;
    u8 ended = static_cast<u8>(vector);
    remove(in_service_, ended);
    recompute();
    if (!test(trigger_level_, ended)) return;
    u32& lint0 = lvt_[lvt_lint0];
    if (static_cast<u8>(lint0) == ended && (lint0 & lvt_remote_irr)) {
        lint0 &= ~lvt_remote_irr;
        drive_lint0();
    }
    if (listener_) listener_->end_of_interrupt(ended);
}

void LocalApic::set_lint0(bool up) {
    bool rose = up && !lint0_up_;
    lint0_up_ = up;
    u32 lint0 = lvt_[lvt_lint0];
    bool edge = !(lint0 & lvt_level);
    if (edge && rose && !(lint0 & lvt_masked) && delivery_mode(lint0) == mode_fixed)
        accept_vector(static_cast<u8>(lint0), false);
    drive_lint0();
}

/// A level-triggered fixed LINT0 asks again while the pin is up and the last request has ended.
void LocalApic::drive_lint0() {
    u32& lint0 = lvt_[lvt_lint0];
    if (!lint0_up_ || !(lint0 & lvt_level) || (lint0 & (lvt_masked | lvt_remote_irr)) ||
        delivery_mode(lint0) != mode_fixed)
        return;
    if (accept_vector(static_cast<u8>(lint0), true)) lint0 |= lvt_remote_irr;
}

bool LocalApic::matches(u32 destination, bool logical) const {
    if (x2apic()) {
        if (destination == ~u32{0} || destination == 0xFF)
            return true;  // 0xFF: broadcast of an 8-bit sender
        if (!logical) return destination == 0;
        return destination >> 16 == 0 &&
               (destination & 1);  // logical id of APIC 0: cluster 0, bit 0
    }
    destination &= 0xFF;
    if (destination == 0xFF) return true;
    if (!logical) return destination == id_ >> 24;
    u32 own = logical_destination_ >> 24;
    if (destination_format_ >> 28 == 0xF) return destination & own;
    return destination >> 4 == own >> 4 && (destination & own & 0xF);
}

bool LocalApic::accept_message(const InterruptMessage& message) {
    if (!hardware_enabled() || !matches(message.destination, message.logical)) return false;
    if (message.delivery_mode != mode_fixed && message.delivery_mode != mode_lowest) return false;
    return accept_vector(message.vector, message.level);
}

void LocalApic::send_command(u32 low, u32 destination) {
    command_low_ = low & 0xC'CFFF;  // delivery status reads as idle
    unsigned mode = delivery_mode(low);
    if (mode != mode_fixed && mode != mode_lowest) return;
    u8 vector = static_cast<u8>(low);
    if (vector < 16) {
        report_error(5);
        return;
    }
    bool reached = false;
    switch (low >> 18 & 3) {
    case 0: reached = matches(destination, low >> 11 & 1); break;
    case 1:
    case 2: reached = true; break;
    default: break;  // all but self: nobody
    }
    if (reached) accept_vector(vector, false);
}

void LocalApic::write_lvt(unsigned entry, u32 value) {
    value &= lvt_writable[entry];
    if (entry == lvt_timer) {
        // Mode 11b is reserved (SDM 3A 11.5.1); it reads back as one-shot.
        if ((value >> 17 & 3) == 3) value &= ~(3u << 17);
        timer_.set_mode(static_cast<ApicTimer::Mode>(value >> 17 & 3), clock_.now_ns());
    }
    if (!software_enabled()) value |= lvt_masked;
    if (entry == lvt_lint0 && (value & lvt_level)) value |= lvt_[lvt_lint0] & lvt_remote_irr;
    lvt_[entry] = value;
    recompute();
    if (entry == lvt_lint0) drive_lint0();
}

void LocalApic::write_spurious(u32 value) {
    bool was_enabled = software_enabled();
    spurious_ = value & 0x3FF;
    if (was_enabled && !software_enabled())
        for (u32& entry : lvt_) entry |= lvt_masked;
    recompute();
    if (!was_enabled && software_enabled() && listener_) listener_->acceptance_changed();
}

void LocalApic::advance(u64 now_ns) {
    if (timer_.advance(now_ns) && !(lvt_[lvt_timer] & lvt_masked))
        accept_vector(static_cast<u8>(lvt_[lvt_timer]), false);
}

void LocalApic::save(StateWriter& state) const {
    state.put(apic_base_);
    state.put(id_);
    state.put(task_priority_);
    state.put(logical_destination_);
    state.put(destination_format_);
    state.put(spurious_);
    state.put(errors_seen_);
    state.put(errors_pending_);
    state.put(command_low_);
    state.put(command_high_);
    for (u32 entry : lvt_) state.put(entry);
    for (const Vectors* set : {&in_service_, &trigger_level_, &requested_})
        for (u64 word : *set) state.put(word);
    state.put(static_cast<u8>(lint0_up_));
    timer_.save(state);
    state.put(ignored_accesses_);
}

void LocalApic::restore(StateReader& state) {
    state.get(apic_base_);
    state.get(id_);
    state.get(task_priority_);
    state.get(logical_destination_);
    state.get(destination_format_);
    state.get(spurious_);
    state.get(errors_seen_);
    state.get(errors_pending_);
    state.get(command_low_);
    state.get(command_high_);
    for (u32& entry : lvt_) state.get(entry);
    for (Vectors* set : {&in_service_, &trigger_level_, &requested_})
        for (u64& word : *set) state.get(word);
    lint0_up_ = state.get<u8>() != 0;
    timer_.restore(state);
    state.get(ignored_accesses_);
    u32 mode = apic_base_ & (base_enable | base_x2apic);
    if ((apic_base_ & ~(base_enable | base_x2apic)) != (layout::local_apic_base | base_bootstrap) ||
        mode == base_x2apic || static_cast<u32>(timer_.mode()) != (lvt_[lvt_timer] >> 17 & 3))
        state.fail();
    recompute();
}

}  // namespace vmft
