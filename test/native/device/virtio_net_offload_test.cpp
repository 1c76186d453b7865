#include <string>

#include "base/tcp_frames.h"
#include "device/recording_sink.h"
#include "device/virtio_driver.h"
#include "device/virtio_net.h"
#include "test.h"

namespace vmft {
namespace {

using test::RecordingLine;
using test::RecordingSink;
using test::tcp_segment;
using test::VirtioDriver;

constexpr u64 all_offloads = VirtioNet::feature_checksum | VirtioNet::feature_guest_checksum |
                             VirtioNet::feature_guest_tso4 | VirtioNet::feature_host_tso4;

struct Card {
    GuestMemory memory{u64{16} << 20};
    RecordingSink sink;
    VirtioNet net{memory, {0x52, 0x54, 0, 1, 2, 3}, sink};
    RecordingLine line;
    VirtioMmio mmio{&net, line};
    VirtioDriver driver{memory, mmio};
    VirtioDriver::Queue* posted = nullptr;
    VirtioDriver::Queue* sent = nullptr;

    explicit Card(u64 features) {
        VMFT_EXPECT(driver.negotiate(VirtioNet::feature_mac | features));
        posted = &driver.add_queue(VirtioNet::receive_queue, 256);
        sent = &driver.add_queue(VirtioNet::transmit_queue, 256);
        driver.set_ready();
    }

    void send(const std::string& header, const std::vector<u8>& frame) {
        driver.add(*sent, {driver.text(header + std::string(frame.begin(), frame.end()))});
        driver.kick(*sent);
    }

    /// Of one buffer that holds anything: header and frame.
    std::vector<u8> receive(const std::vector<u8>& frame) {
        auto buffer = driver.room(70000);
        driver.add(*posted, {buffer});
        driver.kick(*posted);
        net.receive(frame);
        const auto used = driver.harvest(*posted);
        if (!used) return {};
        std::vector<u8> got = driver.bytes_of(buffer);
        got.resize(used->bytes_written);
        return got;
    }
};

/// virtio_net_hdr_mrg_rxbuf, numbers in the guest's byte order.
std::string header_of(u8 flags, u8 offload, u16 header_bytes, u16 segment_bytes, u16 start,
                      u16 offset, u16 buffers = 0) {
    std::string header = {static_cast<char>(flags), static_cast<char>(offload)};
    for (u16 value : {header_bytes, segment_bytes, start, offset, buffers}) {
        header += static_cast<char>(value & 0xff);
        header += static_cast<char>(value >> 8);
    }
    return header;
}

const std::string segment_of_1448 = header_of(1, 1, 66, 1448, 34, 16);
const std::string without_checksum = header_of(1, 0, 0, 0, 34, 16);

std::vector<u8> marked(std::vector<u8> frame, u64 segment_bytes) {
    set_segment_bytes(frame, *is_large(frame), segment_bytes);
    return frame;
}

std::vector<u8> completed(std::vector<u8> frame) {
    VMFT_EXPECT(complete_checksum(frame, 34, 16));
    return frame;
}

VMFT_TEST(a_large_segment_leaves_in_one_piece_with_the_size_of_its_packets) {
    Card card(all_offloads);
    card.send(segment_of_1448, tcp_segment(60000));
    VMFT_REQUIRE(card.sink.shown.size() == 1);
    VMFT_EXPECT(card.sink.shown[0].bytes == marked(tcp_segment(60000), 1448));
    VMFT_EXPECT_EQUAL(card.net.counters().sent, 1u);
}

VMFT_TEST(a_small_segment_leaves_as_its_packets) {
    Card card(all_offloads);
    card.send(header_of(1, 1, 66, 500, 34, 16), tcp_segment(1200));
    VMFT_REQUIRE(card.sink.shown.size() == 3);
    for (const auto& shown : card.sink.shown) {
        const auto place = find_tcp(shown.bytes);
        VMFT_EXPECT(place && tcp_checksum_is_right(shown.bytes, *place));
    }
    VMFT_EXPECT_EQUAL(card.sink.shown[2].bytes.size(), 66u + 200u);
}

VMFT_TEST(a_packet_without_checksum_leaves_with_one) {
    Card card(all_offloads);
    card.send(without_checksum, tcp_segment(100));
    VMFT_REQUIRE(card.sink.shown.size() == 1);
    VMFT_EXPECT(card.sink.shown[0].bytes == completed(tcp_segment(100)));
}

VMFT_TEST(a_large_packet_is_a_segment_of_one_piece) {
    Card card(all_offloads);
    card.send(without_checksum, tcp_segment(5000));
    card.send(std::string(12, '\0'), completed(tcp_segment(5000)));
    VMFT_REQUIRE(card.sink.shown.size() == 2);
    for (const auto& shown : card.sink.shown)
        VMFT_EXPECT(get_segment_bytes(shown.bytes, *is_large(shown.bytes)) >= 5000);
}

VMFT_TEST(offloads_that_make_no_sense_are_dropped_and_counted) {
    Card card(all_offloads);
    std::vector<u8> no_tcp = tcp_segment(3000);
    no_tcp[23] = 17;
    card.send(segment_of_1448, no_tcp);
    card.send(header_of(1, 1, 66, 0, 34, 16), tcp_segment(3000));
    card.send(header_of(0, 1, 66, 1448, 34, 16), tcp_segment(3000));
    card.send(header_of(1, 4, 66, 1448, 34, 16), tcp_segment(3000));
    card.send(header_of(1, 0, 0, 0, 60000, 60000), tcp_segment(100));
    VMFT_EXPECT(card.sink.shown.empty());
    VMFT_EXPECT_EQUAL(card.net.counters().sent_malformed, 5u);
    Card plain(VirtioNet::feature_checksum);
    plain.send(segment_of_1448, tcp_segment(3000));
    VMFT_EXPECT_EQUAL(plain.net.counters().sent_malformed, 1u);
}

VMFT_TEST(a_large_segment_is_received_in_one_piece) {
    Card card(all_offloads);
    VMFT_EXPECT(card.net.takes_large_frames());
    const std::vector<u8> got = card.receive(marked(tcp_segment(60000), 1448));
    VMFT_REQUIRE(got.size() > 12);
    VMFT_EXPECT(std::string(got.begin(), got.begin() + 12) == header_of(1, 1, 66, 1448, 34, 16, 1));
    VMFT_EXPECT(std::equal(got.begin() + 12, got.end(), tcp_segment(60000).begin()));
}

VMFT_TEST(a_driver_without_offloads_gets_whole_packets_and_no_segments) {
    Card card(0);
    VMFT_EXPECT(!card.net.takes_large_frames());
    const std::vector<u8> got = card.receive(marked(tcp_segment(5000), 5000));
    VMFT_REQUIRE(got.size() > 12);
    VMFT_EXPECT(got[0] == 0 && got[1] == 0);
    VMFT_EXPECT(std::vector<u8>(got.begin() + 12, got.end()) == completed(tcp_segment(5000)));
    card.net.receive(marked(tcp_segment(5000), 1448));
    VMFT_EXPECT_EQUAL(card.net.counters().received_malformed, 1u);
}

VMFT_TEST(a_frame_waits_until_there_are_buffers_for_the_largest) {
    Card card(all_offloads | VirtioNet::feature_mergeable_buffers);
    for (int count = 0; count < 47; count++)
        card.driver.add(*card.posted, {card.driver.room(1530)});
    card.driver.kick(*card.posted);
    VMFT_EXPECT(!card.net.can_receive());
    card.driver.add(*card.posted, {card.driver.room(1530)});
    card.driver.kick(*card.posted);
    VMFT_EXPECT(card.net.can_receive());
    card.net.receive(marked(tcp_segment(65535 - 52), 1448));
    VMFT_EXPECT_EQUAL(card.net.counters().received, 1u);
}

}  // namespace
}  // namespace vmft
