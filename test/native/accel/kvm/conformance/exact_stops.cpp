#include "accel/kvm/conformance/exact_stops.h"

#include <cstring>
#include <set>
#include <sstream>

#include "accel/accelerator_fault.h"
#include "base/hash64.h"
#include "machine/random.h"

namespace vmft::test::conformance {
namespace {

/// Keeps what it followed to.
class RecordingFollower final : public KvmFollower {
public:
    RecordingFollower(const Guest& guest, u64 platform_seed, const kvm::KvmOptions& options,
                      const KvmSteps& steps, RecordedStops& recorded)
        : KvmFollower(guest, platform_seed, options, steps), stops_(recorded.stops),
          ambiguous_(recorded.ambiguous) {}

    Came follow(const Place& place) override {
        Came came = KvmFollower::follow(place);
        if (came == Came::failed) return came;
        Stop stop;
        stop.position = cpu().position();
        // A replica stops at the first place of that name: this one cannot be asked for.
        named_before_ = !names_.insert(name_of(stop.position)).second;
        ambiguous_ += named_before_;
        if (named_before_) return came;
        stop.image = image();
        stop.memory.take(memory(), stops_.empty() ? nullptr : &stops_.back().memory);
        stop.accesses = platform().accesses().size();
        stop.halted = cpu().halted();
        stops_.push_back(std::move(stop));
        return came;
    }

    /// What came from outside behind the last stop belongs to it.
    bool stops_at(const Place& place) override {
        const std::vector<u8>& raised = platform().raised();
        for (; raised_seen_ < raised.size() && !stops_.empty(); raised_seen_++)
            stops_.back().raised.push_back(raised[raised_seen_]);
        return KvmFollower::stops_at(place);
    }

    bool takes_inputs() override { return !named_before_; }

private:
    static u64 name_of(const Position& position) {
        Hash64 hash;
        for (u64 part :
             {position.ticks, position.rip, position.rcx, position.registers, position.exits})
            hash.add(part);
        return hash.value();
    }

    std::vector<Stop>& stops_;
    u64& ambiguous_;
    std::set<u64> names_;
    bool named_before_ = false;
    size_t raised_seen_ = 0;
};

class Repetition {
public:
    Repetition(const Guest& guest, const kvm::KvmOptions& options, u64 platform_seed)
        : platform_(platform_seed), cpu_(memory_, platform_, options) {
        build(memory_, guest);
        cpu_.set_entry(entry_state());
    }

    /// Empty: it is there, and all is as recorded.
    std::string go(const Stop& stop) {
        while (cpu_.position() != stop.position) {
            RunExit exit = cpu_.run_to(stop.position);
            if (exit == RunExit::triple_fault || exit == RunExit::stuck)
                return "it has shut down\n";
            if (exit != RunExit::halted || cpu_.position() == stop.position) continue;
            if (!platform_.anything_pending() && !platform_.wake()) return "halted for good\n";
        }
        std::string text = differences(KvmFollower::image_of(cpu_), stop.image);
        text += stop.memory.differences(memory_);
        if (platform_.accesses().size() != stop.accesses) text += "  another number of accesses\n";
        for (u8 vector : stop.raised) platform_.raise(vector);
        return text;
    }

private:
    GuestMemory memory_{memory_bytes};
    ScriptedPlatform platform_;
    kvm::KvmCpu cpu_;
};

}  // namespace

void MemoryImage::take(const GuestMemory& memory, const MemoryImage* before) {
    for (size_t i = 0; i < pages_.size(); i++) {
        const u8* at = memory.data() + i * page_bytes;
        if (before && std::memcmp(before->pages_[i]->data(), at, page_bytes) == 0) {
            pages_[i] = before->pages_[i];
            continue;
        }
        auto page = std::make_shared<Page>();
        std::memcpy(page->data(), at, page_bytes);
        pages_[i] = std::move(page);
    }
}

std::string MemoryImage::differences(const GuestMemory& memory) const {
    std::ostringstream text;
    unsigned shown = 0;
    for (size_t i = 0; i < pages_.size() && shown < 8; i++) {
        const u8* page = memory.data() + i * page_bytes;
        if (std::memcmp(pages_[i]->data(), page, page_bytes) == 0) continue;
        for (u64 at = 0; at < page_bytes && shown < 8; at += 8) {
            u64 found, wanted;
            std::memcpy(&found, page + at, 8);
            std::memcpy(&wanted, pages_[i]->data() + at, 8);
            if (found == wanted) continue;
            text << "  memory at " << std::hex << i * page_bytes + at << ": " << found
                 << ", recorded " << wanted << std::dec << "\n";
            shown++;
        }
    }
    return text.str();
}

RecordedStops record_stops(const Guest& guest, const kvm::KvmOptions& options,
                           const KvmSteps& steps, const ComparisonOptions& comparison) {
    RecordedStops recorded;
    FollowerFactory kvm = [&](const Guest& same, u64 seed) {
        return std::make_unique<RecordingFollower>(same, seed, options, steps, recorded);
    };
    recorded.report = compare(guest, kvm, comparison);
    return recorded;
}

RepeatedStops repeat_stops(const Guest& guest, const kvm::KvmOptions& options, u64 platform_seed,
                           const std::vector<Stop>& stops, u64 seed, u64 one_in) {
    RepeatedStops repeated;
    Random random(seed);
    Repetition repetition(guest, options, platform_seed);
    for (size_t i = 0; i < stops.size(); i++) {
        if (stops[i].raised.empty() && random.below(one_in) != 0) continue;
        try {
            repeated.difference = repetition.go(stops[i]);
        } catch (const AcceleratorFault& fault) {
            repeated.difference = std::string("  ") + fault.what() + "\n";
        }
        if (!repeated.difference.empty()) {
            repeated.difference = guest.name + ", stop " + std::to_string(i) + " at ticks " +
                                  std::to_string(stops[i].position.ticks) + " exits " +
                                  std::to_string(stops[i].position.exits) + ":\n" +
                                  repeated.difference;
            break;
        }
        repeated.exact++;
    }
    return repeated;
}

}  // namespace vmft::test::conformance
