#include "disk/disk_queue.h"

#include <thread>

#include "base/hash64.h"
#include "base/limits.h"
#include "disk/scripted_disk.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;

namespace {

using Kind = DiskQueue::Outcome::Kind;

/// A queue with one disk, and a guest that asks.
struct Rig {
    explicit Rig(DiskHolding holding, DiskQueue::Mode mode = DiskQueue::Mode::live)
        : queue({holding}, listener()) {
        queue.attach(0, disk);
        if (mode == DiskQueue::Mode::live) {
            VMFT_EXPECT(queue.go_live(no).ok());
        } else {
            queue.begin(mode);
        }
    }
    DiskQueue::Listener listener() {
        DiskQueue::Listener made;
        made.request_ended = [this] { ended++; };
        made.reads_progressed = [this] { progressed++; };
        return made;
    }
    u64 ask(Asked asked, u64 output_sequence = 0) {
        queue.requested(request_of(asked, ++asked_count, output_sequence));
        return asked_count;
    }
    size_t under_way() const { return disk->under_way.size(); }
    /// The next completion's request; 0: none waits.
    u64 take() {
        completion = {};
        return queue.take_completion(completion) ? completion.request : 0;
    }
    DiskQueue::Outcome complete(u64 id, DiskStatus status = DiskStatus::ok) {
        completion = {};
        completion.request = id;
        completion.status = status;
        return queue.complete(completion, no);
    }
    DiskQueue::Outcome complete_left(u64 id, u64 hash) {
        completion = {};
        completion.request = id;
        completion.read_on_backup = true;
        completion.data_hash = hash;
        return queue.complete(completion, no);
    }
    void expect_left(u64 id, u64 hash) {
        DiskCompletionInput next;
        next.request = id;
        next.read_on_backup = true;
        next.data_hash = hash;
        queue.expect(next);
    }

    std::atomic<bool> no{false};
    int ended = 0, progressed = 0;
    Medium medium{8};
    std::shared_ptr<ScriptedDisk> disk = std::make_shared<ScriptedDisk>(medium);
    DiskQueue queue;
    u64 asked_count = 0;
    DiskCompletionInput completion;
};

constexpr DiskHolding shared{true, false}, shared_read_here{true, true};
constexpr DiskHolding own{false, false}, own_read_here{false, true};

u64 hash_of(u8 value, u64 blocks = 1) {
    return hash64(std::vector<u8>(blocks * test_block_bytes, value));
}

}  // namespace

VMFT_TEST(a_request_is_issued_when_released_and_what_overlaps_has_ended) {
    Rig rig(shared);
    VMFT_EXPECT_EQUAL(rig.disk->claims, 1);
    u64 write = rig.ask({'w', 0, 2, 5}, 1);
    VMFT_EXPECT_EQUAL(rig.under_way(), 0u);
    u64 elsewhere = rig.ask({'r', 4});
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    u64 over = rig.ask({'r', 1, 2});  // Waits for the write.
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    rig.queue.release(1);
    VMFT_EXPECT_EQUAL(rig.under_way(), 2u);
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.take(), elsewhere);
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.take(), write);
    VMFT_EXPECT_EQUAL(rig.take(), over);
    VMFT_EXPECT_EQUAL(rig.completion.data[0], 5);
    VMFT_EXPECT_EQUAL(rig.completion.data[test_block_bytes], 0);
    VMFT_EXPECT_EQUAL(rig.take(), 0u);
    VMFT_EXPECT_EQUAL(rig.ended, 3);
    DiskQueue::Counts counts = rig.queue.counts(0);
    VMFT_EXPECT_EQUAL(counts.pending, 0u);
    VMFT_EXPECT_EQUAL(counts.issued, 0u);
    VMFT_EXPECT_EQUAL(counts.bytes_waiting, 0u);
    VMFT_EXPECT_EQUAL(counts.reads, 2u);
    VMFT_EXPECT_EQUAL(counts.bytes_written, 1024u);
}

VMFT_TEST(a_release_may_come_before_the_request) {
    Rig rig(shared);
    rig.queue.release(3);
    rig.ask({'w', 0, 1, 1}, 3);
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    rig.ask({'f'}, 4);
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    rig.queue.release(4);
    VMFT_EXPECT_EQUAL(rig.under_way(), 2u);
}

VMFT_TEST(a_medium_error_is_the_guests) {
    Rig rig(shared);
    u64 read = rig.ask({'r', 0});
    rig.disk->finish(0, DiskStatus::io_error);
    VMFT_EXPECT_EQUAL(rig.take(), read);
    VMFT_EXPECT(rig.completion.status == DiskStatus::io_error);
    VMFT_EXPECT(rig.completion.data.empty());
}

VMFT_TEST(nothing_is_issued_once_closed) {
    Rig rig(shared);
    rig.ask({'w', 0, 1, 1}, 1);
    u64 read = rig.ask({'r', 4});
    rig.ask({'w', 4, 1, 1}, 2);
    VMFT_EXPECT_EQUAL(read, 2u);
    rig.queue.close();
    rig.queue.release(2);
    rig.ask({'r', 6});
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.under_way(), 0u);
    VMFT_EXPECT(!rig.queue.completion_waits());
    VMFT_EXPECT_EQUAL(rig.take(), 0u);
}

VMFT_TEST(a_back_end_may_outlive_the_queue) {
    Medium medium(4);
    auto disk = std::make_shared<ScriptedDisk>(medium);
    int ended = 0;
    {
        DiskQueue::Listener listener;
        listener.request_ended = [&] { ended++; };
        DiskQueue queue({shared}, listener);
        queue.attach(0, disk);
        std::atomic<bool> no{false};
        VMFT_REQUIRE(queue.go_live(no).ok());
        queue.requested(request_of({'r', 0}, 1, 0));
    }
    disk->finish(0);
    VMFT_EXPECT_EQUAL(ended, 0);
}

VMFT_TEST(a_replica_of_a_shared_disk_issues_nothing_until_it_is_live) {
    Rig rig(shared, DiskQueue::Mode::replica);
    u64 first = rig.ask({'w', 0, 1, 1}, 1), second = rig.ask({'w', 0, 1, 2}, 2);
    u64 read = rig.ask({'r', 2}), third = rig.ask({'w', 3, 1, 3}, 3);
    rig.queue.release(2);  // The primary is known to have sent two.
    VMFT_EXPECT(rig.complete(first).ok());
    VMFT_EXPECT_EQUAL(rig.under_way(), 0u);
    VMFT_EXPECT_EQUAL(rig.disk->claims, 0);
    VMFT_EXPECT(rig.queue.go_live(rig.no).ok());
    VMFT_EXPECT_EQUAL(rig.disk->claims, 1);
    VMFT_EXPECT_EQUAL(rig.under_way(), 2u);  // The second write and the read.
    rig.queue.release(3);
    VMFT_EXPECT_EQUAL(rig.under_way(), 3u);
    for (u64 wanted : {second, read, third}) {
        rig.disk->finish(0);
        VMFT_EXPECT_EQUAL(rig.take(), wanted);
    }
    VMFT_EXPECT_EQUAL(rig.medium.blocks[0], 2);
}

VMFT_TEST(a_disk_that_cannot_be_claimed_is_not_written) {
    Rig rig(shared, DiskQueue::Mode::replica);
    rig.ask({'w', 0, 1, 1}, 1);
    rig.queue.release(1);
    rig.disk->claim_fault = "someone else has it";
    DiskQueue::Outcome outcome = rig.queue.go_live(rig.no);
    VMFT_EXPECT(outcome.kind == Kind::failed);
    VMFT_EXPECT(outcome.message.find("someone else has it") != std::string::npos);
    VMFT_EXPECT_EQUAL(rig.under_way(), 0u);
    rig.no = true;
    VMFT_EXPECT(rig.queue.go_live(rig.no).kind == Kind::cancelled);
}

VMFT_TEST(a_replica_changes_its_own_disk_at_once_and_drains_before_it_is_live) {
    Rig rig(own, DiskQueue::Mode::replica);
    u64 first = rig.ask({'w', 0, 1, 1}), second = rig.ask({'w', 0, 1, 2});
    u64 read = rig.ask({'r', 0});
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    VMFT_EXPECT(rig.complete(first).ok());  // Here it has not ended yet.
    u64 flush = rig.ask({'f'});             // It waits for the first, not for the second.
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    rig.no = true;
    VMFT_EXPECT(rig.queue.go_live(rig.no).kind == Kind::cancelled);
    rig.no = false;
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.under_way(), 2u);  // The second write and the flush.
    size_t write = rig.disk->under_way[0].transfer.bytes != 0 ? 0 : 1;
    rig.disk->finish(write);  // Its end is not in the log.
    VMFT_EXPECT(rig.queue.go_live(rig.no).ok());
    VMFT_EXPECT_EQUAL(rig.under_way(), 2u);  // The flush and the read.
    VMFT_EXPECT_EQUAL(rig.take(), second);
    rig.disk->finish(1);
    VMFT_EXPECT_EQUAL(rig.take(), read);
    VMFT_EXPECT_EQUAL(rig.completion.data.at(0), 2);
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.take(), flush);
    VMFT_EXPECT_EQUAL(rig.medium.durable[0], 1);
}

VMFT_TEST(a_flush_here_does_not_wait_for_what_waits_for_the_log) {
    Rig rig(own_read_here, DiskQueue::Mode::replica);
    u64 read = rig.ask({'r', 0}), write = rig.ask({'w', 0, 1, 1}), flush = rig.ask({'f'});
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    VMFT_EXPECT(rig.complete(flush).ok());
    rig.disk->finish(0);
    VMFT_EXPECT(rig.queue.go_live(rig.no).ok());
    rig.disk->finish(0), rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.take(), read);
    VMFT_EXPECT_EQUAL(rig.take(), write);
}

VMFT_TEST(a_write_that_failed_here_alone_breaks_the_copy) {
    for (bool log_first : {true, false}) {
        Rig rig(own, DiskQueue::Mode::replica);
        u64 bad = rig.ask({'w', 0, 1, 1}), good = rig.ask({'w', 1, 1, 1});
        DiskQueue::Outcome outcome;
        if (log_first) outcome = rig.complete(bad);
        rig.disk->finish(0, DiskStatus::io_error);
        if (!log_first) outcome = rig.complete(bad);
        if (log_first) outcome = rig.complete(good);
        VMFT_EXPECT(outcome.kind == Kind::failed);
        VMFT_EXPECT(rig.queue.check_own_disks(1).kind == Kind::failed);
        VMFT_EXPECT(rig.queue.go_live(rig.no).kind == Kind::failed);
    }
}

VMFT_TEST(a_write_that_failed_on_the_primary_may_end_anyhow_here) {
    Rig rig(own, DiskQueue::Mode::replica);
    u64 one = rig.ask({'w', 0, 1, 1}), other = rig.ask({'w', 1, 1, 1});
    rig.disk->finish(0, DiskStatus::io_error);
    VMFT_EXPECT(rig.complete(one, DiskStatus::io_error).ok());
    VMFT_EXPECT(rig.complete(other, DiskStatus::io_error).ok());
    rig.disk->finish(0);
    VMFT_EXPECT(rig.queue.go_live(rig.no).ok());
}

VMFT_TEST(an_own_disk_that_does_not_answer_has_failed) {
    Rig rig(own, DiskQueue::Mode::replica);
    rig.ask({'w', 0, 1, 1});
    VMFT_EXPECT(rig.queue.check_own_disks(1'000).ok());
    VMFT_EXPECT(rig.queue.check_own_disks(1'000 + limits::disk_own_transfer_ns_max).ok());
    VMFT_EXPECT(rig.queue.check_own_disks(1'001 + limits::disk_own_transfer_ns_max).kind ==
                Kind::failed);
}

VMFT_TEST(a_write_waits_until_the_backup_has_read) {
    Rig rig(shared_read_here);
    rig.queue.set_reads_on_backup(true);
    u64 read = rig.ask({'r', 0}), write = rig.ask({'w', 0, 1, 7}, 1);
    u64 again = rig.ask({'r', 1});
    rig.queue.release(1);
    rig.disk->finish(0);
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.under_way(), 0u);
    VMFT_EXPECT_EQUAL(rig.take(), read);
    VMFT_EXPECT(rig.completion.read_on_backup);
    VMFT_EXPECT_EQUAL(rig.completion.data_hash, hash_of(0));
    VMFT_EXPECT_EQUAL(rig.completion.data.size(), test_block_bytes);
    VMFT_EXPECT_EQUAL(rig.take(), again);
    rig.queue.reads_done(0);
    VMFT_EXPECT_EQUAL(rig.under_way(), 0u);
    rig.queue.reads_done(1);
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.take(), write);
}

VMFT_TEST(without_a_backup_nothing_waits_for_its_reads) {
    Rig rig(shared_read_here);
    rig.queue.set_reads_on_backup(true);
    u64 taken = rig.ask({'r', 0}), waiting = rig.ask({'r', 1});
    rig.ask({'w', 0, 1, 1}, 1), rig.ask({'w', 1, 1, 1}, 2);
    rig.queue.release(2);
    rig.disk->finish(0), rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.take(), taken);
    VMFT_EXPECT_EQUAL(rig.under_way(), 0u);
    rig.queue.set_reads_on_backup(false);
    VMFT_EXPECT_EQUAL(rig.under_way(), 2u);
    VMFT_EXPECT_EQUAL(rig.take(), waiting);
    VMFT_EXPECT(!rig.completion.read_on_backup);
    VMFT_EXPECT_EQUAL(rig.completion.data.size(), test_block_bytes);
}

VMFT_TEST(a_read_that_ended_before_the_pair_was_formed_is_logged) {
    Rig rig(shared_read_here);
    u64 early = rig.ask({'r', 0});
    rig.disk->finish(0);
    u64 late = rig.ask({'r', 1});
    rig.queue.set_reads_on_backup(true);
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.take(), early);
    VMFT_EXPECT(!rig.completion.read_on_backup);
    VMFT_EXPECT_EQUAL(rig.take(), late);
    VMFT_EXPECT(rig.completion.read_on_backup);
}

VMFT_TEST(the_backup_reads_what_the_log_leaves_to_it) {
    Rig rig(shared_read_here, DiskQueue::Mode::replica);
    rig.medium.blocks[0] = 9;
    u64 first = rig.ask({'r', 0}), second = rig.ask({'r', 1});
    VMFT_EXPECT_EQUAL(rig.under_way(), 0u);
    rig.expect_left(first, hash_of(9));
    rig.expect_left(second, hash_of(0));
    rig.expect_left(3, hash_of(0));  // The guest has yet to ask.
    VMFT_EXPECT_EQUAL(rig.under_way(), 2u);
    rig.disk->finish(1);
    VMFT_EXPECT_EQUAL(rig.queue.reads_done_here(), 0u);
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.queue.reads_done_here(), 2u);
    VMFT_EXPECT_EQUAL(rig.progressed, 1);
    VMFT_EXPECT(rig.complete_left(first, hash_of(9)).ok());
    VMFT_EXPECT_EQUAL(rig.completion.data.at(511), 9);
    u64 third = rig.ask({'r', 2});
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    rig.disk->finish(0);
    VMFT_EXPECT(rig.complete_left(third, hash_of(0)).ok());
    VMFT_EXPECT(rig.complete_left(second, hash_of(0)).ok());
    VMFT_EXPECT_EQUAL(rig.queue.reads_done_here(), 3u);
}

VMFT_TEST(a_read_left_to_the_backup_is_tried_again) {
    for (bool fails : {true, false}) {
        Rig rig(shared_read_here, DiskQueue::Mode::replica);
        u64 read = rig.ask({'r', 0});
        rig.expect_left(read, hash_of(3));
        std::atomic<bool> over{false};
        // First not what the primary found, and then it is.
        std::thread storage([&] {
            for (int tries = 0; !over; tries++) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                if (tries < 20 || rig.queue.counts(0).issued == 0) continue;
                rig.disk->finish(0, fails ? DiskStatus::io_error : DiskStatus::ok);
                rig.medium.blocks[0] = 3;
                fails = false;
            }
        });
        VMFT_EXPECT(rig.complete_left(read, hash_of(3)).ok());
        over = true;
        storage.join();
        VMFT_EXPECT_EQUAL(rig.completion.data.at(0), 3);
    }
}

VMFT_TEST(a_log_that_ends_a_request_twice_diverges) {
    Rig private_rig(own, DiskQueue::Mode::replica);
    u64 write = private_rig.ask({'w', 0, 1, 5});
    VMFT_EXPECT(private_rig.complete(write).ok());
    VMFT_EXPECT(private_rig.complete(write).kind == Kind::diverged);
    private_rig.disk->finish(0);
    VMFT_EXPECT(private_rig.queue.drain(private_rig.no).ok());

    // Once with its data, and once left to this replica, which reads already.
    Rig shared_rig(shared_read_here, DiskQueue::Mode::replica);
    u64 read = shared_rig.ask({'r', 0});
    shared_rig.expect_left(read, hash_of(0));
    VMFT_EXPECT_EQUAL(shared_rig.under_way(), 1u);
    VMFT_EXPECT(shared_rig.complete(read).kind == Kind::diverged);
    shared_rig.disk->finish(0);
}

VMFT_TEST(requests_without_data_count_as_waiting_too) {
    // As many as a guest can make by resets of its device, which the disk still has to do.
    Rig rig(own);
    for (u64 i = 0; i < 100; i++) rig.ask({'f'});
    VMFT_EXPECT(rig.queue.bytes_waiting() >= 100 * limits::disk_request_bookkeeping_bytes);
    // What has ended waits for nobody but the machine, which must not be stalled by it.
    while (rig.under_way() > 0) rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.queue.bytes_waiting(), 0u);
}

VMFT_TEST(a_replica_waits_for_an_own_disk_that_is_far_behind) {
    Rig rig(own, DiskQueue::Mode::replica);
    rig.medium.blocks.resize(u64{2} << 20 >> 9);
    rig.medium.durable.resize(rig.medium.blocks.size());
    u64 blocks = rig.medium.blocks.size();
    for (u64 bytes = 0; bytes < limits::disk_own_bytes_max; bytes += u64{2} << 20)
        VMFT_EXPECT(rig.complete(rig.ask({'w', 0, blocks, 1})).ok());
    std::atomic<bool> went_on{false};
    std::thread guest([&] {
        rig.ask({'w', 0, 1, 2});
        went_on = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    VMFT_EXPECT(!went_on);
    rig.disk->finish(0);
    guest.join();
    // And it does not wait once it is to end.
    rig.queue.close();
    rig.ask({'w', 0, blocks, 3});
}

VMFT_TEST(a_read_left_to_an_own_disk_has_its_turn_among_its_writes) {
    Rig rig(own_read_here, DiskQueue::Mode::replica);
    u64 before = rig.ask({'w', 0, 1, 1}), read = rig.ask({'r', 0}), after = rig.ask({'w', 0, 1, 2});
    rig.expect_left(read, hash_of(1));
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    VMFT_EXPECT(rig.complete(before).ok());
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.queue.reads_done_here(), 1u);
    VMFT_EXPECT_EQUAL(rig.under_way(), 1u);  // The write behind it.
    VMFT_EXPECT(rig.complete_left(read, hash_of(1)).ok());
    VMFT_EXPECT(rig.complete(after).ok());
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.queue.counts(0).pending, 0u);
    VMFT_EXPECT_EQUAL(rig.queue.bytes_waiting(), 0u);
}

VMFT_TEST(a_log_replayed_alone_carries_everything) {
    Rig rig(shared, DiskQueue::Mode::discard);
    rig.ask({'w', 0, 1, 1}, 1);
    VMFT_EXPECT(rig.complete(1).ok());
    VMFT_EXPECT(rig.complete_left(2, 0).kind == Kind::failed);
    VMFT_EXPECT_EQUAL(rig.under_way(), 0u);
}

VMFT_TEST(changes_are_kept_in_granules_and_forgotten_when_taken) {
    ChangeMap map(10 * limits::disk_change_granule_bytes + 512);
    u64 granule = limits::disk_change_granule_bytes;
    map.mark(granule - 1, 2);
    map.mark(9 * granule, granule + 512);
    map.mark(5 * granule, 0);
    std::vector<DiskRange> taken = map.take();
    VMFT_REQUIRE(taken.size() == 2);
    VMFT_EXPECT(taken[0] == (DiskRange{0, 2 * granule}));
    VMFT_EXPECT(taken[1] == (DiskRange{9 * granule, granule + 512}));
    VMFT_EXPECT(map.take().empty());

    Rig rig(own);
    rig.ask({'w', 0, 1, 1});
    rig.queue.track_changes(0, true);
    VMFT_EXPECT(rig.queue.take_changes(0).empty());
    rig.disk->finish(0);
    VMFT_EXPECT_EQUAL(rig.queue.take_changes(0).size(), 1u);
    VMFT_EXPECT(rig.queue.take_changes(0).empty());
}
