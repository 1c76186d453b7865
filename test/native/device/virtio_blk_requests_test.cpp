#include <algorithm>

#include "base/limits.h"
#include "device/blk_disk.h"
#include "device/fake_machine.h"
#include "device/virtio_blk.h"
#include "test.h"

/// What becomes of a disk's requests between asking and ending: waiting, resets, copies.
namespace vmft {
namespace {

using test::BlkDisk;
using test::private_disk;
using test::read_only_disk;
using test::shared_disk;

constexpr u8 ok = 0, io_error = 1;

VMFT_TEST(a_full_load_of_requests_waits_in_the_ring) {
    BlkDisk disk(shared_disk());
    u32 bytes = static_cast<u32>(limits::disk_request_bytes_max);
    u64 fit = limits::disk_pending_bytes_max / bytes;
    std::vector<BlkDisk::Request> requests;
    auto room = disk.driver.room(bytes);
    for (u64 i = 0; i < fit + 3; i++)
        requests.push_back(disk.request(BlkDisk::type_in, 0, {}, room));
    VMFT_EXPECT_EQUAL(disk.sink.requests.size(), fit);
    VMFT_EXPECT_EQUAL(disk.device.pending(), fit);
    // Each end makes room for one more, without another notification.
    disk.device.complete(2, DiskStatus::io_error, {});
    VMFT_EXPECT_EQUAL(disk.sink.requests.size(), fit + 1);
    for (u64 id = 1; id <= fit + 3; id++) disk.device.complete(id, DiskStatus::io_error, {});
    VMFT_EXPECT_EQUAL(disk.sink.requests.size(), fit + 3);
    VMFT_EXPECT_EQUAL(disk.device.pending(), 0u);
    for (const auto& request : requests) VMFT_EXPECT_EQUAL(disk.status_of(request), io_error);
}

VMFT_TEST(without_flushes_a_write_is_durable_before_it_ends) {
    BlkDisk disk(shared_disk(), virtio_blk_feature::flush);
    auto write = disk.write(0, std::string(512, 'd'));
    disk.device.complete(1, DiskStatus::ok, {});
    VMFT_EXPECT(!disk.end_of(write).has_value());
    VMFT_REQUIRE(disk.sink.requests.size() == 2);
    VMFT_EXPECT(disk.sink.requests[1].operation == DiskOperation::flush);
    VMFT_EXPECT_EQUAL(disk.sink.requests[1].id, 2u);
    VMFT_EXPECT_EQUAL(disk.sink.requests[1].output_sequence, 2u);
    disk.device.complete(2, DiskStatus::ok, {});
    VMFT_EXPECT_EQUAL(disk.end_of(write), 1u);
    VMFT_EXPECT_EQUAL(disk.status_of(write), ok);
    auto failed = disk.write(0, std::string(512, 'd'));
    disk.device.complete(3, DiskStatus::io_error, {});
    VMFT_EXPECT_EQUAL(disk.status_of(failed), io_error);
    auto read = disk.read(0, 512);
    disk.device.complete(4, DiskStatus::ok, std::vector<u8>(512));
    VMFT_EXPECT_EQUAL(disk.status_of(read), ok);
    VMFT_EXPECT_EQUAL(disk.sink.requests.size(), 4u);
}

VMFT_TEST(a_reset_forgets_what_was_under_way) {
    BlkDisk disk(shared_disk());
    auto before = disk.read(0, 512);
    disk.bring_up();
    VMFT_EXPECT_EQUAL(disk.device.pending(), 0u);
    auto after = disk.read(8, 512);
    VMFT_EXPECT_EQUAL(disk.sink.requests.back().id, 2u);  // Numbers go on.
    disk.device.complete(1, DiskStatus::ok, std::vector<u8>(512, 'z'));
    VMFT_EXPECT_EQUAL(disk.device.counters().unknown_ends, 1u);
    VMFT_EXPECT_EQUAL(disk.status_of(before), 0xEE);
    VMFT_EXPECT(disk.driver.bytes_of(before.data) == std::vector<u8>(512, 0xEE));
    VMFT_EXPECT(!disk.end_of(after).has_value());
    disk.device.complete(2, DiskStatus::ok, std::vector<u8>(512, 'z'));
    VMFT_EXPECT_EQUAL(disk.end_of(after), 513u);
    // A second end of the same, and numbers that no request ever had.
    for (u64 id : {u64{2}, u64{0}, u64{3}, ~u64{0}}) disk.device.complete(id, DiskStatus::ok, {});
    VMFT_EXPECT_EQUAL(disk.device.counters().unknown_ends, 5u);
}

VMFT_TEST(a_queue_that_is_taken_away_takes_its_requests_with_it) {
    BlkDisk disk(shared_disk());
    disk.read(0, 512);
    disk.driver.set(virtio_mmio::queue_select, 0);
    disk.driver.set(virtio_mmio::queue_ready, 0);
    VMFT_EXPECT_EQUAL(disk.device.pending(), 0u);
    disk.queue = &disk.driver.add_queue(0, 64);
    disk.device.complete(1, DiskStatus::ok, std::vector<u8>(512));
    VMFT_EXPECT(!disk.driver.harvest(*disk.queue).has_value());
}

VMFT_TEST(interrupts_come_when_the_driver_asked_for_them) {
    BlkDisk disk(shared_disk());
    std::vector<BlkDisk::Request> requests;
    for (u64 i = 0; i < 3; i++) requests.push_back(disk.read(i, 512, i == 2));
    VMFT_REQUIRE(disk.sink.requests.size() == 3);
    disk.driver.want_interrupt(*disk.queue, false);
    disk.device.complete(1, DiskStatus::io_error, {});
    VMFT_EXPECT(!disk.line.up);
    VMFT_EXPECT(disk.end_of(requests[0]).has_value());
    disk.driver.want_interrupt(*disk.queue, true);
    disk.device.complete(2, DiskStatus::io_error, {});
    VMFT_EXPECT(disk.line.up);
    VMFT_EXPECT_EQUAL(disk.driver.take_interrupt(), virtio_interrupt::used);
    VMFT_EXPECT(!disk.line.up);
    // Not before the driver has looked at the one before.
    disk.device.complete(3, DiskStatus::io_error, {});
    VMFT_EXPECT(!disk.line.up);
    // What is answered at once interrupts likewise.
    while (disk.driver.harvest(*disk.queue)) {
    }
    disk.driver.want_interrupt(*disk.queue, true);
    disk.request(BlkDisk::type_get_id, 0, {}, disk.driver.room(20));
    VMFT_EXPECT(disk.line.up);
}

/// A device made from another's state, and its memory.
struct Copied {
    GuestMemory memory{BlkDisk::memory_bytes};
    test::RecordingDiskSink sink;
    VirtioBlk device;
    test::RecordingLine line;
    VirtioMmio mmio{&device, line};
    bool restored = false;

    Copied(const std::vector<u8>& state, const DiskConfig& config, const BlkDisk* from = nullptr)
        : device(memory, 0, config, sink) {
        if (from != nullptr) memory.write(0, {from->memory.data(), BlkDisk::memory_bytes});
        StateReader reader(state);
        mmio.restore(reader);
        restored = reader.ok() && reader.bytes_left() == 0;
    }
    std::vector<u8> state() const { return state_of(mmio); }
    static std::vector<u8> state_of(const VirtioMmio& mmio) {
        StateWriter state;
        mmio.save(state);
        return state.bytes();
    }
};

VMFT_TEST(requests_under_way_survive_a_copy) {
    BlkDisk disk(shared_disk());
    auto done = disk.write(0, std::string(512, 'a'));
    auto write = disk.write(2, std::string(1024, 'b'));
    auto read = disk.read(16, 2048);
    disk.request(BlkDisk::type_flush, 0, {}, {});
    disk.range(BlkDisk::type_write_zeroes, 32, 8, 1);
    disk.device.complete(1, DiskStatus::ok, {});
    std::vector<u8> state = Copied::state_of(disk.mmio);
    Copied copy(state, shared_disk(), &disk);
    VMFT_REQUIRE(copy.restored);
    VMFT_EXPECT(copy.state() == state);
    VMFT_EXPECT_EQUAL(copy.device.pending(), 4u);
    copy.device.repeat_pending();
    VMFT_REQUIRE(copy.sink.repeated.size() == 4);
    for (size_t i = 0; i < 4; i++) VMFT_EXPECT(copy.sink.repeated[i] == disk.sink.requests[i + 1]);
    VMFT_EXPECT(copy.sink.requests.empty());
    std::vector<u8> data(2048, 'r');
    for (VirtioBlk* device : {&disk.device, &copy.device}) {
        device->complete(3, DiskStatus::ok, data);
        device->complete(2, DiskStatus::ok, {});
    }
    VMFT_EXPECT(Copied::state_of(disk.mmio) == copy.state());
    VMFT_EXPECT(std::equal(disk.memory.data(), disk.memory.data() + BlkDisk::memory_bytes,
                           copy.memory.data()));
    VMFT_EXPECT(disk.driver.bytes_of(read.data) == data);
    VMFT_EXPECT_EQUAL(disk.end_of(done), 1u);
    VMFT_EXPECT_EQUAL(disk.end_of(read), 2049u);
    VMFT_EXPECT_EQUAL(disk.end_of(write), 1u);
}

VMFT_TEST(no_state_is_taken_that_the_device_cannot_have) {
    BlkDisk disk(shared_disk());
    for (u64 i = 0; i < 4; i++) disk.write(8 * i, std::string(1024, 'b'));
    disk.read(64, 8192);
    std::vector<u8> state = Copied::state_of(disk.mmio);
    VMFT_EXPECT(Copied(state, shared_disk()).restored);
    // Of another disk: too small, of other blocks, read-only, not shared.
    DiskConfig other = shared_disk();
    other.capacity_bytes = 4096;
    VMFT_EXPECT(!Copied(state, other).restored);
    other = shared_disk();
    other.block_bytes = 4096;
    VMFT_EXPECT(!Copied(state, other).restored);
    VMFT_EXPECT(!Copied(state, read_only_disk()).restored);
    VMFT_EXPECT(!Copied(state, private_disk()).restored);
    for (size_t size = 0; size < state.size(); size++)
        VMFT_EXPECT(!Copied({state.begin(), state.begin() + static_cast<i64>(size)}, shared_disk())
                         .restored);
    test::Sequence random(5);
    u64 refused = 0;
    for (int i = 0; i < 3000; i++) {
        std::vector<u8> broken = state;
        for (u64 changes = 1 + random.below(3); changes > 0; changes--)
            broken[random.below(broken.size())] = static_cast<u8>(random.next());
        Copied copy(broken, shared_disk());
        refused += !copy.restored;
        // Whatever was taken can be gone on with.
        copy.device.repeat_pending();
        for (u64 id = 1; id <= 6; id++)
            copy.device.complete(id, DiskStatus::ok, std::vector<u8>(id == 5 ? 8192 : 0, 1));
    }
    VMFT_EXPECT(refused > 500);
}

}  // namespace
}  // namespace vmft
