#include "device/io_apic.h"

#include "base/check.h"

namespace vmft {

namespace {

constexpr u64 entry_level = 1u << 15;
constexpr u64 entry_masked = 1u << 16;
constexpr u64 entry_remote_irr = 1u << 14;
constexpr u64 entry_writable = 0xFF00'0000'0001'AFFF;  // all but delivery status and remote IRR

constexpr u64 offset_select = 0x00, offset_window = 0x10, offset_eoi = 0x40;
constexpr u8 register_id = 0, register_version = 1, register_arbitration = 2,
             register_entries = 0x10;
constexpr u32 version = (layout::io_apic_pins - 1) << 16 | 0x20;

}  // namespace

bool IoApic::send(unsigned pin) {
    u64 entry = entries_[pin];
    return target_.accept_message({.destination = static_cast<u32>(entry >> 56),
                                   .logical = (entry >> 11 & 1) != 0,
                                   .delivery_mode = static_cast<u8>(entry >> 8 & 7),
                                   .vector = static_cast<u8>(entry),
                                   .level = (entry & entry_level) != 0});
}

void IoApic::service_level(unsigned pin) {
    u64& entry = entries_[pin];
    if (!(pins_up_ >> pin & 1) || !(entry & entry_level) ||
        (entry & (entry_masked | entry_remote_irr)))
        return;
    if (send(pin)) entry |= entry_remote_irr;
}

void IoApic::set_pin(unsigned pin, bool up) {
    VMFT_CHECK(pin < layout::io_apic_pins);
    bool was_up = pins_up_ >> pin & 1;
    if (was_up == up) return;
    pins_up_ ^= 1u << pin;
    if (!up) return;
    if (entries_[pin] & entry_level)
        service_level(pin);
    else if (!(entries_[pin] & entry_masked))
        send(pin);
}

void IoApic::end_of_interrupt(u8 vector) {
    for (unsigned pin = 0; pin < entries_.size(); pin++) {
        u64& entry = entries_[pin];
        if (static_cast<u8>(entry) != vector || !(entry & entry_remote_irr)) continue;
        entry &= ~entry_remote_irr;
        service_level(pin);
    }
}

void IoApic::retry() {
    for (unsigned pin = 0; pin < entries_.size(); pin++) service_level(pin);
}

u32 IoApic::read_register() const {
    switch (select_) {
    case register_id:
    case register_arbitration: return id_;
    case register_version: return version;
    default: break;
    }
    unsigned pin = static_cast<unsigned>(select_ - register_entries) / 2;
    if (select_ < register_entries || pin >= entries_.size()) return ~u32{0};
    return static_cast<u32>(entries_[pin] >> (select_ % 2 * 32));
}

void IoApic::write_register(u32 value) {
    if (select_ == register_id) id_ = value & 0x0F00'0000;
    unsigned pin = static_cast<unsigned>(select_ - register_entries) / 2;
    if (select_ < register_entries || pin >= entries_.size()) return;
    u64& entry = entries_[pin];
    u64 wanted = select_ % 2 ? (entry & 0xFFFF'FFFF) | u64{value} << 32
                             : (entry & 0xFFFF'FFFF'0000'0000) | value;
    entry = (wanted & entry_writable) | (entry & entry_remote_irr);
    // Switching to edge and back is how software without the EOI register ends an interrupt.
    if (!(entry & entry_level)) entry &= ~entry_remote_irr;
    service_level(pin);
}

u64 IoApic::read(u64 offset, unsigned size_bytes) {
    u64 ones = size_bytes >= 8 ? ~u64{0} : (u64{1} << size_bytes * 8) - 1;
    u64 value = ones;
    if ((offset & ~u64{3}) == offset_select) value = select_;
    if ((offset & ~u64{3}) == offset_window) value = read_register();
    if (value == ones) return value;
    return value >> (offset & 3) * 8 & ones;
}

void IoApic::write(u64 offset, unsigned size_bytes, u64 value) {
    (void)size_bytes;
    if (offset == offset_select) select_ = static_cast<u8>(value);
    if (offset == offset_window) write_register(static_cast<u32>(value));
    if (offset == offset_eoi) end_of_interrupt(static_cast<u8>(value));
}

void IoApic::save(StateWriter& state) const {
    state.put(select_);
    state.put(id_);
    for (u64 entry : entries_) state.put(entry);
    state.put(pins_up_);
}

void IoApic::restore(StateReader& state) {
    state.get(select_);
    state.get(id_);
    for (u64& entry : entries_) state.get(entry);
    state.get(pins_up_);
    if (pins_up_ >> layout::io_apic_pins != 0) state.fail();
    for (u64 entry : entries_)
        if (entry & ~(entry_writable | entry_remote_irr)) state.fail();
}

}  // namespace vmft
