{
  # Four targets (docs/hacking.md): the machine as a static library that knows nothing of Node,
  # the addon on top of it, the native tests beside it, and a program of the benchmarks.
  "target_defaults": {
    "default_configuration": "Release",
    "include_dirs": ["native"],
    "cflags!": ["-O3", "-fno-omit-frame-pointer"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions", "-fno-rtti", "-O3", "-fno-omit-frame-pointer"],
    "cflags": ["-fPIC", "-O2", "-fomit-frame-pointer", "-fno-strict-aliasing", "-fno-stack-protector", "-pthread"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-Werror"],
    "ldflags": ["-pthread"],
  },
  "targets": [
    {
      "target_name": "vmft_core",
      "type": "static_library",
      "sources": ["<!@(node scripts/sources.mjs core)"],
    },
    {
      "target_name": "vmft",
      "dependencies": ["vmft_core"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # An event that comes while the process ends finds no JavaScript to run: it is dropped.
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      # Node's headers are not ours to keep free of warnings.
      "cflags_cc": ["-Wno-cast-function-type", "-Wno-unused-parameter"],
      "sources": ["<!@(node scripts/sources.mjs addon)"],
      "libraries": ["-liscsi", "-llz4"],
    },
    {
      "target_name": "vmft_native_test",
      "type": "executable",
      "dependencies": ["vmft_core"],
      "include_dirs": ["test/native"],
      "sources": ["<!@(node scripts/sources.mjs test)"],
      "libraries": ["-liscsi", "-llz4"],
    },
    {
      "target_name": "vmft_delay_line",
      "type": "executable",
      "dependencies": ["vmft_core"],
      "sources": ["<!@(node scripts/sources.mjs bench)"],
      "libraries": ["-liscsi", "-llz4"],
    },
  ],
}
