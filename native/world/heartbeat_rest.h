#pragma once

#include <vector>

#include "world/heartbeat_socket.h"

namespace vmft {

/// The heartbeats of a replica that has nothing to decide, without its role.
///
/// An idle pair's processor time is hardly anything but wakes, and of a wake's time nearly all is
/// JavaScript that finds its code and data cold. So while nothing happens a role rests: whoever
/// owns the event loop calls `beat` there at each beat's time, and that is all. Since it is the
/// event loop's own timer that does, a heartbeat says what it says otherwise: that this event loop
/// turns. (A thread of its own would go on beating for a loop that hangs.)
///
/// Nothing is decided here. A beat goes out only when all is plain: what came since the last one is
/// the peer's next heartbeats, from its address, the newest is not late, and the rest has not
/// lasted too long. Else it is over, and the role looks at what is there. What was heard and sent
/// in a rest the role is told before anything else, and takes it in as if it had ticked at each
/// beat; so its decisions are the same, and are tested where they are made (src/pair/role).
class HeartbeatRest {
public:
    struct Plan {
        /// Our heartbeat. The peer's differ from it in counter and echo only.
        std::vector<u8> datagram;
        u64 counter_at = 0;  ///< Where in it, 8 bytes, little-endian.
        u64 echo_at = 0;
        SocketAddress peer;
        u64 sent = 0;   ///< The counter of the last heartbeat sent.
        u64 heard = 0;  ///< And of the newest heard.
        // Times are on the monotonic clock.
        u64 due_ns = 0;  ///< When the next one is due.
        u64 period_ns = 0;
        u64 heard_ns = 0;       ///< When the peer was last heard.
        u64 late_after_ns = 0;  ///< It is late when that was longer ago than this.
        u64 until_ns = 0;  ///< The role looks at least so often: no beat goes out from then on.
    };
    /// What is wrong with a plan, for the programmer; empty: nothing.
    static const char* fault_of(const Plan& plan);

    struct Heard {
        u64 counter;
        u64 echo;
        u64 at_ns;
    };
    struct Beat {
        u64 at_ns;                 ///< Before it was sent.
        u64 sent;                  ///< Its counter.
        std::vector<Heard> heard;  ///< Since the last one; the newest is echoed.
    };

    /// The socket outlives it. The plan has no fault.
    HeartbeatRest(HeartbeatSocket& socket, Plan plan) : socket_(socket), plan_(std::move(plan)) {}

    /// When `beat` is to be called next.
    u64 due_ns() const { return plan_.due_ns; }
    /// False: the rest is over. Nothing was sent, and what came since the last beat is in the
    /// socket.
    bool beat(u64 now_ns);
    /// Oldest first.
    const std::vector<Beat>& beats() const { return beats_; }

    /// More than a stranger's flood can make it read at a beat.
    static constexpr u64 datagrams_at_once = 256;

private:
    bool plain(const HeartbeatSocket::Received& received) const;
    bool take(Beat& beat);

    HeartbeatSocket& socket_;
    Plan plan_;
    std::vector<Beat> beats_;
};

}  // namespace vmft
