#pragma once

#include <stdexcept>
#include <string>

namespace vmft {

/// What the runner's methods throw: a code of src/base/errors.ts, one line, and what to do about
/// it.
class RunnerError : public std::runtime_error {
public:
    RunnerError(const char* code, const std::string& message, std::string what_to_do = {})
        : std::runtime_error(message), code_(code), what_to_do_(std::move(what_to_do)) {}

    const char* code() const { return code_; }
    const std::string& what_to_do() const { return what_to_do_; }

private:
    const char* code_;
    std::string what_to_do_;
};

}  // namespace vmft
