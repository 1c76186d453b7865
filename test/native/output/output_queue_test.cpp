#include "output/output_queue.h"

#include <algorithm>
#include <string>

#include "test.h"

using namespace vmft;

namespace {

/// Writes down what left, in order.
struct RecordingTarget final : OutputTarget {
    std::string seen;
    u64 now = 0;
    /// The clock goes on by so much at each look: a process may be stopped between any two outputs.
    u64 step = 0;
    bool send_frame(std::span<const u8> frame) override {
        seen += "frame" + std::to_string(frame[0]) + " ";
        return true;
    }
    void send_console(std::span<const u8> bytes) override {
        seen += std::string(bytes.begin(), bytes.end()) + " ";
    }
    void release_disk_request(u64 sequence) override {
        seen += "disk" + std::to_string(sequence) + " ";
    }
    u64 now_ns() override { return now += step; }
};

Output output(u64 sequence, OutputKind kind) {
    Output made;
    made.sequence = sequence;
    made.kind = kind;
    if (kind == OutputKind::net_frame) made.bytes = {static_cast<u8>(sequence)};
    if (kind == OutputKind::console) made.bytes = {'c'};
    return made;
}

void produce(OutputQueue& queue) {
    queue.produced(output(1, OutputKind::net_frame));
    queue.produced(output(2, OutputKind::disk_request));
    queue.produced(output(3, OutputKind::console));
    queue.produced(output(4, OutputKind::disk_request));
    queue.produced(output(5, OutputKind::net_frame));
}

}  // namespace

VMFT_TEST(a_disk_request_waits_for_the_gate_in_its_place) {
    RecordingTarget target;
    OutputQueue queue(target);
    queue.set_mode(OutputQueue::Mode::gated);
    produce(queue);
    VMFT_EXPECT_EQUAL(target.seen, "");
    queue.release(2, OutputQueue::for_ever);
    VMFT_EXPECT_EQUAL(target.seen, "frame1 disk2 ");
    queue.release(5, OutputQueue::for_ever);
    VMFT_EXPECT_EQUAL(target.seen, "frame1 disk2 disk4 frame5 c ");
    VMFT_EXPECT_EQUAL(queue.counts().frames_sent, 2u);
    VMFT_EXPECT_EQUAL(queue.counts().frames_dropped, 0u);
}

VMFT_TEST(an_open_gate_lets_disk_requests_out_at_once) {
    RecordingTarget target;
    OutputQueue queue(target);
    queue.set_mode(OutputQueue::Mode::open);
    queue.produced(output(1, OutputKind::disk_request));
    VMFT_EXPECT_EQUAL(target.seen, "disk1 ");
}

VMFT_TEST(a_replica_is_told_which_requests_the_primary_has_issued) {
    RecordingTarget target;
    OutputQueue queue(target);
    queue.set_mode(OutputQueue::Mode::withheld);
    queue.release(2, 0);  // A replica asks no clock; before it has got there itself.
    produce(queue);
    VMFT_EXPECT_EQUAL(target.seen, "disk2 ");
    queue.release(4, 0);
    VMFT_EXPECT_EQUAL(target.seen, "disk2 disk4 ");
    queue.set_mode(OutputQueue::Mode::open);
    VMFT_EXPECT_EQUAL(target.seen, "disk2 disk4 frame5 ");
}

VMFT_TEST(a_permission_ends_before_each_output_not_only_before_the_first) {
    for (u64 frozen_at = 0; frozen_at <= 6; frozen_at++) {
        RecordingTarget target;
        target.step = 10;
        OutputQueue queue(target);
        queue.set_mode(OutputQueue::Mode::gated);
        produce(queue);
        queue.release(5, frozen_at * 10);
        std::string seen = frozen_at >= 1 ? "frame1 " : "";
        if (frozen_at >= 2) seen += "disk2 ";
        if (frozen_at >= 4) seen += "disk4 ";
        if (frozen_at >= 5) seen += "frame5 ";
        if (frozen_at >= 3) seen += "c ";
        VMFT_EXPECT_EQUAL(target.seen, seen);
        VMFT_EXPECT_EQUAL(queue.counts().released, std::min<u64>(frozen_at, 5));
    }
}

VMFT_TEST(what_lost_its_permission_leaves_in_order_by_the_next) {
    RecordingTarget target;
    target.now = 100;
    OutputQueue queue(target);
    queue.set_mode(OutputQueue::Mode::gated);
    produce(queue);
    queue.release(5, 99);
    VMFT_EXPECT_EQUAL(target.seen, "");
    VMFT_EXPECT(queue.counts().bytes_withheld > 0);
    queue.release(3, 100);  // A later permission takes nothing back that an earlier one gave.
    VMFT_EXPECT_EQUAL(target.seen, "frame1 disk2 disk4 frame5 c ");
    VMFT_EXPECT_EQUAL(queue.counts().bytes_withheld, 0u);
}

VMFT_TEST(an_output_made_behind_its_permission_waits_behind_the_others) {
    RecordingTarget target;
    OutputQueue queue(target);
    queue.set_mode(OutputQueue::Mode::gated);
    queue.release(3, 50);
    queue.produced(output(1, OutputKind::net_frame));
    VMFT_EXPECT_EQUAL(target.seen, "frame1 ");
    target.now = 51;
    queue.produced(output(2, OutputKind::net_frame));
    target.now = 50;  // Not that a clock does; but nothing may overtake.
    queue.produced(output(3, OutputKind::net_frame));
    VMFT_EXPECT_EQUAL(target.seen, "frame1 ");
    queue.release(3, 60);
    VMFT_EXPECT_EQUAL(target.seen, "frame1 frame2 frame3 ");
}

VMFT_TEST(whoever_is_alone_needs_no_permission) {
    RecordingTarget target;
    target.now = 100;
    OutputQueue queue(target);
    queue.set_mode(OutputQueue::Mode::gated);
    produce(queue);
    queue.release(5, 99);
    queue.set_mode(OutputQueue::Mode::open);
    VMFT_EXPECT_EQUAL(target.seen, "frame1 disk2 disk4 frame5 c ");
    queue.produced(output(6, OutputKind::net_frame));
    VMFT_EXPECT_EQUAL(target.seen, "frame1 disk2 disk4 frame5 c frame6 ");
}
