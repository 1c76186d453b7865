#include "world/delay_line.h"

#include <unistd.h>

#include <string_view>
#include <thread>

#include "test.h"
#include "world/host_clock.h"
#include "world/network_namespace.h"

namespace vmft {
namespace {

using test::in_network_namespace;
using test::NetworkEnd;
using test::numbered_frame;

/// What tells a delay line its delay.
struct Control {
    Control() { VMFT_EXPECT(::pipe(ends) == 0); }
    ~Control() { close(); }
    void say(std::string_view line) {
        VMFT_EXPECT(::write(ends[1], line.data(), line.size()) ==
                    static_cast<ssize_t>(line.size()));
    }
    void close() {
        if (ends[1] >= 0) ::close(ends[1]);
        ends[1] = -1;
    }
    int ends[2] = {-1, -1};
};

VMFT_TEST(frames_come_out_of_the_other_end_later_and_in_order) {
    in_network_namespace([] {
        Tap::Opened first = Tap::open("d0"), second = Tap::open("d1");
        VMFT_REQUIRE(first.tap.has_value() && second.tap.has_value());
        VMFT_REQUIRE(test::set_interface_up("d0", true) && test::set_interface_up("d1", true));
        NetworkEnd left("d0"), right("d1");
        VMFT_REQUIRE(left.usable() && right.usable());
        DelayLine line(std::move(*first.tap), std::move(*second.tap));
        Control control;
        constexpr u64 delay_ns = 30'000'000;
        control.say(std::to_string(delay_ns) + "\n");
        bool well = false;
        std::thread carrier([&] { well = line.run(control.ends[0]); });
        // What was sent before the line knew its delay would be early.
        while (left.send(numbered_frame(0)) && right.receive().empty()) {
        }
        for (auto [from, to] : {std::pair(&left, &right), std::pair(&right, &left)}) {
            const u64 sent_ns = host_monotonic_ns();
            for (u32 number = 1; number <= 3; ++number)
                VMFT_EXPECT(from->send(numbered_frame(number)));
            VMFT_EXPECT(to->receive() == numbered_frame(1));
            VMFT_EXPECT(host_monotonic_ns() - sent_ns >= delay_ns);
            VMFT_EXPECT(to->receive() == numbered_frame(2));
            VMFT_EXPECT(to->receive() == numbered_frame(3));
        }
        control.close();
        carrier.join();
        VMFT_EXPECT(well);
    });
}

VMFT_TEST(what_is_no_delay_ends_the_line) {
    in_network_namespace([] {
        for (std::string_view line : {"soon\n", "-1\n", "10000000001\n", "\n"}) {
            Tap::Opened first = Tap::open("d0"), second = Tap::open("d1");
            VMFT_REQUIRE(first.tap.has_value() && second.tap.has_value());
            Control control;
            control.say(line);
            VMFT_EXPECT(
                !DelayLine(std::move(*first.tap), std::move(*second.tap)).run(control.ends[0]));
        }
    });
}

}  // namespace
}  // namespace vmft
