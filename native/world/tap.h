#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/scoped_fd.h"
#include "base/types.h"

namespace vmft {

/// Why a tap could not be opened.
enum class TapFault : u8 {
    none,
    bad_name,       ///< Empty, longer than 15 bytes, or with characters no interface has.
    no_tun_device,  ///< No usable /dev/net/tun.
    no_permission,  ///< Neither CAP_NET_ADMIN nor the interface's owner, or /dev/net/tun closed to
                    ///< us.
    busy,           ///< Another process holds it.
    not_a_tap,      ///< The interface exists and is something else.
    other,
};
const char* tap_fault_name(TapFault fault);

enum class TapRead : u8 {
    frame,
    empty,   ///< Nothing waits.
    broken,  ///< The interface is gone.
};

/// One tap interface, non-blocking: whole Ethernet frames without checksums, as they are on the
/// wire, or large ones of TCP (base/tcp_frame.h). Closing it keeps a persistent interface (`ip
/// tuntap add`) and removes any other. One thread may write while another reads.
class Tap {
public:
    struct Opened;
    /// Opens the interface of that name; one that does not exist is made if we may, and is down.
    static Opened open(std::string_view name);

    /// Whether the kernel may give large frames. As it begins, it does not: it cuts them up. Takes
    /// them in any case.
    void set_large_frames(bool on);

    const std::string& name() const { return name_; }
    int fd() const { return fd_.get(); }

    /// Reads the next frame into `buffer`, which holds any frame if it has
    /// limits::net_frame_bytes_max bytes; `frame_bytes` of it are the frame. Frames that are no
    /// frames (too short) are passed over.
    TapRead read(std::span<u8> buffer, size_t& frame_bytes);

    /// Sends a frame, or drops and counts it, as a network card does: queue full, interface down or
    /// gone.
    bool write(std::span<const u8> frame);
    /// Sends frames in order; the number not dropped.
    size_t write_batch(std::span<const std::span<const u8>> frames);

    u64 frames_written() const { return frames_written_.load(std::memory_order_relaxed); }
    u64 frames_dropped() const { return frames_dropped_.load(std::memory_order_relaxed); }

    Tap(Tap&& other) noexcept;

private:
    Tap(ScopedFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

    ScopedFd fd_;
    std::string name_;
    std::atomic<u64> frames_written_{0};
    std::atomic<u64> frames_dropped_{0};
};

struct Tap::Opened {
    std::optional<Tap> tap;  ///< None: see `fault`.
    TapFault fault = TapFault::none;
    std::string message;  ///< One line: what is wrong and what to do.
};

}  // namespace vmft
