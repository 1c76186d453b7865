#pragma once

#include "base/hash64.h"
#include "base/state_bytes.h"
#include "disk/disk_request.h"

namespace vmft::test {

/// Takes what a machine asks of its disks: a hash over everything in order. `next` does it, if
/// there is one.
class SeenDiskRequests final : public DiskRequestListener {
public:
    explicit SeenDiskRequests(DiskRequestListener* next = nullptr) : next_(next) {}

    void requested(DiskRequest&& request) override {
        StateWriter head;
        head.put(request.disk);
        head.put(request.id);
        head.put(request.operation);
        head.put(request.offset_bytes);
        head.put(request.bytes);
        head.put(request.may_unmap);
        head.put(request.output_sequence);
        hash_.add(head.bytes());
        hash_.add(request.data);
        count_++;
        if (next_ != nullptr) next_->requested(std::move(request));
    }
    /// Of all requests so far.
    u64 digest() const { return hash_.value(); }
    u64 count() const { return count_; }

private:
    DiskRequestListener* const next_;
    Hash64 hash_;
    u64 count_ = 0;
};

}  // namespace vmft::test
