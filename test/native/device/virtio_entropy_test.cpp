#include "device/virtio_entropy.h"

#include "base/limits.h"
#include "device/recording_sink.h"
#include "device/virtio_driver.h"
#include "test.h"

namespace vmft {
namespace {

using test::RecordingLine;
using test::VirtioDriver;

struct Source {
    GuestMemory memory{u64{4} << 20};
    VirtioEntropy entropy{memory};
    RecordingLine line;
    VirtioMmio mmio{&entropy, line};
    VirtioDriver driver{memory, mmio};
    VirtioDriver::Queue* requests = nullptr;

    Source() {
        VMFT_EXPECT(driver.negotiate(virtio_feature::ring_event_index));
        requests = &driver.add_queue(VirtioEntropy::request_queue, 8);
        driver.set_ready();
    }
};

VMFT_TEST(requests_are_answered_in_order) {
    Source source;
    VMFT_EXPECT_EQUAL(source.entropy.wanted_bytes(), 0u);
    auto first = source.driver.room(4), second = source.driver.room(16);
    source.driver.add(*source.requests, {first});
    source.driver.kick(*source.requests);
    VMFT_EXPECT_EQUAL(source.entropy.wanted_bytes(), 4u);
    VMFT_EXPECT(!source.line.up);
    source.driver.add(*source.requests, {second});
    source.driver.kick(*source.requests);
    source.entropy.supply(std::vector<u8>{1, 2, 3, 4, 5, 6});
    VMFT_EXPECT(source.line.up);
    VMFT_EXPECT_EQUAL(source.driver.harvest(*source.requests)->bytes_written, 4u);
    VMFT_EXPECT_EQUAL(source.driver.harvest(*source.requests)->bytes_written, 2u);
    VMFT_EXPECT_EQUAL(source.driver.bytes_of(first)[3], 4);
    VMFT_EXPECT_EQUAL(source.driver.bytes_of(second)[1], 6);
    VMFT_EXPECT_EQUAL(source.entropy.wanted_bytes(), 0u);
    source.entropy.supply(std::vector<u8>(9));
    VMFT_EXPECT_EQUAL(source.entropy.bytes_dropped(), 9u);
    VMFT_EXPECT_EQUAL(source.entropy.bytes_supplied(), 6u);
    source.driver.add(*source.requests, {source.driver.room(100000)});
    VMFT_EXPECT(source.driver.kick(*source.requests));
    VMFT_EXPECT_EQUAL(source.entropy.wanted_bytes(), limits::entropy_bytes_max);
}

VMFT_TEST(requests_that_cannot_be_answered) {
    Source readable;
    readable.driver.add(*readable.requests, {readable.driver.text("no")});
    readable.driver.kick(*readable.requests);
    VMFT_EXPECT(readable.entropy.queue(0).fault() == QueueFault::wrong_direction);
    VMFT_EXPECT_EQUAL(readable.entropy.wanted_bytes(), 0u);
    // The second in line is reported when the first is answered.
    Source empty;
    empty.driver.add(*empty.requests, {empty.driver.room(4)});
    empty.driver.add(*empty.requests, {VirtioDriver::Buffer{0, 0, true}});
    empty.driver.kick(*empty.requests);
    VMFT_EXPECT_EQUAL(empty.entropy.wanted_bytes(), 4u);
    empty.entropy.supply(std::vector<u8>(4));
    VMFT_EXPECT(empty.entropy.queue(0).fault() == QueueFault::buffer_too_small);
    VMFT_EXPECT(empty.driver.get(virtio_mmio::status) & virtio_status::needs_reset);
}

}  // namespace
}  // namespace vmft
