#pragma once

#include <napi.h>

#include <memory>

#include "addon/loop_timer.h"
#include "world/heartbeat_rest.h"
#include "world/heartbeat_socket.h"

namespace vmft::addon {

/// The JavaScript object behind src/pair/channel/heartbeat-socket.ts. Throws `address-unavailable`
/// where the address cannot be bound.
class HeartbeatHandle final : public Napi::ObjectWrap<HeartbeatHandle> {
public:
    static Napi::Function define(Napi::Env env);

    explicit HeartbeatHandle(const Napi::CallbackInfo& info);

private:
    using Info = const Napi::CallbackInfo&;

    Napi::Value port(Info info);
    void send(Info info);
    /// The oldest datagram that has come: { bytes, host, port, ageMs }; null: there is no more.
    Napi::Value receive(Info info);
    /// rest(plan, over): beats by itself from now on; `over` is called, once, when it stops doing
    /// so. See NativeRest in src/flow/machine/native-addon.ts.
    void rest(Info info);
    /// Ends the rest, without a call of `over`: an array of what was sent and heard in it.
    Napi::Value rise(Info info);
    void close(Info info);

    void beat();

    std::unique_ptr<HeartbeatSocket> socket_;  ///< Null: closed.
    std::unique_ptr<HeartbeatRest> rest_;      ///< Null: not at rest, or told of already.
    Napi::FunctionReference over_;
    LoopTimer timer_;
};

}  // namespace vmft::addon
