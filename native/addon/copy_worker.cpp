#include "addon/copy_worker.h"

#include "addon/values.h"

namespace vmft::addon {
namespace {

/// Runs `work` with the copy on a thread of the pool, and resolves its promise with what
/// `to_value` makes of the result.
template <typename Result>
class CopyWorker final : public Napi::AsyncWorker {
public:
    using Work = std::function<Result(image::Copy&)>;
    using ToValue = std::function<Napi::Value(Napi::Env, const Result&)>;

    CopyWorker(Napi::Env env, std::shared_ptr<image::Copy> copy, Work work, ToValue to_value)
        : Napi::AsyncWorker(env, "vmft copy"), deferred_(Napi::Promise::Deferred::New(env)),
          copy_(std::move(copy)), work_(std::move(work)), to_value_(std::move(to_value)) {}

    Napi::Promise promise() const { return deferred_.Promise(); }

protected:
    void Execute() override {
        try {
            result_ = work_(*copy_);
        } catch (const image::Copy::Ended& ended) {
            fault_.emplace("wrong-mode", ended.what());
        } catch (const std::exception& error) {
            fault_.emplace("internal", error.what());
        }
    }

    void OnOK() override {
        if (fault_) return deferred_.Reject(make_error(Env(), *fault_).Value());
        deferred_.Resolve(to_value_(Env(), *result_));
    }

private:
    Napi::Promise::Deferred deferred_;
    std::shared_ptr<image::Copy> copy_;
    Work work_;
    ToValue to_value_;
    std::optional<Result> result_;
    std::optional<RunnerError> fault_;
};

template <typename Result>
Napi::Value begin(Napi::Env env, std::shared_ptr<image::Copy> copy,
                  typename CopyWorker<Result>::Work work,
                  typename CopyWorker<Result>::ToValue to_value) {
    auto* worker =
        new CopyWorker<Result>(env, std::move(copy), std::move(work), std::move(to_value));
    worker->Queue();
    return worker->promise();
}

}  // namespace

Napi::Value copy_read(Napi::Env env, std::shared_ptr<image::Copy> copy, u64 memory_bytes_max) {
    using Piece = std::optional<image::Copy::Piece>;
    return begin<Piece>(
        env, std::move(copy),
        [memory_bytes_max](image::Copy& copy) { return copy.read(memory_bytes_max); },
        [](Napi::Env env, const Piece& piece) -> Napi::Value {
            if (!piece) return env.Null();
            Napi::Object object = Napi::Object::New(env);
            object.Set("data", from_bytes(env, piece->data));
            object.Set("memoryBytes", static_cast<double>(piece->memory_bytes));
            return object;
        });
}

Napi::Value copy_changes(Napi::Env env, std::shared_ptr<image::Copy> copy) {
    return begin<u64>(
        env, std::move(copy), [](image::Copy& copy) { return copy.changes(); },
        [](Napi::Env env, u64 bytes) -> Napi::Value {
            return Napi::Number::New(env, static_cast<double>(bytes));
        });
}

}  // namespace vmft::addon
