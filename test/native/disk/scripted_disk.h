#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "disk/disk_backend.h"
#include "test.h"

namespace vmft::test {

/// What a disk holds, one value per block, with a cache that is lost when its power fails.
struct Medium {
    explicit Medium(size_t blocks) : blocks(blocks, 0), durable(blocks, 0) {}
    std::vector<u8> blocks;   ///< What a read finds.
    std::vector<u8> durable;  ///< What is left without power.

    /// What a flush that begins now makes durable.
    struct Flush {
        u64 number = 0;
        std::vector<u8> blocks;
    };
    Flush begin_flush() { return {++flushes_begun, blocks}; }
    void end_flush(const Flush& flush) {
        // One that began earlier may end later.
        if (flush.number < flushed_through) return;
        flushed_through = flush.number;
        durable = flush.blocks;
    }
    u64 flushes_begun = 0, flushed_through = 0;
};

inline constexpr u64 test_block_bytes = 512;

/// A back end whose transfers end when the test says so, in any order. It finds fault with
/// overlapping ones given to it together.
class ScriptedDisk final : public DiskBackend {
public:
    explicit ScriptedDisk(Medium& medium) : medium_(medium) {}

    struct UnderWay {
        DiskTransfer transfer;
        Done done;
        Medium::Flush flush;
    };

    DiskGeometry geometry() const override {
        return {medium_.blocks.size() * test_block_bytes, 512, false};
    }
    void submit(DiskTransfer&& transfer, Done done) override {
        if (dead) return;
        bool changes = transfer.operation != DiskOperation::read;
        for (const UnderWay& other : under_way) {
            bool overlaps =
                transfer.offset_bytes < other.transfer.offset_bytes + other.transfer.bytes &&
                other.transfer.offset_bytes < transfer.offset_bytes + transfer.bytes;
            bool other_changes = other.transfer.operation != DiskOperation::read;
            VMFT_EXPECT(!overlaps || !(changes || other_changes));
        }
        under_way.push_back({std::move(transfer), std::move(done), medium_.begin_flush()});
    }
    std::string claim(const std::atomic<bool>&) override {
        claims++;
        return claim_fault;
    }

    /// Does what was asked, and says so.
    void finish(size_t index, DiskStatus status = DiskStatus::ok) {
        UnderWay ended = take(index);
        DiskResult result{status, {}};
        if (status == DiskStatus::ok) result.data = apply(ended);
        ended.done(std::move(result));
    }
    /// Does it, and nobody is there to be told.
    void finish_unseen(size_t index) { apply(take(index)); }

    std::vector<UnderWay> under_way;
    bool dead = false;
    int claims = 0;
    std::string claim_fault;

private:
    UnderWay take(size_t index) {
        UnderWay taken = std::move(under_way.at(index));
        under_way.erase(under_way.begin() + static_cast<i64>(index));
        return taken;
    }
    std::vector<u8> apply(const UnderWay& ended) {
        const DiskTransfer& transfer = ended.transfer;
        size_t first = transfer.offset_bytes / test_block_bytes;
        size_t count = transfer.bytes / test_block_bytes;
        switch (transfer.operation) {
        case DiskOperation::read: {
            std::vector<u8> data;
            for (size_t block = first; block < first + count; block++)
                data.insert(data.end(), test_block_bytes, medium_.blocks[block]);
            return data;
        }
        case DiskOperation::write:
            for (size_t i = 0; i < count; i++)
                medium_.blocks[first + i] = transfer.data.at(i * test_block_bytes);
            break;
        case DiskOperation::flush:
            // What was written later may be durable too, but need not.
            medium_.end_flush(ended.flush);
            break;
        case DiskOperation::discard:
        case DiskOperation::write_zeroes:
            for (size_t i = 0; i < count; i++) medium_.blocks[first + i] = 0;
            break;
        }
        return {};
    }

    Medium& medium_;
};

/// What a test's guest asks for: a letter, blocks and, of a write, the value.
///   r read, w write, f flush, z write zeroes
struct Asked {
    char what = 'r';
    u64 block = 0, blocks = 1;
    u8 value = 0;
};

inline DiskRequest request_of(const Asked& asked, u64 id, u64 output_sequence, u32 disk = 0) {
    DiskRequest request;
    request.disk = disk;
    request.id = id;
    request.output_sequence = output_sequence;
    switch (asked.what) {
    case 'w': request.operation = DiskOperation::write; break;
    case 'f': request.operation = DiskOperation::flush; break;
    case 'z': request.operation = DiskOperation::write_zeroes; break;
    default: request.operation = DiskOperation::read; break;
    }
    if (asked.what == 'f') return request;
    request.offset_bytes = asked.block * test_block_bytes;
    request.bytes = asked.blocks * test_block_bytes;
    if (asked.what == 'w') request.data.assign(request.bytes, asked.value);
    return request;
}

}  // namespace vmft::test
