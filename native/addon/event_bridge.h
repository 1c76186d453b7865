#pragma once

#include <napi.h>

#include <functional>
#include <memory>

#include "runner/runner_events.h"

namespace vmft::addon {

/// Carries a runner's events to a JavaScript function `onEvent(name, value)`, in their order.
/// The runner's side never waits.
class EventBridge final : public RunnerEvents {
public:
    EventBridge(Napi::Env env, Napi::Function on_event);
    /// No event comes after this.
    ~EventBridge();

    /// JavaScript thread: from now on, until `stopped` is delivered, the machine keeps the process
    /// alive.
    void keep_process_alive(Napi::Env env);

    void segment(RecordedSegment&& segment) override;
    void console(std::vector<u8>&& bytes) override;
    void executed(const ExecutionProgress& progress) override;
    void live(const Position& position) override;
    void paused(const Position& position) override;
    void stopped(const Stopped& stopped) override;

private:
    struct Event {
        const char* name;
        std::function<Napi::Value(Napi::Env)> value;
        bool last = false;
    };
    void post(const char* name, std::function<Napi::Value(Napi::Env)> value, bool last = false);

    Napi::ThreadSafeFunction function_;
    std::shared_ptr<bool> stopped_delivered_ =
        std::make_shared<bool>(false);  ///< Of the JavaScript thread.
};

}  // namespace vmft::addon
