#include "world/heartbeat_socket.h"

#include <thread>

#include "test.h"
#include "world/host_clock.h"

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
    one.socket->send(bytes, *SocketAddress::parse(host, other.socket->port()));
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    auto received = next(*other.socket);
    VMFT_EXPECT(received.has_value());
    VMFT_EXPECT(std::vector<u8>(received->bytes.begin(), received->bytes.end()) ==
                std::vector<u8>({1, 2, 3}));
    VMFT_EXPECT(received->from == *SocketAddress::parse(host, one.socket->port()));
    VMFT_EXPECT(received->from.host() == host);
    VMFT_EXPECT(received->from.port() == one.socket->port());
    // It lay there while nobody looked; the kernel may take a moment to bring it.
    VMFT_EXPECT(received->at_ns + 10'000'000 <= host_monotonic_ns());
    VMFT_EXPECT(!other.socket->receive());
}

VMFT_TEST(heartbeats_lie_in_the_socket_until_somebody_looks) { exchange("127.0.0.1"); }

VMFT_TEST(a_long_datagram_is_cut) {
    auto socket = HeartbeatSocket::open("127.0.0.1", 0).socket;
    std::vector<u8> bytes(HeartbeatSocket::datagram_bytes_max + 100, 7);
    socket->send(bytes, *SocketAddress::parse("127.0.0.1", socket->port()));
    auto received = next(*socket);
    VMFT_EXPECT(received && received->bytes.size() == HeartbeatSocket::datagram_bytes_max);
}

VMFT_TEST(what_is_put_back_comes_again_before_all_others) {
    auto socket = HeartbeatSocket::open("127.0.0.1", 0).socket;
    auto self = *SocketAddress::parse("127.0.0.1", socket->port());
    for (u8 byte : {1, 2, 3}) socket->send(std::array{byte}, self);
    std::vector<HeartbeatSocket::Received> came;
    came.push_back(*next(*socket));
    came.push_back(*next(*socket));
    u64 at_ns = came[0].at_ns;
    socket->put_back(std::move(came));
    auto first = next(*socket);
    VMFT_EXPECT(first && first->bytes == std::vector<u8>{1} && first->at_ns == at_ns);
    VMFT_EXPECT(next(*socket)->bytes == std::vector<u8>{2});
    VMFT_EXPECT(next(*socket)->bytes == std::vector<u8>{3});
}

VMFT_TEST(an_address_is_compared_with_its_port) {
    auto address = *SocketAddress::parse("10.0.0.1", 7);
    VMFT_EXPECT(address == *SocketAddress::parse("10.0.0.1", 7));
    VMFT_EXPECT(!(address == *SocketAddress::parse("10.0.0.1", 8)));
    VMFT_EXPECT(!(address == *SocketAddress::parse("10.0.0.2", 7)));
    VMFT_EXPECT(!(address == *SocketAddress::parse("::1", 7)));
    VMFT_EXPECT(*SocketAddress::parse("::1", 7) == *SocketAddress::parse("0:0::1", 7));
    VMFT_EXPECT(!(*SocketAddress::parse("::1", 7) == *SocketAddress::parse("::2", 7)));
    VMFT_EXPECT(!SocketAddress::parse("localhost", 7) && !SocketAddress::parse("", 7));
}

VMFT_TEST(an_address_that_is_none_or_taken_is_refused) {
    VMFT_EXPECT(HeartbeatSocket::open("localhost", 0).fault == "localhost is not an IP address");
    auto first = HeartbeatSocket::open("127.0.0.1", 0);
    auto second = HeartbeatSocket::open("127.0.0.1", first.socket->port());
    VMFT_EXPECT(!second.socket && !second.fault.empty());
    // To nowhere: silence.
    first.socket->send({}, SocketAddress());
}

}  // namespace
}  // namespace vmft
