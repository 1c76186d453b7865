#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>

#include "machine/image/copy.h"
#include "runner/runner_error.h"

namespace vmft::addon {

/// Promises about a copy of a machine's memory, on threads of Node's pool: reading, compressing and
/// waiting for the vCPU thread take too long for JavaScript's. The machine may be gone before they
/// are done: the copy has ended then.
///
/// CopiedPages of machine.ts, or null.
Napi::Value copy_read(Napi::Env env, std::shared_ptr<image::Copy> copy, u64 memory_bytes_max);
/// What is left to copy, bytes.
Napi::Value copy_changes(Napi::Env env, std::shared_ptr<image::Copy> copy);

}  // namespace vmft::addon
