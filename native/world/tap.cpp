#include "world/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>

#include "base/limits.h"

namespace vmft {

namespace {

constexpr const char* tun_device = "/dev/net/tun";

/// What the kernel accepts as a name, and no '%', which it would take for a pattern to be filled
/// in.
bool is_interface_name(std::string_view name) {
    if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '/' && c != ':' && c != '%';
    });
}

Tap::Opened refuse(TapFault fault, std::string message) {
    return {std::nullopt, fault, std::move(message)};
}

std::string error_text(int error) { return std::strerror(error); }

Tap::Opened refuse_device(int error) {
    if (error == EACCES || error == EPERM)
        return refuse(TapFault::no_permission,
                      std::string("no permission to open ") + tun_device +
                          ": run as a user who may, or with CAP_NET_ADMIN");
    return refuse(TapFault::no_tun_device, std::string("cannot open ") + tun_device + " (" +
                                               error_text(error) + "): load the module tun");
}

Tap::Opened refuse_interface(const std::string& name, int error) {
    switch (error) {
    case EPERM:
    case EACCES:
        return refuse(TapFault::no_permission,
                      "no permission to use tap " + name +
                          ": have it made for this user (ip tuntap add dev " + name +
                          " mode tap user NAME), or run with CAP_NET_ADMIN");
    case EBUSY: return refuse(TapFault::busy, "tap " + name + " is in use by another process");
    case EINVAL:
        return refuse(TapFault::not_a_tap, "interface " + name + " is not a tap with one queue");
    default: return refuse(TapFault::other, "cannot use tap " + name + ": " + error_text(error));
    }
}

}  // namespace

const char* tap_fault_name(TapFault fault) {
    switch (fault) {
    case TapFault::none: return "none";
    case TapFault::bad_name: return "bad name";
    case TapFault::no_tun_device: return "no tun device";
    case TapFault::no_permission: return "no permission";
    case TapFault::busy: return "busy";
    case TapFault::not_a_tap: return "not a tap";
    case TapFault::other: return "other";
    }
    return "unknown";
}

Tap::Tap(Tap&& other) noexcept
    : fd_(std::move(other.fd_)), name_(std::move(other.name_)),
      frames_written_(other.frames_written()), frames_dropped_(other.frames_dropped()) {}

Tap::Opened Tap::open(std::string_view wanted) {
    std::string name(wanted);
    if (!is_interface_name(name))
        return refuse(TapFault::bad_name,
                      "\"" + name + "\" is not an interface name (1 to 15 characters)");
    ScopedFd fd(::open(tun_device, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd) return refuse_device(errno);
    ifreq request{};
    std::copy(name.begin(), name.end(), request.ifr_name);
    request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI);
    if (ioctl(fd.get(), TUNSETIFF, &request) != 0) return refuse_interface(name, errno);
    return {Tap(std::move(fd), std::move(name)), TapFault::none, ""};
}

TapRead Tap::read(std::span<u8> buffer, size_t& frame_bytes) {
    for (;;) {
        ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
        if (got < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN ? TapRead::empty : TapRead::broken;
        }
        frame_bytes = static_cast<size_t>(got);
        if (frame_bytes >= limits::net_frame_bytes_min) return TapRead::frame;
    }
}

bool Tap::write(std::span<const u8> frame) {
    ssize_t put;
    do put = ::write(fd_.get(), frame.data(), frame.size());
    while (put < 0 && errno == EINTR);
    bool taken = put == static_cast<ssize_t>(frame.size());
    (taken ? frames_written_ : frames_dropped_).fetch_add(1, std::memory_order_relaxed);
    return taken;
}

size_t Tap::write_batch(std::span<const std::span<const u8>> frames) {
    // A tap takes one frame a call: there is no sendmmsg for it.
    size_t taken = 0;
    for (std::span<const u8> frame : frames) taken += write(frame);
    return taken;
}

}  // namespace vmft
