#include "addon/heartbeat_handle.h"

#include "addon/values.h"

namespace vmft::addon {
namespace {

u16 to_port(const Napi::Value& value) {
    u64 port = to_size(value, "port");
    if (port > 65535) throw RunnerError("bad-argument", "port: expected 0 to 65535");
    return static_cast<u16>(port);
}

}  // namespace

Napi::Function HeartbeatHandle::define(Napi::Env env) {
    using H = HeartbeatHandle;
    return DefineClass(env, "NativeHeartbeats",
                       {
                           InstanceMethod<&H::port>("port"),
                           InstanceMethod<&H::send>("send"),
                           InstanceMethod<&H::receive>("receive"),
                           InstanceMethod<&H::close>("close"),
                       });
}

HeartbeatHandle::HeartbeatHandle(Info info) : Napi::ObjectWrap<HeartbeatHandle>(info) {
    guarded(info.Env(), [&] {
        auto opened = HeartbeatSocket::open(to_text(info[0], "host"), to_port(info[1]));
        if (!opened.socket) throw RunnerError("address-unavailable", opened.fault);
        socket_ = std::move(opened.socket);
    });
}

Napi::Value HeartbeatHandle::port(Info info) {
    return Napi::Number::New(info.Env(), socket_ ? socket_->port() : 0);
}

void HeartbeatHandle::send(Info info) {
    guarded(info.Env(), [&] {
        auto bytes = to_bytes(info[0], "bytes");
        std::string host = to_text(info[1], "host");
        u16 port = to_port(info[2]);
        if (socket_) socket_->send(bytes, host, port);
    });
}

Napi::Value HeartbeatHandle::receive(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        auto received = socket_ ? socket_->receive() : std::nullopt;
        if (!received) return info.Env().Null();
        Napi::Object object = Napi::Object::New(info.Env());
        object.Set("bytes", from_bytes(info.Env(), received->bytes));
        object.Set("host", received->host);
        object.Set("port", received->port);
        object.Set("ageMs", static_cast<double>(received->age_ns) / 1e6);
        return object;
    });
}

void HeartbeatHandle::close(Info) { socket_.reset(); }

}  // namespace vmft::addon
