#include "runner/checkpoint/checkpoint_writer.h"

#include <map>
#include <set>

#include "base/limits.h"
#include "machine/image/outputs.h"
#include "machine/random.h"
#include "test.h"

/// What the writer sends makes the backup's memory the primary's, however little it remembers.

using namespace vmft;
using namespace vmft::test;

namespace {

constexpr u64 memory_pages = 2048;

/// Memory that a guest writes in several ways.
class WrittenMemory {
public:
    explicit WrittenMemory(u64 seed) : random_(seed) {}

    void write_some(u64 pages) {
        for (u64 i = 0; i < pages; i++) {
            u32 page = static_cast<u32>(random_.below(random_.below(3) == 0 ? memory_pages : 64));
            u8* bytes = memory.data() + page * page_bytes;
            switch (random_.below(5)) {
            case 0: std::memset(bytes, 0, page_bytes); break;
            case 1: break;  // With what was there.
            case 2:
                for (u64 at = 0; at < page_bytes; at++) bytes[at] = static_cast<u8>(random_.next());
                break;
            default: bytes[random_.below(page_bytes)] ^= static_cast<u8>(1 + random_.below(255));
            }
            changed.insert(page);
        }
    }
    EpochImage image(u64 epoch) {
        EpochImage image;
        image.head.generation = 1;
        image.head.epoch = epoch;
        image.pages.assign(changed.begin(), changed.end());
        image.bytes.reserve(image.pages.size());
        for (u64 i = 0; i < image.pages.size(); i++)
            std::memcpy(image.bytes.page(i), memory.data() + image.pages[i] * page_bytes,
                        page_bytes);
        image.state = {1, 2, 3};
        changed.clear();
        return image;
    }

    std::vector<u8> memory = std::vector<u8>(memory_pages * page_bytes);
    std::set<u32> changed;

private:
    Random random_;
};

struct Sent {
    u64 bytes = 0, parts = 0, pages = 0, changes = 0;
};

/// Puts a frame into effect on the backup's memory.
void apply(std::span<const u8> frame, std::vector<u8>& memory, Sent& sent) {
    CheckpointPart part;
    VMFT_REQUIRE(decode_checkpoint_frame(frame, part) == LogFault::none);
    image::Pages pages;
    if (!part.pages.empty()) {
        VMFT_REQUIRE(decode_pages(part.pages, memory_pages, pages) == image::ImageFault::none);
        for (u64 i = 0; i < pages.numbers.size(); i++)
            std::memcpy(memory.data() + pages.numbers[i] * page_bytes,
                        pages.data.data() + i * page_bytes, page_bytes);
        for (u32 page : pages.zero) std::memset(memory.data() + page * page_bytes, 0, page_bytes);
        sent.pages += pages.count();
    }
    if (!part.changes.empty()) {
        VMFT_REQUIRE(decode_pages(part.changes, memory_pages, pages) == image::ImageFault::none);
        VMFT_EXPECT(pages.zero.empty());
        for (u64 i = 0; i < pages.numbers.size(); i++)
            for (u64 at = 0; at < page_bytes; at++)
                memory[pages.numbers[i] * page_bytes + at] ^= pages.data[i * page_bytes + at];
        sent.changes += pages.count();
    }
    sent.bytes += frame.size();
    sent.parts++;
}

}  // namespace

VMFT_TEST(a_backups_memory_follows_whatever_the_writer_remembers) {
    std::map<u64, Sent> sent_by_history;
    for (u64 history : {0u, 5u, 64u, 4096u}) {
        WrittenMemory guest(7);
        std::vector<u8> backup(memory_pages * page_bytes);
        CheckpointWriter writer(memory_pages, history);
        Sent sent;
        u64 sequence = 0;
        for (u64 epoch = 0; epoch < 60; epoch++) {
            guest.write_some(epoch % 10 == 0 ? 900 : 50);
            EpochImage image = guest.image(epoch);
            u64 pages_before = sent.pages + sent.changes;
            bool all = writer.write(
                image, [&](const CheckpointHead& head, std::vector<u8>&& frame, bool last) {
                    VMFT_EXPECT_EQUAL(head.sequence, sequence++);
                    VMFT_EXPECT(frame.size() < limits::segment_bytes_max);
                    CheckpointPart part;
                    VMFT_EXPECT(decode_checkpoint_frame(frame, part) == LogFault::none);
                    VMFT_EXPECT_EQUAL(!part.state.empty(), last);
                    apply(frame, backup, sent);
                    return true;
                });
            VMFT_EXPECT(all);
            VMFT_EXPECT(sent.pages + sent.changes - pages_before <= image.pages.size());
            VMFT_EXPECT(backup == guest.memory);
        }
        VMFT_EXPECT(sent.parts > 62);
        VMFT_EXPECT(history >= 64 ? sent.changes > 0 : history > 0 || sent.changes == 0);
        sent_by_history[history] = sent;
    }
    VMFT_EXPECT(sent_by_history[4096].bytes < sent_by_history[0].bytes * 3 / 4);
}

VMFT_TEST(a_new_generation_remembers_nothing_of_the_one_before) {
    WrittenMemory guest(8);
    CheckpointWriter writer(memory_pages, 4096);
    guest.write_some(700);
    u64 parts = 0;
    // Stopped in the middle: what its pages were is not what the next backup has.
    VMFT_EXPECT(!writer.write(guest.image(0), [&](const CheckpointHead&, std::vector<u8>&&, bool) {
        return ++parts < 2;
    }));
    VMFT_EXPECT_EQUAL(parts, 2u);
    std::vector<u8> backup = guest.memory;  // A clone.
    guest.write_some(300);
    Sent sent;
    u64 first = ~u64{0};
    writer.write(guest.image(0), [&](const CheckpointHead& head, std::vector<u8>&& frame, bool) {
        first = std::min(first, head.sequence);
        apply(frame, backup, sent);
        return true;
    });
    VMFT_EXPECT_EQUAL(first, 0u);
    VMFT_EXPECT_EQUAL(sent.changes, 0u);
    VMFT_EXPECT(backup == guest.memory);
}

VMFT_TEST(many_outputs_take_many_parts_and_count_with_the_last) {
    CheckpointWriter writer(memory_pages, 16);
    EpochImage image;
    image.head.outputs_produced = 540;
    image.outputs_produced_before = 500;
    image.head.outputs_released = 520;
    image.state = {1};
    for (u64 sequence = 501; sequence <= 540; sequence++)
        image.outputs.push_back({sequence, 0, OutputKind::net_frame,
                                 std::vector<u8>(65'000, static_cast<u8>(sequence))});
    std::vector<Output> found;
    u64 parts = 0;
    writer.write(image, [&](const CheckpointHead& head, std::vector<u8>&& frame, bool last) {
        VMFT_EXPECT_EQUAL(head.outputs_produced, last ? 540u : 500u);
        VMFT_EXPECT(head.outputs_released <= head.outputs_produced);
        CheckpointPart part;
        std::vector<Output> outputs;
        VMFT_EXPECT(decode_checkpoint_frame(frame, part) == LogFault::none);
        VMFT_EXPECT(image::decode_outputs(part.outputs, outputs) == image::ImageFault::none);
        found.insert(found.end(), outputs.begin(), outputs.end());
        parts++;
        return true;
    });
    VMFT_EXPECT(parts > 2);
    VMFT_REQUIRE(found.size() == image.outputs.size());
    for (size_t i = 0; i < found.size(); i++) {
        VMFT_EXPECT_EQUAL(found[i].sequence, image.outputs[i].sequence);
        VMFT_EXPECT(found[i].bytes == image.outputs[i].bytes);
    }
}
