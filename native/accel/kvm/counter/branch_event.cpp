#include "accel/kvm/counter/branch_event.h"

#include <cpuid.h>
#include <linux/perf_event.h>

#include <cstdio>
#include <fstream>

#include "accel/accelerator_fault.h"

namespace vmft::kvm {

namespace {

// BR_INST_RETIRED.CONDITIONAL, by its names in Intel's event lists; AMD PPR, PMCx0D1.
constexpr u64 event_nehalem = 0x5101c4, event_ice_lake = 0x5111c4, event_goldmont = 0x517ec4,
              event_lunar_lake = 0x1'0000'5111'c4, event_zen = 0x5100d1;
constexpr u64 skid_intel = 100, skid_alder_lake = 125, skid_zen = 10'000;
constexpr u64 period_min = 2, period_min_nehalem = 32;  // x86_perf_event_set_period, limit_period.

struct IntelModel {
    u8 model;
    BranchEvent event;
};

constexpr BranchEvent nehalem{event_nehalem, PERF_TYPE_RAW, skid_intel, period_min_nehalem,
                              "Intel Nehalem"};
constexpr BranchEvent sandy_bridge{event_nehalem, PERF_TYPE_RAW, skid_intel, period_min,
                                   "Intel Sandy Bridge to Comet Lake"};
constexpr BranchEvent ice_lake{event_ice_lake, PERF_TYPE_RAW, skid_intel, period_min,
                               "Intel Ice Lake to Rocket Lake"};
constexpr BranchEvent alder_lake{event_ice_lake, PERF_TYPE_RAW, skid_alder_lake, period_min,
                                 "Intel Alder Lake and later"};
constexpr BranchEvent lunar_lake{event_lunar_lake, PERF_TYPE_RAW, skid_alder_lake, period_min,
                                 "Intel Lunar Lake, Arrow Lake"};
constexpr BranchEvent goldmont{event_goldmont, PERF_TYPE_RAW, skid_intel, period_min,
                               "Intel Goldmont, Tremont"};
constexpr BranchEvent gracemont{event_goldmont, PERF_TYPE_RAW, skid_alder_lake, period_min,
                                "Intel Gracemont and later"};
constexpr BranchEvent zen{event_zen, PERF_TYPE_RAW, skid_zen, period_min, "AMD Zen"};

/// Family 6; SDM 4, table 2-1.
constexpr IntelModel intel_models[] = {
    {0x1a, nehalem},      {0x1e, nehalem},      {0x1f, nehalem},      {0x2e, nehalem},
    {0x25, nehalem},      {0x2c, nehalem},      {0x2f, nehalem},      {0x2a, sandy_bridge},
    {0x2d, sandy_bridge}, {0x3a, sandy_bridge}, {0x3e, sandy_bridge}, {0x3c, sandy_bridge},
    {0x3f, sandy_bridge}, {0x45, sandy_bridge}, {0x46, sandy_bridge}, {0x3d, sandy_bridge},
    {0x47, sandy_bridge}, {0x4f, sandy_bridge}, {0x56, sandy_bridge}, {0x4e, sandy_bridge},
    {0x5e, sandy_bridge}, {0x55, sandy_bridge}, {0x8e, sandy_bridge}, {0x9e, sandy_bridge},
    {0xa5, sandy_bridge}, {0xa6, sandy_bridge}, {0x7d, ice_lake},     {0x7e, ice_lake},
    {0x6a, ice_lake},     {0x6c, ice_lake},     {0x8c, ice_lake},     {0x8d, ice_lake},
    {0xa7, ice_lake},     {0x97, alder_lake},   {0x9a, alder_lake},   {0xb7, alder_lake},
    {0xba, alder_lake},   {0xbf, alder_lake},   {0x8f, alder_lake},   {0xcf, alder_lake},
    {0xaa, alder_lake},   {0xac, alder_lake},   {0xad, alder_lake},   {0xae, alder_lake},
    {0xbd, lunar_lake},   {0xc5, lunar_lake},   {0xc6, lunar_lake},   {0x5c, goldmont},
    {0x5f, goldmont},     {0x7a, goldmont},     {0x86, goldmont},     {0x96, goldmont},
    {0x9c, goldmont},     {0xbe, gracemont},    {0xaf, gracemont},    {0xb6, gracemont},
};

/// On hybrid CPUs the cores that a guest is worth running on have a PMU of their own name.
u32 performance_core_type() {
    std::ifstream file("/sys/bus/event_source/devices/cpu_core/type");
    u32 type = 0;
    return file >> type ? type : static_cast<u32>(PERF_TYPE_RAW);
}

}  // namespace

BranchEvent branch_event_of(const std::string& vendor, u32 signature) {
    u32 family = signature >> 8 & 15;
    u32 model = signature >> 4 & 15;
    if (family == 15) family += signature >> 20 & 0xff;
    if (family >= 6) model |= (signature >> 16 & 15) << 4;
    if (vendor == "GenuineIntel" && family == 6) {
        for (const IntelModel& known : intel_models)
            if (known.model == model) return known.event;
    }
    if (vendor == "AuthenticAMD" && (family == 0x17 || family == 0x19 || family == 0x1a))
        return zen;
    if (vendor == "HygonGenuine" && family == 0x18) return zen;
    return {};
}

BranchEvent host_branch_event() {
    u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
    __cpuid(0, eax, ebx, ecx, edx);
    std::string vendor;
    for (u32 part : {ebx, edx, ecx}) vendor.append(reinterpret_cast<const char*>(&part), 4);
    __cpuid(1, eax, ebx, ecx, edx);
    BranchEvent event = branch_event_of(vendor, eax);
    if (*event.microarchitecture == 0) {
        char signature[16];
        std::snprintf(signature, sizeof signature, "%x", eax);
        throw AcceleratorFault(AcceleratorFault::Kind::unavailable,
                               "no event that counts conditional branches is known for this CPU (" +
                                   vendor + ", CPUID signature " + signature + ")",
                               "use --accel soft, or --counter none with checkpoint replication");
    }
    if (event.config != event_goldmont && vendor == "GenuineIntel")
        event.type = performance_core_type();
    return event;
}

}  // namespace vmft::kvm
