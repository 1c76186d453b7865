#include "accel/kvm/probe/preflight.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "accel/kvm/cpu_model.h"
#include "accel/kvm/probe/probe.h"

namespace vmft::kvm {

namespace {

using Need = Preflight::Need;

struct Probe {
    const char* name;
    Need need;
    ProbeResult (*run)(TinyGuest&);
};

constexpr Probe probes[] = {
    {"port access", Need::anything, probe_port_access},
    {"device memory", Need::anything, probe_device_memory},
    {"HLT", Need::anything, probe_halt},
    {"MSR filter", Need::anything, probe_msr_filter},
    {"dirty log", Need::anything, probe_dirty_log},
    {"kick", Need::anything, probe_kick},
    {"interrupt window and KVM_INTERRUPT", Need::anything, probe_interrupt},
    {"page fault", Need::anything, probe_page_fault},
    {"single step at CPL0", Need::anything, probe_single_step},
    {"interrupt shadow", Need::replay, probe_interrupt_shadow},
    {"hardware breakpoint", Need::replay, probe_hardware_breakpoint},
    {"INT3", Need::replay, probe_int3},
    {"INT3 to the host", Need::stepping, probe_int3_to_host},
    {"single step at CPL3", Need::stepping, probe_user_single_step},
    {"INT at CPL3", Need::replay, probe_user_int},
    {"CPUID at CPL3", Need::replay, probe_user_cpuid},
    {"RDTSC at CPL3 with CR4.TSD", Need::replay, probe_user_rdtsc},
    {"CMPXCHG16B", Need::replay, probe_cmpxchg16b},
    {"FXSAVE", Need::replay, probe_fxsave},
    {"SSE", Need::replay, probe_sse},
};

Preflight run_probes(KvmHost& host) {
    std::vector<CpuidLeaf> cpuid = reduced_cpu_model(host);
    std::unique_ptr<TinyGuest> guest;
    Preflight preflight;
    for (const Probe& probe : probes) {
        if (!guest) guest = std::make_unique<TinyGuest>(host, cpuid);
        Preflight::Finding finding{probe.name, probe.need, Preflight::Verdict::works, {}};
        try {
            ProbeResult result = probe.run(*guest);
            finding.verdict = result.verdict;
            finding.detail = std::move(result.detail);
        } catch (const AcceleratorFault& fault) {
            finding.verdict = Preflight::Verdict::does_not;
            finding.detail = fault.what();
            guest.reset();
        }
        if (guest && guest->failed()) guest.reset();
        preflight.findings.push_back(std::move(finding));
    }
    return preflight;
}

}  // namespace

bool Preflight::all_work(Need need) const {
    return std::all_of(findings.begin(), findings.end(), [&](const Finding& finding) {
        return finding.need > need || finding.verdict == Verdict::works;
    });
}

std::string Preflight::failures_up_to(Need need) const {
    std::string text;
    for (const Finding& finding : findings) {
        if (finding.need > need || finding.verdict == Verdict::works) continue;
        if (!text.empty()) text += "; ";
        text += std::string(finding.name) + ": " + finding.detail;
    }
    return text;
}

const Preflight& preflight(KvmHost& host) {
    static std::mutex mutex;
    static std::unique_ptr<const Preflight> found;
    std::lock_guard lock(mutex);
    if (found) return *found;
    // A thread that has run a vCPU takes its signals; the caller may be Node's main one.
    std::exception_ptr failure;
    std::thread([&] {
        try {
            found = std::make_unique<const Preflight>(run_probes(host));
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (failure) std::rethrow_exception(failure);
    return *found;
}

}  // namespace vmft::kvm
