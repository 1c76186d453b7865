#include "device/virtio_blk.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"
#include "device/blk_disk.h"
#include "test.h"

namespace vmft {
namespace {

using test::BlkDisk;
using test::private_disk;
using test::read_only_disk;
using test::shared_disk;
using test::VirtioDriver;

constexpr u8 ok = 0, io_error = 1, unsupported = 2;

VMFT_TEST(the_driver_finds_the_disk_it_was_given) {
    BlkDisk disk(shared_disk());
    VMFT_EXPECT_EQUAL(disk.driver.get(virtio_mmio::device_id), 2u);
    auto config = [&](u64 offset) { return disk.driver.get(virtio_mmio::config + offset); };
    VMFT_EXPECT_EQUAL(config(0), (64u << 20) / 512);
    VMFT_EXPECT_EQUAL(config(4), 0u);
    VMFT_EXPECT_EQUAL(config(8), VirtioBlk::segment_bytes_max);
    VMFT_EXPECT_EQUAL(config(12), 126u);
    VMFT_EXPECT_EQUAL(config(20), 512u);
    VMFT_EXPECT_EQUAL(config(36), limits::disk_discard_bytes_max / 512);
    VMFT_EXPECT_EQUAL(config(40), 1u);
    VMFT_EXPECT_EQUAL(config(44), 8u);
    VMFT_EXPECT_EQUAL(config(48), limits::disk_write_zeroes_bytes_max / 512);
    VMFT_EXPECT_EQUAL(config(52), 1u);
    VMFT_EXPECT_EQUAL(config(56), 1u);
    constexpr u64 both = virtio_blk_feature::block_bytes | virtio_blk_feature::segments_max |
                         virtio_blk_feature::segment_bytes_max;
    constexpr u64 writable =
        virtio_blk_feature::flush | virtio_blk_feature::discard | virtio_blk_feature::write_zeroes;
    u64 features = disk.driver.device_features();
    VMFT_EXPECT_EQUAL(features & (both | writable | virtio_blk_feature::read_only),
                      both | writable);
    BlkDisk locked(read_only_disk());
    features = locked.driver.device_features();
    VMFT_EXPECT_EQUAL(features & (both | writable | virtio_blk_feature::read_only),
                      both | virtio_blk_feature::read_only);
    VMFT_EXPECT_EQUAL(locked.driver.get(virtio_mmio::config + 36), 0u);
}

VMFT_TEST(a_write_carries_its_data_and_ends_when_the_world_says) {
    BlkDisk disk(shared_disk());
    auto request = disk.write(3, std::string(1024, 'w'));
    VMFT_REQUIRE(disk.sink.requests.size() == 1);
    const DiskRequest& asked = disk.sink.requests[0];
    VMFT_EXPECT_EQUAL(asked.id, 1u);
    VMFT_EXPECT(asked.operation == DiskOperation::write);
    VMFT_EXPECT_EQUAL(asked.offset_bytes, 3u * 512);
    VMFT_EXPECT_EQUAL(asked.bytes, 1024u);
    VMFT_EXPECT(asked.data == std::vector<u8>(1024, 'w'));
    VMFT_EXPECT_EQUAL(asked.output_sequence, 1u);
    VMFT_EXPECT(!disk.line.up && !disk.driver.harvest(*disk.queue));
    disk.device.complete(1, DiskStatus::ok, {});
    VMFT_EXPECT(disk.line.up);
    VMFT_EXPECT_EQUAL(disk.end_of(request), 1u);
    VMFT_EXPECT_EQUAL(disk.status_of(request), ok);
    VMFT_EXPECT_EQUAL(disk.device.pending(), 0u);
}

VMFT_TEST(a_read_puts_its_data_where_the_driver_wants_it) {
    BlkDisk disk(shared_disk());
    auto request = disk.read(8, 1536);
    VMFT_REQUIRE(disk.sink.requests.size() == 1);
    VMFT_EXPECT(disk.sink.requests[0].operation == DiskOperation::read);
    VMFT_EXPECT(disk.sink.requests[0].data.empty());
    VMFT_EXPECT_EQUAL(disk.sink.requests[0].output_sequence, 0u);  // Nobody sees a read.
    std::vector<u8> data(1536);
    for (size_t i = 0; i < data.size(); i++) data[i] = static_cast<u8>(i * 7);
    disk.device.complete(1, DiskStatus::ok, data);
    VMFT_EXPECT_EQUAL(disk.end_of(request), 1537u);
    VMFT_EXPECT_EQUAL(disk.status_of(request), ok);
    VMFT_EXPECT(disk.driver.bytes_of(request.data) == data);
}

VMFT_TEST(an_error_of_the_disk_reaches_the_driver) {
    BlkDisk disk(shared_disk());
    auto read = disk.read(0, 512), write = disk.write(0, std::string(512, 'x'));
    disk.device.complete(1, DiskStatus::io_error, {});
    disk.device.complete(2, DiskStatus::io_error, {});
    VMFT_EXPECT_EQUAL(disk.end_of(read), 513u);
    VMFT_EXPECT_EQUAL(disk.end_of(write), 1u);
    VMFT_EXPECT_EQUAL(disk.status_of(read), io_error);
    VMFT_EXPECT_EQUAL(disk.status_of(write), io_error);
    VMFT_EXPECT(disk.driver.bytes_of(read.data) == std::vector<u8>(512, 0xEE));
}

VMFT_TEST(a_read_of_the_wrong_size_is_an_error) {
    BlkDisk disk(shared_disk());
    auto request = disk.read(0, 512);
    disk.device.complete(1, DiskStatus::ok, std::vector<u8>(511));
    VMFT_EXPECT_EQUAL(disk.status_of(request), io_error);
    VMFT_EXPECT_EQUAL(disk.device.counters().malformed_ends, 1u);
}

VMFT_TEST(flush_discard_and_write_zeroes) {
    BlkDisk disk(shared_disk());
    auto flush = disk.request(BlkDisk::type_flush, 0, {}, {});
    auto discard = disk.range(BlkDisk::type_discard, 8, 16, 0);
    auto zeroes = disk.range(BlkDisk::type_write_zeroes, 24, 8, 1);
    VMFT_REQUIRE(disk.sink.requests.size() == 3);
    const auto& asked = disk.sink.requests;
    VMFT_EXPECT(asked[0].operation == DiskOperation::flush && asked[0].bytes == 0);
    VMFT_EXPECT(asked[1].operation == DiskOperation::discard && asked[1].offset_bytes == 4096 &&
                asked[1].bytes == 8192 && !asked[1].may_unmap);
    VMFT_EXPECT(asked[2].operation == DiskOperation::write_zeroes &&
                asked[2].offset_bytes == 12288 && asked[2].bytes == 4096 && asked[2].may_unmap);
    for (u64 i = 0; i < 3; i++) VMFT_EXPECT_EQUAL(asked[i].output_sequence, i + 1);
    for (u64 id : {3, 1, 2}) disk.device.complete(id, DiskStatus::ok, {});  // In any order.
    VMFT_EXPECT_EQUAL(disk.driver.harvest(*disk.queue)->head, zeroes.head);
    VMFT_EXPECT_EQUAL(disk.driver.harvest(*disk.queue)->head, flush.head);
    VMFT_EXPECT_EQUAL(disk.driver.harvest(*disk.queue)->head, discard.head);
    for (const auto& each : {flush, discard, zeroes}) VMFT_EXPECT_EQUAL(disk.status_of(each), ok);
}

VMFT_TEST(nothing_on_a_private_disk_is_an_output) {
    BlkDisk disk(private_disk());
    disk.write(0, std::string(512, 'p'));
    disk.request(BlkDisk::type_flush, 0, {}, {});
    VMFT_REQUIRE(disk.sink.requests.size() == 2);
    VMFT_EXPECT_EQUAL(disk.sink.requests[0].output_sequence, 0u);
    VMFT_EXPECT_EQUAL(disk.sink.requests[1].output_sequence, 0u);
}

VMFT_TEST(get_id_tells_the_serial) {
    BlkDisk disk(shared_disk());
    auto request = disk.request(BlkDisk::type_get_id, 0, {}, disk.driver.room(20));
    VMFT_EXPECT(disk.sink.requests.empty());
    VMFT_EXPECT_EQUAL(disk.end_of(request), 21u);
    VMFT_EXPECT_EQUAL(disk.status_of(request), ok);
    std::vector<u8> serial(20);
    std::memcpy(serial.data(), "vmft-disk-0", 11);
    VMFT_EXPECT(disk.driver.bytes_of(request.data) == serial);
    auto narrow = disk.request(BlkDisk::type_get_id, 0, {}, disk.driver.room(19));
    VMFT_EXPECT_EQUAL(disk.status_of(narrow), io_error);
}

VMFT_TEST(what_the_disk_cannot_do_is_answered_at_once) {
    DiskConfig config = shared_disk();
    config.block_bytes = 4096;
    BlkDisk disk(config);
    u64 sectors = config.capacity_bytes / 512;
    auto status = [&](const BlkDisk::Request& request) {
        VMFT_EXPECT(disk.end_of(request).has_value());
        return disk.status_of(request);
    };
    VMFT_EXPECT_EQUAL(status(disk.read(1, 4096)), io_error);  // Not on a block.
    VMFT_EXPECT_EQUAL(status(disk.read(8, 512)), io_error);   // Not a whole one.
    VMFT_EXPECT_EQUAL(status(disk.read(8, 0)), io_error);
    VMFT_EXPECT_EQUAL(status(disk.read(sectors, 4096)), io_error);
    VMFT_EXPECT_EQUAL(status(disk.read(sectors - 8, 8192)), io_error);
    VMFT_EXPECT_EQUAL(status(disk.read(~u64{0} / 512 - 7, 4096)), io_error);
    VMFT_EXPECT_EQUAL(status(disk.read(~u64{0}, 4096)), io_error);
    VMFT_EXPECT_EQUAL(status(disk.write(sectors, std::string(4096, 'x'))), io_error);
    // Data in the wrong direction.
    VMFT_EXPECT_EQUAL(
        status(disk.request(BlkDisk::type_in, 0, disk.driver.text("data"), disk.driver.room(4096))),
        io_error);
    VMFT_EXPECT_EQUAL(
        status(disk.request(BlkDisk::type_out, 0, disk.driver.text(std::string(4096, 'x')),
                            disk.driver.room(1))),
        io_error);
    u32 largest = static_cast<u32>(limits::disk_request_bytes_max);
    VMFT_EXPECT_EQUAL(status(disk.read(0, largest + 4096)), io_error);
    VMFT_EXPECT_EQUAL(status(disk.range(BlkDisk::type_discard, 4, 8, 0)), io_error);
    VMFT_EXPECT_EQUAL(status(disk.range(BlkDisk::type_discard, 0, 8, 1)), unsupported);
    VMFT_EXPECT_EQUAL(status(disk.range(BlkDisk::type_write_zeroes, 0, 8, 2)), unsupported);
    VMFT_EXPECT_EQUAL(status(disk.range(BlkDisk::type_write_zeroes, 0, 0, 0)), io_error);
    VMFT_EXPECT_EQUAL(status(disk.range(BlkDisk::type_write_zeroes, sectors - 8, 16, 0)), io_error);
    VMFT_EXPECT_EQUAL(
        status(disk.request(BlkDisk::type_discard, 0, disk.driver.text(std::string(32, '\0')), {})),
        io_error);  // Two ranges.
    VMFT_EXPECT_EQUAL(status(disk.request(99, 0, {}, {})), unsupported);
    VMFT_EXPECT(disk.sink.requests.empty());
    VMFT_EXPECT_EQUAL(disk.device.counters().answered_at_once, 18u);
    disk.read(sectors - 8, 4096);
    disk.read(0, largest);
    VMFT_EXPECT_EQUAL(disk.sink.requests.size(), 2u);
}

VMFT_TEST(a_read_only_disk_takes_no_change) {
    BlkDisk disk(read_only_disk());
    auto write = disk.write(0, std::string(512, 'x'));
    VMFT_EXPECT_EQUAL(disk.status_of(write), io_error);
    auto flush = disk.request(BlkDisk::type_flush, 0, {}, {});
    VMFT_EXPECT_EQUAL(disk.status_of(flush), unsupported);
    auto discard = disk.range(BlkDisk::type_discard, 0, 8, 0);
    VMFT_EXPECT_EQUAL(disk.status_of(discard), unsupported);
    VMFT_EXPECT(disk.sink.requests.empty());
    disk.read(0, 512);
    VMFT_EXPECT_EQUAL(disk.sink.requests.size(), 1u);
}

VMFT_TEST(what_cannot_be_answered_stops_the_queue) {
    BlkDisk no_status(shared_disk());
    no_status.driver.add(*no_status.queue, {no_status.driver.text(std::string(16, '\0'))});
    no_status.driver.kick(*no_status.queue);
    VMFT_EXPECT(no_status.device.queue(0).fault() == QueueFault::buffer_too_small);
    VMFT_EXPECT(no_status.driver.get(virtio_mmio::status) & virtio_status::needs_reset);
    BlkDisk short_header(shared_disk());
    short_header.driver.add(*short_header.queue, {short_header.driver.text(std::string(15, '\0')),
                                                  short_header.driver.room(1)});
    short_header.driver.kick(*short_header.queue);
    VMFT_EXPECT(short_header.device.queue(0).fault() == QueueFault::buffer_too_small);
    // A chain that the device still has.
    BlkDisk twice(shared_disk());
    auto request = twice.read(0, 512);
    twice.driver.poke<u16>(twice.queue->available + 4 + 2, request.head);
    twice.driver.poke<u16>(twice.queue->available + 2, 2);
    twice.driver.set(virtio_mmio::queue_notify, 0);
    VMFT_EXPECT(twice.device.queue(0).fault() == QueueFault::head_in_use);
    // The end of the first changes nothing any more.
    twice.device.complete(1, DiskStatus::ok, std::vector<u8>(512, 1));
    VMFT_EXPECT(twice.driver.bytes_of(request.data) == std::vector<u8>(512, 0xEE));
    VMFT_EXPECT_EQUAL(twice.device.pending(), 0u);
}

VMFT_TEST(no_layout_of_a_request_is_assumed) {
    for (bool indirect : {false, true}) {
        BlkDisk disk(shared_disk());
        auto header = disk.header(BlkDisk::type_out, 5);
        auto rest = disk.driver.text(std::string(510, 'c')), status = disk.driver.room(1);
        // Header and data share a descriptor, the header lies in three, empty ones between.
        auto tail = disk.driver.allocate(7 + 2, 1);
        for (u64 i = 0; i < 7; i++)
            disk.driver.poke<u8>(tail + i, disk.driver.peek<u8>(header.address + 9 + i));
        disk.driver.poke<u8>(tail + 7, 'a');
        disk.driver.poke<u8>(tail + 8, 'b');
        disk.driver.add(*disk.queue,
                        {VirtioDriver::Buffer{header.address, 1, false},
                         {header.address + 1, 0, false},
                         {header.address + 1, 8, false},
                         {tail, 9, false},
                         rest,
                         status,
                         {status.address, 0, true}},
                        indirect);
        disk.driver.kick(*disk.queue);
        VMFT_REQUIRE(disk.sink.requests.size() == 1);
        VMFT_EXPECT_EQUAL(disk.sink.requests[0].offset_bytes, 5u * 512);
        std::vector<u8> wanted(512, 'c');
        wanted[0] = 'a';
        wanted[1] = 'b';
        VMFT_EXPECT(disk.sink.requests[0].data == wanted);
        disk.device.complete(1, DiskStatus::ok, {});
        VMFT_EXPECT_EQUAL(disk.driver.harvest(*disk.queue)->bytes_written, 1u);
        // The status is the end of the buffer that holds the data, which lies in two parts.
        auto first = disk.driver.room(100), second = disk.driver.room(413);
        disk.driver.add(*disk.queue, {disk.header(BlkDisk::type_in, 9), first, second}, indirect);
        disk.driver.kick(*disk.queue);
        std::vector<u8> read(512);
        for (size_t i = 0; i < read.size(); i++) read[i] = static_cast<u8>(i);
        disk.driver.poke<u8>(second.address + 412, 0xEE);
        disk.device.complete(2, DiskStatus::ok, read);
        VMFT_EXPECT_EQUAL(disk.driver.harvest(*disk.queue)->bytes_written, 513u);
        VMFT_EXPECT_EQUAL(disk.driver.peek<u8>(first.address + 99), 99);
        VMFT_EXPECT_EQUAL(disk.driver.peek<u8>(second.address), 100);
        VMFT_EXPECT_EQUAL(disk.driver.peek<u8>(second.address + 411), 255);
        VMFT_EXPECT_EQUAL(disk.driver.peek<u8>(second.address + 412), ok);
    }
}

}  // namespace
}  // namespace vmft
