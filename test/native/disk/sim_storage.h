#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "disk/scripted_disk.h"
#include "machine/random.h"

namespace vmft::test {

/// A host as the storage sees it: when it has died, nothing more comes from it, and what it sent
/// may still be on its way.
struct SimHost {
    std::atomic<bool> dead{false};
};

/// A storage server with one disk that several hosts may see: transfers under way are done in any
/// order and after any delay, by its own thread, also those of hosts that are dead by then, until
/// another host claims the disk.
class SimStorage {
public:
    SimStorage(u64 seed, size_t blocks) : medium_(blocks), random_(seed) {
        thread_ = std::thread([this] { serve(); });
    }
    ~SimStorage() {
        {
            std::lock_guard lock(mutex_);
            quit_ = true;
            changed_.notify_all();
        }
        thread_.join();
    }

    std::shared_ptr<DiskBackend> open(std::shared_ptr<SimHost> host) {
        return std::make_shared<BackEnd>(*this, std::move(host));
    }
    /// What is on its way arrives; then what the disk holds.
    Medium settle() {
        std::unique_lock lock(mutex_);
        hurry_ = true;
        changed_.notify_all();
        idle_.wait(lock, [this] { return under_way_.empty(); });
        return medium_;
    }

    /// Planted faults.
    std::atomic<bool> claims_are_ignored{false};
    std::atomic<bool> flushes_are_ignored{false};
    std::atomic<u64> overlaps{0};  ///< Transfers given to it together that must not be.

private:
    class BackEnd;
    struct UnderWay {
        const BackEnd* from;
        std::shared_ptr<SimHost> host;
        DiskTransfer transfer;
        DiskBackend::Done done;
        Medium::Flush flush;
    };

    class BackEnd final : public DiskBackend {
    public:
        BackEnd(SimStorage& storage, std::shared_ptr<SimHost> host)
            : storage_(storage), host_(std::move(host)) {}
        ~BackEnd() override {
            std::unique_lock lock(storage_.mutex_);
            for (UnderWay& each : storage_.under_way_)
                if (each.from == this) each.done = nullptr;
            storage_.idle_.wait(lock, [this] { return storage_.told_ != this; });
        }
        DiskGeometry geometry() const override {
            return {storage_.medium_.blocks.size() * test_block_bytes, 512, false};
        }
        void submit(DiskTransfer&& transfer, Done done) override {
            std::lock_guard lock(storage_.mutex_);
            if (host_->dead || storage_.refuses(transfer, host_)) return;
            storage_.check_overlap(transfer, host_);
            storage_.under_way_.push_back({this, host_, std::move(transfer), std::move(done),
                                           storage_.medium_.begin_flush()});
            storage_.changed_.notify_all();
        }
        std::string claim(const std::atomic<bool>&) override {
            std::lock_guard lock(storage_.mutex_);
            storage_.claim(host_);
            return {};
        }

    private:
        SimStorage& storage_;
        const std::shared_ptr<SimHost> host_;
    };

    bool refuses(const DiskTransfer& transfer, const std::shared_ptr<SimHost>& host) const {
        return transfer.operation != DiskOperation::read && holder_ && holder_ != host &&
               !claims_are_ignored;
    }
    void claim(const std::shared_ptr<SimHost>& host) {
        holder_ = host;
        if (claims_are_ignored) return;
        for (auto each = under_way_.begin(); each != under_way_.end();) {
            if (each->host == host || each->transfer.operation == DiskOperation::read) {
                ++each;
                continue;
            }
            if (random_.below(2) == 0) apply(*each);
            each = under_way_.erase(each);
        }
    }
    void check_overlap(const DiskTransfer& transfer, const std::shared_ptr<SimHost>& host) {
        for (const UnderWay& other : under_way_) {
            bool overlap =
                transfer.offset_bytes < other.transfer.offset_bytes + other.transfer.bytes &&
                other.transfer.offset_bytes < transfer.offset_bytes + transfer.bytes;
            bool changes = transfer.operation == DiskOperation::write ||
                           other.transfer.operation == DiskOperation::write;
            if (overlap && changes && other.host == host) overlaps++;
        }
    }
    std::vector<u8> apply(const UnderWay& each) {
        size_t first = each.transfer.offset_bytes / test_block_bytes;
        size_t count = each.transfer.bytes / test_block_bytes;
        std::vector<u8> data;
        if (each.transfer.operation == DiskOperation::read) {
            for (size_t block = first; block < first + count; block++)
                data.insert(data.end(), test_block_bytes, medium_.blocks[block]);
        } else if (each.transfer.operation == DiskOperation::write) {
            for (size_t i = 0; i < count; i++)
                medium_.blocks[first + i] = each.transfer.data.at(i * test_block_bytes);
        } else if (!flushes_are_ignored) {
            medium_.end_flush(each.flush);
        }
        return data;
    }
    void serve() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return quit_ || !under_way_.empty(); });
            if (quit_) return;
            u64 delay_us = hurry_ ? 0 : random_.below(120);
            if (delay_us > 20) {
                lock.unlock();
                std::this_thread::sleep_for(std::chrono::microseconds(delay_us));
                lock.lock();
            }
            if (under_way_.empty()) continue;
            auto chosen =
                std::next(under_way_.begin(), static_cast<i64>(random_.below(under_way_.size())));
            // What a dead host left is late.
            if (chosen->host->dead && !hurry_ && random_.below(40) != 0) continue;
            UnderWay each = std::move(*chosen);
            under_way_.erase(chosen);
            DiskResult result{DiskStatus::ok, apply(each)};
            if (each.done && !each.host->dead) {
                told_ = each.from;
                lock.unlock();
                each.done(std::move(result));
                lock.lock();
                told_ = nullptr;
            }
            idle_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_, idle_;
    Medium medium_;
    Random random_;
    std::list<UnderWay> under_way_;
    std::shared_ptr<SimHost> holder_;
    const BackEnd* told_ = nullptr;
    bool hurry_ = false, quit_ = false;
    std::thread thread_;
};

}  // namespace vmft::test
