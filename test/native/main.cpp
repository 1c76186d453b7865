#include <algorithm>
#include <cstring>
#include <string>

#include "test.h"

/// Runs every test whose "file: name" contains the argument, or all. `--list` names them instead.
int main(int argument_count, char** arguments) {
    using namespace vmft::test;
    std::string filter;
    bool list = false;
    for (int i = 1; i < argument_count; i++) {
        if (std::strcmp(arguments[i], "--list") == 0)
            list = true;
        else
            filter = arguments[i];
    }

    std::vector<TestCase>& tests = registry();
    std::stable_sort(tests.begin(), tests.end(), [](const TestCase& a, const TestCase& b) {
        return std::strcmp(a.file, b.file) < 0;
    });
    unsigned long passed = 0, failed = 0;
    for (const TestCase& test : tests) {
        std::string name = std::string(test.file) + ": " + test.name;
        if (name.find(filter) == std::string::npos) continue;
        if (list) {
            std::cout << name << std::endl;
            continue;
        }
        unsigned long before = failures(), skipped_before = skips();
        test.body();
        if (failures() == before) {
            if (skips() == skipped_before) passed++;
        } else {
            failed++;
            std::cout << "failed: " << name << std::endl;
        }
    }
    if (list) return 0;
    std::cout << passed << " passed, " << failed << " failed";
    if (skips() > 0) std::cout << ", " << skips() << " skipped";
    std::cout << std::endl;
    // A filter that matches nothing is a mistake, not a success.
    return failed > 0 || passed + skips() == 0 ? 1 : 0;
}
