#include "device/virtio_console.h"

#include <algorithm>

namespace vmft {

VirtioConsole::VirtioConsole(GuestMemory& memory, OutputSink& sink)
    : VirtioDevice(memory, device_id, 0, {queue_size_max, queue_size_max}), sink_(sink) {}

void VirtioConsole::queue_notified(size_t index) {
    if (index == transmit_queue)
        show_available();
    else
        deliver();
}

void VirtioConsole::show_available() {
    VirtioQueue& shown = queue(transmit_queue);
    for (u32 i = 0; i < shown.setup().size && shown.take_readable(chain_); i++) {
        u64 bytes = std::min(chain_.readable_bytes(), limits::console_output_chain_bytes_max);
        output_bytes_dropped_ += chain_.readable_bytes() - bytes;
        shown_bytes_.resize(bytes);
        chain_.read(memory(), 0, shown_bytes_);
        if (bytes > 0) sink_.emit(OutputKind::console, shown_bytes_);
        shown.give_back(chain_.head(), 0);
    }
    shown.want_notification(true);
    settle(shown);
}

void VirtioConsole::receive(std::span<const u8> bytes) {
    u64 accepted = std::min<u64>(bytes.size(), input_room());
    waiting_input_.insert(waiting_input_.end(), bytes.begin(),
                          bytes.begin() + static_cast<i64>(accepted));
    input_bytes_dropped_ += bytes.size() - accepted;
    if (driver_ready()) deliver();
}

void VirtioConsole::deliver() {
    VirtioQueue& buffers = queue(receive_queue);
    size_t delivered = 0;
    while (delivered < waiting_input_.size() && buffers.take_writable(chain_, 1)) {
        u64 copied =
            chain_.write(memory(), 0, std::span<const u8>(waiting_input_).subspan(delivered));
        delivered += copied;
        buffers.give_back(chain_.head(), static_cast<u32>(copied));
    }
    waiting_input_.erase(waiting_input_.begin(),
                         waiting_input_.begin() + static_cast<i64>(delivered));
    buffers.want_notification(!waiting_input_.empty());
    settle(buffers);
}

void VirtioConsole::save_own(StateWriter& state) const {
    state.put_block(waiting_input_);
    state.put(input_bytes_dropped_);
    state.put(output_bytes_dropped_);
}

void VirtioConsole::restore_own(StateReader& state) {
    waiting_input_ = state.get_block(limits::console_input_bytes_max);
    state.get(input_bytes_dropped_);
    state.get(output_bytes_dropped_);
}

}  // namespace vmft
