#include "runner/checkpoint/checkpoint_recorder.h"

#include <algorithm>

#include "base/limits.h"
#include "machine/image/state.h"

namespace vmft {

CheckpointRecorder::CheckpointRecorder(Machine& machine, LiveWorld& world, OutputQueue& outputs,
                                       CheckpointEncoder::Take take)
    : machine_(machine), world_(world), outputs_(outputs),
      encoder_(world, machine.memory().pages(), limits::checkpoint_history_pages_max,
               std::move(take)),
      changed_(machine.memory().pages()) {}

void CheckpointRecorder::start(u64 generation, u64 inputs) {
    if (active_ && generation == generation_) return;
    if (active_) stop();
    active_ = true;
    generation_ = generation;
    epoch_ = 0;
    machine_.watch_changes(changed_);
    position_ = machine_.position();
    inputs_ = inputs;
    outputs_produced_ = machine_.outputs_produced();
    pace_ = {};
    pace_.begin(world_.monotonic_ns());
}

void CheckpointRecorder::stop() {
    if (!active_) return;
    active_ = false;
    run_++;
    encoder_.forget();
    machine_.unwatch_changes(changed_);
    changed_.clear();
}

void CheckpointRecorder::take_pages(EpochImage& image) {
    machine_.collect_changes();
    image.pages.clear();
    while (!changed_.empty()) changed_.take(image.pages, changed_.count());
    std::sort(image.pages.begin(), image.pages.end());
    image.bytes.reserve(image.pages.size());
    const u8* memory = machine_.memory().data();
    for (u64 i = 0; i < image.pages.size(); i++)
        std::memcpy(image.bytes.page(i), memory + (u64{image.pages[i]} << page_shift), page_bytes);
}

u64 CheckpointRecorder::take(u64 inputs, bool has_disk_write, bool has_write_completion) {
    u64 begin = world_.monotonic_ns();
    std::unique_ptr<EpochImage> image = encoder_.empty_image();
    take_pages(*image);
    u64 produced = machine_.outputs_produced();
    image->state = image::encode_state(machine_, {produced, {}});
    image->outputs = outputs_.waiting_behind(outputs_produced_);
    image->outputs_produced_before = outputs_produced_;
    image->head = {};
    image->head.generation = generation_;
    image->head.epoch = epoch_++;
    image->head.ticks = machine_.position().ticks;
    image->head.virtual_ns = machine_.virtual_ns();
    image->head.outputs_produced = produced;
    image->head.outputs_released = std::min(outputs_.counts().released, produced);
    image->run = run_;
    image->has_disk_write = has_disk_write;
    image->has_write_completion = has_write_completion;
    encoder_.encode(std::move(image));
    position_ = machine_.position();
    inputs_ = inputs;
    outputs_produced_ = produced;
    return world_.monotonic_ns() - begin;
}

void CheckpointRecorder::begin_epoch(u64 host_ns, u64 pause_ns) {
    pace_.paused(pause_ns);
    pace_.begin(host_ns);
}

}  // namespace vmft
