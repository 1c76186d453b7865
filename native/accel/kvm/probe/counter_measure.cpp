#include "accel/kvm/probe/counter_measure.h"

#include "accel/kvm/monotonic_clock.h"

#include <algorithm>
#include <cstdio>

#include "accel/kvm/counter/perf_event.h"
#include "accel/kvm/counter/stepper.h"
#include "accel/kvm/probe/median.h"
#include "accel/kvm/probe/tiny_guest.h"
#include "accel/kvm/vcpu/kick.h"

namespace vmft::kvm {

namespace {

using Kind = CounterOptions::Kind;

constexpr unsigned runs = 8, rounds = 64, iterations = 500, overflows = 100, costs = 100;
constexpr u64 branches_a_round = 2 * iterations;
constexpr u64 kick_interval_ns = 20'000;
constexpr u64 patience_ns = 20'000'000'000;

/// `rounds` times: `iterations` times a branch that is hard to predict around a locked instruction,
/// and the loop's; then a port access and the outer loop's branch. RDI: data_address.
constexpr u8 measured_code[] = {
    0xbb,
    rounds,
    0,
    0,
    0,  //    MOV EBX, rounds
    0xb9,
    iterations & 255,
    iterations >> 8,
    0,
    0,  // 1: MOV ECX, iterations
    0x69,
    0xd2,
    0xfd,
    0x43,
    0x03,
    0x00,  // 2: IMUL EDX, EDX, 214013
    0x81,
    0xc2,
    0xc3,
    0x9e,
    0x26,
    0x00,  //    ADD EDX, 2531011
    0xf7,
    0xc2,
    0x00,
    0x00,
    0x01,
    0x00,  //    TEST EDX, 0x10000
    0x74,
    0x03,  //    JZ 3
    0xf0,
    0xff,
    0x07,  //    LOCK INC DWORD [RDI]
    0xff,
    0xc9,  // 3: DEC ECX
    0x75,
    0xe5,  //    JNZ 2
    0xe6,
    0x80,  //    OUT 0x80, AL
    0xff,
    0xcb,  //    DEC EBX
    0x75,
    0xda,  //    JNZ 1
    0xf4,  //    HLT
};

/// Never ends: DEC ECX; JNZ to it; JMP to it.
constexpr u8 loop_code[] = {0xff, 0xc9, 0x75, 0xfc, 0xeb, 0xfa};

template <typename Body>
u64 median_ns(Body body) {
    std::vector<u64> times;
    for (unsigned i = 0; i < costs; i++) {
        u64 begin = monotonic_ns();
        body();
        times.push_back(monotonic_ns() - begin);
    }
    return median(times);
}

std::string text(long long value) { return std::to_string(value); }

/// Where the count was not what the code says, the last time in a run.
struct Deviation {
    u64 run = 0, exit = 0;
    long long branches_more = 0;
    u64 entries = 0;
};

/// One run. The number of entries that the host forced is added to the measure.
void run_and_compare(TinyGuest& guest, Counter& counter, bool broken_into, CounterMeasure& measure,
                     std::vector<Deviation>& deviations) {
    guest.load(measured_code);
    kvm_regs registers = guest.vcpu().registers();
    registers.rdi = TinyGuest::data_address;
    guest.vcpu().set_registers(registers);
    u64 start = counter.ticks(), entries = 0, give_up_ns = monotonic_ns() + patience_ns;
    Deviation last;
    for (u64 exit = 1; exit <= rounds + 1;) {
        if (broken_into) guest.vcpu().kick_at(monotonic_ns() + kick_interval_ns);
        entries++;
        Counter::Came came = counter.enter(std::nullopt);
        if (came == Counter::Came::kicked) {
            measure.forced_entries++;
            if (monotonic_ns() > give_up_ns)
                throw AcceleratorFault(AcceleratorFault::Kind::host,
                                       "the measured guest does not get on");
            continue;
        }
        // Behind the last exit there is one branch more, and HLT.
        u64 expected = exit <= rounds ? exit * branches_a_round + exit - 1
                                      : rounds * branches_a_round + rounds;
        u32 wanted = exit <= rounds ? KVM_EXIT_IO : KVM_EXIT_HLT;
        if (came != Counter::Came::exit || guest.vcpu().run_page().exit_reason != wanted)
            throw AcceleratorFault(AcceleratorFault::Kind::host,
                                   "KVM does not execute the measured guest as its code says");
        auto more = static_cast<long long>(counter.ticks() - start - expected);
        if (more != 0) last = {measure.runs, exit, more, entries};
        if (exit <= rounds) guest.vcpu().complete();
        exit++;
    }
    if (last.branches_more != 0) deviations.push_back(last);
    guest.vcpu().take_kick();
}

std::string describe(const std::vector<Deviation>& deviations, const CounterMeasure& measure) {
    if (deviations.empty())
        return text(measure.runs) + " runs of " + text(measure.exits_a_run) + " exits and " +
               text(measure.branches_a_run) + " branches, " + text(measure.forced_entries) +
               " times broken out of: every count as the code says";
    const Deviation& first = deviations.front();
    std::string line =
        text(deviations.size()) + " of " + text(measure.runs) + " runs miscounted; run " +
        text(first.run + 1) + " had " + text(first.branches_more) + " branches too many at exit " +
        text(first.exit) + ", after " + text(first.entries) + " or more entries into the guest";
    bool by_entries = std::all_of(deviations.begin(), deviations.end(), [](const Deviation& one) {
        return one.branches_more >= static_cast<long long>(one.entries);
    });
    if (by_entries) return line + ": as if each entry counted as a branch";
    return line + ": on AMD Zen, turn the speculative lock map off (MSR C001_1020 bit 54)";
}

void measure_counts(TinyGuest& guest, Counter& counter, CounterMeasure& measure) {
    std::vector<Deviation> deviations;
    measure.exits_a_run = rounds + 1;
    measure.branches_a_run = rounds * branches_a_round + rounds;
    for (; measure.runs < runs; measure.runs++)
        run_and_compare(guest, counter, measure.runs % 2 == 1, measure, deviations);
    measure.exact = deviations.empty();
    measure.found = describe(deviations, measure);
}

void enter_until(TinyGuest& guest, Counter& counter, Counter::Came wanted,
                 std::optional<u64> breakpoint_rip) {
    u64 give_up_ns = monotonic_ns() + patience_ns;
    Counter::Came came;
    do {
        guest.vcpu().kick_at(give_up_ns);
        came = counter.enter(breakpoint_rip);
        // Kicks that were asked for earlier may still come.
    } while (came == Counter::Came::kicked && monotonic_ns() < give_up_ns);
    if (came != wanted)
        throw AcceleratorFault(AcceleratorFault::Kind::counter_lost,
                               wanted == Counter::Came::overflow
                                   ? "the counter's overflow did not come"
                                   : "a breakpoint in a loop was not come to");
}

void measure_skid(TinyGuest& guest, Counter& counter, CounterMeasure& measure) {
    guest.load(loop_code);
    std::vector<u64> skids;
    for (unsigned i = 0; i < overflows; i++) {
        u64 at = counter.ticks() + 1000 + 37 * i;
        counter.arm(at);
        enter_until(guest, counter, Counter::Came::overflow, std::nullopt);
        skids.push_back(counter.ticks() - at);
    }
    measure.overflows = overflows;
    measure.skid_median = median(skids);
    measure.skid_min = *std::min_element(skids.begin(), skids.end());
    measure.skid_max = *std::max_element(skids.begin(), skids.end());
}

void measure_costs(TinyGuest& guest, Counter& counter, CounterMeasure& measure) {
    guest.load(loop_code);
    measure.overflow_ns = median_ns([&] {
        counter.arm(counter.ticks() + 2);
        enter_until(guest, counter, Counter::Came::overflow, std::nullopt);
    });
    measure.breakpoint_ns = median_ns(
        [&] { enter_until(guest, counter, Counter::Came::breakpoint, TinyGuest::code_address); });
    guest.vcpu().set_guest_debug({});
    Stepper stepper(guest.vcpu(), guest.memory());
    stepper.begin();
    measure.step_ns = median_ns([&] { stepper.step(); });
    stepper.end();
}

void measure_event_costs(const BranchEvent& event, CounterMeasure& measure) {
    PerfEvent counting = PerfEvent::counting(event);
    measure.read_ns = median_ns([&] { counting.read(); });
    PerfEvent sampling = PerfEvent::sampling(event, Kick::signal_number());
    measure.arm_ns = median_ns([&] {
        sampling.start(1'000'000);
        sampling.stop();
    });
}

}  // namespace

CounterMeasure measure_counter(KvmHost& host, std::span<const CpuidLeaf> cpuid,
                               const CounterOptions& options) {
    CounterMeasure measure;
    TinyGuest guest(host, cpuid);
    std::unique_ptr<Counter> counter = make_counter(options, guest.vcpu(), guest.memory());
    measure.event = std::string("conditional branches by ") + counter->name();
    if (options.kind == Kind::perf) {
        BranchEvent event = host_branch_event();
        char config[32];
        std::snprintf(config, sizeof config, "%llx", static_cast<unsigned long long>(event.config));
        measure.event = std::string("retired conditional branches, ") + event.microarchitecture +
                        ", event 0x" + config;
        measure_event_costs(event, measure);
    }
    measure.skid_allowed = counter->skid_max();
    measure_counts(guest, *counter, measure);
    measure_skid(guest, *counter, measure);
    measure_costs(guest, *counter, measure);
    return measure;
}

}  // namespace vmft::kvm
