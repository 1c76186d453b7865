#include "world/heartbeat_socket.h"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "world/host_clock.h"

namespace vmft {
namespace {

/// Since the kernel took it from the network; 0 when it does not say.
u64 age_ns(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec came;
        std::memcpy(&came, CMSG_DATA(part), sizeof came);
        u64 came_ns =
            static_cast<u64>(came.tv_sec) * 1'000'000'000 + static_cast<u64>(came.tv_nsec);
        u64 now_ns = host_realtime_ns();
        return now_ns > came_ns ? now_ns - came_ns : 0;
    }
    return 0;
}

HeartbeatSocket::Opened refuse(int error) { return {nullptr, std::strerror(error)}; }

}  // namespace

HeartbeatSocket::Opened HeartbeatSocket::open(const std::string& host, u16 port) {
    auto address = SocketAddress::parse(host, port);
    if (!address) return {nullptr, host + " is not an IP address"};
    ScopedFd socket(::socket(address->family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return refuse(errno);
    int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (::bind(socket.get(), address->get(), address->bytes()) != 0) return refuse(errno);
    SocketAddress bound;
    socklen_t bytes = SocketAddress::bytes_max;
    if (::getsockname(socket.get(), bound.get(), &bytes) != 0) return refuse(errno);
    return {std::unique_ptr<HeartbeatSocket>(new HeartbeatSocket(std::move(socket), bound.port())),
            ""};
}

void HeartbeatSocket::send(std::span<const u8> bytes, const SocketAddress& to) {
    ::sendto(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, to.get(), to.bytes());
}

std::optional<HeartbeatSocket::Received> HeartbeatSocket::receive() {
    if (!put_back_.empty()) {
        Received oldest = std::move(put_back_.front());
        put_back_.pop_front();
        return oldest;
    }
    std::array<u8, datagram_bytes_max> buffer;
    Received received;
    iovec part{buffer.data(), buffer.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
    msghdr message{};
    message.msg_name = received.from.get();
    message.msg_namelen = SocketAddress::bytes_max;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t bytes;
    do bytes = ::recvmsg(socket_.get(), &message, 0);
    while (bytes < 0 && errno == EINTR);
    if (bytes < 0) return std::nullopt;
    received.from.set_bytes(message.msg_namelen);
    received.bytes.assign(buffer.data(), buffer.data() + bytes);
    // In this order: a process that is stopped between the two takes it for younger than it is.
    u64 age = age_ns(message);
    u64 now_ns = host_monotonic_ns();
    received.at_ns = now_ns - std::min(now_ns, age);
    return received;
}

void HeartbeatSocket::put_back(std::vector<Received>&& received) {
    put_back_.insert(put_back_.begin(), std::make_move_iterator(received.begin()),
                     std::make_move_iterator(received.end()));
}

}  // namespace vmft
