#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

#include "base/types.h"

namespace vmft {

/// A numeric IP address (with a scope, if it needs one) and a port, as the kernel has it: comparing
/// two and sending to one takes no look at its text.
class SocketAddress {
public:
    /// None: `host` is no numeric address.
    static std::optional<SocketAddress> parse(const std::string& host, u16 port);
    /// Of any family: to be filled in by the kernel.
    SocketAddress() = default;

    std::string host() const;
    u16 port() const;
    int family() const { return storage_.ss_family; }
    /// The same family, address, scope and port. Of another family than IP: never.
    bool operator==(const SocketAddress& other) const;

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    socklen_t bytes() const { return bytes_; }
    /// To what the kernel filled in.
    void set_bytes(socklen_t bytes) { bytes_ = bytes; }

    static constexpr socklen_t bytes_max = sizeof(sockaddr_storage);

private:
    sockaddr_storage storage_{};
    socklen_t bytes_ = bytes_max;
};

}  // namespace vmft
