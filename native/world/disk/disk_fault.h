#pragma once

#include <stdexcept>
#include <string>

namespace vmft {

/// Why a disk cannot be opened: a code of src/base/errors.ts (`usage`, `disk-unusable`,
/// `disk-in-use`, `disk-unavailable`), one line, and what to do about it.
class DiskFault : public std::runtime_error {
public:
    DiskFault(const char* code, const std::string& message, std::string what_to_do = {})
        : std::runtime_error(message), code_(code), what_to_do_(std::move(what_to_do)) {}

    const char* code() const { return code_; }
    const std::string& what_to_do() const { return what_to_do_; }

private:
    const char* code_;
    std::string what_to_do_;
};

}  // namespace vmft
