#include "world/socket_address.h"

#include <netdb.h>
#include <netinet/in.h>

#include <cstring>

namespace vmft {
namespace {

const sockaddr_in& in4(const SocketAddress& address) {
    return *reinterpret_cast<const sockaddr_in*>(address.get());
}

const sockaddr_in6& in6(const SocketAddress& address) {
    return *reinterpret_cast<const sockaddr_in6*>(address.get());
}

}  // namespace

std::optional<SocketAddress> SocketAddress::parse(const std::string& host, u16 port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
        return std::nullopt;
    SocketAddress address;
    std::memcpy(&address.storage_, found->ai_addr, found->ai_addrlen);
    address.bytes_ = found->ai_addrlen;
    ::freeaddrinfo(found);
    return address;
}

std::string SocketAddress::host() const {
    char text[NI_MAXHOST];
    int result = ::getnameinfo(get(), bytes_, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    return result == 0 ? text : "";
}

u16 SocketAddress::port() const {
    return ntohs(family() == AF_INET6 ? in6(*this).sin6_port : in4(*this).sin_port);
}

bool SocketAddress::operator==(const SocketAddress& other) const {
    if (family() != other.family() || port() != other.port()) return false;
    if (family() == AF_INET) return in4(*this).sin_addr.s_addr == in4(other).sin_addr.s_addr;
    if (family() != AF_INET6) return false;
    return in6(*this).sin6_scope_id == in6(other).sin6_scope_id &&
           std::memcmp(&in6(*this).sin6_addr, &in6(other).sin6_addr, sizeof(in6_addr)) == 0;
}

}  // namespace vmft
