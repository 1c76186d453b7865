#include "world/tap.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/limits.h"
#include "base/tcp_frames.h"
#include "test.h"
#include "world/announce.h"
#include "world/network_namespace.h"

namespace vmft {
namespace {

using test::in_network_namespace;
using test::NetworkEnd;
using test::numbered_frame;

VMFT_TEST(bad_names) {
    for (std::string_view name :
         {"", "sixteen-letters-", "a/b", "a b", "tap%d", "a:1", ".", ".."}) {
        Tap::Opened opened = Tap::open(name);
        VMFT_EXPECT(!opened.tap);
        VMFT_EXPECT_EQUAL(std::string(tap_fault_name(opened.fault)), "bad name");
        VMFT_EXPECT(!opened.message.empty());
    }
}

VMFT_TEST(faults_of_the_host_are_named) {
    in_network_namespace([] {
        Tap::Opened held = Tap::open("held");
        VMFT_REQUIRE(held.tap.has_value());
        VMFT_EXPECT(Tap::open("held").fault == TapFault::busy);
        VMFT_EXPECT(Tap::open("lo").fault == TapFault::not_a_tap);
        // As nobody, neither the device nor the interface opens (which of the two, the host's
        // permissions say).
        if (setresuid(65534, 65534, 65534) == 0)
            VMFT_EXPECT(Tap::open("other").fault == TapFault::no_permission);
    });
}

VMFT_TEST(frames_go_both_ways) {
    in_network_namespace([] {
        Tap::Opened opened = Tap::open("t0");
        VMFT_REQUIRE(opened.tap.has_value());
        Tap& tap = *opened.tap;
        VMFT_EXPECT(!tap.write(numbered_frame(1)));  // Down.
        VMFT_EXPECT_EQUAL(tap.frames_dropped(), 1u);
        VMFT_REQUIRE(test::set_interface_up("t0", true));
        NetworkEnd network("t0");
        VMFT_REQUIRE(network.usable());
        std::vector<u8> one = numbered_frame(1), two = numbered_frame(2, 1514);
        const std::span<const u8> both[] = {one, two};
        VMFT_EXPECT_EQUAL(tap.write_batch(both), 2u);
        VMFT_EXPECT(network.receive() == one);
        VMFT_EXPECT(network.receive() == two);
        VMFT_EXPECT(!tap.write(std::vector<u8>(13)));
        VMFT_EXPECT_EQUAL(tap.frames_written(), 2u);

        std::vector<u8> buffer(limits::net_frame_bytes_max);
        size_t frame_bytes = 0;
        while (tap.read(buffer, frame_bytes) == TapRead::frame) {
        }
        VMFT_EXPECT(network.send(two));
        VMFT_REQUIRE(tap.read(buffer, frame_bytes) == TapRead::frame);
        VMFT_EXPECT(
            std::vector<u8>(buffer.begin(), buffer.begin() + static_cast<i64>(frame_bytes)) == two);
        VMFT_EXPECT(tap.read(buffer, frame_bytes) == TapRead::empty);

        if (std::system("ip link del dev t0 2>/dev/null") == 0) {
            VMFT_EXPECT(tap.read(buffer, frame_bytes) == TapRead::broken);
            VMFT_EXPECT(!tap.write(one));
        }
    });
}

VMFT_TEST(a_large_frame_leaves_with_the_sum_that_belongs_into_its_checksum_field) {
    in_network_namespace([] {
        Tap::Opened opened = Tap::open("t0");
        VMFT_REQUIRE(opened.tap.has_value() && test::set_interface_up("t0", true));
        NetworkEnd network("t0", 0x0800);
        VMFT_REQUIRE(network.usable());
        const std::vector<u8> segment = test::tcp_segment(20000);
        std::vector<u8> frame = segment;
        set_segment_bytes(frame, *is_large(frame), 1448);
        VMFT_EXPECT(opened.tap->write(frame));
        VMFT_EXPECT(network.receive() == segment);
    });
}

VMFT_TEST(announcement) {
    const MacAddress mac{0x52, 0x54, 0, 0x12, 0x34, 0x56};
    auto frame = announcement_of(mac);
    const std::vector<u8> wanted = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34,
                                    0x56, 0x80, 0x35, 0,    1,    8,    0,    6,    4, 0,    3,
                                    0x52, 0x54, 0,    0x12, 0x34, 0x56, 0,    0,    0, 0,    0x52,
                                    0x54, 0,    0x12, 0x34, 0x56, 0,    0,    0,    0};
    VMFT_EXPECT(std::equal(wanted.begin(), wanted.end(), frame.begin()));
    VMFT_EXPECT(std::all_of(frame.begin() + static_cast<i64>(wanted.size()), frame.end(),
                            [](u8 byte) { return byte == 0; }));
    in_network_namespace([&] {
        Tap::Opened opened = Tap::open("t0");
        VMFT_REQUIRE(opened.tap.has_value() && test::set_interface_up("t0", true));
        NetworkEnd network("t0", 0x8035);
        VMFT_EXPECT(announce(*opened.tap, mac));
        std::vector<u8> seen = network.receive();
        VMFT_EXPECT(seen.size() == frame.size() &&
                    std::equal(seen.begin(), seen.end(), frame.begin()));
    });
}

}  // namespace
}  // namespace vmft
