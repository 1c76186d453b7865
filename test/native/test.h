#pragma once

#include <iostream>
#include <string>
#include <vector>

/// The native tests' own small framework: a test is a function that registers itself and
/// states expectations; a failed one is printed and counted, and the test goes on.
///
///   VMFT_TEST(pit_mode_2_is_periodic) {
///     VMFT_EXPECT(count > 0);
///     VMFT_EXPECT_EQUAL(count, 5);
///   }
namespace vmft::test {

struct TestCase {
    const char* name;
    const char* file;
    void (*body)();
};

/// Every test linked into the executable, in no particular order.
inline std::vector<TestCase>& registry() {
    static std::vector<TestCase> tests;
    return tests;
}

/// Expectations that failed since the process began.
inline unsigned long& failures() {
    static unsigned long count = 0;
    return count;
}

/// Tests that could not run here, by VMFT_SKIP.
inline unsigned long& skips() {
    static unsigned long count = 0;
    return count;
}

inline void skip(const char* test, const std::string& reason) {
    skips()++;
    std::cout << "skipped: " << test << ": " << reason << std::endl;
}

inline void fail(const char* file, int line, const char* what) {
    failures()++;
    std::cout << file << ":" << line << ": expected " << what << std::endl;
}

template <typename T>
void print(const T& value) {
    if constexpr (requires {
                      +value;
                      std::cout << +value;
                  })
        std::cout << +value;
    else if constexpr (requires { std::cout << value; })
        std::cout << value;
    else
        std::cout << "(a value that does not print)";
}

template <typename A, typename B>
bool same(const A& a, const B& b) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
    return a == b;
#pragma GCC diagnostic pop
}

template <typename A, typename B>
bool expect_equal(const A& found, const B& wanted, const char* file, int line, const char* what) {
    if (same(found, wanted)) return true;
    fail(file, line, what);
    std::cout << "  found ";
    print(found);
    std::cout << ", wanted ";
    print(wanted);
    std::cout << std::endl;
    return false;
}

struct Registration {
    Registration(const char* name, const char* file, void (*body)()) {
        registry().push_back({name, file, body});
    }
};

}  // namespace vmft::test

/// Defines and registers a test. `name` is an identifier, unique in its file.
#define VMFT_TEST(name)                                                                            \
    static void vmft_test_##name();                                                                \
    static const ::vmft::test::Registration vmft_registration_##name(#name, __FILE__,              \
                                                                     vmft_test_##name);            \
    static void vmft_test_##name()

#define VMFT_EXPECT(...)                                                                           \
    do {                                                                                           \
        if (!(__VA_ARGS__)) ::vmft::test::fail(__FILE__, __LINE__, #__VA_ARGS__);                  \
    } while (false)

/// As VMFT_EXPECT(found == wanted), and prints both values when they differ.
#define VMFT_EXPECT_EQUAL(found, wanted)                                                           \
    ::vmft::test::expect_equal((found), (wanted), __FILE__, __LINE__, #found " == " #wanted)

/// Ends the test when it cannot go on.
#define VMFT_REQUIRE(...)                                                                          \
    do {                                                                                           \
        if (!(__VA_ARGS__)) {                                                                      \
            ::vmft::test::fail(__FILE__, __LINE__, #__VA_ARGS__);                                  \
            return;                                                                                \
        }                                                                                          \
    } while (false)

/// Ends a test that cannot run here, and says why; it counts neither as passed nor as failed.
#define VMFT_SKIP(reason)                                                                          \
    do {                                                                                           \
        ::vmft::test::skip(__func__ + sizeof "vmft_test", (reason));                               \
        return;                                                                                    \
    } while (false)
