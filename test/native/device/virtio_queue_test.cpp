#include "device/virtio_queue.h"

#include "device/virtio_chain.h"
#include "test.h"

namespace vmft {
namespace {

constexpr u64 descriptors = 0x1000, available = 0x2000, used = 0x3000, table = 0x4000,
              data = 0x8000;
constexpr u16 next = 1, writes = 2, indirect = 4;

/// A queue of 8 in a MiB of memory, with raw access to its rings.
struct RawQueue {
    GuestMemory memory{u64{1} << 20};
    VirtioQueue queue{memory, 8};
    VirtioChain chain;
    u16 index = 0;

    explicit RawQueue(bool event_index = false, bool with_indirect = true) {
        queue.setup() = {8, descriptors, available, used};
        VMFT_EXPECT(queue.enable(with_indirect, event_index));
    }
    void descriptor(u64 in, u16 at, u64 address, u32 bytes, u16 flags, u16 following = 0) {
        memory.write_value<u64>(in + 16 * at, address);
        memory.write_value<u32>(in + 16 * at + 8, bytes);
        memory.write_value<u16>(in + 16 * at + 12, flags);
        memory.write_value<u16>(in + 16 * at + 14, following);
    }
    void offer(u16 head) {
        memory.write_value<u16>(available + 4 + 2 * (index % 8), head);
        memory.write_value<u16>(available + 2, ++index);
    }
    u16 peek16(u64 address) {
        u16 value = 0;
        memory.read_value(address, value);
        return value;
    }
    QueueFault fault_of(u16 head) {
        offer(head);
        VMFT_EXPECT(!queue.peek(chain));
        VMFT_EXPECT(queue.fault() == QueueFault::none);
        VMFT_EXPECT(!queue.take(chain));
        VMFT_EXPECT(!queue.usable());
        VMFT_EXPECT(!queue.take(chain));
        return queue.fault();
    }
};

VMFT_TEST(chain_of_both_directions) {
    RawQueue raw;
    raw.descriptor(descriptors, 0, data, 4, next, 3);
    raw.descriptor(descriptors, 3, data + 0x10, 2, next, 5);
    raw.descriptor(descriptors, 5, data + 0x20, 3, next | writes, 1);
    raw.descriptor(descriptors, 1, data + 0x30, 9, writes);
    raw.memory.write(data, std::vector<u8>{1, 2, 3, 4});
    raw.memory.write(data + 0x10, std::vector<u8>{5, 6});
    raw.offer(0);
    VMFT_EXPECT_EQUAL(raw.queue.waiting(), 1);
    VMFT_REQUIRE(raw.queue.take(raw.chain));
    VMFT_EXPECT_EQUAL(raw.chain.head(), 0);
    VMFT_EXPECT_EQUAL(raw.chain.readable_bytes(), 6u);
    VMFT_EXPECT_EQUAL(raw.chain.writable_bytes(), 12u);
    std::vector<u8> got(10);
    VMFT_EXPECT_EQUAL(raw.chain.read(raw.memory, 1, got), 5u);
    VMFT_EXPECT(got == std::vector<u8>({2, 3, 4, 5, 6, 0, 0, 0, 0, 0}));
    VMFT_EXPECT(raw.chain.readable_in_place(raw.memory, 1).empty());
    VMFT_EXPECT_EQUAL(raw.chain.readable_in_place(raw.memory, 4).size(), 2u);
    VMFT_EXPECT_EQUAL(raw.chain.readable_in_place(raw.memory, 5)[0], 6);
    VMFT_EXPECT(raw.chain.readable_in_place(raw.memory, 6).empty());
    VMFT_EXPECT_EQUAL(raw.chain.write(raw.memory, 2, std::vector<u8>(20, 7)), 10u);
    VMFT_EXPECT_EQUAL(raw.peek16(data + 0x21), 0x0700);
    VMFT_EXPECT_EQUAL(raw.peek16(data + 0x30), 0x0707);
    VMFT_EXPECT(!raw.queue.take(raw.chain));
    raw.queue.give_back(0, 12);
    VMFT_EXPECT_EQUAL(raw.peek16(used + 2), 0);
    VMFT_EXPECT(raw.queue.publish());
    VMFT_EXPECT_EQUAL(raw.peek16(used + 2), 1);
    VMFT_EXPECT_EQUAL(raw.peek16(used + 8), 12);
    VMFT_EXPECT(!raw.queue.publish());
}

VMFT_TEST(indirect_after_direct) {
    RawQueue raw;
    raw.descriptor(descriptors, 2, data, 4, next, 6);
    raw.descriptor(descriptors, 6, table, 32, indirect | writes, 99);
    raw.descriptor(table, 0, data, 8, next, 1);
    raw.descriptor(table, 1, data, 16, writes);
    raw.offer(2);
    VMFT_REQUIRE(raw.queue.take(raw.chain));
    VMFT_EXPECT_EQUAL(raw.chain.readable_bytes(), 12u);
    VMFT_EXPECT_EQUAL(raw.chain.writable_bytes(), 16u);
}

VMFT_TEST(bad_set_up_is_refused) {
    struct Case {
        VirtioQueue::Setup setup;
        QueueFault fault;
    };
    const Case cases[] = {
        {{0, descriptors, available, used}, QueueFault::bad_size},
        {{6, descriptors, available, used}, QueueFault::bad_size},
        {{16, descriptors, available, used}, QueueFault::bad_size},
        {{0x10008, descriptors, available, used}, QueueFault::bad_size},
        {{8, descriptors + 8, available, used}, QueueFault::bad_ring},
        {{8, descriptors, available + 1, used}, QueueFault::bad_ring},
        {{8, descriptors, available, used + 2}, QueueFault::bad_ring},
        {{8, 0x10'0000 - 112, available, used}, QueueFault::bad_ring},
        {{8, descriptors, 0x10'0000 - 20, used}, QueueFault::bad_ring},
        {{8, descriptors, available, 0x10'0000 - 68}, QueueFault::bad_ring},
        {{8, ~u64{15}, available, used}, QueueFault::bad_ring},
        {{8, descriptors, ~u64{1}, used}, QueueFault::bad_ring},
        {{8, descriptors, available, ~u64{3}}, QueueFault::bad_ring},
    };
    GuestMemory memory(u64{1} << 20);
    for (const Case& each : cases) {
        VirtioQueue queue(memory, 8);
        queue.setup() = each.setup;
        VMFT_EXPECT(!queue.enable(true, true));
        VMFT_EXPECT_EQUAL(static_cast<int>(queue.fault()), static_cast<int>(each.fault));
        VMFT_EXPECT(!queue.enabled());
    }
}

VMFT_TEST(violations_are_named) {
    auto expect = [](QueueFault wanted, auto prepare, bool with_indirect = true) {
        RawQueue raw(false, with_indirect);
        prepare(raw);
        QueueFault found = raw.fault_of(0);
        if (found != wanted)
            std::cout << queue_fault_name(found) << " for " << queue_fault_name(wanted)
                      << std::endl;
        VMFT_EXPECT(found == wanted);
    };
    expect(QueueFault::bad_next,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, data, 4, next, 8); });
    expect(QueueFault::chain_too_long,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, data, 4, next, 0); });
    expect(QueueFault::chain_too_long, [](RawQueue& raw) {
        for (u16 i = 0; i < 8; i++) raw.descriptor(descriptors, i, data, 4, next, (i + 1) % 8);
    });
    expect(QueueFault::bad_order, [](RawQueue& raw) {
        raw.descriptor(descriptors, 0, data, 4, next | writes, 1);
        raw.descriptor(descriptors, 1, data, 4, 0);
    });
    expect(QueueFault::bad_buffer,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, 0x10'0000 - 3, 4, 0); });
    expect(QueueFault::bad_buffer,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, ~u64{0}, 4, 0); });
    expect(QueueFault::bad_buffer,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, 0xD000'0000, 4, writes); });
    expect(QueueFault::bad_buffer,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, 0, ~u32{0}, writes); });
    expect(
        QueueFault::bad_indirect,
        [](RawQueue& raw) { raw.descriptor(descriptors, 0, table, 16, indirect); }, false);
    expect(QueueFault::bad_indirect,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, table, 0, indirect); });
    expect(QueueFault::bad_indirect,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, table, 17, indirect); });
    expect(QueueFault::bad_indirect,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, table, 16 * 1025, indirect); });
    expect(QueueFault::bad_indirect,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, 0xff'fff8, 16, indirect); });
    expect(QueueFault::bad_indirect,
           [](RawQueue& raw) { raw.descriptor(descriptors, 0, table, 16, indirect | next, 1); });
    expect(QueueFault::bad_indirect, [](RawQueue& raw) {
        raw.descriptor(descriptors, 0, table, 16, indirect);
        raw.descriptor(table, 0, table, 16, indirect);
    });
    expect(QueueFault::bad_next, [](RawQueue& raw) {
        raw.descriptor(descriptors, 0, table, 32, indirect);
        raw.descriptor(table, 0, data, 4, next, 2);
    });
    expect(QueueFault::chain_too_long, [](RawQueue& raw) {
        raw.descriptor(descriptors, 0, table, 32, indirect);
        raw.descriptor(table, 0, data, 4, next, 1);
        raw.descriptor(table, 1, data, 4, next, 0);
    });
}

VMFT_TEST(bad_heads_and_index_jumps) {
    RawQueue raw;
    VMFT_EXPECT(raw.fault_of(8) == QueueFault::bad_head);
    RawQueue jumped;
    jumped.index = 8;
    VMFT_EXPECT(jumped.fault_of(0) == QueueFault::index_jump);
    VMFT_EXPECT_EQUAL(jumped.queue.waiting(), 0);
    RawQueue backwards;
    backwards.index = 0xfffe;
    VMFT_EXPECT(backwards.fault_of(0) == QueueFault::index_jump);
}

VMFT_TEST(four_gigabytes_are_too_many) {
    // Needs no memory of that size: one page again and again.
    GuestMemory memory(u64{1} << 30);
    VirtioQueue queue(memory, 8);
    queue.setup() = {8, descriptors, available, used};
    VMFT_REQUIRE(queue.enable(false, false));
    for (u16 i = 0; i < 5; i++) {
        memory.write_value<u64>(descriptors + 16 * i, 0);
        memory.write_value<u32>(descriptors + 16 * i + 8, 1 << 30);
        memory.write_value<u16>(descriptors + 16 * i + 12, i < 4 ? next : 0);
        memory.write_value<u16>(descriptors + 16 * i + 14, static_cast<u16>(i + 1));
    }
    memory.write_value<u16>(available + 2, 1);
    VirtioChain chain;
    VMFT_EXPECT(!queue.take(chain));
    VMFT_EXPECT(queue.fault() == QueueFault::too_many_bytes);
}

VMFT_TEST(wrong_directions) {
    RawQueue read_only;
    read_only.descriptor(descriptors, 0, data, 4, writes);
    read_only.offer(0);
    VMFT_EXPECT(!read_only.queue.take_readable(read_only.chain));
    VMFT_EXPECT(read_only.queue.fault() == QueueFault::wrong_direction);
    RawQueue write_only;
    write_only.descriptor(descriptors, 0, data, 4, 0);
    write_only.offer(0);
    VMFT_EXPECT(!write_only.queue.take_writable(write_only.chain, 1));
    VMFT_EXPECT(write_only.queue.fault() == QueueFault::wrong_direction);
    RawQueue small;
    small.descriptor(descriptors, 0, data, 4, writes);
    small.offer(0);
    VMFT_EXPECT(!small.queue.take_writable(small.chain, 5));
    VMFT_EXPECT(small.queue.fault() == QueueFault::buffer_too_small);
}

VMFT_TEST(indices_wrap_and_every_event_is_noticed_once) {
    RawQueue raw(true);
    raw.descriptor(descriptors, 0, data, 4, 0);
    u16 event = 0;
    unsigned notified = 0;
    for (u32 i = 0; i < 70000; i++) {
        raw.memory.write_value<u16>(available + 4 + 2 * 8, event);
        raw.offer(0);
        VMFT_REQUIRE(raw.queue.take(raw.chain));
        raw.queue.give_back(0, 0);
        bool wanted = raw.queue.publish();
        VMFT_REQUIRE(wanted == (static_cast<u16>(i) == event));
        if (wanted) {
            notified++;
            event = static_cast<u16>(event + 7);
        }
    }
    VMFT_EXPECT_EQUAL(notified, 10000u);
}

VMFT_TEST(notification_hints) {
    RawQueue flags;
    flags.queue.want_notification(false);
    VMFT_EXPECT_EQUAL(flags.peek16(used), 1);
    flags.queue.want_notification(true);
    VMFT_EXPECT_EQUAL(flags.peek16(used), 0);
    flags.memory.write_value<u16>(available, 1);
    flags.descriptor(descriptors, 0, data, 4, 0);
    flags.offer(0);
    VMFT_REQUIRE(flags.queue.take(flags.chain));
    flags.queue.give_back(0, 0);
    VMFT_EXPECT(!flags.queue.publish());
    RawQueue events(true);
    events.descriptor(descriptors, 0, data, 4, 0);
    events.offer(0);
    VMFT_REQUIRE(events.queue.take(events.chain));
    events.queue.want_notification(true);
    VMFT_EXPECT_EQUAL(events.peek16(used + 4 + 8 * 8), 1);
    events.queue.want_notification(false);
    VMFT_EXPECT_EQUAL(events.peek16(used + 4 + 8 * 8), 0);
}

VMFT_TEST(put_back_is_taken_again) {
    RawQueue raw;
    for (u16 i = 0; i < 3; i++) {
        raw.descriptor(descriptors, i, data, 4, 0);
        raw.offer(i);
    }
    for (int i = 0; i < 3; i++) VMFT_EXPECT(raw.queue.take(raw.chain));
    raw.queue.put_back(2);
    VMFT_EXPECT_EQUAL(raw.queue.waiting(), 2);
    VMFT_EXPECT(raw.queue.take(raw.chain));
    VMFT_EXPECT_EQUAL(raw.chain.head(), 1);
}

}  // namespace
}  // namespace vmft
