#include "accel/kvm/counter/counter.h"

#include "accel/kvm/counter/host_time_counter.h"
#include "accel/kvm/counter/perf_counter.h"
#include "accel/kvm/counter/simulated_counter.h"

namespace vmft::kvm {

std::unique_ptr<Counter> make_counter(const CounterOptions& options, Vcpu& vcpu,
                                      GuestMemory& memory) {
    switch (options.kind) {
    case CounterOptions::Kind::step: return std::make_unique<StepCounter>(vcpu, memory);
    case CounterOptions::Kind::simulated:
        return std::make_unique<SimulatedCounter>(vcpu, memory, options.skid, options.random_seed);
    case CounterOptions::Kind::none: return std::make_unique<HostTimeCounter>(vcpu, memory);
    case CounterOptions::Kind::perf: break;
    }
    return std::make_unique<PerfCounter>(options, vcpu, memory);
}

}  // namespace vmft::kvm
