#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "base/hash64.h"
#include "disk/disk_queue.h"
#include "disk/scripted_disk.h"
#include "machine/random.h"
#include "test.h"

/// A primary's queue and a backup's, step by step in every order that can be: requests, segments,
/// transfers that end, completions taken, and the primary's death. A checker that knows nothing of
/// queues looks at the disk and at what the guest was told.

using namespace vmft;
using namespace vmft::test;

namespace {

/// Which way to go at each branch: every way in turn, or one at random.
class Ways {
public:
    explicit Ways(std::optional<u64> seed = {}) {
        if (seed) random_.emplace(*seed);
    }
    size_t choose(size_t count) {
        if (count <= 1) return 0;
        if (random_) return random_->below(count);
        if (at_ == taken_.size()) taken_.push_back({0, count});
        return taken_[at_++].way;
    }
    bool at_random() const { return random_.has_value(); }
    /// To the next way; false when all were gone.
    bool next() {
        at_ = 0;
        while (!taken_.empty() && taken_.back().way + 1 == taken_.back().count) taken_.pop_back();
        if (taken_.empty()) return false;
        taken_.back().way++;
        return true;
    }

private:
    struct Taken {
        size_t way, count;
    };
    std::vector<Taken> taken_;
    size_t at_ = 0;
    std::optional<Random> random_;
};

struct Event {
    size_t request = 0;  ///< Index into the script; its id is one more.
    bool is_end = false;
    DiskCompletionInput end;
};

struct Planted {
    bool released_at_once = false, reads_reported_early = false;
};

class Life {
public:
    Life(DiskHolding holding, const std::vector<Asked>& script, Ways& ways, Planted planted)
        : holding_(holding), script_(script), ways_(ways), planted_(planted),
          primary_({holding}, {}), backup_({holding}, {}) {
        primary_.attach(0, at_primary_);
        backup_.attach(0, at_backup_);
        (void)primary_.go_live(no_);
        primary_.set_reads_on_backup(true);
        backup_.begin(DiskQueue::Mode::replica);
    }

    std::string live() {
        while (step()) {
        }
        die();
        std::string fault = take_over();
        return fault.empty() ? judge() : fault;
    }

private:
    /// One thing that can happen now; false: the primary dies.
    bool step() {
        enum class What { ask, send, finish, take, execute, finish_at_backup, die };
        std::vector<std::pair<What, size_t>> can;
        if (asked_ < script_.size()) can.push_back({What::ask, 0});
        if (sent_ < log_.size()) can.push_back({What::send, 0});
        for (size_t i = 0; i < at_primary_->under_way.size(); i++) can.push_back({What::finish, i});
        if (primary_.completion_waits()) can.push_back({What::take, 0});
        // In every way is too many, if this one too is taken for itself.
        while (!ways_.at_random() && can_execute()) execute();
        if (can_execute()) can.push_back({What::execute, 0});
        for (size_t i = 0; i < at_backup_->under_way.size(); i++)
            can.push_back({What::finish_at_backup, i});
        // Every way once, or not too early.
        if (can.empty() || !ways_.at_random() || ways_.choose(40) == 0)
            can.push_back({What::die, 0});
        auto [what, index] = can[ways_.choose(can.size())];
        switch (what) {
        case What::ask: ask(); break;
        case What::send: send(); break;
        case What::finish: at_primary_->finish(index); break;
        case What::take: take(); break;
        case What::execute: execute(); break;
        case What::finish_at_backup: at_backup_->finish(index); break;
        case What::die: return false;
        }
        primary_.reads_done(planted_.reads_reported_early ? 1000 : backup_.reads_done_here());
        return true;
    }
    DiskRequest request(size_t index) const {
        bool is_output = holding_.shared && script_[index].what != 'r';
        return request_of(script_[index], index + 1, is_output ? sequences_[index] : 0);
    }
    void ask() {
        bool is_output = holding_.shared && script_[asked_].what != 'r';
        sequences_.push_back(is_output ? ++outputs_ : 0);
        log_.push_back({asked_, false, {}});
        primary_.requested(request(asked_++));
        if (planted_.released_at_once) primary_.release(outputs_);
    }
    void take() {
        Event event;
        event.is_end = true;
        VMFT_EXPECT(primary_.take_completion(event.end));
        event.request = event.end.request - 1;
        log_.push_back(event);
        if (event.end.read_on_backup) log_.back().end.data.clear();
        see_read(event.end, asked_);
    }
    void send() {
        for (; sent_ < log_.size(); sent_++)
            if (log_[sent_].is_end) backup_.expect(log_[sent_].end);
        asked_in_log_ = asked_;
        primary_.release(outputs_);
        backup_.release(released_);  // The segment says how far the primary was before it.
        released_ = outputs_;
    }
    bool can_execute() {
        if (executed_ == sent_) return false;
        const Event& event = log_[executed_];
        if (!event.is_end || !event.end.read_on_backup) return true;
        // Else it would wait for a transfer that only this test can end.
        u64 number = 0;
        for (size_t i = 0; i <= executed_; i++)
            number += log_[i].is_end && log_[i].end.read_on_backup;
        return backup_.reads_done_here() >= number;
    }
    void execute() {
        const Event& event = log_[executed_++];
        if (!event.is_end) {
            backup_.requested(request(event.request));
            return;
        }
        DiskCompletionInput end = event.end;
        DiskQueue::Outcome outcome = backup_.complete(end, no_);
        if (!outcome.ok()) fault_ = "the backup leaves: " + outcome.message;
        ended_.insert(event.request);
        if (event.end.read_on_backup && hash64(end.data) != event.end.data_hash)
            fault_ = "the backup was given something else than what the primary read";
    }
    void die() {
        at_primary_->dead = true;
        primary_.close();
        while (!at_primary_->under_way.empty()) {
            if (holding_.shared && ways_.choose(2) == 0)
                at_primary_->finish_unseen(0);
            else
                at_primary_->under_way.erase(at_primary_->under_way.begin());
        }
    }
    std::string take_over() {
        while (executed_ < sent_) {
            if (can_execute()) {
                execute();
            } else if (at_backup_->under_way.empty()) {
                return "the backup waits for a read that nobody does";
            } else {
                // A wrong read would be tried again for seconds.
                size_t index = ways_.choose(at_backup_->under_way.size());
                at_backup_->finish(index);
                if (++fruitless_ > 40) return "the backup cannot read what the primary read";
            }
            if (!fault_.empty()) return fault_;
        }
        // go_live waits for what the log says has ended; only this test can end it.
        if (!holding_.shared)
            for (size_t rounds = at_backup_->under_way.size() + script_.size(); rounds > 0;
                 rounds--)
                for (size_t i = 0; i < at_backup_->under_way.size(); i++)
                    if (is_ended(at_backup_->under_way[i].transfer)) at_backup_->finish(i--);
        DiskQueue::Outcome outcome = backup_.go_live(no_);
        if (!outcome.ok()) return "the backup does not go live: " + outcome.message;
        backup_.release(outputs_);
        for (;;) {
            DiskCompletionInput end;
            while (backup_.take_completion(end)) {
                ended_.insert(end.request - 1);
                see_read(end, asked_in_log_);
            }
            if (at_backup_->under_way.empty()) return fault_;
            at_backup_->finish(ways_.choose(at_backup_->under_way.size()));
        }
    }
    /// Whether the log says that this one of the backup's own has ended. Values are unique.
    bool is_ended(const DiskTransfer& transfer) const {
        return std::any_of(ended_.begin(), ended_.end(), [&](size_t index) {
            const Asked& asked = script_[index];
            if (transfer.operation == DiskOperation::flush) return asked.what == 'f';
            return transfer.operation == DiskOperation::write && asked.what == 'w' &&
                   asked.value == transfer.data.at(0);
        });
    }
    static bool covers(const Asked& asked, u64 block) {
        return asked.what == 'w' && block >= asked.block && block < asked.block + asked.blocks;
    }
    /// What the guest was told that it read: what it had asked for before, or since.
    void see_read(const DiskCompletionInput& end, size_t asked_by_then) {
        size_t index = end.request - 1;
        const Asked& asked = script_[index];
        if (asked.what != 'r') return;
        for (u64 i = 0; i < asked.blocks; i++) {
            std::set<u8> allowed;
            u8 before = 0;
            for (size_t other = 0; other < asked_by_then; other++) {
                if (!covers(script_[other], asked.block + i)) continue;
                if (other < index)
                    before = script_[other].value;
                else
                    allowed.insert(script_[other].value);
            }
            allowed.insert(before);
            if (!allowed.contains(end.data.at(i * test_block_bytes)))
                fault_ = "request " + std::to_string(index + 1) + " found what was never there";
        }
    }
    std::string judge() {
        const Medium& medium = holding_.shared ? first_ : second_;
        for (size_t index = 0; index < asked_in_log_; index++)
            if (!ended_.contains(index))
                return "request " + std::to_string(index + 1) + " never ends";
        for (u64 block = 0; block < medium.blocks.size(); block++) {
            u8 value = 0;
            for (size_t index = 0; index < asked_in_log_; index++)
                if (covers(script_[index], block)) value = script_[index].value;
            if (medium.blocks[block] != value)
                return "block " + std::to_string(block) + " holds " +
                       std::to_string(medium.blocks[block]) + ", not " + std::to_string(value);
        }
        for (size_t flush = 0; flush < asked_in_log_; flush++)
            if (script_[flush].what == 'f' && !is_durable(flush, medium))
                return "what request " + std::to_string(flush + 1) + " flushed is lost";
        return {};
    }
    /// What the guest knew to be written when it asked for the flush, or something later.
    bool is_durable(size_t flush, const Medium& medium) const {
        std::vector<size_t> known;
        for (const Event& event : log_) {
            if (!event.is_end && event.request == flush) break;
            if (event.is_end) known.push_back(event.request);
        }
        for (size_t write : known) {
            for (u64 i = 0; script_[write].what == 'w' && i < script_[write].blocks; i++) {
                u64 block = script_[write].block + i;
                bool found = false;
                for (size_t later = write; later < asked_in_log_; later++)
                    found |= covers(script_[later], block) &&
                             script_[later].value == medium.durable[block];
                if (!found) return false;
            }
        }
        return true;
    }

    const DiskHolding holding_;
    const std::vector<Asked>& script_;
    Ways& ways_;
    const Planted planted_;
    std::atomic<bool> no_{false};
    Medium first_{4}, second_{4};
    std::shared_ptr<ScriptedDisk> at_primary_ = std::make_shared<ScriptedDisk>(first_);
    std::shared_ptr<ScriptedDisk> at_backup_ =
        std::make_shared<ScriptedDisk>(holding_.shared ? first_ : second_);
    DiskQueue primary_, backup_;
    std::vector<Event> log_;
    std::vector<u64> sequences_;
    std::set<size_t> ended_;  ///< As the guest that goes on was told.
    size_t asked_ = 0, asked_in_log_ = 0, sent_ = 0, executed_ = 0;
    u64 outputs_ = 0, released_ = 0;
    int fruitless_ = 0;
    std::string fault_;
};

constexpr DiskHolding holdings[] = {{true, false}, {true, true}, {false, false}, {false, true}};

std::string text_of(const std::vector<Asked>& script) {
    std::string text;
    for (const Asked& asked : script)
        text += std::string(1, asked.what) + std::to_string(asked.block) + "+" +
                std::to_string(asked.blocks) + " ";
    return text;
}

/// The first fault in every way through `script`, or in `lives` random ones; empty: none.
std::string explore(DiskHolding holding, const std::vector<Asked>& script, u64 lives = 0,
                    Planted planted = {}) {
    Ways all;
    u64 life = 0;
    for (; lives == 0 || life < lives; life++) {
        Ways one(life);
        std::string fault = Life(holding, script, lives == 0 ? all : one, planted).live();
        if (!fault.empty())
            return text_of(script) + (holding.shared ? "shared" : "private") +
                   (holding.reads_on_backup ? ", read by the backup" : "") + ", life " +
                   std::to_string(life) + ": " + fault;
        if (lives == 0 && !all.next()) break;
    }
    return {};
}

Asked random_request(Random& random, u8 value) {
    u64 dice = random.below(10), block = random.below(3);
    if (dice == 0) return {'f', 0, 0, 0};
    return {dice < 4 ? 'r' : 'w', block, 1 + random.below(2), value};
}

}  // namespace

VMFT_TEST(two_requests_end_right_in_every_order_of_events) {
    const Asked requests[] = {{'r', 0, 2, 0}, {'w', 0, 1, 1}, {'w', 1, 2, 2}, {'f', 0, 0, 0}};
    for (DiskHolding holding : holdings)
        for (const Asked& first : requests)
            for (Asked second : requests) {
                second.value = static_cast<u8>(second.value + 10);
                VMFT_EXPECT_EQUAL(explore(holding, {first, second}), "");
            }
}

VMFT_TEST(a_write_after_two_requests_for_a_shared_disk_ends_right_in_every_order_of_events) {
    const Asked requests[] = {{'r', 0, 2, 0}, {'w', 0, 2, 1}};
    for (bool reads_on_backup : {false, true})
        for (const Asked& first : requests)
            for (Asked second : requests) {
                second.value = static_cast<u8>(second.value + 10);
                VMFT_EXPECT_EQUAL(
                    explore({true, reads_on_backup}, {first, second, {'w', 0, 1, 20}}), "");
            }
}

VMFT_TEST(many_requests_end_right_in_any_order_of_events) {
    Random random(11);
    for (int i = 0; i < 150; i++) {
        std::vector<Asked> script;
        for (u8 value = 1; value <= 3 + i % 6; value++)
            script.push_back(random_request(random, value));
        for (DiskHolding holding : holdings) VMFT_EXPECT_EQUAL(explore(holding, script, 120), "");
    }
}

VMFT_TEST(a_planted_fault_is_found) {
    std::vector<Asked> writes{{'w', 0, 1, 1}, {'w', 0, 1, 2}};
    Planted ungated;
    ungated.released_at_once = true;
    VMFT_EXPECT(explore(holdings[0], writes) == "");
    VMFT_EXPECT(explore(holdings[0], writes, 0, ungated) != "");
    std::vector<Asked> over{{'r', 0, 1, 0}, {'w', 0, 1, 1}};
    Planted early;
    early.reads_reported_early = true;
    VMFT_EXPECT(explore(holdings[1], over, 0, early) != "");
}
