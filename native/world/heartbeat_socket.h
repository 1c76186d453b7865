#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/scoped_fd.h"
#include "base/types.h"
#include "world/socket_address.h"

namespace vmft {

/// A UDP socket that wakes nobody: what has come lies in it until somebody looks, and then says how
/// long it has lain there. A replica sends a heartbeat twenty times a second as it is, and looks at
/// the same time; with an event loop's socket each heartbeat that comes wakes it once more, and an
/// idle pair's processor time is hardly anything but such wakes.
class HeartbeatSocket {
public:
    struct Opened {
        std::unique_ptr<HeartbeatSocket> socket;  ///< Null: see `fault`.
        std::string fault;                        ///< One line, for the user.
    };
    /// Binds a numeric IP address (with a scope, if it needs one) and a port; 0: any.
    static Opened open(const std::string& host, u16 port);

    /// The port it is bound to.
    u16 port() const { return port_; }
    /// What cannot be sent is lost, as on any network.
    void send(std::span<const u8> bytes, const SocketAddress& to);

    struct Received {
        std::vector<u8> bytes;  ///< Cut at datagram_bytes_max.
        SocketAddress from;
        /// When it came, on the monotonic clock; when it was looked for, where the wall clock was
        /// set back meanwhile.
        u64 at_ns = 0;
    };
    /// The oldest that has come; none: there is no more.
    std::optional<Received> receive();
    /// These were received, in this order, and are received again before all others.
    void put_back(std::vector<Received>&& received);

    static constexpr u64 datagram_bytes_max = 512;

private:
    HeartbeatSocket(ScopedFd socket, u16 port) : socket_(std::move(socket)), port_(port) {}

    ScopedFd socket_;
    u16 port_;
    std::deque<Received> put_back_;
};

}  // namespace vmft
