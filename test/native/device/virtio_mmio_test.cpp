#include "device/virtio_mmio.h"

#include <array>

#include "device/recording_sink.h"
#include "device/virtio_driver.h"
#include "test.h"

namespace vmft {
namespace {

using test::RecordingLine;
using test::VirtioDriver;

/// A device type that echoes: what is readable goes back into what is writable.
class EchoDevice final : public VirtioDevice {
public:
    static constexpr u64 feature_own = 1;
    std::array<u8, 6> settings{1, 2, 3, 4, 5, 6};
    u32 resets = 0;

    explicit EchoDevice(GuestMemory& memory) : VirtioDevice(memory, 42, feature_own, {16, 4}) {}
    std::span<const u8> config() const override { return settings; }
    void change(u8 first) {
        settings[0] = first;
        transport().notify_config();
    }
    void queue_notified(size_t index) override {
        VirtioChain chain;
        while (queue(index).take(chain)) {
            std::vector<u8> bytes(chain.readable_bytes());
            chain.read(memory(), 0, bytes);
            queue(index).give_back(chain.head(), static_cast<u32>(chain.write(memory(), 0, bytes)));
        }
        settle(queue(index));
    }

private:
    void reset_own() override { resets++; }
    void save_own(StateWriter& state) const override { state.put_bytes(settings); }
    void restore_own(StateReader& state) override { state.get_bytes(settings); }
};

struct Slot {
    GuestMemory memory{u64{4} << 20};
    EchoDevice device{memory};
    RecordingLine line;
    VirtioMmio mmio{&device, line};
    VirtioDriver driver{memory, mmio};
};

VMFT_TEST(identity_and_features) {
    Slot slot;
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::magic_value), 0x74726976u);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::version), 2u);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::device_id), 42u);
    VMFT_EXPECT_EQUAL(slot.driver.device_features(),
                      EchoDevice::feature_own | virtio_feature::version_1 |
                          virtio_feature::ring_indirect | virtio_feature::ring_event_index);
    slot.driver.set(virtio_mmio::device_features_select, 2);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::device_features), 0u);
    VMFT_EXPECT_EQUAL(slot.mmio.refused_accesses(), 0u);
}

VMFT_TEST(empty_slot) {
    RecordingLine line;
    VirtioMmio mmio(nullptr, line);
    VMFT_EXPECT_EQUAL(mmio.read(virtio_mmio::magic_value, 4), 0x74726976u);
    VMFT_EXPECT_EQUAL(mmio.read(virtio_mmio::version, 4), 2u);
    VMFT_EXPECT_EQUAL(mmio.read(virtio_mmio::device_id, 4), 0u);
    VMFT_EXPECT_EQUAL(mmio.read(virtio_mmio::status, 4), 0xffffffffu);
    VMFT_EXPECT_EQUAL(mmio.read(virtio_mmio::config, 1), 0xffu);
    mmio.write(virtio_mmio::status, 4, 0);
    VMFT_EXPECT_EQUAL(mmio.refused_accesses(), 3u);
}

VMFT_TEST(negotiation) {
    Slot slot;
    VMFT_EXPECT(slot.driver.negotiate(EchoDevice::feature_own));
    VMFT_EXPECT(!slot.driver.negotiate(EchoDevice::feature_own | 2));
    // Without VERSION_1.
    slot.driver.set(virtio_mmio::status, 0);
    slot.driver.set(virtio_mmio::driver_features_select, 0);
    slot.driver.set(virtio_mmio::driver_features, 1);
    slot.driver.set(virtio_mmio::status, 1 | 2 | 8);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::status), 3u);
    // DRIVER_OK out of sequence, features after they are settled.
    u64 refused = slot.mmio.refused_accesses();
    slot.driver.set(virtio_mmio::status, 1 | 2 | 4);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::status), 3u);
    VMFT_EXPECT(!slot.device.driver_ready());
    VMFT_EXPECT(slot.driver.negotiate(0));
    slot.driver.set(virtio_mmio::driver_features, 2);
    VMFT_EXPECT_EQUAL(slot.mmio.refused_accesses(), refused + 2);
    slot.driver.set_ready();
    VMFT_EXPECT(slot.device.driver_ready());
    slot.driver.set(virtio_mmio::status, 1);  // Bits cannot be taken back one by one.
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::status), 15u);
}

VMFT_TEST(access_widths) {
    Slot slot;
    VMFT_EXPECT_EQUAL(slot.mmio.read(virtio_mmio::magic_value, 1), 0xffu);
    VMFT_EXPECT_EQUAL(slot.mmio.read(virtio_mmio::magic_value, 8), ~u64{0});
    VMFT_EXPECT_EQUAL(slot.mmio.read(virtio_mmio::magic_value + 2, 4), 0xffffffffu);
    slot.mmio.write(virtio_mmio::status, 1, 1);
    VMFT_EXPECT_EQUAL(slot.mmio.read(virtio_mmio::status, 4), 0u);
    VMFT_EXPECT_EQUAL(slot.mmio.refused_accesses(), 4u);
    VMFT_EXPECT_EQUAL(slot.mmio.read(virtio_mmio::config, 1), 1u);
    VMFT_EXPECT_EQUAL(slot.mmio.read(virtio_mmio::config + 4, 2), 0x0605u);
    VMFT_EXPECT_EQUAL(slot.mmio.read(virtio_mmio::config + 1, 4), 0x05040302u);
    VMFT_EXPECT_EQUAL(slot.mmio.read(virtio_mmio::config + 4, 4), 0xffffffffu);
    VMFT_EXPECT_EQUAL(slot.mmio.read(~u64{0}, 4), 0xffffffffu);
    slot.mmio.write(virtio_mmio::config, 1, 9);
    VMFT_EXPECT_EQUAL(slot.mmio.read(virtio_mmio::config, 1), 1u);
}

VMFT_TEST(queue_registers) {
    Slot slot;
    VMFT_REQUIRE(slot.driver.negotiate(0));
    slot.driver.set(virtio_mmio::queue_select, 1);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::queue_size_max), 4u);
    slot.driver.set(virtio_mmio::queue_select, 2);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::queue_size_max), 0u);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::queue_ready), 0u);
    slot.driver.set(virtio_mmio::queue_ready, 1);
    VMFT_EXPECT_EQUAL(slot.mmio.refused_accesses(), 1u);
    slot.driver.add_queue(1, 4);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::queue_ready), 1u);
    slot.driver.set(virtio_mmio::queue_size, 2);  // Refused while it is in use.
    VMFT_EXPECT_EQUAL(slot.device.queue(1).setup().size, 4u);
    slot.driver.set(virtio_mmio::queue_ready, 0);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::queue_ready), 0u);
}

VMFT_TEST(a_bad_queue_asks_for_a_reset) {
    Slot slot;
    VMFT_REQUIRE(slot.driver.negotiate(0));
    slot.driver.set(virtio_mmio::queue_select, 0);
    slot.driver.set(virtio_mmio::queue_size, 3);
    slot.driver.set(virtio_mmio::queue_ready, 1);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::queue_ready), 0u);
    VMFT_EXPECT(slot.driver.get(virtio_mmio::status) & virtio_status::needs_reset);
    VMFT_EXPECT(slot.driver.negotiate(0));
    VMFT_EXPECT(!(slot.driver.get(virtio_mmio::status) & virtio_status::needs_reset));
}

VMFT_TEST(echo_and_level_interrupt) {
    for (u64 features : {u64{0}, virtio_feature::ring_event_index}) {
        Slot slot;
        VMFT_REQUIRE(slot.driver.negotiate(features));
        auto& queue = slot.driver.add_queue(0, 16);
        slot.driver.set_ready();
        auto answer = slot.driver.room(8);
        u16 head = slot.driver.add(queue, {slot.driver.text("hello"), answer});
        VMFT_EXPECT(slot.driver.kick(queue));
        VMFT_EXPECT(slot.line.up);
        VMFT_EXPECT_EQUAL(slot.driver.take_interrupt(), virtio_interrupt::used);
        VMFT_EXPECT(!slot.line.up);
        VMFT_EXPECT(slot.driver.harvest(queue) == VirtioDriver::Used({head, 5}));
        VMFT_EXPECT(!slot.driver.harvest(queue));
        // Both causes: the line stays until both are acknowledged.
        slot.driver.want_interrupt(queue, true);
        slot.driver.add(queue, {slot.driver.text("x")});
        slot.driver.set(virtio_mmio::queue_notify, 0);
        u32 generation = slot.driver.get(virtio_mmio::config_generation);
        slot.device.change(77);
        VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::config_generation), generation + 1);
        slot.driver.set(virtio_mmio::interrupt_acknowledge, virtio_interrupt::used);
        VMFT_EXPECT(slot.line.up);
        slot.driver.set(virtio_mmio::interrupt_acknowledge, virtio_interrupt::config);
        VMFT_EXPECT(!slot.line.up);
    }
}

VMFT_TEST(a_violation_stops_its_queue_only) {
    Slot slot;
    VMFT_REQUIRE(slot.driver.negotiate(0));
    auto& bad = slot.driver.add_queue(0, 16);
    auto& good = slot.driver.add_queue(1, 4);
    slot.driver.set_ready();
    slot.driver.add(bad, {VirtioDriver::Buffer{0xD000'0000, 4, false}});
    slot.driver.kick(bad);
    VMFT_EXPECT(slot.driver.get(virtio_mmio::status) & virtio_status::needs_reset);
    VMFT_EXPECT_EQUAL(slot.driver.take_interrupt(), virtio_interrupt::config);
    VMFT_EXPECT(slot.device.queue(0).fault() == QueueFault::bad_buffer);
    u64 refused = slot.mmio.refused_accesses();
    slot.driver.set(virtio_mmio::queue_notify, 0);
    slot.driver.set(virtio_mmio::queue_notify, 9);
    VMFT_EXPECT_EQUAL(slot.mmio.refused_accesses(), refused + 2);
    slot.driver.add(good, {slot.driver.text("x")});
    slot.driver.kick(good);
    VMFT_EXPECT(slot.driver.harvest(good).has_value());
    slot.driver.set(virtio_mmio::status, 0);
    VMFT_EXPECT_EQUAL(slot.driver.get(virtio_mmio::status), 0u);
    VMFT_EXPECT(!slot.line.up);
    VMFT_EXPECT(!slot.device.queue(0).enabled());
    VMFT_EXPECT(slot.device.queue(0).fault() == QueueFault::none);
}

VMFT_TEST(state_survives_and_bad_state_is_refused) {
    Slot first;
    VMFT_REQUIRE(first.driver.negotiate(virtio_feature::ring_event_index));
    auto& queue = first.driver.add_queue(0, 16);
    first.driver.set_ready();
    first.driver.add(queue, {first.driver.text("one"), first.driver.room(4)});
    first.driver.kick(queue);
    first.device.change(9);
    StateWriter saved;
    first.mmio.save(saved);

    Slot second;
    second.memory.write(0, {first.memory.data(), first.memory.bytes()});
    StateReader reader(saved.bytes());
    second.mmio.restore(reader);
    VMFT_EXPECT(reader.ok());
    VMFT_EXPECT_EQUAL(reader.bytes_left(), 0u);
    StateWriter again;
    second.mmio.save(again);
    VMFT_EXPECT(saved.bytes() == again.bytes());
    for (Slot* slot : {&first, &second}) {
        VirtioDriver::Queue copy = queue;
        VirtioDriver driver(slot->memory, slot->mmio, 0x10'0000);
        driver.add(copy, {driver.text("two"), driver.room(4)});
        slot->mmio.write(virtio_mmio::queue_notify, 4, 0);
        VMFT_EXPECT(driver.harvest(copy).has_value());
        VMFT_EXPECT(driver.harvest(copy).has_value());
        VMFT_EXPECT_EQUAL(driver.take_interrupt(), 3u);
    }

    for (size_t cut = 0; cut < saved.bytes().size(); cut++) {
        Slot torn;
        StateReader part({saved.bytes().data(), cut});
        torn.mmio.restore(part);
        VMFT_EXPECT(!part.ok());
        VMFT_EXPECT(!torn.device.driver_ready());
    }
}

}  // namespace
}  // namespace vmft
