#include "accel/kvm/probe/stop_cost.h"

#include "accel/kvm/monotonic_clock.h"

#include <algorithm>

#include "accel/kvm/probe/median.h"
#include "accel/kvm/probe/tiny_guest.h"
#include "accel/kvm/vcpu/vcpu_state.h"

namespace vmft::kvm {

namespace {

constexpr unsigned vcpu_cost_rounds = 200;
constexpr u64 stops_ns_max = 60'000'000'000;

template <typename Body>
u64 timed(Body body) {
    u64 begin = monotonic_ns();
    body();
    return monotonic_ns() - begin;
}

[[noreturn]] void unexpected_exit(const Vcpu& vcpu, const char* instead_of) {
    throw AcceleratorFault(AcceleratorFault::Kind::host,
                           "KVM answered with exit " + std::to_string(vcpu.run_page().exit_reason) +
                               " instead of " + instead_of);
}

void enter_to(Vcpu& vcpu, u32 exit_reason, const char* name) {
    if (!vcpu.enter() || vcpu.run_page().exit_reason != exit_reason) unexpected_exit(vcpu, name);
}

}  // namespace

VcpuCost measure_vcpu_cost(KvmHost& host, std::span<const CpuidLeaf> cpuid) {
    TinyGuest guest(host, cpuid);
    Vcpu& vcpu = guest.vcpu();
    std::vector<u64> exits, steps, gets, sets;

    // OUT 0x80, AL; JMP to it.
    static constexpr u8 port_loop[] = {0xe6, 0x80, 0xeb, 0xfc};
    guest.load(port_loop);
    for (unsigned i = 0; i < vcpu_cost_rounds; i++) {
        exits.push_back(timed([&] { enter_to(vcpu, KVM_EXIT_IO, "a port access"); }));
        StateWriter state;
        vcpu.complete();
        gets.push_back(timed([&] { save_vcpu(vcpu, state); }));
        StateReader reader(state.bytes());
        sets.push_back(timed([&] { restore_vcpu(vcpu, reader); }));
    }

    // INC RAX; JMP to it.
    static constexpr u8 short_loop[] = {0x48, 0xff, 0xc0, 0xeb, 0xfb};
    guest.load(short_loop);
    kvm_guest_debug debug{};
    debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
    vcpu.set_guest_debug(debug);
    for (unsigned i = 0; i < vcpu_cost_rounds; i++)
        steps.push_back(timed([&] { enter_to(vcpu, KVM_EXIT_DEBUG, "a single step"); }));

    return {median(exits), median(steps), median(gets), median(sets)};
}

StopCost measure_stop_cost(KvmHost& host, std::span<const CpuidLeaf> cpuid,
                           const CounterOptions& options, unsigned stops) {
    // MOV ECX, branches; DEC ECX; JNZ to it; JMP to the beginning.
    static_assert(StopCost::branches_per_round < 256);
    static constexpr u8 loop[] = {
        0xb9, StopCost::branches_per_round, 0, 0, 0, 0xff, 0xc9, 0x75, 0xfc, 0xeb, 0xf5};
    TinyGuest guest(host, cpuid);
    guest.load(loop);
    Vcpu& vcpu = guest.vcpu();
    std::unique_ptr<Counter> counter = make_counter(options, vcpu, guest.memory());

    std::vector<u64> times, hits, skids;
    vcpu.kick_at(monotonic_ns() + stops_ns_max);
    u64 lead = counter->skid_max() + StopCost::branches_per_round;
    for (unsigned i = 0; i < stops; i++) {
        u64 armed = counter->ticks() + StopCost::branches_per_round;
        u64 target = (armed + lead) / StopCost::branches_per_round * StopCost::branches_per_round;
        counter->arm(armed);
        if (counter->enter(std::nullopt) != Counter::Came::overflow)
            throw AcceleratorFault(AcceleratorFault::Kind::counter_lost,
                                   "the counter's overflow did not come");
        skids.push_back(counter->ticks() - armed);
        u64 hits_here = 0;
        times.push_back(timed([&] {
            counter->arm(target + 1);
            while (counter->ticks() != target || vcpu.registers().rip != TinyGuest::code_address) {
                if (counter->ticks() > target)
                    throw AcceleratorFault(AcceleratorFault::Kind::overshoot,
                                           "stopped " + std::to_string(counter->ticks() - target) +
                                               " branches past the position");
                if (counter->enter(TinyGuest::code_address) == Counter::Came::kicked)
                    throw AcceleratorFault(AcceleratorFault::Kind::counter_lost,
                                           "a position was not reached within a minute");
                hits_here++;
            }
            counter->disarm();
        }));
        hits.push_back(hits_here);
    }

    StopCost cost;
    cost.stops = stops;
    cost.stop_ns_median = median(times);
    cost.stop_ns_max = times.empty() ? 0 : *std::max_element(times.begin(), times.end());
    cost.hits_median = median(hits);
    cost.skid_median = median(skids);
    cost.skid_max = skids.empty() ? 0 : *std::max_element(skids.begin(), skids.end());
    cost.skid_allowed = counter->skid_max();
    return cost;
}

}  // namespace vmft::kvm
