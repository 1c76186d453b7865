#include "device/virtio_net.h"

#include <string>

#include "device/recording_sink.h"
#include "device/virtio_driver.h"
#include "test.h"

namespace vmft {
namespace {

using test::RecordingLine;
using test::RecordingSink;
using test::VirtioDriver;

constexpr u64 ring_features = virtio_feature::ring_indirect | virtio_feature::ring_event_index;
constexpr u64 net_features = VirtioNet::feature_mac | VirtioNet::feature_status;

struct Card {
    GuestMemory memory{u64{16} << 20};
    RecordingSink sink;
    VirtioNet net{memory, {0x52, 0x54, 0, 1, 2, 3}, sink};
    RecordingLine line;
    VirtioMmio mmio{&net, line};
    VirtioDriver driver{memory, mmio};
    VirtioDriver::Queue* posted = nullptr;
    VirtioDriver::Queue* sent = nullptr;

    explicit Card(u64 features) {
        VMFT_EXPECT(driver.negotiate(net_features | features));
        posted = &driver.add_queue(VirtioNet::receive_queue, 256);
        sent = &driver.add_queue(VirtioNet::transmit_queue, 256);
        driver.set_ready();
    }
};

std::string frame_of(size_t bytes, char first = 'a') {
    std::string frame(bytes, ' ');
    for (size_t i = 0; i < bytes; i++) frame[i] = static_cast<char>(first + i % 23);
    return frame;
}

std::span<const u8> bytes_of(const std::string& text) {
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

bool shows(const RecordingSink::Shown& shown, const std::string& frame) {
    return shown.kind == OutputKind::net_frame &&
           std::string(shown.bytes.begin(), shown.bytes.end()) == frame;
}

const std::string header(12, '\0');

VMFT_TEST(config_space) {
    Card card(0);
    VMFT_EXPECT_EQUAL(card.mmio.read(virtio_mmio::config, 4), 0x01005452u);
    VMFT_EXPECT_EQUAL(card.mmio.read(virtio_mmio::config + 4, 1), 2u);
    VMFT_EXPECT_EQUAL(card.mmio.read(virtio_mmio::config + 6, 2), 1u);
}

VMFT_TEST(transmits_all_shapes_in_one_batch) {
    for (u64 features :
         {u64{0}, ring_features, ring_features | VirtioNet::feature_mergeable_buffers}) {
        Card card(features);
        std::string frame = frame_of(1514);
        bool indirect = features & virtio_feature::ring_indirect;
        card.driver.add(*card.sent, {card.driver.text(header + frame)}, indirect);
        card.driver.add(*card.sent, {card.driver.text(header), card.driver.text(frame)}, indirect);
        card.driver.add(*card.sent, {card.driver.text(header + frame.substr(0, 60)),
                                     card.driver.text(frame.substr(60))});
        card.driver.add(*card.sent, {card.driver.text(header.substr(0, 5)),
                                     card.driver.text(header.substr(5) + frame)});
        card.driver.add(*card.sent, {card.driver.text(header + frame_of(14))});
        card.driver.add(*card.sent, {card.driver.text(header + frame_of(65550))});
        VMFT_EXPECT(card.driver.kick(*card.sent));
        VMFT_REQUIRE(card.sink.shown.size() == 6);
        for (int i = 0; i < 4; i++) VMFT_EXPECT(shows(card.sink.shown[i], frame));
        VMFT_EXPECT(shows(card.sink.shown[4], frame_of(14)));
        VMFT_EXPECT(shows(card.sink.shown[5], frame_of(65550)));
        VMFT_EXPECT_EQUAL(card.line.rises, 1u);
        for (int i = 0; i < 6; i++)
            VMFT_EXPECT_EQUAL(card.driver.harvest(*card.sent)->bytes_written, 0u);
        VMFT_EXPECT_EQUAL(card.net.counters().sent, 6u);
        VMFT_EXPECT_EQUAL(card.mmio.refused_accesses(), 0u);
    }
}

VMFT_TEST(transmit_interrupts_only_when_wanted) {
    for (u64 features : {u64{0}, ring_features}) {
        Card card(features);
        card.driver.want_interrupt(*card.sent, false);
        card.driver.add(*card.sent, {card.driver.text(header + frame_of(60))});
        card.driver.kick(*card.sent);
        VMFT_EXPECT_EQUAL(card.line.rises, 0u);
        card.driver.harvest(*card.sent);
        card.driver.want_interrupt(*card.sent, true);
        card.driver.add(*card.sent, {card.driver.text(header + frame_of(60))});
        VMFT_EXPECT(card.driver.kick(*card.sent));
        VMFT_EXPECT_EQUAL(card.line.rises, 1u);
    }
}

VMFT_TEST(malformed_frames_are_dropped_and_counted) {
    Card card(0);
    std::string segmented = header, unsummed = header, flagged = header;
    segmented[1] = 1;
    unsummed[0] = 1;
    flagged[0] = 4;
    card.driver.add(*card.sent, {card.driver.text(header.substr(1))});
    card.driver.add(*card.sent, {card.driver.text(header + frame_of(13))});
    card.driver.add(*card.sent, {card.driver.text(header + frame_of(65551))});
    card.driver.add(*card.sent, {card.driver.text(segmented + frame_of(60))});
    card.driver.add(*card.sent, {card.driver.text(unsummed + frame_of(60))});
    card.driver.add(*card.sent, {card.driver.text(flagged + frame_of(60))});
    card.driver.kick(*card.sent);
    VMFT_EXPECT_EQUAL(card.net.counters().sent_malformed, 5u);
    VMFT_EXPECT_EQUAL(card.net.counters().sent, 1u);
    for (int i = 0; i < 6; i++) VMFT_EXPECT(card.driver.harvest(*card.sent).has_value());
    VMFT_EXPECT(!(card.driver.get(virtio_mmio::status) & virtio_status::needs_reset));
    card.driver.add(*card.sent, {card.driver.room(60)});
    card.driver.kick(*card.sent);
    VMFT_EXPECT(card.driver.get(virtio_mmio::status) & virtio_status::needs_reset);
}

VMFT_TEST(receives_into_one_buffer) {
    for (u64 features :
         {u64{0}, ring_features, ring_features | VirtioNet::feature_mergeable_buffers}) {
        Card card(features);
        VMFT_EXPECT(!card.net.can_receive());
        auto buffer = card.driver.room(1526);
        card.driver.add(*card.posted, {buffer});
        VMFT_EXPECT(card.driver.kick(*card.posted));
        VMFT_EXPECT(card.net.can_receive());
        std::string frame = frame_of(1514);
        card.net.receive(bytes_of(frame));
        VMFT_EXPECT(card.line.up);
        VMFT_EXPECT_EQUAL(card.driver.harvest(*card.posted)->bytes_written, 1526u);
        std::vector<u8> got = card.driver.bytes_of(buffer);
        VMFT_EXPECT(std::string(got.begin(), got.begin() + 10) == std::string(10, '\0'));
        VMFT_EXPECT_EQUAL(got[10] | got[11] << 8, 1);
        VMFT_EXPECT(std::string(got.begin() + 12, got.end()) == frame);
        VMFT_EXPECT(!card.net.can_receive());
        VMFT_EXPECT_EQUAL(card.net.counters().received, 1u);
    }
}

VMFT_TEST(receives_into_merged_buffers) {
    Card card(ring_features | VirtioNet::feature_mergeable_buffers);
    std::vector<VirtioDriver::Buffer> buffers;
    for (int i = 0; i < 5; i++) {
        buffers.push_back(card.driver.room(1000));
        card.driver.add(*card.posted, {buffers.back()});
    }
    card.driver.kick(*card.posted);
    std::string frame = frame_of(2500);
    card.net.receive(bytes_of(frame));
    const u32 sizes[] = {1000, 1000, 512};
    std::string got;
    for (int i = 0; i < 3; i++) {
        auto used = card.driver.harvest(*card.posted);
        VMFT_REQUIRE(used.has_value());
        VMFT_EXPECT_EQUAL(used->bytes_written, sizes[i]);
        std::vector<u8> part = card.driver.bytes_of(buffers[i]);
        got.append(part.begin(), part.begin() + used->bytes_written);
    }
    VMFT_EXPECT_EQUAL(got[10], 3);
    VMFT_EXPECT(got.substr(12) == frame);
    // Two buffers are left: not enough, so nothing is used up and the next small frame fits.
    card.net.receive(bytes_of(frame));
    VMFT_EXPECT_EQUAL(card.net.counters().received_without_room, 1u);
    VMFT_EXPECT(!card.driver.harvest(*card.posted));
    card.net.receive(bytes_of(frame_of(60)));
    VMFT_EXPECT_EQUAL(card.driver.harvest(*card.posted)->bytes_written, 72u);
}

VMFT_TEST(without_merging_a_frame_needs_one_buffer) {
    Card card(0);
    for (int i = 0; i < 2; i++)
        card.driver.add(*card.posted, {card.driver.room(12), card.driver.room(100)});
    card.driver.kick(*card.posted);
    card.net.receive(bytes_of(frame_of(101)));
    VMFT_EXPECT_EQUAL(card.net.counters().received_without_room, 1u);
    card.net.receive(bytes_of(frame_of(100)));
    VMFT_EXPECT_EQUAL(card.net.counters().received, 1u);
}

VMFT_TEST(posting_notifies_only_when_the_device_ran_dry) {
    for (u64 features : {u64{0}, ring_features}) {
        Card card(features);
        auto post = [&] {
            card.driver.add(*card.posted, {card.driver.room(1526)});
            return card.driver.kick(*card.posted);
        };
        VMFT_EXPECT(post());
        VMFT_EXPECT(!post());
        VMFT_EXPECT(!post());
        for (int i = 0; i < 2; i++) card.net.receive(bytes_of(frame_of(60)));
        VMFT_EXPECT(!post());
        for (int i = 0; i < 2; i++) card.net.receive(bytes_of(frame_of(60)));
        VMFT_EXPECT(post());
        VMFT_EXPECT(!post());
    }
}

VMFT_TEST(frames_nobody_can_take) {
    Card card(0);
    card.net.receive(bytes_of(frame_of(60)));
    VMFT_EXPECT_EQUAL(card.net.counters().received_without_room, 1u);
    card.net.receive(bytes_of(frame_of(13)));
    card.net.receive(bytes_of(frame_of(65551)));
    VMFT_EXPECT_EQUAL(card.net.counters().received_malformed, 2u);
    card.driver.set(virtio_mmio::status, 0);
    card.net.receive(bytes_of(frame_of(60)));
    VMFT_EXPECT_EQUAL(card.net.counters().received_without_room, 2u);
    VMFT_EXPECT(!card.line.up);
    Card small(0);
    small.driver.add(*small.posted, {small.driver.room(11)});
    small.driver.kick(*small.posted);
    small.net.receive(bytes_of(frame_of(60)));
    VMFT_EXPECT(small.net.queue(0).fault() == QueueFault::buffer_too_small);
    VMFT_EXPECT(small.driver.get(virtio_mmio::status) & virtio_status::needs_reset);
}

VMFT_TEST(a_restored_card_goes_on_alike) {
    Card first(ring_features | VirtioNet::feature_mergeable_buffers);
    for (int i = 0; i < 8; i++) first.driver.add(*first.posted, {first.driver.room(1526)});
    first.driver.kick(*first.posted);
    for (int i = 0; i < 3; i++) first.net.receive(bytes_of(frame_of(200)));
    Card second(0);
    second.memory.write(0, {first.memory.data(), first.memory.bytes()});
    StateWriter saved;
    first.mmio.save(saved);
    StateReader reader(saved.bytes());
    second.mmio.restore(reader);
    VMFT_EXPECT(reader.ok() && reader.bytes_left() == 0);
    for (Card* card : {&first, &second})
        for (size_t bytes : {60, 1514, 3000, 9000, 14})
            card->net.receive(bytes_of(frame_of(bytes)));
    StateWriter one, two;
    first.mmio.save(one);
    second.mmio.save(two);
    VMFT_EXPECT(one.bytes() == two.bytes());
    VMFT_EXPECT(std::equal(first.memory.data(), first.memory.data() + first.memory.bytes(),
                           second.memory.data()));
    VMFT_EXPECT_EQUAL(second.net.counters().received_without_room, 1u);
}

}  // namespace
}  // namespace vmft
