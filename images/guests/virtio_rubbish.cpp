// A driver that does everything wrong: rubbish in every register of every virtio device, and rings
// whose descriptors loop, point outside memory, at the rings themselves and at device pages, with
// lengths up to 4 GiB. The machine has to survive, and may only ever touch the guest's own memory:
// a guard area that no descriptor names has to stay as it was.

#include "guest.h"

namespace {

using namespace guest;
namespace layout = vmft::layout;

// Virtio 1.2, clause 4.2.2: registers of the MMIO transport.
enum Register : u32 {
    magic = 0x000,
    device_features_select = 0x014,
    driver_features = 0x020,
    driver_features_select = 0x024,
    queue_select = 0x030,
    queue_size_max = 0x034,
    queue_size = 0x038,
    queue_ready = 0x044,
    queue_notify = 0x050,
    interrupt_acknowledge = 0x064,
    status = 0x070,
    queue_descriptors = 0x080,
    queue_driver = 0x090,
    queue_device = 0x0a0,
    configuration = 0x100,
};

struct Descriptor {
    u64 address;
    u32 bytes;
    u16 flags;
    u16 next;
};

constexpr u16 queue_entries = 16;
constexpr u32 magic_value = 0x74726976;
constexpr u32 rounds = 400;

struct Ring {
    u16 flags;
    u16 index;
    u16 entries[queue_entries + 1];
    u8 rest[512];
};

alignas(4096) Descriptor descriptors[queue_entries];
alignas(4096) Ring available;
alignas(4096) Ring used;
alignas(4096) u8 playground[1 << 16];
alignas(4096) u8 guard[1 << 14];
u32 random_state = 2463534242u;

u32 next_random() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

u64 address_of(const void* pointer) { return reinterpret_cast<u64>(pointer); }

// Never an address from which a device could rightly write over this program or the guard.
u64 rubbish_address() {
    switch (next_random() % 8) {
    case 0: return address_of(playground) + next_random() % sizeof playground;
    case 1: return 0xffff'ffff'ffff'ff00 + next_random() % 256;
    case 2: return u64(next_random()) << 32 | 0x8000'0000'0000'0000;
    case 3: return layout::virtio_mmio_base + next_random() % 0x8000;
    case 4: return layout::low_ram_end - next_random() % 16;
    case 5: return layout::local_apic_base + next_random() % 4096;
    default: return address_of(playground) + sizeof playground / 2;
    }
}

u32 rubbish_bytes(u64 address) {
    bool in_playground = address - address_of(playground) < sizeof playground;
    u64 room = address_of(playground) + sizeof playground - address;
    switch (next_random() % 4) {
    case 0: return 0;
    case 1: return in_playground ? u32(room) : 0xffff'ffff;
    default: return in_playground ? next_random() % u32(room + 1) : next_random();
    }
}

void fill_rings() {
    for (Descriptor& descriptor : descriptors) {
        descriptor.address = rubbish_address();
        descriptor.bytes = rubbish_bytes(descriptor.address);
        descriptor.flags = u16(next_random() % 8);
        descriptor.next = u16(next_random() % (queue_entries + 2));
        if (next_random() % 8 == 0) descriptor.next = u16(next_random());
    }
    for (u16& entry : available.entries) {
        entry = u16(next_random() % (next_random() % 8 == 0 ? 0x10000 : queue_entries));
    }
    available.flags = u16(next_random());
    available.index = u16(available.index + next_random() % (next_random() % 4 == 0 ? 0x10000 : 4));
}

void write_address(u64 device, u32 low_register, u64 address) {
    mmio32(device + low_register) = u32(address);
    mmio32(device + low_register + 4) = u32(address >> 32);
}

// Goes through the motions of a right driver up to queues that are ready, so that what follows
// reaches the device's code behind the transport.
void bring_up(u64 device) {
    mmio32(device + status) = 0;
    mmio32(device + status) = 1;
    mmio32(device + status) = 3;
    mmio32(device + driver_features_select) = 1;
    mmio32(device + driver_features) = 1;  // VIRTIO_F_VERSION_1
    mmio32(device + driver_features_select) = 0;
    mmio32(device + driver_features) = 0;
    mmio32(device + status) = 11;
    for (u32 queue = 0; queue < 4; ++queue) {
        mmio32(device + queue_select) = queue;
        constexpr u32 bad_sizes[] = {0, 3, 0x10000, 0xffff'ffff};
        mmio32(device + queue_size) = queue_entries;
        if (next_random() % 4 == 0) mmio32(device + queue_size) = bad_sizes[next_random() % 4];
        bool right = next_random() % 4 != 0;
        write_address(device, queue_descriptors,
                      right ? address_of(descriptors) : rubbish_address());
        write_address(device, queue_driver, right ? address_of(&available) : rubbish_address());
        write_address(device, queue_device, right ? address_of(&used) : rubbish_address());
        mmio32(device + queue_ready) = 1;
    }
    mmio32(device + status) = 15;
}

void notify_rubbish(u64 device) {
    for (u32 queue = 0; queue < 4; ++queue) {
        fill_rings();
        mmio32(device + queue_notify) = next_random() % 16 == 0 ? next_random() : queue;
    }
    mmio32(device + interrupt_acknowledge) = 3;
}

// Any register, any width that an instruction can have.
void poke(u64 device) {
    u64 address = device + next_random() % 0x200;
    // A queue that the device believes to be elsewhere, or longer, could rightly have it write
    // anywhere.
    u64 offset = address & 0xffc;
    bool ring_register =
        offset == queue_size || (offset >= queue_descriptors && offset < queue_device + 8);
    u32 value = next_random() % 4 == 0 ? next_random() : next_random() % 16;
    switch (next_random() % 6) {
    case 0: (void)*reinterpret_cast<volatile u8*>(address); break;
    case 1: (void)*reinterpret_cast<volatile u16*>(address); break;
    case 2: (void)*reinterpret_cast<volatile u64*>(address & ~7ull); break;
    case 3:
        if (!ring_register) *reinterpret_cast<volatile u8*>(address) = u8(value);
        break;
    case 4:
        if (!ring_register) *reinterpret_cast<volatile u16*>(address) = u16(value);
        break;
    default:
        if (!ring_register) mmio32(address & ~3ull) = value;
        break;
    }
}

bool is_present(u64 device) { return mmio32(device + magic) == magic_value; }

}  // namespace

extern "C" void guest_main() {
    memset(guard, 0x5a, sizeof guard);
    u64 devices = 0;
    for (unsigned slot = 0; slot < layout::virtio_slots; ++slot) {
        u64 device = layout::virtio_mmio_base + slot * layout::virtio_mmio_stride;
        if (!is_present(device)) continue;
        ++devices;
        for (u32 round = 0; round < rounds; ++round) {
            if (round % 8 == 0) bring_up(device);
            notify_rubbish(device);
            for (u32 i = 0; i < 16; ++i) poke(device);
        }
        mmio32(device + status) = 0;
    }
    bool guard_kept = true;
    for (u8 byte : guard) guard_kept = guard_kept && byte == 0x5a;
    expect(devices > 0, "virtio-rubbish: devices found");
    expect(guard_kept, "virtio-rubbish: memory that no descriptor names is untouched");
    print_line("virtio-rubbish: survived");
}
