#include "accel/kvm/conformance/comparison.h"

#include <cstring>
#include <iomanip>
#include <sstream>

#include "accel/accelerator_fault.h"
#include "accel/kvm/conformance/random_program.h"
#include "accel/kvm/conformance/soft_subject.h"

namespace vmft::test::conformance {
namespace {

/// All of memory is compared after so many places, beside the pages known to be written.
constexpr u64 places_per_sweep = 256;
/// C0 to C3: most x87 instructions leave most of them undefined (SDM 1 8.1.3); those that compare
/// are seen by what the guests do with them.
constexpr u64 x87_conditions = 0x4700;
/// How far the software CPU may lag behind one exit of a string instruction.
constexpr u64 iterations_max = 5'000;

bool is_prefix(u8 byte) {
    return (byte & 0xf0) == 0x40 || byte == 0x66 || byte == 0x67 || byte == 0x2e || byte == 0x36 ||
           byte == 0x3e || byte == 0x26 || byte == 0x64 || byte == 0x65 || byte == 0xf0;
}

class Comparison {
public:
    Comparison(const Guest& guest, const FollowerFactory& make_follower,
               const ComparisonOptions& options)
        : guest_(guest), options_(options), soft_(guest, options.seed),
          follower_(make_follower(guest, options.seed)), random_(options.seed ^ 0x1234567) {}

    Report run() {
        place_.image = soft_.image();
        compare_place();
        while (report_.difference.empty() && report_.places < options_.places_max) {
            if (soft_.platform().ended()) {
                report_.completed = !soft_.platform().failed();
                if (!report_.completed)
                    wrong("the guest met vector " +
                          std::to_string(soft_.platform().failed_vector()) + " unexpectedly\n");
                break;
            }
            if (!step()) break;
            if (!follower_->stops_at(place_) && !soft_.platform().ended() && !soft_.cpu().halted) {
                report_.passed_by++;
                continue;
            }
            if (!follow()) break;
            compare_place();
            interrupt_at_random();
        }
        if (report_.difference.empty()) compare_memory(true);
        report_.interrupts = soft_.platform().acknowledged();
        report_.accesses = soft_.platform().accesses().size();
        return std::move(report_);
    }

private:
    void wrong(const std::string& what) {
        if (!report_.difference.empty()) return;
        std::ostringstream text;
        text << guest_.name << ", place " << place_.ticks << " (rip " << std::hex
             << place_.image[field_rip] << std::dec << "), behind";
        for (u8 byte : code_)
            text << ' ' << std::hex << std::setw(2) << std::setfill('0') << unsigned{byte};
        text << " at " << rip_before_ << std::dec << ":\n" << what;
        report_.difference = text.str();
    }

    /// The software CPU retires one instruction, or wakes first. False: nothing more can happen.
    bool step() {
        if (soft_.cpu().halted && !wakes()) {
            wrong("halted for good\n");
            return false;
        }
        u64 before = soft_.ticks();
        code_ = soft_.next_code();
        rip_before_ = soft_.cpu().rip;
        RunExit exit = soft_.run(before + 1);
        if (soft_.ticks() != before + 1) {
            wrong("the software CPU stopped: exit " + std::to_string(static_cast<int>(exit)) +
                  "\n");
            return false;
        }
        place_.ticks = soft_.ticks();
        place_.image = soft_.image();
        place_.code = code_;
        place_.resume_flag = soft_.cpu().rflags & soft::flag_rf;
        // A delivery came first when the handler's first instruction has retired: nobody else goes
        // to the stubs.
        bool delivered = place_.image[field_rip] >> page_shift == stubs_at >> page_shift;
        place_.branched = !delivered && is_conditional_branch(code_);
        if (place_.branched) place_.branches++;
        place_.string_bytes = delivered ? 0 : repeated_string_bytes(code_);
        place_.string_rip = rip_before_;
        place_.in_string = place_.string_bytes && place_.image[field_rip] == rip_before_;
        undefined_ = delivered ? 0 : undefined_flags(code_.data(), code_.size());
        return true;
    }

    bool wakes() {
        bool comes = soft_.platform().interrupt_pending() && (soft_.cpu().rflags & soft::flag_if);
        if (comes) return true;
        if (!soft_.platform().wake()) return false;
        follower_->platform().wake();
        return true;
    }

    bool follow() {
        Follower::Came came;
        std::string why;
        try {
            came = follower_->follow(place_);
            if (came == Follower::Came::failed) why = follower_->why();
        } catch (const AcceleratorFault& fault) {
            came = Follower::Came::failed;
            why = fault.what();
        }
        if (came == Follower::Came::failed) {
            wrong("  could not follow: " + why + "\n" +
                  differences(follower_->image(), place_.image));
            return false;
        }
        if (came == Follower::Came::ahead) return catch_up();
        return true;
    }

    /// To where a string instruction that was one exit left the follower.
    bool catch_up() {
        CpuImage ahead = follower_->image();
        u64 rip = rip_before_;
        for (u64 i = 0; i < iterations_max; i++) {
            if (place_.image[field_rip] == ahead[field_rip] &&
                place_.image[field_rcx] == ahead[field_rcx])
                return true;
            if (place_.image[field_rip] != rip || !place_.string_bytes) break;
            if (!step()) return false;
            report_.passed_by++;
        }
        wrong("  the follower is somewhere else\n" + differences(ahead, place_.image));
        return false;
    }

    void compare_place() {
        report_.places++;
        CpuImage found = follower_->image(), wanted = place_.image;
        for (CpuImage* image : {&found, &wanted}) {
            (*image)[field_rflags] &= ~undefined_;
            (*image)[field_x87_status] &= ~x87_conditions;
        }
        std::string text = differences(found, wanted);
        const auto& here = soft_.platform().accesses();
        const auto& there = follower_->platform().accesses();
        if (there.size() != here.size() || (!here.empty() && !(there.back() == here.back())))
            text += "  another access: " + describe(there) + ", soft has " + describe(here) + "\n";
        if (follower_->platform().task_priority() != soft_.platform().task_priority())
            text += "  another task priority\n";
        if (follower_->platform().acknowledged() != soft_.platform().acknowledged())
            text += "  another number of interrupts taken\n";
        if (!text.empty()) wrong(text);
        compare_memory(report_.places % places_per_sweep == 0);
    }

    static std::string describe(const std::vector<ScriptedPlatform::Access>& accesses) {
        std::ostringstream text;
        text << accesses.size() << " accesses";
        if (accesses.empty()) return text.str();
        const ScriptedPlatform::Access& last = accesses.back();
        text << ", the last of kind " << last.kind << " at " << std::hex << last.address << " size "
             << last.size << " value " << last.value;
        return text.str();
    }

    void compare_memory(bool all) {
        GuestMemory &a = follower_->memory(), &b = soft_.memory();
        follower_->collect_dirty_flags();
        u8 *flags_a = a.page_flags(), *flags_b = b.page_flags();
        bool cleared = false;
        for (u64 page = 0; page < b.pages(); page++) {
            if (!all && !((flags_a[page] | flags_b[page]) & GuestMemory::dirty)) continue;
            u64 at = page << page_shift;
            if (std::memcmp(a.data() + at, b.data() + at, page_bytes) != 0 &&
                !differs_in_rf_only(at)) {
                report_memory(at);
                return;
            }
            flags_a[page] &= static_cast<u8>(~GuestMemory::dirty);
            flags_b[page] &= static_cast<u8>(~GuestMemory::dirty);
            cleared = true;
        }
        if (!cleared) return;
        follower_->dirty_flags_cleared();
        soft_.accelerator().dirty_flags_cleared();
    }

    bool differs_in_rf_only(u64 page_at) {
        constexpr u64 resume_flag = 1 << 16;
        constexpr u64 stacks_at = variables_at + page_bytes;
        bool stacks = page_at >= stacks_at && page_at < double_fault_stack_top;
        if (!options_.rf_may_lack || !stacks) return false;
        for (u64 at = page_at; at < page_at + page_bytes; at += 8) {
            u64 found, wanted;
            std::memcpy(&found, follower_->memory().data() + at, 8);
            std::memcpy(&wanted, soft_.memory().data() + at, 8);
            if (found != wanted && found != (wanted & ~resume_flag)) return false;
        }
        report_.frames_without_rf++;
        return true;
    }

    void report_memory(u64 page_at) {
        const u8 *a = follower_->memory().data() + page_at, *b = soft_.memory().data() + page_at;
        std::ostringstream text;
        unsigned shown = 0;
        for (u64 at = 0; at < page_bytes && shown < 8; at += 8) {
            u64 found, wanted;
            std::memcpy(&found, a + at, 8);
            std::memcpy(&wanted, b + at, 8);
            if (found == wanted) continue;
            text << "  memory at " << std::hex << page_at + at << ": " << found << ", soft has "
                 << wanted << "\n";
            shown++;
        }
        wrong(text.str());
    }

    void interrupt_at_random() {
        if (!guest_.random_interrupts || soft_.platform().anything_pending()) return;
        // The handler's frame would hold flags that need not be the same.
        if (!(soft_.cpu().rflags & soft::flag_if) || undefined_) return;
        if (!follower_->takes_inputs()) return;
        if (random_.below(options_.interrupt_in_places) != 0) return;
        u8 vector = static_cast<u8>(0x30 + random_.below(0x40));
        soft_.platform().raise(vector);
        follower_->platform().raise(vector);
    }

    const Guest& guest_;
    const ComparisonOptions& options_;
    SoftSubject soft_;
    std::unique_ptr<Follower> follower_;
    Random random_;
    Place place_;
    std::vector<u8> code_;
    u64 rip_before_ = 0;
    u64 undefined_ = 0;  ///< Flags behind the last instruction.
    Report report_;
};

}  // namespace

Report& Report::operator+=(const Report& other) {
    places += other.places;
    passed_by += other.passed_by;
    interrupts += other.interrupts;
    frames_without_rf += other.frames_without_rf;
    accesses += other.accesses;
    completed = completed && other.completed;
    if (difference.empty()) difference = other.difference;
    return *this;
}

Report compare(const Guest& guest, const FollowerFactory& make_follower,
               const ComparisonOptions& options) {
    return Comparison(guest, make_follower, options).run();
}

bool is_conditional_branch(std::span<const u8> code) {
    size_t at = 0;
    while (at < code.size() && (is_prefix(code[at]) || (code[at] & 0xfe) == 0xf2)) at++;
    if (at >= code.size()) return false;
    if ((code[at] & 0xf0) == 0x70 || (code[at] & 0xfc) == 0xe0) return true;
    return code[at] == 0x0f && at + 1 < code.size() && (code[at + 1] & 0xf0) == 0x80;
}

unsigned repeated_string_bytes(std::span<const u8> code) {
    bool repeated = false;
    size_t at = 0;
    for (; at < code.size() && (is_prefix(code[at]) || (code[at] & 0xfe) == 0xf2); at++)
        repeated |= (code[at] & 0xfe) == 0xf2;
    if (!repeated || at >= code.size()) return 0;
    u8 opcode = code[at];
    bool is_string = (opcode >= 0x6c && opcode <= 0x6f) || (opcode >= 0xa4 && opcode <= 0xa7) ||
                     (opcode >= 0xaa && opcode <= 0xaf);
    return is_string ? static_cast<unsigned>(at) + 1 : 0;
}

}  // namespace vmft::test::conformance
