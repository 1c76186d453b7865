#include "runner/checkpoint/checkpoint_feed.h"

#include "machine/image/outputs.h"
#include "machine/image/state.h"

namespace vmft {
namespace {

LogFault of_image(image::ImageFault fault, const char* what, std::string& reason) {
    if (fault == image::ImageFault::none) return LogFault::none;
    reason = std::string(what) + ": " + image::name_of(fault);
    return fault == image::ImageFault::checksum || fault == image::ImageFault::pages_checksum
               ? LogFault::checksum
               : LogFault::bad_value;
}

u64 bytes_of(const DecodedPart& part) {
    u64 bytes = part.pages.data.size() + part.changes.data.size() + part.state.size();
    for (const Output& output : part.outputs) bytes += output.bytes.size() + sizeof output;
    return bytes;
}

}  // namespace

LogFault decode_part_frame(std::span<const u8> frame, const MachineConfig& config,
                           DecodedPart& part, std::string& reason) {
    CheckpointPart bytes;
    LogFault fault = decode_checkpoint_frame(frame, bytes);
    reason = name_of(fault);
    if (fault != LogFault::none) return fault;
    part = {};
    part.head = bytes.head;
    u64 memory_pages = config.memory_bytes >> page_shift;
    if (!bytes.pages.empty())
        fault = of_image(decode_pages(bytes.pages, memory_pages, part.pages), "pages", reason);
    if (fault == LogFault::none && !bytes.changes.empty())
        fault =
            of_image(decode_pages(bytes.changes, memory_pages, part.changes), "changes", reason);
    if (fault == LogFault::none && !part.changes.zero.empty()) {
        reason = "changes that are none";
        fault = LogFault::bad_value;
    }
    if (fault == LogFault::none && !bytes.outputs.empty())
        fault = of_image(image::decode_outputs(bytes.outputs, part.outputs), "outputs", reason);
    if (fault == LogFault::none && !bytes.state.empty()) {
        fault = of_image(image::check_state(bytes.state, config), "state", reason);
        part.state.assign(bytes.state.begin(), bytes.state.end());
    }
    return fault;
}

void CheckpointFeed::start(u64 generation, u64 outputs_produced) {
    *this = {};
    generation_ = generation;
    outputs_produced_ = outputs_produced;
}

/// What is wrong with a part that is the next one by its numbers; empty: nothing.
std::string CheckpointFeed::fault_in(const DecodedPart& part) const {
    const CheckpointHead& head = part.head;
    if (head.epoch != epoch_)
        return "expected epoch " + std::to_string(epoch_) + ", found " + std::to_string(head.epoch);
    if (partial_ &&
        (head.ticks != partial_->head.ticks || head.virtual_ns != partial_->head.virtual_ns))
        return "two parts of one checkpoint are of two moments";
    if (head.ticks < ticks_ || head.virtual_ns < virtual_ns_) return "a checkpoint goes back";
    if (head.outputs_released > head.outputs_produced || head.outputs_released < outputs_released_)
        return "the count of outputs that left is impossible";
    if (part.last() ? head.outputs_produced < outputs_produced_
                    : head.outputs_produced != outputs_produced_)
        return "the count of outputs is impossible";
    // Those that had left already need not be there.
    bool some = partial_ && !partial_->outputs.empty();
    u64 last = some ? partial_->outputs.back().sequence : outputs_produced_;
    for (const Output& output : part.outputs) {
        if (some ? output.sequence != last + 1 : output.sequence <= last)
            return "outputs out of order";
        last = output.sequence;
        some = true;
    }
    if (!part.last()) return {};
    if (last != head.outputs_produced && (some || head.outputs_released < head.outputs_produced))
        return "outputs are missing";
    u64 first = last + 1;
    if (partial_ && !partial_->outputs.empty())
        first = partial_->outputs.front().sequence;
    else if (!part.outputs.empty())
        first = part.outputs.front().sequence;
    if (some && first > outputs_produced_ + 1 && first > head.outputs_released + 1)
        return "outputs are missing";
    return {};
}

LogFault CheckpointFeed::add(DecodedPart&& part, u64 host_ns, std::string& reason) {
    const CheckpointHead head = part.head;
    if (head.generation != generation_) {
        reason = "expected generation " + std::to_string(generation_) + ", found " +
                 std::to_string(head.generation);
        return LogFault::generation;
    }
    if (head.sequence != next_sequence_) {
        reason = "expected part " + std::to_string(next_sequence_) + " of generation " +
                 std::to_string(generation_) + ", found " + std::to_string(head.sequence);
        return LogFault::sequence;
    }
    reason = fault_in(part);
    if (!reason.empty()) return LogFault::bad_value;
    u64 bytes = bytes_of(part);
    if (waiting_bytes_ + bytes > waiting_bytes_max) {
        reason = "more than " + std::to_string(waiting_bytes_max) + " bytes of checkpoints wait";
        return LogFault::too_long;
    }
    waiting_bytes_ += bytes;
    next_sequence_++;
    outputs_released_ = head.outputs_released;
    if (!partial_) partial_.emplace();
    Checkpoint& checkpoint = *partial_;
    checkpoint.head = head;
    checkpoint.bytes += bytes;
    if (!part.pages.empty()) checkpoint.pages.push_back(std::move(part.pages));
    if (!part.changes.empty()) checkpoint.changes.push_back(std::move(part.changes));
    for (Output& output : part.outputs) checkpoint.outputs.push_back(std::move(output));
    if (part.state.empty()) return LogFault::none;

    checkpoint.state = std::move(part.state);
    checkpoint.received_ns = host_ns;
    epoch_++;
    ticks_ = head.ticks;
    virtual_ns_ = head.virtual_ns;
    outputs_produced_ = head.outputs_produced;
    whole_.push_back(std::move(checkpoint));
    partial_.reset();
    return LogFault::none;
}

Checkpoint CheckpointFeed::take() {
    Checkpoint checkpoint = std::move(whole_.front());
    whole_.pop_front();
    waiting_bytes_ -= checkpoint.bytes;
    return checkpoint;
}

}  // namespace vmft
