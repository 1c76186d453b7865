#pragma once

#include <napi.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/types.h"

namespace vmft::addon {

/// Promises that other threads settle. While any waits, the process is kept alive.
class PromiseBridge {
public:
    /// JavaScript thread. `name` is for Node's diagnostics.
    PromiseBridge(Napi::Env env, const char* name);

    struct Begun {
        u64 id;
        Napi::Promise promise;
    };
    /// JavaScript thread.
    Begun begin(Napi::Env env);

    /// Any thread: `value` is run on the JavaScript thread and resolves the promise; what it
    /// throws (RunnerError too) rejects it. Ignored when `end` was called.
    void settle(u64 id, std::function<Napi::Value(Napi::Env)> value);

    /// JavaScript thread: rejects what waits, with disk-unavailable and this message.
    void end(Napi::Env env, const std::string& message);
    /// The same where no JavaScript can run any more.
    void end();

private:
    struct Settlement {
        u64 id;
        std::function<Napi::Value(Napi::Env)> value;
    };
    void deliver(Napi::Env env, const Settlement& settlement);

    std::mutex mutex_;  ///< Of `ended_` and calls of `function_`.
    bool ended_ = false;
    Napi::ThreadSafeFunction function_;
    std::map<u64, Napi::Promise::Deferred> waiting_;  ///< Of the JavaScript thread.
    u64 last_id_ = 0;
};

}  // namespace vmft::addon
