#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/types.h"
#include "test.h"

namespace vmft::test {

/// A whole file; empty when it cannot be read.
inline std::vector<u8> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The value of an environment variable that names guest files (test/native/native.test.ts sets
/// them); empty with a note when it is not set.
inline std::string guest_path(const char* variable) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == 0) {
        std::cout << "skipped: " << variable
                  << " is not set; npm test sets it once the guest images are built" << std::endl;
        return {};
    }
    return value;
}

}  // namespace vmft::test
