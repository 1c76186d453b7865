#include "addon/event_bridge.h"

#include "addon/values.h"

namespace vmft::addon {

EventBridge::EventBridge(Napi::Env env, Napi::Function on_event)
    : function_(Napi::ThreadSafeFunction::New(env, on_event, "vmft machine", 0, 1)) {
    // A machine that was only created does not keep the process alive.
    function_.Unref(env);
}

EventBridge::~EventBridge() { function_.Abort(); }

void EventBridge::keep_process_alive(Napi::Env env) {
    if (!*stopped_delivered_) function_.Ref(env);
}

void EventBridge::post(const char* name, std::function<Napi::Value(Napi::Env)> value, bool last) {
    auto event = std::make_unique<Event>(Event{name, std::move(value), last});
    Napi::ThreadSafeFunction function = function_;
    auto delivered = stopped_delivered_;
    auto deliver = [function, delivered](Napi::Env env, Napi::Function on_event, Event* raw) {
        std::unique_ptr<Event> event(raw);
        if (event->last) {
            *delivered = true;
            function.Unref(env);
        }
        on_event.Call({Napi::String::New(env, event->name), event->value(env)});
    };
    napi_status status = function_.NonBlockingCall(event.get(), deliver);
    // Refused only while the process ends: then nobody listens.
    if (status == napi_ok) (void)event.release();
}

void EventBridge::segment(RecordedSegment&& segment) {
    auto shared = std::make_shared<RecordedSegment>(std::move(segment));
    post("segment", [shared](Napi::Env env) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("generation", from_u64(env, shared->generation));
        object.Set("sequence", from_u64(env, shared->sequence));
        object.Set("frame", from_bytes(env, shared->frame));
        object.Set("runUntilTicks", from_u64(env, shared->run_until_ticks));
        object.Set("virtualNs", from_u64(env, shared->virtual_ns));
        object.Set("outputsProduced", from_u64(env, shared->outputs_produced));
        object.Set("urgent", shared->urgent);
        return object;
    });
}

void EventBridge::console(std::vector<u8>&& bytes) {
    auto shared = std::make_shared<std::vector<u8>>(std::move(bytes));
    post("console", [shared](Napi::Env env) { return from_bytes(env, *shared); });
}

void EventBridge::executed(const ExecutionProgress& progress) {
    post("executed", [progress](Napi::Env env) {
        Napi::Object object = Napi::Object::New(env);
        object.Set("sequence", from_u64(env, progress.sequence));
        object.Set("position", from_position(env, progress.position));
        object.Set("virtualNs", from_u64(env, progress.virtual_ns));
        object.Set("digestsChecked", from_u64(env, progress.digests_checked));
        object.Set("diskReadsDone", from_u64(env, progress.disk_reads_done));
        return object;
    });
}

void EventBridge::live(const Position& position) {
    post("live", [position](Napi::Env env) { return from_position(env, position); });
}

void EventBridge::paused(const Position& position) {
    post("paused", [position](Napi::Env env) { return from_position(env, position); });
}

void EventBridge::stopped(const Stopped& stopped) {
    post(
        "stopped",
        [stopped](Napi::Env env) {
            Napi::Object object = Napi::Object::New(env);
            object.Set("reason", name_of(stopped.reason));
            object.Set("position", from_position(env, stopped.position));
            object.Set("message", stopped.message);
            object.Set("whatToDo", stopped.what_to_do);
            return object;
        },
        true);
}

}  // namespace vmft::addon
