#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device/recording_sink.h"
#include "device/virtio_blk.h"
#include "device/virtio_driver.h"
#include "test.h"

namespace vmft::test {

inline DiskConfig shared_disk() { return {u64{64} << 20, 512, true, false, false, "vmft-disk-0"}; }
inline DiskConfig read_only_disk() {
    DiskConfig disk = shared_disk();
    disk.read_only = true;
    return disk;
}
inline DiskConfig private_disk() {
    DiskConfig disk = shared_disk();
    disk.shared = false;
    return disk;
}

/// Keeps what a disk is asked, and numbers outputs as the machine does.
struct RecordingDiskSink final : DiskRequestSink {
    std::vector<DiskRequest> requests, repeated;
    u64 outputs = 0;
    u64 request(DiskRequest&& request, bool is_output) override {
        request.output_sequence = is_output ? ++outputs : 0;
        requests.push_back(std::move(request));
        return requests.back().output_sequence;
    }
    void repeat(DiskRequest&& request) override { repeated.push_back(std::move(request)); }
};

/// A block device with a driver that is up, and requests as Linux lays them out.
struct BlkDisk {
    static constexpr u32 type_in = 0, type_out = 1, type_flush = 4, type_get_id = 8,
                         type_discard = 11, type_write_zeroes = 13;
    static constexpr u64 memory_bytes = u64{16} << 20;

    struct Request {
        u16 head = 0;
        VirtioDriver::Buffer data, status;
    };

    GuestMemory memory{memory_bytes};
    RecordingDiskSink sink;
    VirtioBlk device;
    RecordingLine line;
    VirtioMmio mmio{&device, line};
    VirtioDriver driver{memory, mmio};
    VirtioDriver::Queue* queue = nullptr;

    explicit BlkDisk(const DiskConfig& config, u64 without = 0) : device(memory, 0, config, sink) {
        bring_up(without);
    }
    /// Resets, too. `without`: features not to take.
    void bring_up(u64 without = 0) {
        VMFT_EXPECT(driver.negotiate(device.features_offered() & ~without));
        queue = &driver.add_queue(VirtioBlk::request_queue, 128);
        driver.set_ready();
    }

    VirtioDriver::Buffer header(u32 type, u64 sector) {
        VirtioDriver::Buffer header{driver.allocate(16), 16, false};
        driver.poke<u32>(header.address, type);
        driver.poke<u32>(header.address + 4, 0);
        driver.poke<u64>(header.address + 8, sector);
        return header;
    }
    /// Buffers of no address are left out; the status byte is there.
    Request request(u32 type, u64 sector, VirtioDriver::Buffer out, VirtioDriver::Buffer in,
                    bool kick = true) {
        Request request;
        request.data = in.address ? in : out;
        request.status = driver.room(1);
        driver.poke<u8>(request.status.address, 0xEE);
        std::vector<VirtioDriver::Buffer> buffers{header(type, sector)};
        if (out.address) buffers.push_back(out);
        if (in.address) buffers.push_back(in);
        buffers.push_back(request.status);
        request.head = driver.add(*queue, buffers, true);
        if (kick) driver.kick(*queue);
        return request;
    }
    Request read(u64 sector, u32 bytes, bool kick = true) {
        VirtioDriver::Buffer room = driver.room(bytes);
        memory.write(room.address, std::vector<u8>(bytes, 0xEE));
        return request(type_in, sector, {}, room, kick);
    }
    Request write(u64 sector, std::string_view data, bool kick = true) {
        return request(type_out, sector, driver.text(data), {}, kick);
    }
    Request range(u32 type, u64 sector, u32 sectors, u32 flags) {
        VirtioDriver::Buffer range{driver.allocate(16), 16, false};
        driver.poke<u64>(range.address, sector);
        driver.poke<u32>(range.address + 8, sectors);
        driver.poke<u32>(range.address + 12, flags);
        return request(type, 0, range, {});
    }
    u8 status_of(const Request& request) const { return driver.peek<u8>(request.status.address); }
    /// The next used element, which must be this request's: bytes written. None: it has not ended.
    std::optional<u32> end_of(const Request& request) {
        auto used = driver.harvest(*queue);
        if (!used) return std::nullopt;
        VMFT_EXPECT_EQUAL(used->head, request.head);
        return used->bytes_written;
    }
};

}  // namespace vmft::test
