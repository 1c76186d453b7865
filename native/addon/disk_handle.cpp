#include "addon/disk_handle.h"

#include <optional>
#include <thread>

#include "addon/values.h"
#include "base/limits.h"

namespace vmft::addon {
namespace {

constexpr napi_type_tag disk_tag{0x6b1f0e6d2c9a4d55, 0x9e0a3f7715c84b21};

/// What the addon keeps for each environment it is loaded into.
struct Classes {
    Napi::FunctionReference disk;
};

DiskOptions to_disk_options(const Napi::Value& value) {
    Napi::Object object = to_object(value, "options");
    DiskOptions options;
    options.read_only = to_bool(object.Get("readOnly"), "readOnly");
    options.claim = to_bool(object.Get("claim"), "claim");
    std::string holding = to_text(object.Get("holding"), "holding");
    if (holding != "shared" && holding != "private")
        throw RunnerError("bad-argument", "holding: expected shared or private");
    options.shared = holding == "shared";
    options.holder = to_text(object.Get("holder"), "holder");
    options.timeout_ms = to_size(object.Get("timeoutMs"), "timeoutMs");
    return options;
}

/// Opens on a thread of Node's pool: a network may have to be waited for.
class OpenWorker final : public Napi::AsyncWorker {
public:
    OpenWorker(Napi::Env env, std::string url, DiskOptions options)
        : Napi::AsyncWorker(env, "vmft open disk"), deferred_(Napi::Promise::Deferred::New(env)),
          url_(std::move(url)), options_(std::move(options)) {}

    Napi::Promise promise() const { return deferred_.Promise(); }

protected:
    void Execute() override {
        try {
            disk_ = open_disk(url_, options_);
        } catch (const DiskFault& fault) {
            fault_.emplace(fault.code(), fault.what(), fault.what_to_do());
        } catch (const std::exception& error) {
            fault_.emplace("internal", error.what());
        }
    }

    void OnOK() override {
        if (fault_) return deferred_.Reject(make_error(Env(), *fault_).Value());
        auto external = Napi::External<std::shared_ptr<OpenedDisk>>::New(Env(), &disk_);
        deferred_.Resolve(Env().GetInstanceData<Classes>()->disk.New({external}));
    }

private:
    Napi::Promise::Deferred deferred_;
    std::string url_;
    DiskOptions options_;
    std::shared_ptr<OpenedDisk> disk_;
    std::optional<RunnerError> fault_;
};

Napi::Value open_disk_async(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        auto* worker =
            new OpenWorker(info.Env(), to_text(info[0], "url"), to_disk_options(info[1]));
        worker->Queue();
        return worker->promise();
    });
}

const char* name_of(OpenedDisk::Kind kind) {
    switch (kind) {
    case OpenedDisk::Kind::file: return "file";
    case OpenedDisk::Kind::block: return "block";
    case OpenedDisk::Kind::iscsi: return "iscsi";
    }
    return "file";
}

Napi::Value undefined_of(Napi::Env env, const DiskResult&) { return env.Undefined(); }

Napi::Value bytes_of(Napi::Env env, const DiskResult& result) {
    return from_bytes(env, result.data);
}

}  // namespace

void DiskHandle::define(Napi::Env env, Napi::Object exports) {
    using D = DiskHandle;
    auto* classes = new Classes;
    classes->disk =
        Napi::Persistent(DefineClass(env, "NativeDisk",
                                     {
                                         InstanceMethod<&D::geometry>("geometry"),
                                         InstanceMethod<&D::trouble>("trouble"),
                                         InstanceMethod<&D::read_reserved>("readReserved"),
                                         InstanceMethod<&D::compare_and_write>("compareAndWrite"),
                                         InstanceMethod<&D::read_range>("readRange"),
                                         InstanceMethod<&D::write_range>("writeRange"),
                                         InstanceMethod<&D::clear>("clear"),
                                         InstanceMethod<&D::flush>("flush"),
                                         InstanceMethod<&D::next_data>("nextData"),
                                         InstanceMethod<&D::claim>("claim"),
                                         InstanceMethod<&D::close>("close"),
                                     }));
    env.SetInstanceData(classes);
    exports.Set("openDisk", Napi::Function::New(env, open_disk_async, "openDisk"));
}

std::shared_ptr<DiskBackend> DiskHandle::backend_of(const Napi::Value& value) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&disk_tag))
        throw RunnerError("bad-argument", "disk: expected an opened disk");
    DiskHandle* handle = Unwrap(value.As<Napi::Object>());
    if (!handle->disk_) throw RunnerError("bad-argument", "disk: it was closed");
    return handle->disk_;
}

DiskHandle::DiskHandle(Info info) : Napi::ObjectWrap<DiskHandle>(info) {
    guarded(info.Env(), [&] {
        if (!info[0].IsExternal())
            throw RunnerError("bad-argument", "a disk is made by openDisk only");
        disk_ = *info[0].As<Napi::External<std::shared_ptr<OpenedDisk>>>().Data();
        promises_ = std::make_shared<PromiseBridge>(info.Env(), "vmft disk");
        info.This().As<Napi::Object>().TypeTag(&disk_tag);
    });
    // Hooks run in the reverse of their order: this one before the promises' own.
    hooked_ = napi_add_env_cleanup_hook(info.Env(), environment_ends, this) == napi_ok;
}

DiskHandle::~DiskHandle() {
    if (hooked_) napi_remove_env_cleanup_hook(Env(), environment_ends, this);
    shut_down();
}

void DiskHandle::environment_ends(void* handle) {
    auto* disk = static_cast<DiskHandle*>(handle);
    disk->hooked_ = false;
    disk->shut_down();
}

void DiskHandle::shut_down() {
    if (promises_) promises_->end();
    *closed_ = true;
    std::shared_ptr<OpenedDisk> disk = std::move(disk_);
    // What is in the kernel has to be waited for, which JavaScript must not.
    if (disk && disk.use_count() == 1 && disk->busy())
        std::thread([disk = std::move(disk)]() mutable { disk.reset(); }).detach();
}

void DiskHandle::close(Info info) {
    if (!disk_) return;
    promises_->end(info.Env(), disk_->url() + " was closed");
    shut_down();
}

OpenedDisk& DiskHandle::disk() const {
    if (!disk_) throw RunnerError("wrong-mode", "the disk is closed");
    return *disk_;
}

Napi::Value DiskHandle::geometry(Info info) {
    return guarded(info.Env(), [&] {
        DiskGeometry geometry = disk().geometry();
        Napi::Object object = Napi::Object::New(info.Env());
        object.Set("url", disk().url());
        object.Set("kind", name_of(disk().kind()));
        object.Set("capacityBytes", from_u64(info.Env(), geometry.capacity_bytes));
        object.Set("blockBytes", geometry.block_bytes);
        object.Set("readOnly", geometry.read_only);
        object.Set("supportsCompareAndWrite", disk().supports_compare_and_write());
        return object;
    });
}

Napi::Value DiskHandle::trouble(Info info) {
    return guarded(info.Env(),
                   [&] { return Napi::String::New(info.Env(), disk_ ? disk_->trouble() : ""); });
}

u32 DiskHandle::to_reserved_index(const Napi::Value& value) const {
    u64 index = to_size(value, "index");
    if (index >= limits::disk_reserved_bytes / disk().geometry().block_bytes)
        throw RunnerError("bad-argument", "index: the reserved area is 1 MiB");
    return static_cast<u32>(index);
}

std::vector<u8> DiskHandle::to_block(const Napi::Value& value, const char* name) const {
    std::span<const u8> bytes = to_bytes(value, name);
    if (bytes.size() != disk().geometry().block_bytes)
        throw RunnerError("bad-argument", std::string(name) + ": expected one block");
    return {bytes.begin(), bytes.end()};
}

void DiskHandle::check_range(u64 offset_bytes, u64 bytes) const {
    DiskGeometry geometry = disk().geometry();
    if (bytes > limits::disk_copy_bytes_max || bytes % geometry.block_bytes != 0 ||
        offset_bytes % geometry.block_bytes != 0 || offset_bytes > geometry.capacity_bytes ||
        bytes > geometry.capacity_bytes - offset_bytes)
        throw RunnerError("bad-argument",
                          "range: expected whole blocks within the disk, at most 1 MiB");
}

Napi::Value DiskHandle::read_reserved(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        u32 index = to_reserved_index(info[0]);
        auto [id, promise] = promises_->begin(info.Env());
        disk().read_reserved(index, [id, promises = promises_](ReservedResult&& result) {
            promises->settle(id, [result](Napi::Env env) {
                if (!result.fault.empty()) throw RunnerError("disk-unavailable", result.fault);
                return from_bytes(env, result.block);
            });
        });
        return promise;
    });
}

Napi::Value DiskHandle::compare_and_write(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        u32 index = to_reserved_index(info[0]);
        std::vector<u8> expected = to_block(info[1], "expected");
        std::vector<u8> desired = to_block(info[2], "desired");
        if (!disk().supports_compare_and_write())
            throw RunnerError("disk-unusable", disk().url() + " cannot compare and write");
        auto [id, promise] = promises_->begin(info.Env());
        disk().compare_and_write(index, std::move(expected), std::move(desired),
                                 [id, promises = promises_](ReservedResult&& result) {
                                     promises->settle(id, [result](Napi::Env env) {
                                         if (!result.fault.empty())
                                             throw RunnerError("disk-unavailable", result.fault);
                                         return Napi::Boolean::New(env, result.written);
                                     });
                                 });
        return promise;
    });
}

Napi::Value DiskHandle::transfer(Napi::Env env, DiskTransfer&& transfer, const char* what,
                                 Napi::Value (*value)(Napi::Env, const DiskResult&)) {
    auto [id, promise] = promises_->begin(env);
    std::string failed = disk().url() + ": " + what + " failed";
    disk().submit(std::move(transfer),
                  [id, promises = promises_, failed, value](DiskResult&& result) {
                      auto shared = std::make_shared<DiskResult>(std::move(result));
                      promises->settle(id, [shared, failed, value](Napi::Env env) {
                          if (shared->status != DiskStatus::ok)
                              throw RunnerError("disk-unavailable", failed);
                          return value(env, *shared);
                      });
                  });
    return promise;
}

Napi::Value DiskHandle::read_range(Info info) {
    return guarded(info.Env(), [&] {
        DiskTransfer read{
            DiskOperation::read, to_u64(info[0], "offset"), to_size(info[1], "bytes"), {}, false};
        check_range(read.offset_bytes, read.bytes);
        return transfer(info.Env(), std::move(read), "a read", bytes_of);
    });
}

Napi::Value DiskHandle::write_range(Info info) {
    return guarded(info.Env(), [&] {
        std::span<const u8> data = to_bytes(info[1], "data");
        DiskTransfer write{DiskOperation::write,
                           to_u64(info[0], "offset"),
                           data.size(),
                           {data.begin(), data.end()},
                           false};
        check_range(write.offset_bytes, write.bytes);
        return transfer(info.Env(), std::move(write), "a write", undefined_of);
    });
}

Napi::Value DiskHandle::clear(Info info) {
    return guarded(info.Env(), [&] {
        DiskTransfer zero{
            DiskOperation::write_zeroes, 0, disk().geometry().capacity_bytes, {}, true};
        return transfer(info.Env(), std::move(zero), "clearing it", undefined_of);
    });
}

Napi::Value DiskHandle::flush(Info info) {
    return guarded(info.Env(), [&] {
        DiskTransfer flush;
        flush.operation = DiskOperation::flush;
        return transfer(info.Env(), std::move(flush), "a flush", undefined_of);
    });
}

Napi::Value DiskHandle::next_data(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        u64 offset = to_u64(info[0], "offset");
        check_range(offset, 0);
        auto [id, promise] = promises_->begin(info.Env());
        disk().next_data(offset,
                         [id, promises = promises_](std::optional<OpenedDisk::Range> range) {
                             promises->settle(id, [range](Napi::Env env) -> Napi::Value {
                                 if (!range) return env.Null();
                                 Napi::Object object = Napi::Object::New(env);
                                 object.Set("offset", from_u64(env, range->offset_bytes));
                                 object.Set("bytes", from_u64(env, range->bytes));
                                 return object;
                             });
                         });
        return promise;
    });
}

/// As a machine does that goes live. On a thread of its own: it may wait for ever.
Napi::Value DiskHandle::claim(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        disk();
        auto [id, promise] = promises_->begin(info.Env());
        std::thread([id, promises = promises_, disk = disk_, closed = closed_] {
            std::string fault = disk->claim(*closed);
            promises->settle(id, [fault](Napi::Env env) -> Napi::Value {
                if (!fault.empty()) throw RunnerError("disk-unavailable", fault);
                return env.Undefined();
            });
        }).detach();
        return promise;
    });
}

}  // namespace vmft::addon
