#include "output/output_queue.h"

#include <string>

#include "test.h"

using namespace vmft;

namespace {

/// Writes down what left, in order.
struct RecordingTarget final : OutputTarget {
    std::string seen;
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
    queue.release(2);
    VMFT_EXPECT_EQUAL(target.seen, "frame1 disk2 ");
    queue.release(5);
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
    queue.release(2);  // Before it has got there itself.
    produce(queue);
    VMFT_EXPECT_EQUAL(target.seen, "disk2 ");
    queue.release(4);
    VMFT_EXPECT_EQUAL(target.seen, "disk2 disk4 ");
    queue.set_mode(OutputQueue::Mode::open);
    VMFT_EXPECT_EQUAL(target.seen, "disk2 disk4 frame5 ");
}
