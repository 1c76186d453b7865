#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/scoped_fd.h"
#include "base/types.h"

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
    /// To a numeric IP address. What cannot be sent is lost, as on any network.
    void send(std::span<const u8> bytes, const std::string& host, u16 port);

    struct Received {
        std::span<const u8> bytes;  ///< Valid until the next call; cut at datagram_bytes_max.
        std::string host;           ///< Numeric.
        u16 port = 0;
        u64 age_ns = 0;  ///< Since it came, by the host's wall clock; 0 where that was set back.
    };
    /// The oldest that has come; none: there is no more.
    std::optional<Received> receive();

    static constexpr u64 datagram_bytes_max = 512;

private:
    HeartbeatSocket(ScopedFd socket, u16 port) : socket_(std::move(socket)), port_(port) {}

    ScopedFd socket_;
    u16 port_;
    std::array<u8, datagram_bytes_max> buffer_{};
};

}  // namespace vmft
