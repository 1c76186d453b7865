#include "accel/soft/exact_run.h"

#include <algorithm>
#include <cstring>

#include "machine/random.h"

namespace vmft::test {

ExactRun::ExactRun(const Scenario& scenario)
    : cpu_(memory_, *this, scenario.translator),
      coming_(scenario.interrupts.begin(), scenario.interrupts.end()) {
    tiny_kernel::build(memory_, cpu_, scenario.program, scenario.cpl);
    if (scenario.prepare) {
        scenario.prepare(memory_, cpu_.cpu());
        cpu_.registers_changed();
    }
}

void ExactRun::raise_due(bool next_too) {
    while (!coming_.empty() && (next_too || coming_.front().ticks <= cpu_.ticks())) {
        pending_.push_back(coming_.front().vector);
        coming_.pop_front();
        next_too = false;
    }
}

void ExactRun::run_to(u64 ticks) {
    while (cpu_.ticks() < ticks && !ended_) {
        raise_due(false);
        u64 until = coming_.empty() ? ticks : std::min(ticks, coming_.front().ticks);
        switch (cpu_.run(until)) {
        case RunExit::position:
        case RunExit::device: break;
        case RunExit::halted:
            if (coming_.empty() && (pending_.empty() || !(cpu().rflags & soft::flag_if)))
                ended_ = true;
            raise_due(true);
            break;
        case RunExit::triple_fault:
        case RunExit::stuck: ended_ = true; break;
        }
    }
}

u64 ExactRun::digest() {
    StateWriter state;
    cpu_.save(state);
    Hash64 hash;
    hash.add(state.bytes());
    hash.add(std::span<const u8>(memory_.data(), memory_.bytes()));
    for (u64 word : asked_) hash.add(word);
    return hash.value();
}

void ExactRun::copy_from(ExactRun& other) {
    std::memcpy(memory_.data(), other.memory_.data(), memory_.bytes());
    StateWriter state;
    other.cpu_.save(state);
    StateReader reader(state.bytes());
    cpu_.restore(reader);
    VMFT_EXPECT(reader.ok() && reader.bytes_left() == 0);
    coming_ = other.coming_;
    pending_ = other.pending_;
    asked_ = other.asked_;
    task_priority_ = other.task_priority_;
    ended_ = other.ended_;
    other.cpu_.flush_caches();
}

u64 ExactRun::data(u64 offset) const {
    u64 value;
    std::memcpy(&value, memory_.data() + tiny_kernel::data_ram + offset, sizeof value);
    return value;
}

namespace {

/// Compares, and says once where a scenario first went wrong.
class Comparison {
public:
    explicit Comparison(const Scenario& scenario) : scenario_(scenario) {}
    void at(const char* way, u64 cut, u64 ticks, u64 found, u64 wanted) {
        if (found == wanted) return;
        if (wrong_++ > 0) return;
        VMFT_EXPECT(!"the same state however the run is cut");
        std::cout << "  " << scenario_.name << ", " << way << " (cut at " << cut
                  << "), differs at tick " << ticks << std::endl;
    }

private:
    const Scenario& scenario_;
    u64 wrong_ = 0;
};

}  // namespace

std::unique_ptr<ExactRun> expect_exact(const Scenario& scenario) {
    Comparison compare(scenario);
    std::vector<u64> digests;
    auto steps = std::make_unique<ExactRun>(scenario);
    digests.push_back(steps->digest());
    while (!steps->ended() && steps->ticks() < scenario.ticks_max) {
        u64 before = steps->ticks();
        steps->run_to(before + 1);
        if (steps->ticks() == before) break;
        digests.push_back(steps->digest());
    }
    u64 end = steps->ticks();
    u64 last = steps->digest();  // A shut-down CPU differs from one that is only there.
    VMFT_EXPECT(end > 0 && end < scenario.ticks_max);

    ExactRun whole(scenario);
    whole.run_to(scenario.ticks_max);
    compare.at("in one go", end, whole.ticks(), whole.digest(), last);

    Random random(end);
    for (int i = 0; i < 20; i++) {
        ExactRun sliced(scenario);
        while (sliced.ticks() < end) {
            sliced.run_to(sliced.ticks() + 1 + random.below(7));
            u64 here = std::min<u64>(sliced.ticks(), digests.size() - 1);
            if (!sliced.ended())
                compare.at("in random slices", here, here, sliced.digest(), digests[here]);
            else
                break;
        }
    }
    for (u64 cut = 0; cut < end; cut++) {
        ExactRun cut_run(scenario);
        cut_run.run_to(cut);
        compare.at("in one go to there", cut, cut, cut_run.digest(), digests[cut]);
        ExactRun copy(scenario);
        copy.copy_from(cut_run);
        compare.at("copied", cut, cut, copy.digest(), cut_run.digest());
        copy.run_to(scenario.ticks_max);
        cut_run.run_to(scenario.ticks_max);
        compare.at("copied and gone on", cut, end, copy.digest(), cut_run.digest());

        ExactRun two(scenario);
        two.run_to(cut);
        two.run_to(scenario.ticks_max);
        compare.at("in two pieces", cut, end, two.digest(), last);
    }
    return steps;
}

std::vector<u64> vectors_of(ExactRun& run) {
    std::vector<u64> vectors;
    for (const Delivered& one : run.delivered()) vectors.push_back(one.vector);
    return vectors;
}

}  // namespace vmft::test
