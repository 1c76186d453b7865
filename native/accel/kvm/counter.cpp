#include "accel/kvm/counter.h"

#include "accel/kvm/simulated_counter.h"

namespace vmft::kvm {

std::unique_ptr<Counter> make_counter(const CounterOptions& options, Vcpu& vcpu,
                                      GuestMemory& memory) {
    switch (options.kind) {
    case CounterOptions::Kind::step: return std::make_unique<StepCounter>(vcpu, memory);
    case CounterOptions::Kind::simulated:
        return std::make_unique<SimulatedCounter>(vcpu, memory, options.skid, options.random_seed);
    case CounterOptions::Kind::perf: break;
    }
    throw AcceleratorFault(AcceleratorFault::Kind::unavailable,
                           "the performance counter is not there yet", "use the counter step");
}

}  // namespace vmft::kvm
