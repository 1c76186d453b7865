#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/scoped_fd.h"
#include "world/disk/disk_fault.h"
#include "world/disk/iscsi_queue.h"
#include "world/disk/iscsi_reservation.h"

namespace vmft {

/// A LUN of an iSCSI target, by libiscsi. One thread does everything, for as long as the disk is
/// open: a session that breaks is made anew, for ever, and `trouble` tells of it meanwhile.
///
/// What only the storage can say stays with it: a write that is done is in the target, perhaps in
/// a volatile cache of it; a flush (SYNCHRONIZE CACHE) makes it stay, as on any disk.
class IscsiDisk final : public OpenedDisk {
public:
    /// Logs in; throws DiskFault.
    IscsiDisk(const std::string& url, const DiskOptions& options);
    /// Gives the reservation back, if the target answers within a second.
    ~IscsiDisk() override;

    DiskGeometry geometry() const override { return geometry_; }
    void submit(DiskTransfer&& transfer, Done done) override;
    std::string claim(const std::atomic<bool>& cancel) override;
    std::string trouble() const override;

    Kind kind() const override { return Kind::iscsi; }
    const std::string& url() const override { return address_.shown; }
    bool supports_compare_and_write() const override {
        return facts_.compare_and_write && !geometry_.read_only;
    }
    void read_reserved(u32 index, ReservedDone done) override;
    void compare_and_write(u32 index, std::vector<u8> expected, std::vector<u8> desired,
                           ReservedDone done) override;
    void next_data(u64 offset_bytes, NextDataDone done) override;
    bool busy() const override { return unfinished_ > 0 || !connected_; }

private:
    /// What an operation on the reserved area tells at its end, which counts until then.
    ReservedDone begin_reserved(ReservedDone done);
    using Clock = IscsiConnection::Clock;

    struct Established {
        std::string fault;
        bool refused = false, by_chap = false;
        IscsiFacts facts;
    };
    Established establish(Clock::time_point deadline);
    void check_facts(const Established& established);
    void read_reserved_area(Clock::time_point deadline);
    void claim_at_opening(Clock::time_point deadline);

    void run();
    void reconnect();
    void disconnect(std::string why);
    void do_claim();
    void visit();
    void conflict();
    void lost();
    void wait(int timeout_ms);
    /// Runs `action` on the queue, on the disk's thread.
    void post(std::function<void(IscsiQueue&)> action);
    void wake();
    void set_trouble(const std::string& text);
    u64 reserved_block(u32 index) const;

    IscsiAddress address_;
    DiskOptions options_;
    u32 session_;
    IscsiFacts facts_;
    DiskGeometry geometry_;
    ScopedFd wake_;

    // Of the disk's thread, once it runs.
    std::unique_ptr<IscsiQueue> queue_;
    IscsiReservation reservation_;
    std::unique_ptr<IscsiConnection> connection_;
    Clock::time_point retry_at_{};

    mutable std::mutex mutex_;
    std::vector<std::function<void(IscsiQueue&)>> posted_;
    std::string trouble_, held_up_;
    enum class Claim : u8 { none, wanted, ended };
    Claim claim_ = Claim::none;
    std::string claim_fault_;
    std::condition_variable claim_ended_;

    std::atomic<u64> unfinished_{0};
    std::atomic<bool> connected_{false}, ending_{false}, never_{false};
    std::thread thread_;
};

}  // namespace vmft
