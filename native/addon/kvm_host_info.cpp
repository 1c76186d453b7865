#include "addon/kvm_host_info.h"

#include <exception>
#include <thread>

#include "accel/kvm/counter/perf_event.h"
#include "accel/kvm/cpu_model.h"
#include "accel/kvm/probe/counter_measure.h"
#include "accel/kvm/probe/preflight.h"
#include "accel/kvm/probe/spec_lock_map.h"
#include "accel/kvm/probe/stop_cost.h"
#include "addon/values.h"

namespace vmft::addon {
namespace {

using Info = const Napi::CallbackInfo&;

/// A thread that has run a vCPU takes its kicks for good; Node's main thread shall not be one.
template <typename Body>
auto on_own_thread(Body body) -> decltype(body()) {
    decltype(body()) result{};
    std::exception_ptr failure;
    std::thread([&] {
        try {
            result = body();
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (failure) std::rethrow_exception(failure);
    return result;
}

Napi::Value number(Napi::Env env, u64 value) {
    return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Value cpu_model(Info info) {
    return guarded(info.Env(), [&] {
        kvm::KvmHost host;
        return from_cpuid(info.Env(), kvm::cpu_model(host));
    });
}

Napi::Value reduced_cpu_model(Info info) {
    return guarded(info.Env(), [&] {
        kvm::KvmHost host;
        return from_cpuid(info.Env(), kvm::reduced_cpu_model(host));
    });
}

Napi::Value why_not_here(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        std::vector<kvm::CpuidLeaf> leaves = to_cpuid(info[0], "leaves");
        kvm::KvmHost host;
        return Napi::String::New(info.Env(), kvm::why_not_here(host, leaves));
    });
}

/// Opens and closes the events that a guest would be counted by.
Napi::Value why_no_counter(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        std::string why = on_own_thread([]() -> std::string {
            try {
                kvm::BranchEvent event = kvm::host_branch_event();
                kvm::PerfEvent::counting(event).read();
            } catch (const AcceleratorFault& fault) {
                return fault.what();
            }
            return {};
        });
        return Napi::String::New(info.Env(), why);
    });
}

const char* name_of(kvm::Preflight::Need need) {
    switch (need) {
    case kvm::Preflight::Need::anything: return "anything";
    case kvm::Preflight::Need::replay: return "replay";
    case kvm::Preflight::Need::stepping: return "stepping";
    }
    return "anything";
}

const char* name_of(kvm::Preflight::Verdict verdict) {
    switch (verdict) {
    case kvm::Preflight::Verdict::works: return "works";
    case kvm::Preflight::Verdict::does_not: return "does-not";
    case kvm::Preflight::Verdict::wrong: return "wrong";
    }
    return "wrong";
}

Napi::Value kvm_preflight(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        kvm::KvmHost host;
        const kvm::Preflight& preflight = kvm::preflight(host);
        Napi::Env env = info.Env();
        Napi::Array probes = Napi::Array::New(env, preflight.findings.size());
        for (u32 i = 0; i < preflight.findings.size(); i++) {
            const kvm::Preflight::Finding& finding = preflight.findings[i];
            Napi::Object probe = Napi::Object::New(env);
            probe.Set("name", finding.name);
            probe.Set("need", name_of(finding.need));
            probe.Set("verdict", name_of(finding.verdict));
            probe.Set("detail", finding.detail);
            probes.Set(i, probe);
        }
        Napi::Object object = Napi::Object::New(env);
        object.Set("probes", probes);
        return object;
    });
}

Napi::Value kvm_capability(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        auto capability = static_cast<int>(to_u32(info[0], "number"));
        return Napi::Number::New(info.Env(), kvm::KvmHost().extension(capability));
    });
}

Napi::Value measure_counter(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        kvm::CounterOptions options = to_counter_options(info[0]);
        kvm::CounterMeasure measure = on_own_thread([&] {
            kvm::KvmHost host;
            return kvm::measure_counter(host, kvm::reduced_cpu_model(host), options);
        });
        Napi::Env env = info.Env();
        Napi::Object object = Napi::Object::New(env);
        object.Set("event", measure.event);
        object.Set("exact", measure.exact);
        object.Set("found", measure.found);
        object.Set("runs", number(env, measure.runs));
        object.Set("exitsARun", number(env, measure.exits_a_run));
        object.Set("branchesARun", number(env, measure.branches_a_run));
        object.Set("forcedEntries", number(env, measure.forced_entries));
        object.Set("overflows", number(env, measure.overflows));
        object.Set("skidMin", number(env, measure.skid_min));
        object.Set("skidMedian", number(env, measure.skid_median));
        object.Set("skidMax", number(env, measure.skid_max));
        object.Set("skidAllowed", number(env, measure.skid_allowed));
        object.Set("readNs", number(env, measure.read_ns));
        object.Set("armNs", number(env, measure.arm_ns));
        object.Set("overflowNs", number(env, measure.overflow_ns));
        object.Set("breakpointNs", number(env, measure.breakpoint_ns));
        object.Set("stepNs", number(env, measure.step_ns));
        return object;
    });
}

Napi::Value vcpu_cost(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        kvm::VcpuCost cost = on_own_thread([] {
            kvm::KvmHost host;
            return kvm::measure_vcpu_cost(host, kvm::reduced_cpu_model(host));
        });
        Napi::Env env = info.Env();
        Napi::Object object = Napi::Object::New(env);
        object.Set("exitNs", number(env, cost.exit_ns));
        object.Set("stepNs", number(env, cost.step_ns));
        object.Set("stateGetNs", number(env, cost.state_get_ns));
        object.Set("stateSetNs", number(env, cost.state_set_ns));
        return object;
    });
}

Napi::Value stop_cost(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        kvm::CounterOptions options = to_counter_options(info[0]);
        unsigned stops = to_u32(info[1], "stops");
        kvm::StopCost cost = on_own_thread([&] {
            kvm::KvmHost host;
            return kvm::measure_stop_cost(host, kvm::reduced_cpu_model(host), options, stops);
        });
        Napi::Env env = info.Env();
        Napi::Object object = Napi::Object::New(env);
        object.Set("stops", number(env, cost.stops));
        object.Set("stopNsMedian", number(env, cost.stop_ns_median));
        object.Set("stopNsMax", number(env, cost.stop_ns_max));
        object.Set("hitsMedian", number(env, cost.hits_median));
        object.Set("skidMedian", number(env, cost.skid_median));
        object.Set("skidMax", number(env, cost.skid_max));
        object.Set("skidAllowed", number(env, cost.skid_allowed));
        return object;
    });
}

const char* name_of(kvm::SpecLockMap found) {
    switch (found) {
    case kvm::SpecLockMap::not_zen: return "not-zen";
    case kvm::SpecLockMap::unused: return "unused";
    case kvm::SpecLockMap::used: return "used";
    case kvm::SpecLockMap::not_counted: return "not-counted";
    }
    return "not-counted";
}

Napi::Value spec_lock_map(Info info) {
    return Napi::String::New(info.Env(), name_of(kvm::observe_spec_lock_map()));
}

}  // namespace

void define_kvm_host_info(Napi::Env env, Napi::Object exports) {
    auto define = [&](const char* name, Napi::Value (*function)(Info)) {
        exports.Set(name, Napi::Function::New(env, function, name));
    };
    define("cpuModel", cpu_model);
    define("reducedCpuModel", reduced_cpu_model);
    define("whyNotHere", why_not_here);
    define("whyNoCounter", why_no_counter);
    define("kvmPreflight", kvm_preflight);
    define("kvmCapability", kvm_capability);
    define("measureCounter", measure_counter);
    define("vcpuCost", vcpu_cost);
    define("stopCost", stop_cost);
    define("specLockMap", spec_lock_map);
}

}  // namespace vmft::addon
