#include <malloc.h>
#include <napi.h>

#include "addon/disk_handle.h"
#include "addon/error_codes.h"
#include "addon/heartbeat_handle.h"
#include "addon/kvm_host_info.h"
#include "addon/machine_handle.h"
#include "addon/values.h"
#include "base/hash64.h"
#include "runner/runner_events.h"

namespace vmft::addon {
namespace {

/// Raised when the border between addon and TypeScript changes; native-machine.ts expects the same.
constexpr double border_version = 8;

Napi::Value hash(const Napi::CallbackInfo& info) {
    return guarded(info.Env(),
                   [&] { return from_u64(info.Env(), hash64(to_bytes(info[0], "bytes"))); });
}

Napi::Array stop_reasons(Napi::Env env) {
    Napi::Array names = Napi::Array::New(env);
    for (u8 reason = 0; reason <= static_cast<u8>(StopReason::internal_error); reason++)
        names.Set(u32{reason}, name_of(static_cast<StopReason>(reason)));
    return names;
}

/// A machine's state passes through in chunks of 256 KiB. With glibc's sliding threshold the first
/// ones freed would move all others to the heap, which then keeps what the largest transfer needed;
/// a replica's own memory is a promise. Fixed, they are mapped and unmapped one by one.
void keep_heap_small() { mallopt(M_MMAP_THRESHOLD, 128 << 10); }

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
    keep_heap_small();
    exports.Set("version", Napi::Number::New(env, border_version));
    exports.Set("hash64", Napi::Function::New(env, hash, "hash64"));
    Napi::Array codes = Napi::Array::New(env, error_codes.size());
    for (size_t i = 0; i < error_codes.size(); i++) codes.Set(static_cast<u32>(i), error_codes[i]);
    exports.Set("errorCodes", codes);
    exports.Set("stopReasons", stop_reasons(env));
    define_kvm_host_info(env, exports);
    exports.Set("NativeMachine", MachineHandle::define(env));
    exports.Set("NativeHeartbeats", HeartbeatHandle::define(env));
    DiskHandle::define(env, exports);
    return exports;
}

}  // namespace
}  // namespace vmft::addon

static Napi::Object vmft_initialize(Napi::Env env, Napi::Object exports) {
    return vmft::addon::initialize(env, exports);
}

NODE_API_MODULE(vmft, vmft_initialize)
