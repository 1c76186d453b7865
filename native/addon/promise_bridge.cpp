#include "addon/promise_bridge.h"

#include <memory>

#include "addon/values.h"

namespace vmft::addon {

PromiseBridge::PromiseBridge(Napi::Env env, const char* name)
    : function_(Napi::ThreadSafeFunction::New(
          env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), name, 0, 1)) {
    function_.Unref(env);
}

PromiseBridge::Begun PromiseBridge::begin(Napi::Env env) {
    Napi::Promise::Deferred deferred = Napi::Promise::Deferred::New(env);
    if (waiting_.empty()) function_.Ref(env);
    waiting_.emplace(++last_id_, deferred);
    return {last_id_, deferred.Promise()};
}

void PromiseBridge::settle(u64 id, std::function<Napi::Value(Napi::Env)> value) {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    auto settlement = std::make_unique<Settlement>(Settlement{id, std::move(value)});
    auto deliver_it = [this](Napi::Env env, Napi::Function, Settlement* raw) {
        std::unique_ptr<Settlement> settlement(raw);
        deliver(env, *settlement);
    };
    // Refused only while the process ends: then nobody listens.
    if (function_.NonBlockingCall(settlement.get(), deliver_it) == napi_ok)
        (void)settlement.release();
}

void PromiseBridge::deliver(Napi::Env env, const Settlement& settlement) {
    auto found = waiting_.find(settlement.id);
    if (found == waiting_.end()) return;
    Napi::Promise::Deferred deferred = found->second;
    waiting_.erase(found);
    if (waiting_.empty()) function_.Unref(env);
    try {
        deferred.Resolve(guarded(env, [&] { return settlement.value(env); }));
    } catch (const Napi::Error& error) {
        deferred.Reject(error.Value());
    }
}

void PromiseBridge::end(Napi::Env env, const std::string& message) {
    for (auto& [id, deferred] : waiting_)
        deferred.Reject(make_error(env, RunnerError("disk-unavailable", message)).Value());
    end();
}

void PromiseBridge::end() {
    waiting_.clear();
    std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    function_.Abort();
}

}  // namespace vmft::addon
