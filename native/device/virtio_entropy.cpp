#include "device/virtio_entropy.h"

#include <algorithm>

#include "base/limits.h"

namespace vmft {

VirtioEntropy::VirtioEntropy(GuestMemory& memory)
    : VirtioDevice(memory, device_id, 0, {queue_size_max}) {}

void VirtioEntropy::queue_notified(size_t) { check_next_request(); }

void VirtioEntropy::check_next_request() {
    VirtioQueue& requests = queue(request_queue);
    if (requests.take_writable(chain_, 1)) requests.put_back(1);
    requests.want_notification(true);
    settle(requests);
}

u64 VirtioEntropy::wanted_bytes() const {
    if (!driver_ready() || !queue(request_queue).peek(chain_)) return 0;
    return std::min(chain_.writable_bytes(), limits::entropy_bytes_max);
}

void VirtioEntropy::supply(std::span<const u8> bytes) {
    VirtioQueue& requests = queue(request_queue);
    size_t used = 0;
    while (driver_ready() && used < bytes.size() && requests.take_writable(chain_, 1)) {
        u64 copied = chain_.write(memory(), 0, bytes.subspan(used));
        used += copied;
        requests.give_back(chain_.head(), static_cast<u32>(copied));
    }
    bytes_supplied_ += used;
    bytes_dropped_ += bytes.size() - used;
    if (driver_ready()) check_next_request();
}

void VirtioEntropy::save_own(StateWriter& state) const {
    state.put(bytes_supplied_);
    state.put(bytes_dropped_);
}

void VirtioEntropy::restore_own(StateReader& state) {
    state.get(bytes_supplied_);
    state.get(bytes_dropped_);
}

}  // namespace vmft
