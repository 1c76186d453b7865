#pragma once

#include <napi.h>

#include <memory>

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
    void close(Info info);

    std::unique_ptr<HeartbeatSocket> socket_;  ///< Null: closed.
};

}  // namespace vmft::addon
