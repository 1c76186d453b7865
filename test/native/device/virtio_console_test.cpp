#include "device/virtio_console.h"

#include <string>

#include "base/limits.h"
#include "device/recording_sink.h"
#include "device/virtio_driver.h"
#include "test.h"

namespace vmft {
namespace {

using test::RecordingLine;
using test::RecordingSink;
using test::VirtioDriver;

struct Terminal {
    GuestMemory memory{u64{4} << 20};
    RecordingSink sink;
    VirtioConsole console{memory, sink};
    RecordingLine line;
    VirtioMmio mmio{&console, line};
    VirtioDriver driver{memory, mmio};
    VirtioDriver::Queue* typed = nullptr;
    VirtioDriver::Queue* shown = nullptr;

    explicit Terminal(u64 features = virtio_feature::ring_event_index) {
        VMFT_EXPECT(driver.negotiate(features));
        typed = &driver.add_queue(VirtioConsole::receive_queue, 64);
        shown = &driver.add_queue(VirtioConsole::transmit_queue, 64);
        driver.set_ready();
    }
    void type(const std::string& text) {
        console.receive({reinterpret_cast<const u8*>(text.data()), text.size()});
    }
};

VMFT_TEST(shows_what_is_written) {
    Terminal terminal;
    terminal.driver.add(*terminal.shown,
                        {terminal.driver.text("log"), terminal.driver.text("in: ")});
    terminal.driver.kick(*terminal.shown);
    VMFT_REQUIRE(terminal.sink.shown.size() == 1);
    VMFT_EXPECT(terminal.sink.shown[0] ==
                RecordingSink::Shown({OutputKind::console, {'l', 'o', 'g', 'i', 'n', ':', ' '}}));
    VMFT_EXPECT(terminal.driver.harvest(*terminal.shown).has_value());
    std::string much(limits::console_output_chain_bytes_max + 5, 'x');
    terminal.driver.add(*terminal.shown, {terminal.driver.text(much)});
    terminal.driver.kick(*terminal.shown);
    VMFT_EXPECT_EQUAL(terminal.sink.shown[1].bytes.size(), limits::console_output_chain_bytes_max);
    VMFT_EXPECT_EQUAL(terminal.console.output_bytes_dropped(), 5u);
}

VMFT_TEST(input_waits_for_buffers) {
    for (u64 features : {u64{0}, virtio_feature::ring_event_index}) {
        Terminal terminal(features);
        terminal.type("hello");
        VMFT_EXPECT_EQUAL(terminal.console.input_bytes_waiting(), 5u);
        VMFT_EXPECT(!terminal.line.up);
        auto first = terminal.driver.room(3), second = terminal.driver.room(64);
        terminal.driver.add(*terminal.typed, {first});
        terminal.driver.add(*terminal.typed, {second});
        VMFT_EXPECT(terminal.driver.kick(*terminal.typed));
        VMFT_EXPECT(terminal.line.up);
        VMFT_EXPECT_EQUAL(terminal.driver.harvest(*terminal.typed)->bytes_written, 3u);
        VMFT_EXPECT_EQUAL(terminal.driver.harvest(*terminal.typed)->bytes_written, 2u);
        VMFT_EXPECT_EQUAL(terminal.driver.bytes_of(second)[1], 'o');
        terminal.driver.add(*terminal.typed, {terminal.driver.room(64)});
        terminal.driver.kick(*terminal.typed);
        terminal.type("x");
        VMFT_EXPECT_EQUAL(terminal.driver.harvest(*terminal.typed)->bytes_written, 1u);
        VMFT_EXPECT_EQUAL(terminal.console.input_bytes_waiting(), 0u);
    }
}

VMFT_TEST(input_is_bounded_and_a_reset_forgets_it) {
    Terminal terminal;
    terminal.type(std::string(limits::console_input_bytes_max - 1, 'a'));
    VMFT_EXPECT_EQUAL(terminal.console.input_room(), 1u);
    terminal.type("bcd");
    VMFT_EXPECT_EQUAL(terminal.console.input_bytes_dropped(), 2u);
    StateWriter saved;
    terminal.mmio.save(saved);
    Terminal other;
    StateReader reader(saved.bytes());
    other.mmio.restore(reader);
    VMFT_EXPECT(reader.ok() && reader.bytes_left() == 0);
    VMFT_EXPECT_EQUAL(other.console.input_bytes_waiting(), limits::console_input_bytes_max);
    terminal.driver.set(virtio_mmio::status, 0);
    VMFT_EXPECT_EQUAL(terminal.console.input_bytes_waiting(), 0u);
}

}  // namespace
}  // namespace vmft
