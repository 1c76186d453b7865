#include "world/heartbeat_rest.h"

#include <cstring>
#include <thread>

#include "test.h"
#include "world/host_clock.h"

namespace vmft {
namespace {

constexpr u64 ms = 1'000'000;
constexpr u64 forever = ~u64{0};

/// As long as a heartbeat's: one byte that both have, counter, echo.
std::vector<u8> datagram(u64 counter, u64 echo, u8 mark = 9) {
    std::vector<u8> bytes(17, mark);
    std::memcpy(&bytes[1], &counter, 8);
    std::memcpy(&bytes[9], &echo, 8);
    return bytes;
}

/// A replica that rests, from 5 heartbeats sent and 7 heard, and the socket of its peer.
struct Pair {
    std::unique_ptr<HeartbeatSocket> own = HeartbeatSocket::open("127.0.0.1", 0).socket;
    std::unique_ptr<HeartbeatSocket> peer = HeartbeatSocket::open("127.0.0.1", 0).socket;
    u64 start_ns = host_monotonic_ns();

    HeartbeatRest rest(u64 late_after_ns = forever / 2, u64 until_ns = forever) {
        HeartbeatRest::Plan plan;
        plan.datagram = datagram(5, 7);
        plan.counter_at = 1;
        plan.echo_at = 9;
        plan.peer = *SocketAddress::parse("127.0.0.1", peer->port());
        plan.sent = 5;
        plan.heard = 7;
        plan.due_ns = start_ns;
        plan.period_ns = 50 * ms;
        plan.heard_ns = start_ns;
        plan.late_after_ns = late_after_ns;
        plan.until_ns = until_ns;
        VMFT_EXPECT(std::string(HeartbeatRest::fault_of(plan)).empty());
        return HeartbeatRest(*own, plan);
    }

    void say(const std::vector<u8>& bytes, HeartbeatSocket& from) {
        from.send(bytes, *SocketAddress::parse("127.0.0.1", own->port()));
    }
    /// What is in a socket, waited for.
    static std::vector<u8> next(HeartbeatSocket& socket) {
        for (int tries = 0; tries < 1000; tries++) {
            if (auto received = socket.receive()) return received->bytes;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return {};
    }
    /// Until what was said has come: loopback delivers at once, as a rule.
    static void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }
};

VMFT_TEST(a_rest_beats_and_answers) {
    Pair pair;
    auto rest = pair.rest();
    u64 now = pair.start_ns;
    VMFT_EXPECT(rest.due_ns() == now);
    VMFT_EXPECT(rest.beat(now));
    VMFT_EXPECT(Pair::next(*pair.peer) == datagram(6, 7));
    VMFT_EXPECT(rest.due_ns() == now + 50 * ms);
    pair.say(datagram(8, 6), *pair.peer);
    pair.say(datagram(10, 6), *pair.peer);
    Pair::settle();
    // This beat is late, and the next one counts from it.
    VMFT_EXPECT(rest.beat(now + 130 * ms));
    VMFT_EXPECT(Pair::next(*pair.peer) == datagram(7, 10));
    VMFT_EXPECT(rest.due_ns() == now + 130 * ms);
    VMFT_EXPECT(rest.beat(now + 130 * ms));
    VMFT_EXPECT(rest.due_ns() == now + 180 * ms);

    const auto& beats = rest.beats();
    VMFT_EXPECT(beats.size() == 3);
    VMFT_EXPECT(beats[0].at_ns == now && beats[0].sent == 6 && beats[0].heard.empty());
    VMFT_EXPECT(beats[1].at_ns == now + 130 * ms && beats[1].sent == 7);
    VMFT_EXPECT(beats[1].heard.size() == 2);
    VMFT_EXPECT(beats[1].heard[0].counter == 8 && beats[1].heard[0].echo == 6);
    VMFT_EXPECT(beats[1].heard[1].counter == 10);
    VMFT_EXPECT(beats[1].heard[0].at_ns >= now &&
                beats[1].heard[0].at_ns <= beats[1].heard[1].at_ns);
    VMFT_EXPECT(beats[2].sent == 8);
}

VMFT_TEST(a_rest_has_an_end) {
    Pair pair;
    u64 until = pair.start_ns + 100 * ms;
    auto rest = pair.rest(forever / 2, until);
    VMFT_EXPECT(rest.beat(until - 1));
    VMFT_EXPECT(Pair::next(*pair.peer) == datagram(6, 7));
    pair.say(datagram(8, 6), *pair.peer);
    Pair::settle();
    VMFT_EXPECT(!rest.beat(until));
    Pair::settle();
    VMFT_EXPECT(!pair.peer->receive());
    VMFT_EXPECT(rest.beats().size() == 1);
    VMFT_EXPECT(Pair::next(*pair.own) == datagram(8, 6));
}

VMFT_TEST(a_late_peer_ends_a_rest) {
    Pair pair;
    auto rest = pair.rest(70 * ms);
    VMFT_EXPECT(rest.beat(pair.start_ns + 70 * ms));
    VMFT_EXPECT(!rest.beat(pair.start_ns + 71 * ms));
    VMFT_EXPECT(rest.beats().size() == 1);
}

VMFT_TEST(a_peer_that_is_heard_is_late_only_after_that) {
    Pair pair;
    Pair::settle();
    auto rest = pair.rest(70 * ms);
    pair.say(datagram(8, 5), *pair.peer);
    Pair::settle();
    VMFT_EXPECT(rest.beat(pair.start_ns + 71 * ms));
    VMFT_EXPECT(!rest.beat(pair.start_ns + 1000 * ms));
}

/// `bytes` from `stranger`, or from the peer where that is null, behind a good heartbeat.
void ends_by(const std::vector<u8>& bytes, HeartbeatSocket* stranger = nullptr) {
    Pair pair;
    auto rest = pair.rest();
    pair.say(datagram(8, 5), *pair.peer);
    pair.say(bytes, stranger ? *stranger : *pair.peer);
    pair.say(datagram(11, 5), *pair.peer);
    Pair::settle();
    VMFT_EXPECT(!rest.beat(pair.start_ns + 50 * ms));
    VMFT_EXPECT(rest.beats().empty());
    VMFT_EXPECT(!pair.peer->receive());
    // All of it is the role's to look at, in its order.
    VMFT_EXPECT(Pair::next(*pair.own) == datagram(8, 5));
    VMFT_EXPECT(Pair::next(*pair.own) == bytes);
    VMFT_EXPECT(Pair::next(*pair.own) == datagram(11, 5));
}

VMFT_TEST(what_is_not_the_peers_next_heartbeat_ends_a_rest) {
    ends_by(datagram(9, 5, 8));
    ends_by({1, 2, 3});
    ends_by({});
    ends_by(datagram(8, 5));
    ends_by(datagram(7, 5));
    auto longer = datagram(9, 5);
    longer.push_back(9);
    ends_by(longer);
    auto stranger = HeartbeatSocket::open("127.0.0.1", 0).socket;
    ends_by(datagram(9, 5), stranger.get());
}

VMFT_TEST(a_plan_that_would_write_elsewhere_is_refused) {
    HeartbeatRest::Plan plan;
    plan.period_ns = 1;
    auto faulty = [&] { return *HeartbeatRest::fault_of(plan) != '\0'; };
    VMFT_EXPECT(faulty());
    plan.datagram.assign(17, 0);
    plan.counter_at = 1;
    plan.echo_at = 9;
    VMFT_EXPECT(!faulty());
    plan.echo_at = 10;
    VMFT_EXPECT(faulty());
    plan.echo_at = ~u64{0};
    VMFT_EXPECT(faulty());
    plan.echo_at = 9;
    plan.counter_at = 10;
    VMFT_EXPECT(faulty());
    plan.counter_at = 1;
    plan.period_ns = 0;
    VMFT_EXPECT(faulty());
    plan.period_ns = 1;
    plan.datagram.assign(HeartbeatSocket::datagram_bytes_max + 1, 0);
    VMFT_EXPECT(faulty());
}

}  // namespace
}  // namespace vmft
