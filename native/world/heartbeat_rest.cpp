#include "world/heartbeat_rest.h"

#include <algorithm>
#include <cstring>

namespace vmft {
namespace {

constexpr u64 number_bytes = sizeof(u64);

u64 number_at(std::span<const u8> bytes, u64 at) {
    u64 number;
    std::memcpy(&number, bytes.data() + at, number_bytes);
    return number;
}

void set_number(std::span<u8> bytes, u64 at, u64 number) {
    std::memcpy(bytes.data() + at, &number, number_bytes);
}

}  // namespace

const char* HeartbeatRest::fault_of(const Plan& plan) {
    u64 bytes = plan.datagram.size();
    if (bytes > HeartbeatSocket::datagram_bytes_max) return "the datagram is too long";
    if (bytes < number_bytes || plan.counter_at > bytes - number_bytes ||
        plan.echo_at > bytes - number_bytes)
        return "counter and echo are not in the datagram";
    if (plan.period_ns == 0) return "the period is 0";
    return "";
}

bool HeartbeatRest::plain(const HeartbeatSocket::Received& received) const {
    if (received.bytes.size() != plan_.datagram.size() || !(received.from == plan_.peer))
        return false;
    if (number_at(received.bytes, plan_.counter_at) <= plan_.heard) return false;
    std::vector<u8> as_ours = received.bytes;
    for (u64 at : {plan_.counter_at, plan_.echo_at})
        set_number(as_ours, at, number_at(plan_.datagram, at));
    return as_ours == plan_.datagram;
}

/// False when what came is not the peer's next heartbeats: then it is all back in the socket.
bool HeartbeatRest::take(Beat& beat) {
    std::vector<HeartbeatSocket::Received> came;
    bool all_plain = true;
    while (all_plain) {
        auto received = socket_.receive();
        if (!received) break;
        all_plain = came.size() < datagrams_at_once && plain(*received);
        if (all_plain) {
            plan_.heard = number_at(received->bytes, plan_.counter_at);
            plan_.heard_ns = std::max(plan_.heard_ns, received->at_ns);
            u64 echo = number_at(received->bytes, plan_.echo_at);
            beat.heard.push_back({plan_.heard, echo, received->at_ns});
        }
        came.push_back(std::move(*received));
    }
    bool late = plan_.heard_ns + plan_.late_after_ns < beat.at_ns;
    if (all_plain && !late) return true;
    socket_.put_back(std::move(came));
    return false;
}

bool HeartbeatRest::beat(u64 now_ns) {
    if (now_ns >= plan_.until_ns) return false;
    Beat beat{now_ns, plan_.sent + 1, {}};
    if (!take(beat)) return false;
    plan_.sent = beat.sent;
    plan_.due_ns = std::max(plan_.due_ns + plan_.period_ns, now_ns);
    set_number(plan_.datagram, plan_.counter_at, plan_.sent);
    set_number(plan_.datagram, plan_.echo_at, plan_.heard);
    // Told of before it is sent: the role must not miss one that somebody heard.
    beats_.push_back(std::move(beat));
    socket_.send(plan_.datagram, plan_.peer);
    return true;
}

}  // namespace vmft
