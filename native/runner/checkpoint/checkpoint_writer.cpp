#include "runner/checkpoint/checkpoint_writer.h"

#include <algorithm>

#include "base/limits.h"
#include "machine/digest.h"
#include "machine/image/outputs.h"

namespace vmft {
namespace {

constexpr u64 words = page_bytes / sizeof(u64);
/// With more of a page changed, the page itself compresses better.
constexpr u64 changed_words_max = words / 2;

/// Appends `now ^ before` to `data`, and counts the words that differ.
u64 append_difference(std::vector<u8>& data, const u8* now, const u8* before) {
    size_t at = data.size();
    data.resize(at + page_bytes);
    u64 differing = 0;
    for (size_t offset = 0; offset < page_bytes; offset += sizeof(u64)) {
        u64 one, other;
        std::memcpy(&one, now + offset, sizeof one);
        std::memcpy(&other, before + offset, sizeof other);
        u64 difference = one ^ other;
        differing += difference != 0;
        std::memcpy(data.data() + at + offset, &difference, sizeof difference);
    }
    return differing;
}

}  // namespace

void CheckpointWriter::add_page(const EpochImage& image, u64 index) {
    u32 page = image.pages[index];
    const u8* bytes = image.bytes.page(index);
    if (is_zero_page(bytes)) {
        pages_.zero.push_back(page);
        history_.forget(page);
        return;
    }
    if (const u8* before = history_.find(page)) {
        size_t end = changes_.data.size();
        u64 differing = append_difference(changes_.data, bytes, before);
        if (differing > 0 && differing <= changed_words_max)
            changes_.numbers.push_back(page);
        else
            changes_.data.resize(end);
        if (differing == 0) return;  // Written, with what was there.
        history_.keep(page, bytes);
        if (differing <= changed_words_max) return;
    } else {
        history_.keep(page, bytes);
    }
    pages_.numbers.push_back(page);
    pages_.data.insert(pages_.data.end(), bytes, bytes + page_bytes);
}

bool CheckpointWriter::write(const EpochImage& image, const Take& take) {
    if (image.head.epoch == 0) {
        history_.clear();
        next_sequence_ = 0;
    }
    CheckpointHead head = image.head;
    head.outputs_produced = image.outputs_produced_before;
    head.outputs_released = std::min(image.head.outputs_released, head.outputs_produced);
    u64 next_page = 0;
    size_t next_output = 0;
    for (bool last = false; !last;) {
        pages_.clear();
        changes_.clear();
        while (next_page < image.pages.size() &&
               pages_.count() + changes_.count() < limits::image_pages_max)
            add_page(image, next_page++);
        size_t outputs_end = next_output;
        for (u64 bytes = 0; outputs_end < image.outputs.size(); outputs_end++) {
            bytes += image.outputs[outputs_end].bytes.size() + image::output_overhead_bytes;
            if (bytes > limits::checkpoint_outputs_bytes_max) break;
        }
        auto outputs = std::span(image.outputs).subspan(next_output, outputs_end - next_output);
        next_output = outputs_end;
        last = next_page == image.pages.size() && next_output == image.outputs.size();

        std::vector<u8> pages = pages_.empty() ? std::vector<u8>{} : encode_pages(pages_);
        std::vector<u8> changes = changes_.empty() ? std::vector<u8>{} : encode_pages(changes_);
        std::vector<u8> output_bytes = image::encode_outputs(outputs);
        if (last) head = image.head;
        head.sequence = next_sequence_;
        CheckpointPart part{head, pages, changes, output_bytes,
                            last ? std::span<const u8>(image.state) : std::span<const u8>()};
        next_sequence_++;
        if (!take(head, encode_checkpoint_frame(part), last)) return false;
    }
    return true;
}

}  // namespace vmft
