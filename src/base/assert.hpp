// Assertions as vocabulary, for bugs of ours only; never for bad input or a failing machine.
// FUGLE_EXPECT: what a caller owes. FUGLE_ENSURE: what we owe a caller. FUGLE_CHECK_THAT: what holds inside.
// They stay on in release: a scheduler that goes on with broken state loses other people's work.
#pragma once

#include <string_view>

namespace fugle {

/// Prints kind, place and expression to standard error and aborts.
[[noreturn]] void fail_assertion(std::string_view kind, std::string_view expression, std::string_view detail,
                                 const char* file, int line);

}  // namespace fugle

#define FUGLE_ASSERTION(kind, condition, detail) \
  (static_cast<bool>(condition) ? void() : ::fugle::fail_assertion(kind, #condition, detail, __FILE__, __LINE__))

#define FUGLE_EXPECT(condition, ...) FUGLE_ASSERTION("expect", condition, ::std::string_view{__VA_ARGS__})
#define FUGLE_ENSURE(condition, ...) FUGLE_ASSERTION("ensure", condition, ::std::string_view{__VA_ARGS__})
#define FUGLE_CHECK_THAT(condition, ...) FUGLE_ASSERTION("check", condition, ::std::string_view{__VA_ARGS__})
