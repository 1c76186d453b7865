#include "addon/heartbeat_handle.h"

#include <algorithm>

#include "addon/values.h"
#include "world/host_clock.h"

namespace vmft::addon {
namespace {

u16 to_port(const Napi::Value& value) {
    u64 port = to_size(value, "port");
    if (port > 65535) throw RunnerError("bad-argument", "port: expected 0 to 65535");
    return static_cast<u16>(port);
}

/// Milliseconds of a clock, or between two of its times.
u64 to_ns(const Napi::Value& value, const char* name) {
    double ms = to_number(value, name);
    if (!(ms >= 0 && ms < 1e12))
        throw RunnerError("bad-argument", std::string(name) + ": expected milliseconds");
    return static_cast<u64>(ms * 1e6);
}

double to_ms(u64 ns) { return static_cast<double>(ns) / 1e6; }

HeartbeatRest::Plan to_plan(const Napi::Object& object) {
    HeartbeatRest::Plan plan;
    auto datagram = to_bytes(object.Get("datagram"), "datagram");
    plan.datagram.assign(datagram.begin(), datagram.end());
    plan.counter_at = to_size(object.Get("counterAt"), "counterAt");
    plan.echo_at = to_size(object.Get("echoAt"), "echoAt");
    std::string host = to_text(object.Get("host"), "host");
    auto peer = SocketAddress::parse(host, to_port(object.Get("port")));
    if (!peer) throw RunnerError("bad-argument", "host: " + host + " is not an IP address");
    plan.peer = *peer;
    plan.sent = to_u64(object.Get("sent"), "sent");
    plan.heard = to_u64(object.Get("heard"), "heard");
    plan.due_ns = to_ns(object.Get("dueMs"), "dueMs");
    plan.period_ns = to_ns(object.Get("periodMs"), "periodMs");
    plan.heard_ns = to_ns(object.Get("heardMs"), "heardMs");
    plan.late_after_ns = to_ns(object.Get("lateAfterMs"), "lateAfterMs");
    plan.until_ns = to_ns(object.Get("untilMs"), "untilMs");
    std::string fault = HeartbeatRest::fault_of(plan);
    if (!fault.empty()) throw RunnerError("bad-argument", "rest: " + fault);
    return plan;
}

Napi::Object from_beat(Napi::Env env, const HeartbeatRest::Beat& beat) {
    Napi::Array heard = Napi::Array::New(env, beat.heard.size());
    for (u32 i = 0; i < beat.heard.size(); i++) {
        Napi::Object one = Napi::Object::New(env);
        one.Set("counter", from_u64(env, beat.heard[i].counter));
        one.Set("echo", from_u64(env, beat.heard[i].echo));
        one.Set("atMs", to_ms(beat.heard[i].at_ns));
        heard.Set(i, one);
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("atMs", to_ms(beat.at_ns));
    object.Set("sent", from_u64(env, beat.sent));
    object.Set("heard", heard);
    return object;
}

}  // namespace

Napi::Function HeartbeatHandle::define(Napi::Env env) {
    using H = HeartbeatHandle;
    return DefineClass(env, "NativeHeartbeats",
                       {
                           InstanceMethod<&H::port>("port"),
                           InstanceMethod<&H::send>("send"),
                           InstanceMethod<&H::receive>("receive"),
                           InstanceMethod<&H::rest>("rest"),
                           InstanceMethod<&H::rise>("rise"),
                           InstanceMethod<&H::close>("close"),
                       });
}

HeartbeatHandle::HeartbeatHandle(Info info)
    : Napi::ObjectWrap<HeartbeatHandle>(info), timer_(info.Env(), [this] { beat(); }) {
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
        auto to = SocketAddress::parse(host, port);
        if (socket_ && to) socket_->send(bytes, *to);
    });
}

Napi::Value HeartbeatHandle::receive(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        auto received = socket_ ? socket_->receive() : std::nullopt;
        if (!received) return info.Env().Null();
        Napi::Object object = Napi::Object::New(info.Env());
        object.Set("bytes", from_bytes(info.Env(), received->bytes));
        object.Set("host", received->from.host());
        object.Set("port", received->from.port());
        u64 now_ns = host_monotonic_ns();
        object.Set("ageMs", to_ms(now_ns - std::min(now_ns, received->at_ns)));
        return object;
    });
}

void HeartbeatHandle::rest(Info info) {
    guarded(info.Env(), [&] {
        auto plan = to_plan(to_object(info[0], "plan"));
        if (!info[1].IsFunction()) throw RunnerError("bad-argument", "over: expected a function");
        if (rest_) throw RunnerError("wrong-mode", "rest: it rests already");
        if (!socket_) return;
        over_ = Napi::Persistent(info[1].As<Napi::Function>());
        rest_ = std::make_unique<HeartbeatRest>(*socket_, std::move(plan));
        timer_.set(rest_->due_ns());
    });
}

Napi::Value HeartbeatHandle::rise(Info info) {
    Napi::Env env = info.Env();
    timer_.cancel();
    over_.Reset();
    Napi::Array beats = Napi::Array::New(env);
    if (!rest_) return beats;
    for (u32 i = 0; i < rest_->beats().size(); i++) beats.Set(i, from_beat(env, rest_->beats()[i]));
    rest_.reset();
    return beats;
}

void HeartbeatHandle::beat() {
    if (rest_->beat(host_monotonic_ns())) {
        timer_.set(rest_->due_ns());
        return;
    }
    Napi::Env env = Env();
    Napi::HandleScope scope(env);
    Napi::Object self = Value();  // Whoever is told may let go of it.
    Napi::Function over = over_.Value();
    over_.Reset();
    try {
        over.MakeCallback(self, {});
    } catch (const Napi::Error& error) {
        napi_fatal_exception(env, error.Value());
    }
}

void HeartbeatHandle::close(Info) {
    timer_.cancel();
    over_.Reset();
    rest_.reset();
    socket_.reset();
}

}  // namespace vmft::addon
