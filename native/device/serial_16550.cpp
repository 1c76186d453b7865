#include "device/serial_16550.h"

#include <algorithm>

#include "base/limits.h"
#include "device/frequency.h"

namespace vmft {

namespace {

enum Register : unsigned {
    reg_data,
    reg_interrupt_enable,
    reg_identification,
    reg_line_control,
    reg_modem_control,
    reg_line_status,
    reg_modem_status,
    reg_scratch
};

constexpr u8 enable_received = 1, enable_transmitter = 2, enable_line_status = 4, enable_modem = 8;
constexpr u8 cause_none = 1, cause_modem = 0, cause_transmitter = 2, cause_received = 4,
             cause_line_status = 6, cause_timeout = 12;
constexpr u8 line_control_divisor = 0x80;
constexpr u8 modem_control_out2 = 0x08;
constexpr u8 status_data_ready = 1, status_overrun = 2, status_transmitter_idle = 0x60;
constexpr u64 reference_hz = 1'843'200;

}  // namespace

size_t Serial16550::trigger_level() const {
    constexpr u8 levels[] = {1, 4, 8, 14};
    return fifo_enabled() ? levels[fifo_control_ >> 6] : 1;
}

u64 Serial16550::character_timeout_ns() const {
    u64 data_bits = 5 + (line_control_ & 3), stop_bits = line_control_ & 4 ? 2 : 1,
        parity_bits = line_control_ >> 3 & 1;
    u64 bits = 1 + data_bits + parity_bits + stop_bits;
    u64 divisor = divisor_ == 0 ? 65'536 : divisor_;
    return 4 * bits * divisor * 16 * ns_per_second / reference_hz;
}

void Serial16550::push(u8 byte) {
    if (fifo_count_ >= fifo_capacity()) {
        overrun_ = true;
        return;
    }
    fifo_[(fifo_first_ + fifo_count_++) % fifo_bytes] = byte;
    timed_out_ = false;
    timeout_ns_ = fifo_enabled() ? clock_.now_ns() + character_timeout_ns() : no_deadline_ns;
}

void Serial16550::refill() {
    while (!loopback() && !queue_.empty() && fifo_count_ < fifo_capacity()) {
        push(queue_.front());
        queue_.pop_front();
    }
}

u8 Serial16550::pop() {
    if (fifo_count_ == 0) return 0;
    u8 byte = fifo_[fifo_first_];
    fifo_first_ = static_cast<u8>((fifo_first_ + 1) % fifo_bytes);
    fifo_count_--;
    timed_out_ = false;
    timeout_ns_ = fifo_enabled() && fifo_count_ > 0 ? clock_.now_ns() + character_timeout_ns()
                                                    : no_deadline_ns;
    refill();
    return byte;
}

size_t Serial16550::receive_room() const {
    return limits::console_input_bytes_max -
           std::min<size_t>(queue_.size(), limits::console_input_bytes_max);
}

size_t Serial16550::receive(std::span<const u8> bytes) {
    size_t taken = std::min(receive_room(), bytes.size());
    queue_.insert(queue_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    refill();
    update_line();
    return taken;
}

void Serial16550::transmit(u8 byte) {
    if (loopback()) {
        push(byte);
        return;
    }
    if (batch_.empty()) batch_deadline_ns_ = clock_.now_ns() + output_batch_ns;
    batch_.push_back(byte);
    if (byte == '\n' || batch_.size() >= output_batch_bytes) flush_output();
}

void Serial16550::flush_output() {
    batch_deadline_ns_ = no_deadline_ns;
    if (batch_.empty()) return;
    sink_.emit(OutputKind::console, batch_);
    batch_.clear();
}

/// CTS, DSR, RI, DCD (bits 4 … 7) as they are now: the other end's, or in loopback our own RTS,
/// DTR, OUT1, OUT2.
u8 Serial16550::modem_lines() const {
    if (!loopback()) return modem_connected;
    u8 control = modem_control_;
    return static_cast<u8>((control & 2) << 3 | (control & 1) << 5 | (control & 4) << 4 |
                           (control & 8) << 4);
}

void Serial16550::set_modem_lines(u8 lines) {
    u8 changed = static_cast<u8>((modem_status_ ^ lines) >> 4);
    // Of the ring indicator only the fall counts (TERI).
    if (lines & 0x40) changed &= 0x0B;
    modem_status_ = static_cast<u8>((modem_status_ & 0x0F) | lines | changed);
}

void Serial16550::write_modem_control(u8 value) {
    modem_control_ = value & 0x1F;
    set_modem_lines(modem_lines());
    refill();
}

void Serial16550::write_fifo_control(u8 value) {
    bool toggled = (value ^ fifo_control_) & 1;
    // The other bits count only together with the enable bit.
    fifo_control_ = value & 1 ? value & 0xC9 : 0;
    if (toggled || (value & 3) == 3) {
        fifo_first_ = fifo_count_ = 0;
        timed_out_ = false;
        timeout_ns_ = no_deadline_ns;
        overrun_ = false;
    }
    if (toggled || (value & 5) == 5) transmitter_empty_pending_ = true;
    refill();
}

u8 Serial16550::interrupt_cause() const {
    if ((interrupt_enable_ & enable_line_status) && overrun_) return cause_line_status;
    if ((interrupt_enable_ & enable_received) && fifo_count_ >= trigger_level())
        return cause_received;
    if ((interrupt_enable_ & enable_received) && timed_out_) return cause_timeout;
    if ((interrupt_enable_ & enable_transmitter) && transmitter_empty_pending_)
        return cause_transmitter;
    if ((interrupt_enable_ & enable_modem) && (modem_status_ & 0x0F)) return cause_modem;
    return cause_none;
}

void Serial16550::update_line() {
    // OUT2 gates the interrupt on a PC; in loopback the pin is off.
    line_.set(interrupt_cause() != cause_none && (modem_control_ & modem_control_out2) &&
              !loopback());
}

u64 Serial16550::read(u64 offset, unsigned size_bytes) {
    (void)size_bytes;
    u8 value = 0xFF;
    bool divisor = line_control_ & line_control_divisor;
    switch (offset) {
    case reg_data: value = divisor ? static_cast<u8>(divisor_) : pop(); break;
    case reg_interrupt_enable:
        value = divisor ? static_cast<u8>(divisor_ >> 8) : interrupt_enable_;
        break;
    case reg_identification:
        value = interrupt_cause();
        if (value == cause_transmitter) transmitter_empty_pending_ = false;
        if (fifo_enabled()) value |= 0xC0;
        break;
    case reg_line_control: value = line_control_; break;
    case reg_modem_control: value = modem_control_; break;
    case reg_line_status:
        value = static_cast<u8>(status_transmitter_idle | (overrun_ ? status_overrun : 0) |
                                (fifo_count_ > 0 ? status_data_ready : 0));
        overrun_ = false;
        break;
    case reg_modem_status:
        value = modem_status_;
        modem_status_ &= 0xF0;
        break;
    case reg_scratch: value = scratch_; break;
    default: break;
    }
    update_line();
    return value;
}

void Serial16550::write(u64 offset, unsigned size_bytes, u64 value) {
    (void)size_bytes;
    u8 byte = static_cast<u8>(value);
    bool divisor = line_control_ & line_control_divisor;
    switch (offset) {
    case reg_data:
        if (divisor) {
            divisor_ = static_cast<u16>((divisor_ & 0xFF00) | byte);
        } else {
            transmit(byte);
            transmitter_empty_pending_ = true;
        }
        break;
    case reg_interrupt_enable:
        if (divisor) {
            divisor_ = static_cast<u16>((divisor_ & 0x00FF) | byte << 8);
        } else {
            // Enabling the interrupt with the transmitter idle requests it anew: drivers rely on it
            // to start.
            if ((byte & enable_transmitter) && !(interrupt_enable_ & enable_transmitter))
                transmitter_empty_pending_ = true;
            interrupt_enable_ = byte & 0x0F;
        }
        break;
    case reg_identification: write_fifo_control(byte); break;
    case reg_line_control: line_control_ = byte; break;
    case reg_modem_control: write_modem_control(byte); break;
    case reg_scratch: scratch_ = byte; break;
    default: break;  // line and modem status are read-only
    }
    update_line();
}

u64 Serial16550::deadline_ns() const {
    // The timeout is only an interrupt's cause; without that interrupt nobody can tell.
    u64 timeout = (interrupt_enable_ & enable_received) ? timeout_ns_ : no_deadline_ns;
    return std::min(batch_deadline_ns_, timeout);
}

void Serial16550::advance(u64 now_ns) {
    if (now_ns >= batch_deadline_ns_) flush_output();
    if (now_ns < timeout_ns_ || !(interrupt_enable_ & enable_received)) return;
    timeout_ns_ = no_deadline_ns;
    timed_out_ = fifo_count_ > 0;
    update_line();
}

void Serial16550::save(StateWriter& state) const {
    for (u8 byte :
         {interrupt_enable_, fifo_control_, line_control_, modem_control_, scratch_, modem_status_})
        state.put(byte);
    state.put(divisor_);
    for (bool flag : {overrun_, transmitter_empty_pending_, timed_out_})
        state.put(static_cast<u8>(flag));
    state.put(timeout_ns_);
    // From the oldest byte on: where the ring begins is not state.
    state.put(fifo_count_);
    for (u8 i = 0; i < fifo_count_; i++) state.put(fifo_[(fifo_first_ + i) % fifo_bytes]);
    state.put_block(std::vector<u8>(queue_.begin(), queue_.end()));
    state.put_block(batch_);
    state.put(batch_deadline_ns_);
}

void Serial16550::restore(StateReader& state) {
    for (u8* byte : {&interrupt_enable_, &fifo_control_, &line_control_, &modem_control_, &scratch_,
                     &modem_status_})
        state.get(*byte);
    state.get(divisor_);
    for (bool* flag : {&overrun_, &transmitter_empty_pending_, &timed_out_})
        *flag = state.get<u8>() != 0;
    state.get(timeout_ns_);
    fifo_first_ = 0;
    state.get(fifo_count_);
    if (fifo_count_ > fifo_bytes) {
        state.fail();
        fifo_count_ = 0;
    }
    for (u8 i = 0; i < fifo_count_; i++) state.get(fifo_[i]);
    std::vector<u8> queue = state.get_block(limits::console_input_bytes_max);
    queue_.assign(queue.begin(), queue.end());
    batch_ = state.get_block(output_batch_bytes - 1);
    state.get(batch_deadline_ns_);
    interrupt_enable_ &= 0x0F;
    modem_control_ &= 0x1F;
    fifo_control_ &= 0xC9;
}

}  // namespace vmft
