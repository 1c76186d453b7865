#include "base/tcp_frame.h"

#include <algorithm>

#include "base/check.h"

namespace vmft {
namespace {

constexpr size_t ethernet_bytes = 14, vlan_tag_bytes = 4;
constexpr size_t ip_bytes_min = 20, tcp_bytes_min = 20;
constexpr u16 ethertype_ipv4 = 0x0800, ethertype_vlan = 0x8100, ethertype_service_vlan = 0x88a8;
constexpr u8 protocol_tcp = 6;
constexpr u16 fragment_mask = 0x3fff;  // More fragments, and the offset.
constexpr u8 tcp_fin = 0x01, tcp_psh = 0x08, tcp_cwr = 0x80;

u16 get_u16(std::span<const u8> frame, size_t at) {
    return static_cast<u16>(frame[at] << 8 | frame[at + 1]);
}

u32 get_u32(std::span<const u8> frame, size_t at) {
    return u32{get_u16(frame, at)} << 16 | get_u16(frame, at + 2);
}

/// Adds big-endian words (RFC 1071); an odd last byte counts as if a zero followed it.
u64 add_words(u64 sum, std::span<const u8> bytes) {
    size_t at = 0;
    for (; at + 1 < bytes.size(); at += 2) sum += get_u16(bytes, at);
    if (at < bytes.size()) sum += u64{bytes[at]} << 8;
    return sum;
}

u16 fold(u64 sum) {
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<u16>(sum);
}

}  // namespace

std::optional<TcpPlace> find_tcp(std::span<const u8> frame) {
    if (frame.size() < ethernet_bytes + vlan_tag_bytes) return std::nullopt;
    size_t ip_at = ethernet_bytes;
    u16 ethertype = get_u16(frame, ip_at - 2);
    if (ethertype == ethertype_vlan || ethertype == ethertype_service_vlan) {
        ip_at += vlan_tag_bytes;
        ethertype = get_u16(frame, ip_at - 2);
    }
    if (ethertype != ethertype_ipv4 || frame.size() < ip_at + ip_bytes_min) return std::nullopt;
    const size_t ip_bytes = size_t{frame[ip_at] & 0xfu} * 4, tcp_at = ip_at + ip_bytes;
    if (frame[ip_at] >> 4 != 4 || ip_bytes < ip_bytes_min || frame[ip_at + 9] != protocol_tcp ||
        get_u16(frame, ip_at + 6) & fragment_mask ||
        ip_at + get_u16(frame, ip_at + 2) != frame.size() || frame.size() < tcp_at + tcp_bytes_min)
        return std::nullopt;
    const size_t tcp_bytes = size_t{static_cast<u8>(frame[tcp_at + 12] >> 4)} * 4;
    if (tcp_bytes < tcp_bytes_min || frame.size() < tcp_at + tcp_bytes) return std::nullopt;
    return TcpPlace{ip_at, tcp_at, tcp_at + tcp_bytes};
}

std::optional<TcpPlace> is_large(std::span<const u8> frame) {
    if (frame.size() <= usual_frame_bytes_max) return std::nullopt;
    return find_tcp(frame);
}

u16 get_segment_bytes(std::span<const u8> large, const TcpPlace& place) {
    // Nobody writes 0; who reads it all the same makes one piece of it.
    const u16 bytes = get_u16(large, place.checksum_at());
    return bytes == 0 ? u16{0xffff} : bytes;
}

void set_segment_bytes(std::span<u8> large, const TcpPlace& place, u64 segment_bytes) {
    put_u16(large, place.checksum_at(),
            static_cast<u16>(std::clamp<u64>(segment_bytes, 1, 0xffff)));
}

u16 pseudo_header_sum(std::span<const u8> frame, const TcpPlace& place) {
    u64 sum = add_words(0, frame.subspan(place.ip_at + 12, 8));
    sum += protocol_tcp;
    return fold(sum + (frame.size() - place.tcp_at));
}

void put_u16(std::span<u8> frame, size_t at, u16 value) {
    frame[at] = static_cast<u8>(value >> 8);
    frame[at + 1] = static_cast<u8>(value);
}

bool complete_checksum(std::span<u8> frame, size_t start, size_t offset) {
    if (start > frame.size() || offset + 2 > frame.size() - start) return false;
    put_u16(frame, start + offset, static_cast<u16>(~fold(add_words(0, frame.subspan(start)))));
    return true;
}

bool tcp_checksum_is_right(std::span<const u8> frame, const TcpPlace& place) {
    const u64 sum = add_words(pseudo_header_sum(frame, place), frame.subspan(place.tcp_at));
    return fold(sum) == 0xffff;
}

void cut_up(std::span<const u8> frame, const TcpPlace& place, u16 segment_bytes,
            const std::function<void(std::span<const u8>)>& packet) {
    VMFT_CHECK(segment_bytes > 0);
    const std::span<const u8> data = frame.subspan(place.data_at);
    const u16 first_id = get_u16(frame, place.ip_at + 4);
    const u32 first_sequence = get_u32(frame, place.tcp_at + 4);
    std::vector<u8> piece;
    u16 count = 0;
    for (size_t at = 0; at == 0 || at < data.size(); at += segment_bytes, count++) {
        const size_t bytes = std::min<size_t>(segment_bytes, data.size() - at);
        piece.assign(frame.begin(), frame.begin() + static_cast<i64>(place.data_at));
        piece.insert(piece.end(), data.begin() + static_cast<i64>(at),
                     data.begin() + static_cast<i64>(at + bytes));
        put_u16(piece, place.ip_at + 2, static_cast<u16>(piece.size() - place.ip_at));
        put_u16(piece, place.ip_at + 4, static_cast<u16>(first_id + count));
        put_u16(piece, place.ip_at + 10, 0);
        const auto ip = std::span(piece).subspan(place.ip_at, place.tcp_at - place.ip_at);
        put_u16(piece, place.ip_at + 10, static_cast<u16>(~fold(add_words(0, ip))));
        const u32 sequence = first_sequence + static_cast<u32>(at);
        put_u16(piece, place.tcp_at + 4, static_cast<u16>(sequence >> 16));
        put_u16(piece, place.tcp_at + 6, static_cast<u16>(sequence));
        u8& flags = piece[place.tcp_at + 13];
        if (at > 0) flags &= static_cast<u8>(~tcp_cwr);
        if (at + bytes < data.size()) flags &= static_cast<u8>(~(tcp_fin | tcp_psh));
        put_u16(piece, place.checksum_at(), pseudo_header_sum(piece, place));
        (void)complete_checksum(piece, place.tcp_at, TcpPlace::checksum_offset);
        packet(piece);
    }
}

}  // namespace vmft
