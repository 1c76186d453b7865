#include "output/output_queue.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace vmft {
namespace {

/// So that a queue of single console bytes counts for what it really holds.
constexpr u64 bookkeeping_bytes = sizeof(Output) + 32;

u64 held_bytes(const Output& output) { return output.bytes.size() + bookkeeping_bytes; }

constexpr size_t console_batch_bytes_max = 64 << 10;

}  // namespace

bool OutputQueue::may_leave(u64 sequence) {
    if (mode_ == Mode::open) return true;
    if (sequence > released_through_) return false;
    if (mode_ == Mode::withheld || released_until_ns_ == for_ever) return true;
    return target_.now_ns() <= released_until_ns_;
}

void OutputQueue::leave(const Output& output) {
    if (output.kind == OutputKind::console) {
        console_batch_.insert(console_batch_.end(), output.bytes.begin(), output.bytes.end());
        if (console_batch_.size() >= console_batch_bytes_max) send_console_batch();
    } else if (output.kind == OutputKind::disk_request) {
        target_.release_disk_request(output.sequence);
    } else if (target_.send_frame(output.bytes)) {
        counts_.frames_sent++;
    } else {
        counts_.frames_dropped++;
    }
}

void OutputQueue::forget(const Output& output) {
    // The primary issued it; the replica has to know, in case that it must issue it again.
    if (output.kind == OutputKind::disk_request) target_.release_disk_request(output.sequence);
}

void OutputQueue::send_console_batch() {
    if (console_batch_.empty()) return;
    target_.send_console(console_batch_);
    console_batch_.clear();
}

void OutputQueue::set_mode(Mode mode) {
    std::lock_guard lock(mutex_);
    mode_ = mode;
    if (mode != Mode::open) return;
    for (const Output& output : waiting_) leave(output);
    waiting_.clear();
    counts_.bytes_withheld = 0;
    counts_.released = counts_.produced;
    send_console_batch();
}

void OutputQueue::produced(Output&& output) {
    std::lock_guard lock(mutex_);
    VMFT_CHECK(output.sequence == counts_.produced + 1);
    counts_.produced = output.sequence;
    if (waiting_.empty() && may_leave(output.sequence)) {
        if (mode_ != Mode::withheld)
            leave(output);
        else
            forget(output);
        counts_.released = output.sequence;
        return;
    }
    counts_.bytes_withheld += held_bytes(output);
    waiting_.push_back(std::move(output));
}

void OutputQueue::release(u64 through, u64 until_ns) {
    std::lock_guard lock(mutex_);
    released_through_ = std::max(released_through_, through);
    released_until_ns_ = until_ns;
    while (!waiting_.empty() && may_leave(waiting_.front().sequence)) {
        if (mode_ != Mode::withheld)
            leave(waiting_.front());
        else
            forget(waiting_.front());
        counts_.bytes_withheld -= held_bytes(waiting_.front());
        counts_.released = waiting_.front().sequence;
        waiting_.pop_front();
    }
    send_console_batch();
}

void OutputQueue::flush_console() {
    std::lock_guard lock(mutex_);
    send_console_batch();
}

WaitingOutputs OutputQueue::waiting() const {
    std::lock_guard lock(mutex_);
    return {counts_.released, {waiting_.begin(), waiting_.end()}};
}

std::vector<Output> OutputQueue::waiting_behind(u64 sequence) const {
    std::lock_guard lock(mutex_);
    auto first = std::find_if(waiting_.begin(), waiting_.end(),
                              [&](const Output& output) { return output.sequence > sequence; });
    return {first, waiting_.end()};
}

void OutputQueue::follow(std::vector<Output>&& outputs, u64 produced) {
    std::lock_guard lock(mutex_);
    VMFT_CHECK(mode_ == Mode::withheld);
    for (Output& output : outputs) {
        if (output.sequence <= released_through_) {
            forget(output);
            continue;
        }
        counts_.bytes_withheld += held_bytes(output);
        waiting_.push_back(std::move(output));
    }
    counts_.produced = produced;
    counts_.released = waiting_.empty() ? produced : waiting_.front().sequence - 1;
}

void OutputQueue::restore(WaitingOutputs&& waiting) {
    std::lock_guard lock(mutex_);
    waiting_.assign(std::move_iterator(waiting.outputs.begin()),
                    std::move_iterator(waiting.outputs.end()));
    console_batch_.clear();
    counts_ = {};
    counts_.released = released_through_ = waiting.released;
    released_until_ns_ = for_ever;
    counts_.produced = waiting_.empty() ? waiting.released : waiting_.back().sequence;
    for (const Output& output : waiting_) counts_.bytes_withheld += held_bytes(output);
}

OutputQueue::Counts OutputQueue::counts() const {
    std::lock_guard lock(mutex_);
    return counts_;
}

}  // namespace vmft
