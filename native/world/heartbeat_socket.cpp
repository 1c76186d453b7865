#include "world/heartbeat_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "world/host_clock.h"

namespace vmft {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t bytes = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

/// False when it is no numeric address.
bool parse(const std::string& host, u16 port, Address& address) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
        return false;
    std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
    address.bytes = found->ai_addrlen;
    ::freeaddrinfo(found);
    return true;
}

u16 port_of(const Address& address) {
    if (address.storage.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

std::string host_of(const Address& address) {
    char text[NI_MAXHOST];
    int result =
        ::getnameinfo(address.get(), address.bytes, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    return result == 0 ? text : "";
}

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
    Address address;
    if (!parse(host, port, address)) return {nullptr, host + " is not an IP address"};
    ScopedFd socket(
        ::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return refuse(errno);
    int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (::bind(socket.get(), address.get(), address.bytes) != 0) return refuse(errno);
    Address bound;
    bound.bytes = sizeof bound.storage;
    if (::getsockname(socket.get(), bound.get(), &bound.bytes) != 0) return refuse(errno);
    return {
        std::unique_ptr<HeartbeatSocket>(new HeartbeatSocket(std::move(socket), port_of(bound))),
        ""};
}

void HeartbeatSocket::send(std::span<const u8> bytes, const std::string& host, u16 port) {
    Address address;
    if (!parse(host, port, address)) return;
    ::sendto(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, address.get(), address.bytes);
}

std::optional<HeartbeatSocket::Received> HeartbeatSocket::receive() {
    Address from;
    iovec part{buffer_.data(), buffer_.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
    msghdr message{};
    message.msg_name = &from.storage;
    message.msg_namelen = sizeof from.storage;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t bytes;
    do bytes = ::recvmsg(socket_.get(), &message, 0);
    while (bytes < 0 && errno == EINTR);
    if (bytes < 0) return std::nullopt;
    from.bytes = message.msg_namelen;
    Received received;
    received.bytes = {buffer_.data(), static_cast<size_t>(bytes)};
    received.host = host_of(from);
    received.port = port_of(from);
    received.age_ns = age_ns(message);
    return received;
}

}  // namespace vmft
