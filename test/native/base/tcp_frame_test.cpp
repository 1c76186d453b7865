#include "base/tcp_frame.h"

#include "base/tcp_frames.h"
#include "test.h"

namespace vmft {
namespace {

using test::tcp_segment;

VMFT_TEST(a_segment_is_found_with_and_without_a_tag) {
    const auto plain = find_tcp(tcp_segment(100)), tagged = find_tcp(tcp_segment(100, true));
    VMFT_REQUIRE(plain && tagged);
    VMFT_EXPECT_EQUAL(plain->ip_at, 14u);
    VMFT_EXPECT_EQUAL(plain->tcp_at, 34u);
    VMFT_EXPECT_EQUAL(plain->data_at, 66u);
    VMFT_EXPECT_EQUAL(tagged->data_at, 70u);
}

VMFT_TEST(what_is_no_whole_segment_is_not_taken_for_one) {
    const std::vector<u8> whole = tcp_segment(2000);
    VMFT_EXPECT(is_large(whole).has_value());
    VMFT_EXPECT(!is_large(tcp_segment(1518 - 66)));
    VMFT_EXPECT(is_large(tcp_segment(1518 - 66 + 1)).has_value());
    for (size_t bytes = 0; bytes < whole.size(); bytes++)
        VMFT_EXPECT(!find_tcp(std::span(whole).first(bytes)));
    struct Change {
        size_t at;
        u8 value;
    };
    // Ethertype, version, header too short or too long, fragment, protocol, TCP header.
    for (auto [at, value] :
         {Change{12, 9}, {14, 0x65}, {14, 0x44}, {20, 0x20}, {21, 1}, {23, 17}, {46, 0x40}}) {
        std::vector<u8> changed = whole;
        changed[at] = value;
        VMFT_EXPECT(!find_tcp(changed));
    }
    std::vector<u8> longest_header = tcp_segment(0);
    longest_header[46] = 0xf0;
    VMFT_EXPECT(!find_tcp(longest_header));
}

VMFT_TEST(the_bytes_of_a_piece_travel_in_the_checksum_field) {
    std::vector<u8> frame = tcp_segment(3000);
    const TcpPlace place = *is_large(frame);
    set_segment_bytes(frame, place, 1448);
    VMFT_EXPECT_EQUAL(get_segment_bytes(frame, place), 1448);
    set_segment_bytes(frame, place, 70000);
    VMFT_EXPECT_EQUAL(get_segment_bytes(frame, place), 0xffff);
    set_segment_bytes(frame, place, 0);
    VMFT_EXPECT_EQUAL(get_segment_bytes(frame, place), 1);
    put_u16(frame, place.checksum_at(), 0);
    VMFT_EXPECT(get_segment_bytes(frame, place) > 0);
    put_u16(frame, place.checksum_at(), pseudo_header_sum(frame, place));
    VMFT_EXPECT(frame == tcp_segment(3000));
}

VMFT_TEST(a_checksum_that_was_filled_in_is_right) {
    for (size_t data_bytes : {0, 1, 99, 1448, 9000}) {
        std::vector<u8> frame = tcp_segment(data_bytes);
        const TcpPlace place = *find_tcp(frame);
        VMFT_EXPECT(!tcp_checksum_is_right(frame, place));
        VMFT_EXPECT(complete_checksum(frame, place.tcp_at, TcpPlace::checksum_offset));
        VMFT_EXPECT(tcp_checksum_is_right(frame, place));
        frame[place.tcp_at + 5] ^= 4;
        VMFT_EXPECT(!tcp_checksum_is_right(frame, place));
    }
    // The example of RFC 1071.
    std::vector<u8> words = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0, 0};
    VMFT_EXPECT(complete_checksum(words, 0, 8));
    VMFT_EXPECT(words[8] == 0x22 && words[9] == 0x0d);
    VMFT_EXPECT(!complete_checksum(words, 0, 9));
    VMFT_EXPECT(!complete_checksum(words, 11, 0));
}

VMFT_TEST(the_packets_of_a_segment_are_what_it_was) {
    for (bool tagged : {false, true}) {
        const std::vector<u8> frame = tcp_segment(1000, tagged);
        const TcpPlace place = *find_tcp(frame);
        std::vector<u8> data;
        std::vector<std::vector<u8>> packets;
        cut_up(frame, place, 300, [&](std::span<const u8> packet) {
            packets.emplace_back(packet.begin(), packet.end());
        });
        VMFT_REQUIRE(packets.size() == 4);
        for (size_t i = 0; i < packets.size(); i++) {
            const std::vector<u8>& packet = packets[i];
            VMFT_REQUIRE(find_tcp(packet).has_value());
            VMFT_EXPECT(tcp_checksum_is_right(packet, place));
            std::vector<u8> ip(packet.begin() + static_cast<i64>(place.ip_at),
                               packet.begin() + static_cast<i64>(place.tcp_at));
            const u8 high = ip[10], low = ip[11];
            ip[10] = ip[11] = 0;
            VMFT_EXPECT(complete_checksum(ip, 0, 10) && ip[10] == high && ip[11] == low);
            // The identification and the sequence number run over on the way.
            const u16 id = static_cast<u16>(0xffff + i);
            VMFT_EXPECT_EQUAL(ip[4] << 8 | ip[5], id);
            const u32 sequence = 0xffffff00u + static_cast<u32>(300 * i);
            for (size_t byte = 0; byte < 4; byte++)
                VMFT_EXPECT_EQUAL(packet[place.tcp_at + 4 + byte],
                                  static_cast<u8>(sequence >> (24 - 8 * byte)));
            const bool first = i == 0, last = i == 3;
            VMFT_EXPECT_EQUAL(packet[place.tcp_at + 13],
                              (first ? 0x80 : 0) | 0x10 | (last ? 0x09 : 0));
            data.insert(data.end(), packet.begin() + static_cast<i64>(place.data_at), packet.end());
        }
        VMFT_EXPECT(std::equal(data.begin(), data.end(),
                               frame.begin() + static_cast<i64>(place.data_at), frame.end()));
    }
}

}  // namespace
}  // namespace vmft
