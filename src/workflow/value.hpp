// A value of the expression language (FORMAT.md section 3): null, bool, int, float, text or list.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace fugle::workflow {

struct Value;
using List = std::vector<Value>;

struct Value {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List> data;

  Value() = default;
  Value(bool b) : data(b) {}                      // NOLINT: values are written as what they hold
  Value(std::int64_t i) : data(i) {}              // NOLINT
  Value(double d) : data(d) {}                    // NOLINT
  Value(std::string s) : data(std::move(s)) {}    // NOLINT
  Value(const char* s) : data(std::string(s)) {}  // NOLINT
  Value(List l) : data(std::move(l)) {}           // NOLINT
  bool operator==(const Value&) const = default;

  [[nodiscard]] bool is_null() const { return data.index() == 0; }
};

/// Types that a value may have, a bit for each: 1 << index of Value::data.
using Types = std::uint8_t;
inline constexpr Types kNullType = 1, kBoolType = 2, kIntType = 4, kFloatType = 8, kTextType = 16, kListType = 32;
inline constexpr Types kNumberTypes = kIntType | kFloatType, kAnyType = 63;

/// "null", "bool", "int", "float", "text", "list".
[[nodiscard]] const char* type_name(const Value& value);
/// As inserted into text: lists joined by one blank, floats in shortest form, null as "null" (callers refuse it: E403).
[[nodiscard]] std::string to_text(const Value& value);
/// A plain scalar without a fixed type (FORMAT.md 2.9): JSON number, true, false have that type, all else is text.
[[nodiscard]] Value untyped_scalar(const std::string& text, bool quoted);

}  // namespace fugle::workflow
