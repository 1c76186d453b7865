#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "addon/promise_bridge.h"
#include "world/disk/open_disk.h"

namespace vmft::addon {

/// The JavaScript object behind src/flow/world/open-disk.ts: owns an opened disk, converts, maps
/// errors. Its methods give promises, kept on the disk's own threads, so that storage that does
/// not answer holds up nothing else. Only `openDisk` makes one.
class DiskHandle final : public Napi::ObjectWrap<DiskHandle> {
public:
    /// Adds `openDisk(url, { readOnly, claim, holding, holder, timeoutMs })`, a promise of a
    /// NativeDisk, to the addon's exports.
    static void define(Napi::Env env, Napi::Object exports);

    /// The back end of a NativeDisk, for a machine: it stays open as long as someone holds it.
    /// Throws RunnerError("bad-argument") for anything else, and for a disk that was closed.
    static std::shared_ptr<DiskBackend> backend_of(const Napi::Value& value);

    explicit DiskHandle(const Napi::CallbackInfo& info);
    ~DiskHandle() override;

private:
    using Info = const Napi::CallbackInfo&;

    Napi::Value geometry(Info info);
    Napi::Value trouble(Info info);
    Napi::Value read_reserved(Info info);
    Napi::Value compare_and_write(Info info);
    Napi::Value read_range(Info info);
    Napi::Value write_range(Info info);
    Napi::Value clear(Info info);
    Napi::Value flush(Info info);
    Napi::Value next_data(Info info);
    Napi::Value claim(Info info);
    void close(Info info);

    OpenedDisk& disk() const;
    /// Throws unless they are whole blocks within the disk, of at most 1 MiB.
    void check_range(u64 offset_bytes, u64 bytes) const;
    u32 to_reserved_index(const Napi::Value& value) const;
    std::vector<u8> to_block(const Napi::Value& value, const char* name) const;
    /// A promise of what `value` makes of the result.
    Napi::Value transfer(Napi::Env env, DiskTransfer&& transfer, const char* what,
                         Napi::Value (*value)(Napi::Env env, const DiskResult& result));
    void shut_down();
    static void environment_ends(void* handle);

    std::shared_ptr<OpenedDisk> disk_;         ///< None: closed.
    std::shared_ptr<PromiseBridge> promises_;  ///< Shared with what is under way.
    /// Ends a claim that waits, when the disk is closed.
    std::shared_ptr<std::atomic<bool>> closed_ = std::make_shared<std::atomic<bool>>(false);
    bool hooked_ = false;
};

}  // namespace vmft::addon
