#include "addon/kvm_host_info.h"

#include "accel/kvm/cpu_model.h"
#include "addon/values.h"

namespace vmft::addon {
namespace {

Napi::Value cpu_model(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        kvm::KvmHost host;
        return from_cpuid(info.Env(), kvm::cpu_model(host));
    });
}

Napi::Value why_not_here(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        std::vector<kvm::CpuidLeaf> leaves = to_cpuid(info[0], "leaves");
        kvm::KvmHost host;
        return Napi::String::New(info.Env(), kvm::why_not_here(host, leaves));
    });
}

}  // namespace

void define_kvm_host_info(Napi::Env env, Napi::Object exports) {
    exports.Set("cpuModel", Napi::Function::New(env, cpu_model, "cpuModel"));
    exports.Set("whyNotHere", Napi::Function::New(env, why_not_here, "whyNotHere"));
}

}  // namespace vmft::addon
