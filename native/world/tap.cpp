#include "world/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>

#include "base/limits.h"
#include "base/tcp_frame.h"

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

/// In front of each frame (IFF_VNET_HDR), in this host's byte order: virtio_net_hdr of
/// linux/virtio_net.h, which is no C++.
struct Header {
    u8 flags = 0;
    u8 segment_kind = 0;
    u16 header_bytes = 0;
    u16 segment_bytes = 0;
    u16 checksum_start = 0;
    u16 checksum_offset = 0;
};
static_assert(sizeof(Header) == 10);
constexpr u8 flag_needs_checksum = 1;
constexpr u8 no_segment = 0, tcp4_segment = 1;

/// Makes what the kernel gave a frame as machines take it; false: it is none.
bool make_complete(std::span<u8> frame, const Header& header) {
    if (const auto place = is_large(frame)) {
        const bool trusted =
            header.segment_kind != no_segment || header.flags & flag_needs_checksum;
        if (!trusted && !tcp_checksum_is_right(frame, *place)) return false;
        set_segment_bytes(frame, *place,
                          header.segment_kind == no_segment ? frame.size() : header.segment_bytes);
        return true;
    }
    if (header.segment_kind != no_segment) return false;
    return !(header.flags & flag_needs_checksum) ||
           complete_checksum(frame, header.checksum_start, header.checksum_offset);
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
    request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
    if (ioctl(fd.get(), TUNSETIFF, &request) != 0) return refuse_interface(name, errno);
    Tap tap(std::move(fd), std::move(name));
    // Who had it before may have wanted them.
    tap.set_large_frames(false);
    return {std::move(tap), TapFault::none, ""};
}

void Tap::set_large_frames(bool on) {
    // A kernel that refuses goes on cutting them up.
    const unsigned long wanted = on ? TUN_F_CSUM | TUN_F_TSO4 : 0;
    (void)ioctl(fd_.get(), TUNSETOFFLOAD, wanted);
}

TapRead Tap::read(std::span<u8> buffer, size_t& frame_bytes) {
    for (;;) {
        Header header{};
        const iovec parts[] = {{&header, sizeof header}, {buffer.data(), buffer.size()}};
        ssize_t got = ::readv(fd_.get(), parts, 2);
        if (got < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN ? TapRead::empty : TapRead::broken;
        }
        if (static_cast<size_t>(got) < sizeof header + limits::net_frame_bytes_min) continue;
        frame_bytes = static_cast<size_t>(got) - sizeof header;
        if (make_complete(buffer.first(frame_bytes), header)) return TapRead::frame;
    }
}

bool Tap::write(std::span<const u8> frame) {
    Header header{};
    u8 checksum[2] = {};
    // A large frame's checksum field is not its own: the kernel gets what belongs there.
    const auto place = is_large(frame);
    const size_t cut = place ? place->checksum_at() : frame.size();
    if (place) {
        put_u16(checksum, 0, pseudo_header_sum(frame, *place));
        const u16 segment_bytes = get_segment_bytes(frame, *place);
        header.flags = flag_needs_checksum;
        header.checksum_start = static_cast<u16>(place->tcp_at);
        header.checksum_offset = TcpPlace::checksum_offset;
        if (segment_bytes < frame.size() - place->data_at) {
            header.segment_kind = tcp4_segment;
            header.segment_bytes = segment_bytes;
            header.header_bytes = static_cast<u16>(place->data_at);
        }
    }
    // writev only reads.
    u8* bytes = const_cast<u8*>(frame.data());
    const iovec parts[] = {{&header, sizeof header},
                           {bytes, cut},
                           {checksum, place ? sizeof checksum : 0},
                           {bytes + cut + (place ? 2 : 0), frame.size() - cut - (place ? 2 : 0)}};
    ssize_t put;
    do put = ::writev(fd_.get(), parts, 4);
    while (put < 0 && errno == EINTR);
    bool taken = put == static_cast<ssize_t>(sizeof header + frame.size());
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
