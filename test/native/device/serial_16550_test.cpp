#include "device/serial_16550.h"

#include "base/limits.h"
#include "fake_machine.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

struct Uart {
    FakeClock clock;
    FakeLine line;
    FakeSink sink;
    Serial16550 uart{clock, line, sink};
    u8 get(u64 offset) { return static_cast<u8>(uart.read(offset, 1)); }
    void set(u64 offset, u8 value) { uart.write(offset, 1, value); }
    void print(std::string_view text) {
        for (char c : text) set(0, static_cast<u8>(c));
    }
    size_t type(std::string_view text) {
        return uart.receive({reinterpret_cast<const u8*>(text.data()), text.size()});
    }
    /// FIFOs with trigger level 8, OUT2.
    void start(u8 interrupts) {
        set(2, 0x87);
        set(4, 0x0B);
        set(1, interrupts);
    }
};

}  // namespace

VMFT_TEST(serial_output_batches) {
    Uart t;
    t.print("hello\nwor");
    VMFT_EXPECT(t.sink.batches == std::vector<std::string>{"hello\n"});
    VMFT_EXPECT_EQUAL(t.uart.deadline_ns(), Serial16550::output_batch_ns);
    run_until(t.clock, t.uart, 2'000'000);
    VMFT_EXPECT(t.sink.batches.back() == "wor");
    VMFT_EXPECT_EQUAL(t.uart.deadline_ns(), no_deadline_ns);
    t.print(std::string(300, 'x'));
    VMFT_EXPECT_EQUAL(t.sink.batches.size(), 4u);
    t.uart.flush_output();
    VMFT_EXPECT_EQUAL(t.sink.batches.back().size(), 300u - 256u);
}

VMFT_TEST(serial_transmit_interrupt) {
    Uart t;
    t.start(0);
    t.set(1, 2);
    VMFT_EXPECT(t.line.up);  // idle transmitter: at once
    VMFT_EXPECT_EQUAL(t.get(2), 0xC2);
    VMFT_EXPECT(!t.line.up);  // reading the cause takes it
    VMFT_EXPECT_EQUAL(t.get(2), 0xC1);
    t.set(0, 'a');
    VMFT_EXPECT(t.line.up);
    VMFT_EXPECT_EQUAL(t.get(5) & 0x60, 0x60);
    t.set(1, 0);
    VMFT_EXPECT(!t.line.up);
}

VMFT_TEST(serial_receive_trigger_and_timeout) {
    Uart t;
    t.start(1);
    VMFT_EXPECT_EQUAL(t.type("abc"), 3u);
    VMFT_EXPECT(!t.line.up);  // below the trigger level
    VMFT_EXPECT_EQUAL(t.get(5) & 1, 1);
    run_until(t.clock, t.uart, 100'000'000);
    VMFT_EXPECT(t.line.up);
    VMFT_EXPECT_EQUAL(t.get(2), 0xCC);
    VMFT_EXPECT_EQUAL(t.get(0), 'a');
    VMFT_EXPECT(!t.line.up);
    t.type("defgh12345");
    VMFT_EXPECT_EQUAL(t.get(2), 0xC4);
    std::string got;
    while (t.get(5) & 1) got.push_back(static_cast<char>(t.get(0)));
    VMFT_EXPECT(got == "bcdefgh12345");
    VMFT_EXPECT_EQUAL(t.get(2), 0xC1);
}

VMFT_TEST(serial_queue_is_bounded_and_ordered) {
    Uart t;
    t.start(1);
    std::string text;
    for (unsigned i = 0; i < 5000; i++) text.push_back(static_cast<char>(i * 7));
    size_t taken = t.type(text);
    VMFT_EXPECT_EQUAL(taken, limits::console_input_bytes_max);
    std::string got;
    while (t.get(5) & 1) got.push_back(static_cast<char>(t.get(0)));
    VMFT_EXPECT(got == text.substr(0, taken));
}

VMFT_TEST(serial_loopback_as_linux_probes) {
    Uart t;
    t.set(4, 0x1A);
    VMFT_EXPECT_EQUAL(t.get(6) & 0xF0, 0x90);
    t.set(0, 'q');
    VMFT_EXPECT(t.sink.batches.empty());
    VMFT_EXPECT_EQUAL(t.get(0), 'q');
    t.set(0, '1');
    t.set(0, '2');  // no FIFO: lost
    VMFT_EXPECT_EQUAL(t.get(5) & 2, 2);
    VMFT_EXPECT_EQUAL(t.get(5) & 2, 0);
    VMFT_EXPECT_EQUAL(t.get(0), '1');
    t.set(4, 0x08);
    VMFT_EXPECT_EQUAL(t.get(6) & 0xF0, 0xB0);
    VMFT_EXPECT_EQUAL(t.get(6) & 0x0F, 0);  // deltas are cleared by reading
}

VMFT_TEST(serial_registers_as_linux_probes) {
    Uart t;
    t.set(1, 0xFF);
    VMFT_EXPECT_EQUAL(t.get(1), 0x0F);
    t.set(7, 0xA5);
    VMFT_EXPECT_EQUAL(t.get(7), 0xA5);
    t.set(2, 0x01);
    VMFT_EXPECT_EQUAL(t.get(2) >> 6, 3);  // 16550A
    t.set(3, 0x80);
    t.set(0, 0x01);
    t.set(1, 0x02);
    VMFT_EXPECT_EQUAL(t.get(0), 1);
    VMFT_EXPECT_EQUAL(t.get(1), 2);
    t.set(3, 0x03);
    VMFT_EXPECT_EQUAL(t.get(1), 0x0F);
}

VMFT_TEST(serial_interrupt_needs_out2) {
    Uart t;
    t.set(1, 2);
    VMFT_EXPECT(!t.line.up);
    t.set(4, 0x08);
    VMFT_EXPECT(t.line.up);
}

VMFT_TEST(serial_state) {
    Uart t, u;
    t.start(3);
    t.type("some input that is longer than the fifo of the chip");
    t.get(0);
    t.get(0);
    t.print("half a li");
    copy_state(t.uart, u.uart);
    t.print("ne\n");
    u.print("ne\n");
    VMFT_EXPECT(u.sink.batches == std::vector<std::string>{"half a line\n"});
    while (t.get(5) & 1) VMFT_EXPECT_EQUAL(u.get(0), t.get(0));
    VMFT_EXPECT(saved(t.uart) == saved(u.uart));
}

VMFT_TEST(serial_survives_any_guest) {
    struct DevNull final : OutputSink {
        void emit(OutputKind, std::span<const u8>) override {}
    } sink;
    FakeClock clock;
    FakeLine line;
    Serial16550 a(clock, line, sink), b(clock, line, sink);
    std::vector<u8> typed(300, 'k');
    a.receive(typed);
    b.receive(typed);
    hammer(clock, a, b, 9, 1, 5);
}
