#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/scoped_fd.h"
#include "base/types.h"

namespace vmft::test {

/// Runs `body` in a child process with a network of its own, and counts its failed
/// expectations here. Prints why and passes where namespaces or taps are not permitted.
void in_network_namespace(const std::function<void()>& body);

/// Turns the interface up or down.
bool set_interface_up(const std::string& name, bool up);

/// The network's end of a tap: a packet socket that sends and sees frames of one ethertype
/// (0x88b5, for local experiments), so that the kernel's own traffic does not disturb.
class NetworkEnd {
public:
    static constexpr u16 ethertype = 0x88b5;
    explicit NetworkEnd(const std::string& interface_name, u16 of_type = ethertype);
    bool usable() const { return static_cast<bool>(socket_); }
    bool send(std::span<const u8> frame);
    /// The next frame the tap's holder wrote, waiting a while for it; empty if none comes.
    std::vector<u8> receive();

private:
    ScopedFd socket_;
};

/// A broadcast frame of NetworkEnd::ethertype with `number` as its content.
std::vector<u8> numbered_frame(u32 number, size_t bytes = 60);
/// Its number; ~0 for any other frame.
u32 number_of(std::span<const u8> frame);

}  // namespace vmft::test
