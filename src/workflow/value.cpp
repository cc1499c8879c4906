#include "workflow/value.hpp"

#include <fmt/format.h>

#include <cmath>

#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

struct TextOf {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool b) const { return b ? "true" : "false"; }
  std::string operator()(std::int64_t i) const { return fmt::format("{}", i); }
  std::string operator()(double d) const { return fmt::format("{}", d); }
  std::string operator()(const std::string& s) const { return s; }
  std::string operator()(const List& list) const {
    std::string out;
    for (const Value& item : list) out += (&item == list.data() ? "" : " ") + to_text(item);
    return out;
  }
};

}  // namespace

const char* type_name(const Value& value) {
  static constexpr const char* kNames[] = {"null", "bool", "int", "float", "text", "list"};
  return kNames[value.data.index()];
}

std::string to_text(const Value& value) { return std::visit(TextOf{}, value.data); }

Value untyped_scalar(const std::string& text, bool quoted) {
  if (quoted) return text;
  if (text == "true") return true;
  if (text == "false") return false;
  if (const auto whole = to_int(text)) return *whole;
  if (const auto number = to_number(text)) return *number;
  return text;
}

}  // namespace fugle::workflow
