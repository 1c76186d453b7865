#pragma once

#include <array>
#include <deque>
#include <span>
#include <vector>

#include "device/device.h"
#include "output/output.h"

namespace vmft {

/// A 16550A UART (PC16550D data sheet) whose line is instantaneous: what the guest writes has left
/// at once, what arrives waits in a bounded queue behind the FIFO until there is room.
///
/// Output bytes are emitted in batches decided by the guest alone: at a newline, at
/// output_batch_bytes, or output_batch_ns of virtual time after a batch's first byte.
class Serial16550 final : public Device {
public:
    static constexpr u64 output_batch_bytes = 128;
    static constexpr u64 output_batch_ns = 1'000'000;
    static constexpr u64 fifo_bytes = 16;

    Serial16550(const VirtualClock& clock, InterruptLine& line, OutputSink& sink)
        : clock_(clock), line_(line), sink_(sink) {}

    /// Bytes from the other end. Takes as many as the queue (limits::console_input_bytes_max) has
    /// room for, and says how many; the rest is lost as on a wire without flow control.
    size_t receive(std::span<const u8> bytes);
    /// How many bytes the queue takes now.
    size_t receive_room() const;
    /// Emits what is batched; before a power-off or reset.
    void flush_output();

    u64 read(u64 offset, unsigned size_bytes) override;
    void write(u64 offset, unsigned size_bytes, u64 value) override;
    u64 deadline_ns() const override;
    void advance(u64 now_ns) override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;

private:
    bool fifo_enabled() const { return fifo_control_ & 1; }
    bool loopback() const { return modem_control_ & 0x10; }
    size_t fifo_capacity() const { return fifo_enabled() ? fifo_bytes : 1; }
    size_t trigger_level() const;
    u64 character_timeout_ns() const;

    void push(u8 byte);
    void refill();
    u8 pop();
    void transmit(u8 byte);
    void write_fifo_control(u8 value);
    void write_modem_control(u8 value);
    u8 modem_lines() const;
    void set_modem_lines(u8 lines);
    u8 interrupt_cause() const;
    void update_line();

    const VirtualClock& clock_;
    InterruptLine& line_;
    OutputSink& sink_;

    u8 interrupt_enable_ = 0, fifo_control_ = 0, line_control_ = 0, modem_control_ = 0,
       scratch_ = 0;
    u16 divisor_ = 12;  // 9600 baud
    u8 modem_status_ = modem_connected;
    bool overrun_ = false;
    bool transmitter_empty_pending_ =
        false;  ///< The THRE interrupt's cause: set by emptying, cleared by reading IIR.
    bool timed_out_ = false;  ///< Bytes below the trigger level have waited four character times.
    u64 timeout_ns_ = no_deadline_ns;
    std::array<u8, fifo_bytes> fifo_{};
    u8 fifo_first_ = 0, fifo_count_ = 0;
    std::deque<u8> queue_;
    std::vector<u8> batch_;
    u64 batch_deadline_ns_ = no_deadline_ns;

    static constexpr u8 modem_connected = 0xB0;  // DCD, DSR, CTS
};

}  // namespace vmft
