#include <algorithm>
#include <memory>

#include "base/hash64.h"
#include "device/blk_disk.h"
#include "device/recording_sink.h"
#include "device/virtio_console.h"
#include "device/virtio_driver.h"
#include "device/virtio_entropy.h"
#include "device/virtio_net.h"
#include "test.h"

/// Hostile drivers: rings, descriptors and registers of seeded rubbish, near enough to sense
/// that much of it is parsed. Each step is done to two machines, one of which is
/// saved and restored into a fresh one now and then: they must stay equal, and nothing may
/// crash, hang or (under the sanitizers) be undefined.
namespace vmft {
namespace {

constexpr u64 memory_bytes = u64{1} << 20;
constexpr u64 playground_bytes = 0x8000;  // Small, so that rings, tables and buffers overlap.

class Random {
public:
    explicit Random(u64 seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
    u64 next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_ * 0x2545f4914f6cdd1d;
    }
    u64 below(u64 bound) { return (next() >> 16) % bound; }
    bool one_in(u64 count) { return below(count) == 0; }

private:
    u64 state_;
};

struct Replica {
    enum Kind { net, console, entropy, block };
    GuestMemory memory{memory_bytes};
    test::CountingSink sink;
    test::RecordingDiskSink disk_sink;
    test::RecordingLine line;
    Kind kind;
    std::unique_ptr<VirtioDevice> device;
    std::unique_ptr<VirtioMmio> mmio;

    explicit Replica(Kind of) : kind(of) {
        if (kind == net)
            device = std::make_unique<VirtioNet>(memory, MacAddress{2, 0, 0, 0, 0, 1}, sink);
        if (kind == console) device = std::make_unique<VirtioConsole>(memory, sink);
        if (kind == entropy) device = std::make_unique<VirtioEntropy>(memory);
        if (kind == block)
            device = std::make_unique<VirtioBlk>(memory, 0, test::shared_disk(), disk_sink);
        mmio = std::make_unique<VirtioMmio>(device.get(), line);
    }
    void input(std::span<const u8> bytes) {
        if (kind == net) static_cast<VirtioNet&>(*device).receive(bytes);
        if (kind == console) static_cast<VirtioConsole&>(*device).receive(bytes);
        if (kind == entropy) static_cast<VirtioEntropy&>(*device).supply(bytes);
        if (kind == block) end_requests(bytes);
    }
    /// Of the last few: some twice, some never, some with another size than was asked for.
    void end_requests(std::span<const u8> bytes) {
        u64 made = disk_sink.requests.size();
        for (size_t i = 0; i < std::min<size_t>(bytes.size(), 4); i++) {
            u64 id = made - bytes[i] % 8;
            bool known = id > 0 && id <= made;
            u64 wanted = known ? disk_sink.requests[id - 1].bytes : 0;
            bool reads = known && disk_sink.requests[id - 1].operation == DiskOperation::read;
            std::vector<u8> data(reads && bytes[i] < 200 ? wanted : bytes.size(), bytes[i]);
            static_cast<VirtioBlk&>(*device).complete(
                id, bytes[i] % 16 == 15 ? DiskStatus::io_error : DiskStatus::ok, data);
        }
    }
    u64 offer() const {
        if (kind == net) return static_cast<const VirtioNet&>(*device).can_receive();
        if (kind == entropy) return static_cast<const VirtioEntropy&>(*device).wanted_bytes();
        if (kind == block) return static_cast<const VirtioBlk&>(*device).pending();
        return 0;
    }
    std::vector<u8> state() const {
        StateWriter state;
        mmio->save(state);
        state.put(hash64({memory.data(), playground_bytes + page_bytes}));
        return state.bytes();
    }
};

/// The places a driver of this test puts things: the same for driver and rubbish.
struct Places {
    u64 descriptors, available, used;
    u16 size;
};

void start(Replica& replica, const Places* places, u64 features) {
    test::VirtioDriver driver(replica.memory, *replica.mmio);
    driver.negotiate(features);
    for (u32 i = 0; i < replica.device->queue_count(); i++) {
        driver.set(virtio_mmio::queue_select, i);
        driver.set(virtio_mmio::queue_size, places[i].size);
        driver.set(virtio_mmio::queue_descriptors_low, static_cast<u32>(places[i].descriptors));
        driver.set(virtio_mmio::queue_available_low, static_cast<u32>(places[i].available));
        driver.set(virtio_mmio::queue_used_low, static_cast<u32>(places[i].used));
        driver.set(virtio_mmio::queue_ready, 1);
    }
    driver.set_ready();
}

struct Write {
    u64 address;
    u64 value;
    unsigned bytes;
};

/// How rare wild values are in one run, so that some runs get far and others break at once.
u64 some_address(Random& random, u64 rarity) {
    if (!random.one_in(rarity)) return random.below(playground_bytes);
    switch (random.below(3)) {
    case 0: return random.next();
    case 1: return memory_bytes - random.below(64);
    default: return ~u64{0} - random.below(64);
    }
}

void rubbish_descriptor(Random& random, u64 rarity, u64 at, std::vector<Write>& writes) {
    u32 bytes = static_cast<u32>(
        random.one_in(4 * rarity) ? random.next() : random.below(random.one_in(3) ? 4096 : 64));
    u16 flags = static_cast<u16>(random.one_in(4 * rarity) ? random.next()
                                 : random.one_in(2)        ? 0
                                                           : random.below(4));
    if (random.one_in(8)) {
        flags = 4;
        bytes = static_cast<u32>(16 * random.below(8));
    }
    writes.push_back({at, some_address(random, rarity) & (flags & 4 ? ~u64{15} : ~u64{0}), 8});
    writes.push_back({at + 8, bytes, 4});
    writes.push_back({at + 12, flags, 2});
    writes.push_back({at + 14, random.one_in(4 * rarity) ? random.next() : random.below(8), 2});
}

/// A block request with a header that means something: descriptors `first` and the two behind it.
void plausible_request(Random& random, u64 rarity, u64 table, u64 first,
                       std::vector<Write>& writes) {
    constexpr u32 types[] = {0, 1, 4, 8, 11, 13};
    u64 header = some_address(random, rarity), at = table + 16 * first;
    u64 sector = random.one_in(rarity) ? random.next() : random.below(1024);
    u32 type = types[random.below(6)];
    writes.push_back({header, random.one_in(rarity) ? random.next() : type, 4});
    writes.push_back({header + 8, sector, 8});
    writes.push_back({header + 16, random.below(1024), 8});
    writes.push_back({header + 24, 8 * random.below(4), 4});
    writes.push_back({header + 28, random.below(3), 4});
    bool ranges = type > 8;
    writes.push_back({at, header, 8});
    writes.push_back({at + 8, ranges ? 32u : 16u, 4});
    writes.push_back({at + 12, 1, 2});
    writes.push_back({at + 14, ranges || type == 4 ? first + 2 : first + 1, 2});
    writes.push_back({at + 16, some_address(random, rarity), 8});
    writes.push_back({at + 24, type == 8 ? 20 : 512 * random.below(5), 4});
    writes.push_back({at + 28, type == 1 ? 1u : 3u, 2});
    writes.push_back({at + 30, first + 2, 2});
    writes.push_back({at + 32, some_address(random, rarity), 8});
    writes.push_back({at + 40, 1, 4});
    writes.push_back({at + 44, 2, 2});
}

std::vector<Write> rubbish(Replica::Kind kind, Random& random, u64 rarity, const Places& places,
                           const GuestMemory& memory) {
    std::vector<Write> writes;
    for (u64 i = 0; i < 8; i++)
        rubbish_descriptor(random, rarity, places.descriptors + 16 * random.below(8), writes);
    for (u64 i = 0; i < 4; i++)
        rubbish_descriptor(random, rarity, 16 * random.below(playground_bytes / 16), writes);
    bool plausible = kind == Replica::block && !random.one_in(rarity);
    if (plausible)
        for (u64 first : {0, 3})
            plausible_request(random, rarity, places.descriptors, first, writes);
    u16 index = 0;
    memory.read_value(places.available + 2, index);
    for (u64 i = 0; i < 8; i++)
        writes.push_back({places.available + 4 + 2 * i,
                          random.one_in(8 * rarity) ? random.next()
                          : plausible               ? 3 * (i % 2)
                                                    : random.below(places.size),
                          2});
    u64 step = random.one_in(4 * rarity) ? random.next() : random.below(3);
    writes.push_back({places.available + 2, index + step, 2});
    writes.push_back({places.available + 4 + 2 * places.size, index + random.below(4), 2});
    if (random.one_in(rarity)) writes.push_back({random.below(playground_bytes), random.next(), 8});
    return writes;
}

struct Tally {
    u64 faults = 0;  ///< Drivers that were caught.
    u64 disk_requests = 0;
    u64 completions = 0;  ///< Steps at whose end a used-buffer notification stood.
};

/// Hostile drivers one after the other on the same machine.
Tally run(Replica::Kind kind, u64 seed) {
    Random random(seed);
    auto first = std::make_unique<Replica>(kind), second = std::make_unique<Replica>(kind);
    Places places[2];
    for (Places& each : places) {
        each = {random.below(playground_bytes) & ~u64{15}, random.below(playground_bytes) & ~u64{1},
                random.below(playground_bytes) & ~u64{3}, static_cast<u16>(1 << random.below(4))};
        if (random.one_in(6))
            each.used = each.available & ~u64{3};  // Our own writes land in the driver's ring.
    }
    u64 features = random.next() & first->device->features_offered();
    u64 rarity = u64{1} << (2 + random.below(7));
    Tally tally;
    for (u64 step = 0; step < 64; step++) {
        bool stopped =
            (first->mmio->read(virtio_mmio::status, 4) & virtio_status::needs_reset) != 0;
        second->mmio->read(virtio_mmio::status, 4);
        if (step == 0 || (stopped && random.one_in(3))) {
            tally.faults += stopped;
            // With empty rings, as a driver begins; the rest of memory stays as it is.
            std::vector<u8> nothing(6);
            for (Replica* replica : {first.get(), second.get()}) {
                for (const Places& each : places) {
                    replica->memory.write(each.available, nothing);
                    replica->memory.write(each.used, nothing);
                }
                start(*replica, places, features);
            }
        }
        u64 queue = random.below(first->device->queue_count());
        std::vector<Write> writes = rubbish(kind, random, rarity, places[queue], first->memory);
        std::vector<u8> bytes(random.below(random.one_in(4) ? 3000 : 80));
        for (u8& each : bytes) each = static_cast<u8>(random.next());
        u64 offset = random.one_in(4 * rarity) ? random.below(0x110)
                     : random.one_in(4)        ? virtio_mmio::interrupt_acknowledge
                                               : virtio_mmio::queue_notify;
        u64 value = offset == virtio_mmio::queue_notify ? queue : random.next();
        bool input = random.one_in(2);
        for (Replica* replica : {first.get(), second.get()}) {
            for (const Write& each : writes)
                replica->memory.write(each.address,
                                      {reinterpret_cast<const u8*>(&each.value), each.bytes});
            replica->mmio->write(offset, 4, value);
            replica->mmio->read(offset & 0xfc, 4);
            if (input) replica->input(bytes);
        }
        VMFT_EXPECT_EQUAL(first->offer(), second->offer());
        tally.completions +=
            (first->mmio->read(virtio_mmio::interrupt_status, 4) & virtio_interrupt::used) != 0;
        second->mmio->read(virtio_mmio::interrupt_status, 4);
        if (random.one_in(8)) {
            auto fresh = std::make_unique<Replica>(kind);
            fresh->memory.write(0, {second->memory.data(), playground_bytes + page_bytes});
            fresh->sink = second->sink;
            fresh->disk_sink = second->disk_sink;
            fresh->line = second->line;
            StateWriter saved;
            second->mmio->save(saved);
            StateReader reader(saved.bytes());
            fresh->mmio->restore(reader);
            VMFT_EXPECT(reader.ok() && reader.bytes_left() == 0);
            second = std::move(fresh);
        }
    }
    bool alike = first->state() == second->state() && first->line.up == second->line.up &&
                 first->sink.outputs == second->sink.outputs &&
                 first->sink.bytes == second->sink.bytes &&
                 first->disk_sink.requests == second->disk_sink.requests;
    if (!alike) std::cout << "kind " << kind << ", seed " << seed << std::endl;
    VMFT_EXPECT(alike);
    tally.disk_requests = first->disk_sink.requests.size();
    return tally;
}

constexpr u64 runs = 400;

void run_kind(Replica::Kind kind) {
    Tally sum;
    for (u64 seed = 0; seed < runs; seed++) {
        Tally tally = run(kind, seed);
        sum.faults += tally.faults;
        sum.completions += tally.completions;
        sum.disk_requests += tally.disk_requests;
    }
    // Else the rubbish is too good or too bad to test much.
    VMFT_EXPECT(sum.faults > runs);
    VMFT_EXPECT(sum.completions > runs);
    VMFT_EXPECT(kind != Replica::block || sum.disk_requests > 2 * runs);
}

VMFT_TEST(hostile_net_driver) { run_kind(Replica::net); }
VMFT_TEST(hostile_console_driver) { run_kind(Replica::console); }
VMFT_TEST(hostile_entropy_driver) { run_kind(Replica::entropy); }
VMFT_TEST(hostile_block_driver) { run_kind(Replica::block); }

VMFT_TEST(restore_is_total_on_rubbish) {
    for (Replica::Kind kind : {Replica::net, Replica::console, Replica::entropy, Replica::block}) {
        Random random(kind);
        Replica good(kind);
        Places places[2] = {{0, 0x1000, 0x2000, 8}, {0x3000, 0x4000, 0x5000, 8}};
        start(good, places, good.device->features_offered());
        StateWriter saved;
        good.mmio->save(saved);
        for (u64 i = 0; i < 2000; i++) {
            std::vector<u8> bytes = saved.bytes();
            for (u64 flips = 1 + random.below(4); flips > 0; flips--)
                bytes[random.below(bytes.size())] = static_cast<u8>(random.next());
            Replica replica(kind);
            StateReader reader(bytes);
            replica.mmio->restore(reader);
            for (u32 queue = 0; queue < 2; queue++)
                replica.mmio->write(virtio_mmio::queue_notify, 4, queue);
            replica.input(std::vector<u8>(60));
        }
    }
}

}  // namespace
}  // namespace vmft
