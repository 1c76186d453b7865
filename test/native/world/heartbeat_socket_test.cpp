#include "world/heartbeat_socket.h"

#include <thread>

#include "test.h"

namespace vmft {
namespace {

std::optional<HeartbeatSocket::Received> next(HeartbeatSocket& socket) {
    for (int tries = 0; tries < 1000; tries++) {
        if (auto received = socket.receive()) return received;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return std::nullopt;
}

void exchange(const char* host) {
    auto one = HeartbeatSocket::open(host, 0);
    auto other = HeartbeatSocket::open(host, 0);
    VMFT_EXPECT(one.socket && other.socket);
    VMFT_EXPECT(!other.socket->receive());
    const u8 bytes[] = {1, 2, 3};
    one.socket->send(bytes, host, other.socket->port());
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    auto received = next(*other.socket);
    VMFT_EXPECT(received.has_value());
    VMFT_EXPECT(std::vector<u8>(received->bytes.begin(), received->bytes.end()) ==
                std::vector<u8>({1, 2, 3}));
    VMFT_EXPECT(received->host == host);
    VMFT_EXPECT(received->port == one.socket->port());
    // It lay there while nobody looked; the kernel may take a moment to bring it.
    VMFT_EXPECT(received->age_ns >= 10'000'000);
    VMFT_EXPECT(!other.socket->receive());
}

VMFT_TEST(heartbeats_lie_in_the_socket_until_somebody_looks) { exchange("127.0.0.1"); }

VMFT_TEST(a_long_datagram_is_cut) {
    auto socket = HeartbeatSocket::open("127.0.0.1", 0).socket;
    std::vector<u8> bytes(HeartbeatSocket::datagram_bytes_max + 100, 7);
    socket->send(bytes, "127.0.0.1", socket->port());
    auto received = next(*socket);
    VMFT_EXPECT(received && received->bytes.size() == HeartbeatSocket::datagram_bytes_max);
}

VMFT_TEST(an_address_that_is_none_or_taken_is_refused) {
    VMFT_EXPECT(HeartbeatSocket::open("localhost", 0).fault == "localhost is not an IP address");
    auto first = HeartbeatSocket::open("127.0.0.1", 0);
    auto second = HeartbeatSocket::open("127.0.0.1", first.socket->port());
    VMFT_EXPECT(!second.socket && !second.fault.empty());
    // To nowhere: silence.
    first.socket->send({}, "not an address", 1);
}

}  // namespace
}  // namespace vmft
