#include "determinism/network_frames.h"

#include <string>

namespace vmft::test {
namespace {

constexpr u8 peer[6] = {2, 0, 0, 0, 0, 0x77};
constexpr u16 type_ip = 0x0800, type_arp = 0x0806;
constexpr u8 protocol_icmp = 1, protocol_tcp = 6, protocol_udp = 17;

struct Bytes {
    std::vector<u8> all;
    void put8(u64 value) { all.push_back(static_cast<u8>(value)); }
    void put16(u64 value) { put8(value >> 8), put8(value); }
    void put32(u64 value) { put16(value >> 16), put16(value); }
    void put(const u8* bytes, size_t count) { all.insert(all.end(), bytes, bytes + count); }
    void random(Random& random, u64 count) {
        for (; count > 0; count--) put8(random.next());
    }
};

void put_head(Bytes& frame, const u8* to, u16 type) {
    frame.put(to, 6);
    frame.put(peer, 6);
    frame.put16(type);
}

/// The internet checksum (RFC 1071) over bytes from `at` on, put at `into`.
void seal(Bytes& frame, size_t at, size_t into, u64 sum) {
    for (size_t i = at; i < frame.all.size(); i++)
        sum += i % 2 == at % 2 ? frame.all[i] << 8 : frame.all[i];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    frame.all[into] = static_cast<u8>(~sum >> 8);
    frame.all[into + 1] = static_cast<u8>(~sum);
}

void arp(Bytes& frame, Random& random, u32 guest, u32 from) {
    static constexpr u8 everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static constexpr u8 nobody[6] = {};
    put_head(frame, everyone, type_arp);
    frame.put16(1), frame.put16(type_ip), frame.put8(6), frame.put8(4);
    frame.put16(1 + random.below(2));
    frame.put(peer, 6), frame.put32(from), frame.put(nobody, 6),
        frame.put32(random.below(4) ? guest : random.next());
}

void ip_head(Bytes& frame, const MacAddress& to, u8 protocol, u32 from, u32 guest,
             u64 payload_bytes) {
    put_head(frame, to.data(), type_ip);
    size_t at = frame.all.size();
    frame.put16(0x4500), frame.put16(20 + payload_bytes), frame.put32(0x4000), frame.put8(64),
        frame.put8(protocol);
    frame.put16(0), frame.put32(from), frame.put32(guest);
    seal(frame, at, at + 10, 0);
}

void ping(Bytes& frame, Random& random, const MacAddress& to, u32 guest, u32 from) {
    u64 bytes = random.below(1200);
    ip_head(frame, to, protocol_icmp, from, guest, 8 + bytes);
    size_t at = frame.all.size();
    frame.put16(0x0800), frame.put16(0), frame.put32(random.next());
    frame.random(random, bytes);
    seal(frame, at, at + 2, 0);
}

void transport(Bytes& frame, Random& random, const MacAddress& to, u32 guest, u32 from, bool tcp) {
    u64 bytes = random.below(200), size = (tcp ? 20 : 8) + bytes;
    ip_head(frame, to, tcp ? protocol_tcp : protocol_udp, from, guest, size);
    size_t at = frame.all.size();
    u16 port = random.below(2) ? 7000 : static_cast<u16>(random.next());
    frame.put16(1024 + random.below(60000)), frame.put16(port);
    if (tcp) {
        frame.put32(random.next()), frame.put32(random.below(2) ? 0 : random.next());
        frame.put8(0x50), frame.put8(random.below(2) ? 2 : random.next()), frame.put16(64240),
            frame.put32(0);
    } else {
        frame.put16(size), frame.put16(0);
    }
    frame.random(random, bytes);
    u64 pseudo = (from >> 16) + (from & 0xffff) + (guest >> 16) + (guest & 0xffff) +
                 (tcp ? protocol_tcp : protocol_udp) + size;
    seal(frame, at, at + (tcp ? 16 : 6), pseudo);
}

}  // namespace

std::vector<u8> random_frame(Random& random, const MacAddress& guest, u32 guest_address) {
    Bytes frame;
    u32 from = (guest_address & ~u32{0xff}) | static_cast<u32>(3 + random.below(4));
    switch (random.below(6)) {
    case 0: arp(frame, random, guest_address, from); break;
    case 1:
    case 2: ping(frame, random, guest, guest_address, from); break;
    case 3: transport(frame, random, guest, guest_address, from, true); break;
    case 4: transport(frame, random, guest, guest_address, from, false); break;
    default:
        put_head(frame, random.below(2) ? guest.data() : peer, static_cast<u16>(random.next()));
        frame.random(random, random.below(1500));
        break;
    }
    // Now and then damaged on the way.
    if (random.below(8) == 0)
        frame.all[random.below(frame.all.size())] ^= static_cast<u8>(1 << random.below(8));
    return std::move(frame.all);
}

}  // namespace vmft::test
