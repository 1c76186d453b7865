#include "addon/loop_timer.h"

#include "base/check.h"
#include "world/host_clock.h"

namespace vmft::addon {

LoopTimer::LoopTimer(Napi::Env env, std::function<void()> run) : env_(env) {
    uv_loop_t* loop = nullptr;
    VMFT_CHECK(napi_get_uv_event_loop(env, &loop) == napi_ok);
    handle_ = new Handle{{}, std::move(run)};
    uv_timer_init(loop, &handle_->timer);
    napi_add_env_cleanup_hook(env, environment_ends, this);
}

LoopTimer::~LoopTimer() {
    if (!handle_) return;
    napi_remove_env_cleanup_hook(env_, environment_ends, this);
    close();
}

void LoopTimer::set(u64 due_ns) {
    if (!handle_) return;
    // The loop's clock stands still between its turns.
    uv_update_time(handle_->timer.loop);
    u64 now_ns = host_monotonic_ns();
    u64 wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    uv_timer_start(
        &handle_->timer,
        [](uv_timer_t* timer) {
            // A copy: what runs may close the timer.
            auto run = reinterpret_cast<Handle*>(timer)->run;
            run();
        },
        (wait_ns + 999'999) / 1'000'000, 0);
}

void LoopTimer::cancel() {
    if (handle_) uv_timer_stop(&handle_->timer);
}

void LoopTimer::close() {
    if (!handle_) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle_->timer),
             [](uv_handle_t* handle) { delete reinterpret_cast<Handle*>(handle); });
    handle_ = nullptr;
}

}  // namespace vmft::addon
