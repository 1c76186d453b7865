#include "differential_run.h"

#include <cstring>
#include <memory>
#include <sstream>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "differential_native.h"
#include "differential_random.h"
#include "differential_software.h"

namespace vmft::differential {
namespace {

constexpr u64 batch = 25'000;
constexpr u64 forms_max = 2048;
constexpr u64 reported_max = 12;        ///< Differences with text, per batch.
constexpr u64 memory_number = ~u64{0};  ///< Names the stream of random numbers that fills memory.

/// What a child tells its parent.
struct Shared {
    u64 executed, faults, skipped, differences, current;
    u64 differences_by_form[forms_max];
    bool finished;
    char unusable[256];
    char text[1 << 16];
};

/// Whether a wild address fell on memory of the test's own process (a sanitizer's, mostly), which
/// the software CPU's guest does not have.
bool hit_own_memory(const Result& native, const Result& software) {
    if (native.fault || !software.fault || software.vector != 14) return false;
    u64 address = software.cr2;
    bool in_regions = address - code_start < code_bytes || address - data_start < data_bytes ||
                      address - stack_start < stack_bytes;
    unsigned char resident;
    void* page = reinterpret_cast<void*>(address & ~page_mask);
    return !in_regions && mincore(page, page_bytes, &resident) == 0;
}

class Batch {
public:
    Batch(u64 seed, const TranslatorOptions& options, Shared& shared)
        : seed_(seed), shared_(shared), native_(std::make_unique<NativeCpu>()) {
        if (native_->unusable()) return;
        software_ = std::make_unique<SoftwareCpu>(options);
        if (options.enabled) interpreter_ = std::make_unique<SoftwareCpu>(TranslatorOptions{false});
        Random random(seed, memory_number);
        for (u8& byte : data_) byte = static_cast<u8>(random.next());
        for (u8& byte : stack_) byte = static_cast<u8>(random.next());
        std::memcpy(native_->data(), data_, sizeof data_);
        std::memcpy(software_->data(), data_, sizeof data_);
        if (interpreter_) std::memcpy(interpreter_->data(), data_, sizeof data_);
        native_->seal();
    }

    void run(u64 first, u64 count) {
        if (const char* why = native_->unusable()) {
            std::strncpy(shared_.unusable, why, sizeof shared_.unusable - 1);
            return;
        }
        for (u64 number = first; number < first + count; number++) run_one(number);
        std::strncpy(shared_.text, text_.str().c_str(), sizeof shared_.text - 1);
    }

private:
    void run_one(u64 number) {
        shared_.current = number;
        generate(seed_, number, instance_);
        if (!host_has(instance_.form->feature)) {
            shared_.skipped++;
            return;
        }
        prepare_memory();
        Result native = native_->run(instance_), software = software_->run(instance_);
        if (hit_own_memory(native, software)) {
            shared_.skipped++;
            return;
        }
        std::string difference;
        if (interpreter_) difference = compare_with_interpreter(software);
        forget_ignored(native, software);
        difference += compare(instance_, native, software);
        compare_memory("data", data_start, native_->data(), software_->data(), data_writable,
                       difference);
        compare_memory("stack", stack_start, native_->stack(), software_->stack(), stack_bytes,
                       difference);
        shared_.executed++;
        shared_.faults += native.fault;
        if (difference.empty()) return;
        shared_.differences_by_form[instance_.form - forms().data()]++;
        if (shared_.differences++ < reported_max)
            text_ << describe(instance_, native, software) << difference;
    }

    std::string compare_with_interpreter(const Result& software) {
        Result interpreted = interpreter_->run(instance_);
        std::string difference;
        compare_memory("data", data_start, interpreter_->data(), software_->data(), data_writable,
                       difference);
        compare_memory("stack", stack_start, interpreter_->stack(), software_->stack(), stack_bytes,
                       difference);
        const Registers &a = interpreted.after, &b = software.after;
        if (std::memcmp(a.gpr, b.gpr, sizeof a.gpr) != 0 || a.rip != b.rip || a.flags != b.flags ||
            a.ds != b.ds || a.es != b.es || std::memcmp(a.fx, b.fx, sizeof a.fx) != 0 ||
            interpreted.fault != software.fault || interpreted.vector != software.vector ||
            interpreted.error != software.error || interpreted.cr2 != software.cr2)
            difference += describe(instance_, interpreted, software);
        if (difference.empty()) return difference;
        return "  differs from the interpreter (called native here):\n" + difference;
    }

    void prepare_memory() {
        std::memcpy(native_->data(), data_, data_writable);
        std::memcpy(native_->stack(), stack_, stack_bytes);
        for (unsigned i = 0; i < instance_.patches_used; i++) {
            const Patch& patch = instance_.patches[i];
            for (u64 k = 0; k < patch.count; k++) {
                u64 address = patch.address + k;
                if (address - data_start < data_writable)
                    native_->data()[address - data_start] = patch.bytes[k];
                if (address - stack_start < stack_bytes)
                    native_->stack()[address - stack_start] = patch.bytes[k];
            }
        }
        std::memcpy(software_->data(), native_->data(), data_writable);
        std::memcpy(software_->stack(), native_->stack(), stack_bytes);
        if (!interpreter_) return;
        std::memcpy(interpreter_->data(), native_->data(), data_writable);
        std::memcpy(interpreter_->stack(), native_->stack(), stack_bytes);
    }

    void forget_ignored(const Result& native, const Result& software) {
        if (native.fault || software.fault) return;
        for (unsigned i = 0; i < instance_.ignored_used; i++) {
            u64 from = instance_.ignored[i].address - data_start;
            if (from < data_writable - instance_.ignored[i].count)
                std::memcpy(software_->data() + from, native_->data() + from,
                            instance_.ignored[i].count);
        }
    }

    static void compare_memory(const char* name, u64 start, const u8* native, const u8* software,
                               u64 bytes, std::string& difference) {
        if (std::memcmp(native, software, bytes) == 0) return;
        std::ostringstream text;
        unsigned shown = 0;
        for (u64 i = 0; i < bytes && shown < 8; i++) {
            if (native[i] == software[i]) continue;
            shown++;
            text << "  " << name << " at " << std::hex << start + i << ": native "
                 << static_cast<unsigned>(native[i]) << ", software "
                 << static_cast<unsigned>(software[i]) << std::dec << "\n";
        }
        difference += text.str();
    }

    u64 seed_;
    Shared& shared_;
    std::unique_ptr<NativeCpu> native_;
    std::unique_ptr<SoftwareCpu> software_;
    std::unique_ptr<SoftwareCpu> interpreter_;  ///< Where a translator is tested.
    Instance instance_;
    std::ostringstream text_;
    u8 data_[data_bytes], stack_[stack_bytes];
};

void run_batch(u64 seed, u64 first, u64 count, const Tested& tested, Shared& shared) {
    if (tested.plant) tested.plant();
    auto work = std::make_unique<Batch>(seed, tested.options, shared);
    work->run(first, count);
    shared.finished = true;
}

}  // namespace

Report run_instances(u64 seed, u64 first, u64 count, const Tested& tested) {
    Report report;
    report.differences_by_form.resize(forms().size());
    if (forms().size() > forms_max) {
        report.unusable = "the table of forms has outgrown the tester";
        return report;
    }
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        report.unusable = "no shared memory";
        return report;
    }
    auto* shared = static_cast<Shared*>(memory);
    for (u64 done = 0; done < count && report.unusable.empty(); done += batch) {
        std::memset(memory, 0, sizeof(Shared));
        u64 size = count - done < batch ? count - done : batch;
        pid_t child = fork();
        if (child == 0) {
            run_batch(seed, first + done, size, tested, *shared);
            _exit(0);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || !shared->finished) {
            report.differences++;
            report.text += "a child ended early (status " + std::to_string(status) +
                           ") at instance " + std::to_string(shared->current) + "\n";
        }
        report.executed += shared->executed;
        report.faults += shared->faults;
        report.skipped += shared->skipped;
        report.differences += shared->differences;
        for (u64 i = 0; i < report.differences_by_form.size(); i++)
            report.differences_by_form[i] += shared->differences_by_form[i];
        report.unusable = shared->unusable;
        if (report.text.size() < sizeof shared->text) report.text += shared->text;
    }
    munmap(memory, sizeof(Shared));
    return report;
}

}  // namespace vmft::differential
