// Drives each block device by itself: several writes in flight, a flush, and all of it read back
// and compared, for some rounds; then what else a disk can be asked, and what it has to refuse.
// Ends come when they come, in any order.

#include "guest.h"

namespace {

using namespace guest;
namespace layout = vmft::layout;

// Virtio 1.2, clause 4.2.2: registers of the MMIO transport.
enum Register : u32 {
    device_id = 0x008,
    device_features_select = 0x014,
    driver_features = 0x020,
    driver_features_select = 0x024,
    queue_select = 0x030,
    queue_size = 0x038,
    queue_ready = 0x044,
    queue_notify = 0x050,
    interrupt_status = 0x060,
    interrupt_acknowledge = 0x064,
    status = 0x070,
    queue_descriptors = 0x080,
    queue_driver = 0x090,
    queue_device = 0x0a0,
    configuration = 0x100,
};

// Clause 5.2.
constexpr u32 block_device = 2;
constexpr u32 feature_flush = 1 << 9;
constexpr u32 feature_discard = 1 << 13;
constexpr u32 feature_write_zeroes = 1 << 14;
constexpr u32 feature_indirect = 1 << 28;
enum Type : u32 {
    type_in = 0,
    type_out = 1,
    type_flush = 4,
    type_get_id = 8,
    type_discard = 11,
    type_write_zeroes = 13,
};
enum Answer : u8 { answer_ok = 0, answer_io_error = 1, answer_unsupported = 2, unanswered = 0xff };

struct Descriptor {
    u64 address;
    u32 bytes;
    u16 flags;
    u16 next;
};
constexpr u16 flag_next = 1, flag_write = 2, flag_indirect = 4;

struct Header {
    u32 type, reserved;
    u64 sector;
};

struct Range {
    u64 sector;
    u32 sectors, flags;
};

constexpr u16 queue_entries = 64;
constexpr u32 in_flight = 8;
constexpr u32 rounds = 4;
constexpr u32 request_bytes_max = 8192;
constexpr u32 request_blocks_max = 8;
constexpr u64 region_sectors = 128;  // Each request of a round has a region of the disk.
constexpr u64 sector_bytes = 512;

struct Available {
    u16 flags, index;
    u16 heads[queue_entries];
};
struct UsedElement {
    u32 head, bytes;
};
struct Used {
    u16 flags, index;
    UsedElement elements[queue_entries];
};

// A request has descriptors 4n … 4n + 2 of the ring, or of a table of its own.
struct Request {
    Header header;
    u8 answer;
    u32 used_bytes;
    Descriptor table[3];
};

alignas(4096) Descriptor descriptors[queue_entries];
alignas(4096) Available available;
alignas(4096) Used used;
alignas(4096) u8 buffers[in_flight][request_bytes_max];
Request requests[in_flight];
u64 device;
u16 seen;
volatile u64 interrupts;
u32 random_state;

u32 next_random() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

u64 address_of(const volatile void* pointer) { return reinterpret_cast<u64>(pointer); }

void compiler_barrier() { asm volatile("" : : : "memory"); }

constexpr u64 apic_end_of_interrupt = layout::local_apic_base + 0xb0;
constexpr u64 apic_spurious = layout::local_apic_base + 0xf0;
constexpr u8 disk_vector = 0x50;

__attribute__((interrupt)) void on_disk(InterruptFrame*) {
    mmio32(device + interrupt_acknowledge) = mmio32(device + interrupt_status);
    interrupts = interrupts + 1;
    mmio32(apic_end_of_interrupt) = 0;
}

__attribute__((interrupt)) void on_spurious(InterruptFrame*) {}

void set_up_interrupt(unsigned slot) {
    constexpr u32 level_triggered = 1 << 15;
    unsigned entry = 0x10 + 2 * (layout::gsi_virtio_first + slot);
    mmio32(layout::io_apic_base) = entry + 1;
    mmio32(layout::io_apic_base + 0x10) = 0;
    mmio32(layout::io_apic_base) = entry;
    mmio32(layout::io_apic_base + 0x10) = level_triggered | disk_vector;
}

void write_address(u32 low_register, u64 address) {
    mmio32(device + low_register) = u32(address);
    mmio32(device + low_register + 4) = u32(address >> 32);
}

void bring_up() {
    mmio32(device + status) = 0;
    mmio32(device + status) = 1;
    mmio32(device + status) = 3;
    mmio32(device + driver_features_select) = 1;
    mmio32(device + driver_features) = 1;  // VIRTIO_F_VERSION_1
    mmio32(device + driver_features_select) = 0;
    mmio32(device + driver_features) =
        feature_flush | feature_discard | feature_write_zeroes | feature_indirect;
    mmio32(device + status) = 11;
    memset(&available, 0, sizeof available);
    memset(&used, 0, sizeof used);
    seen = 0;
    mmio32(device + queue_select) = 0;
    mmio32(device + queue_size) = queue_entries;
    write_address(queue_descriptors, address_of(descriptors));
    write_address(queue_driver, address_of(&available));
    write_address(queue_device, address_of(&used));
    mmio32(device + queue_ready) = 1;
    mmio32(device + status) = 15;
}

// Makes request `n` available; every other one by an indirect table.
void ask(u32 n, u32 type, u64 sector, u32 bytes, bool device_writes) {
    Request& request = requests[n];
    request.header = {type, 0, sector};
    request.answer = unanswered;
    bool indirect = n % 2 == 1;
    Descriptor* table = indirect ? request.table : descriptors + 4 * n;
    u16 base = indirect ? 0 : u16(4 * n);
    u16 last = bytes > 0 ? 2 : 1;
    table[0] = {address_of(&request.header), sizeof(Header), flag_next, u16(base + 1)};
    if (bytes > 0)
        table[1] = {address_of(buffers[n]), bytes,
                    u16(flag_next | (device_writes ? flag_write : 0)), u16(base + 2)};
    table[last] = {address_of(&request.answer), 1, flag_write, 0};
    if (indirect)
        descriptors[4 * n] = {address_of(table), u32((last + 1) * sizeof(Descriptor)),
                              flag_indirect, 0};
    available.heads[available.index % queue_entries] = u16(4 * n);
    compiler_barrier();
    available.index = u16(available.index + 1);
    compiler_barrier();
}

void notify() { mmio32(device + queue_notify) = 0; }

void wait_for(u32 count) {
    for (u32 done = 0; done < count;) {
        disable_interrupts();
        compiler_barrier();
        while (used.index == seen) {
            wait_for_interrupt();
            compiler_barrier();
        }
        enable_interrupts();
        for (; seen != used.index; seen = u16(seen + 1), ++done) {
            const UsedElement& element = used.elements[seen % queue_entries];
            requests[element.head / 4].used_bytes = element.bytes;
        }
    }
}

Answer ask_alone(u32 type, u64 sector, u32 bytes, bool device_writes) {
    ask(0, type, sector, bytes, device_writes);
    notify();
    wait_for(1);
    return Answer(requests[0].answer);
}

u64 pattern(u64 sector, u64 round, u64 word) {
    u64 value = (sector * 512 + word) * 0x9e3779b97f4a7c15 + round;
    return value ^ value >> 29;
}

bool all_answered(u32 count) {
    for (u32 n = 0; n < count; ++n)
        if (requests[n].answer != answer_ok) return false;
    return true;
}

struct Extent {
    u64 sector;
    u32 bytes;
};

bool one_round(u32 round, u32 block_bytes) {
    Extent extents[in_flight];
    u32 blocks_max = request_bytes_max / block_bytes;
    if (blocks_max > request_blocks_max) blocks_max = request_blocks_max;
    for (u32 n = 0; n < in_flight; ++n) {
        u32 bytes = block_bytes * (1 + next_random() % blocks_max);
        u64 room = region_sectors - bytes / sector_bytes;
        u64 step = block_bytes / sector_bytes;
        u64 sector = n * region_sectors + next_random() % (room / step + 1) * step;
        extents[n] = {sector, bytes};
        u64* words = reinterpret_cast<u64*>(buffers[n]);
        for (u32 word = 0; word < bytes / 8; ++word) words[word] = pattern(sector, round, word);
        ask(n, type_out, sector, bytes, false);
        if (next_random() % 2) notify();
    }
    notify();
    wait_for(in_flight);
    if (!all_answered(in_flight)) return false;
    if (ask_alone(type_flush, 0, 0, false) != answer_ok) return false;
    for (u32 n = 0; n < in_flight; ++n) {
        memset(buffers[n], 0xa5, sizeof buffers[n]);
        ask(n, type_in, extents[n].sector, extents[n].bytes, true);
        if (next_random() % 2) notify();
    }
    notify();
    wait_for(in_flight);
    if (!all_answered(in_flight)) return false;
    for (u32 n = 0; n < in_flight; ++n) {
        if (requests[n].used_bytes != extents[n].bytes + 1) return false;
        const u64* words = reinterpret_cast<const u64*>(buffers[n]);
        for (u32 word = 0; word < extents[n].bytes / 8; ++word)
            if (words[word] != pattern(extents[n].sector, round, word)) return false;
    }
    return true;
}

bool zeroed(u32 block_bytes) {
    Range range{0, block_bytes / u32(sector_bytes), 0};
    memcpy(buffers[0], &range, sizeof range);
    if (ask_alone(type_write_zeroes, 0, sizeof range, false) != answer_ok) return false;
    if (ask_alone(type_in, 0, block_bytes, true) != answer_ok) return false;
    for (u32 i = 0; i < block_bytes; ++i)
        if (buffers[0][i] != 0) return false;
    return true;
}

bool discarded(u32 block_bytes) {
    Range range{8, 2 * block_bytes / u32(sector_bytes), 0};
    memcpy(buffers[0], &range, sizeof range);
    return ask_alone(type_discard, 0, sizeof range, false) == answer_ok;
}

void try_disk(u64 number, unsigned slot) {
    device = layout::virtio_mmio_base + slot * layout::virtio_mmio_stride;
    random_state = 2463534242u + slot;
    set_up_interrupt(slot);
    bring_up();
    u64 sectors = u64(mmio32(device + configuration + 4)) << 32 | mmio32(device + configuration);
    u32 block_bytes = mmio32(device + configuration + 20);
    memset(buffers[0], 0, request_bytes_max);
    bool named = ask_alone(type_get_id, 0, 20, true) == answer_ok;
    buffers[0][20] = 0;
    print_line("disk ", number, ": ", reinterpret_cast<const char*>(buffers[0]), ", ",
               sectors * sector_bytes, " bytes");
    expect(named, "disk: identified");
    bool same = true;
    for (u32 round = 0; round < rounds; ++round) same = same && one_round(round, block_bytes);
    expect(same, "disk: what was written is read");
    expect(zeroed(block_bytes), "disk: zeroes");
    expect(discarded(block_bytes), "disk: discard");
    expect(ask_alone(type_in, sectors, block_bytes, true) == answer_io_error,
           "disk: nothing behind the end");
    expect(ask_alone(77, 0, 0, false) == answer_unsupported, "disk: an unknown request");
    mmio32(device + status) = 0;
}

}  // namespace

extern "C" void guest_main() {
    set_handler(disk_vector, on_disk);
    set_handler(0xff, on_spurious);
    mmio32(apic_spurious) = 0x1ff;  // Enabled.
    set_up_pic(0);
    u64 disks = 0;
    for (unsigned slot = 0; slot < layout::virtio_slots; ++slot) {
        u64 candidate = layout::virtio_mmio_base + slot * layout::virtio_mmio_stride;
        if (mmio32(candidate + device_id) == block_device) try_disk(disks++, slot);
    }
    print_line("disk: ", disks, disks == 1 ? " disk" : " disks");
}
