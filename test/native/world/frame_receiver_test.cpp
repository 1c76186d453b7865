#include "world/frame_receiver.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/limits.h"
#include "test.h"
#include "world/host_clock.h"
#include "world/network_namespace.h"
#include "world/wake.h"

namespace vmft {
namespace {

using test::in_network_namespace;
using test::NetworkEnd;
using test::number_of;
using test::numbered_frame;

constexpr u64 patience_ns = 10'000'000'000;  // Far longer than anything here takes.

struct Line {
    Tap tap;
    NetworkEnd network;
    Wake wake;
    FrameReceiver receiver{tap, [this] { wake.post(wake_reason::input); }};

    explicit Line(Tap&& opened) : tap(std::move(opened)), network(tap.name()) {}

    /// The numbers of the next `count` numbered frames, waiting for them.
    std::vector<u32> take(size_t count) {
        std::vector<u32> numbers;
        std::vector<u8> frame;
        u64 deadline_ns = host_monotonic_ns() + patience_ns;
        while (numbers.size() < count) {
            if (!receiver.take(frame)) {
                if (wake.wait_until(deadline_ns) == 0) break;
            } else if (number_of(frame) != ~u32{0}) {
                numbers.push_back(number_of(frame));
            }
        }
        return numbers;
    }
};

std::unique_ptr<Line> make_line() {
    Tap::Opened opened = Tap::open("t0");
    VMFT_EXPECT(opened.tap.has_value());
    if (!opened.tap || !test::set_interface_up("t0", true)) return nullptr;
    return std::make_unique<Line>(std::move(*opened.tap));
}

bool until(auto condition) {
    for (u64 end = host_monotonic_ns() + patience_ns; host_monotonic_ns() < end;) {
        if (condition()) return true;
        usleep(200);
    }
    return false;
}

VMFT_TEST(frames_come_in_order_and_never_stale) {
    in_network_namespace([] {
        auto line = make_line();
        VMFT_REQUIRE(line != nullptr);
        for (u32 i = 0; i < 20; i++) VMFT_EXPECT(line->network.send(numbered_frame(1000 + i)));
        line->receiver.enable();
        VMFT_EXPECT(line->receiver.frames_discarded() >= 20);
        for (u32 i = 0; i < 200; i++) VMFT_EXPECT(line->network.send(numbered_frame(i)));
        std::vector<u32> numbers = line->take(200);
        VMFT_REQUIRE(numbers.size() == 200);
        for (u32 i = 0; i < 200; i++) VMFT_EXPECT_EQUAL(numbers[i], i);

        line->network.send(numbered_frame(2000));
        VMFT_EXPECT(until([&] { return line->receiver.frames_waiting(); }));
        line->receiver.disable();
        VMFT_EXPECT(!line->receiver.frames_waiting());
        line->network.send(numbered_frame(2001));
        line->receiver.enable();
        line->network.send(numbered_frame(7));
        VMFT_EXPECT(line->take(1) == std::vector<u32>{7});
    });
}

VMFT_TEST(a_full_queue_stops_reading_and_goes_on) {
    in_network_namespace([] {
        auto line = make_line();
        VMFT_REQUIRE(line != nullptr);
        line->receiver.enable();
        // What does not fit the interface's own queue is lost, so send until enough has come.
        u32 sent = 0;
        u64 end_ns = host_monotonic_ns() + patience_ns;
        while (line->receiver.frames_received() < limits::received_frames_max &&
               host_monotonic_ns() < end_ns)
            sent += line->network.send(numbered_frame(sent));
        VMFT_EXPECT(sent >= limits::received_frames_max);
        VMFT_EXPECT(
            until([&] { return line->receiver.frames_received() == limits::received_frames_max; }));
        VMFT_EXPECT_EQUAL(line->take(limits::received_frames_max).size(),
                          limits::received_frames_max);
        line->receiver.disable();
        line->receiver.enable();
        VMFT_EXPECT(line->network.send(numbered_frame(99)));
        VMFT_EXPECT(line->take(1) == std::vector<u32>{99});
    });
}

VMFT_TEST(an_interface_that_goes_away) {
    in_network_namespace([] {
        auto line = make_line();
        VMFT_REQUIRE(line != nullptr);
        line->receiver.enable();
        if (std::system("ip link del dev t0 2>/dev/null") == 0)
            VMFT_EXPECT(until([&] { return line->receiver.broken(); }));
        line->receiver.disable();
    });
}

}  // namespace
}  // namespace vmft
