#include "workflow/functions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "workflow/expression.hpp"
#include "workflow/files.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

using Arguments = std::span<const Value>;
constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

// They bound what one expression can make of a few characters.
constexpr std::int64_t kMaxRangeItems = 4'000'000;
constexpr int kMaxFormatWidth = 64;
constexpr std::size_t kMaxTextBytes = std::size_t{16} << 20;

const std::string* as_text(const Value& value) { return std::get_if<std::string>(&value.data); }
const List* as_list(const Value& value) { return std::get_if<List>(&value.data); }
const std::int64_t* as_int(const Value& value) { return std::get_if<std::int64_t>(&value.data); }

const std::string& text_of(const char* function, const Value& value) {
  if (const std::string* text = as_text(value)) return *text;
  type_error(fmt::format("'{}' needs a text, got {}", function, type_name(value)));
}

double number_of(const char* function, const Value& value) {
  if (const auto* integer = as_int(value)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value.data)) return *real;
  type_error(fmt::format("'{}' needs a number, got {}", function, type_name(value)));
}

std::int64_t whole_of(const char* function, double real) {
  if (real >= -0x1p63 && real < 0x1p63) return static_cast<std::int64_t>(real);
  type_error(fmt::format("'{}': {} is too large for an int", function, real));
}

Value len(Arguments a) {
  if (const List* list = as_list(a[0])) return static_cast<std::int64_t>(list->size());
  return static_cast<std::int64_t>(text_of("len", a[0]).size());
}

Value contains(Arguments a) {
  if (const List* list = as_list(a[0])) return std::find(list->begin(), list->end(), a[1]) != list->end();
  return text_of("contains", a[0]).find(text_of("contains", a[1])) != std::string::npos;
}

Value startswith(Arguments a) { return text_of("startswith", a[0]).starts_with(text_of("startswith", a[1])); }
Value endswith(Arguments a) { return text_of("endswith", a[0]).ends_with(text_of("endswith", a[1])); }

Value split_text(Arguments a) {
  const std::string& text = text_of("split", a[0]);
  const std::string& separator = text_of("split", a[1]);
  if (separator.empty()) type_error("'split' needs a separator that is not empty");
  List parts;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find(separator, start);
    parts.emplace_back(text.substr(start, end - start));
    if (end == std::string::npos) return parts;
    start = end + separator.size();
  }
}

void check_size(const char* function, const std::string& text) {
  if (text.size() > kMaxTextBytes) type_error(fmt::format("'{}' gives more than 16 MiB of text", function));
}

Value join_list(Arguments a) {
  const List* list = as_list(a[0]);
  if (list == nullptr) type_error(fmt::format("'join' needs a list, got {}", type_name(a[0])));
  const std::string& separator = text_of("join", a[1]);
  std::string out;
  for (const Value& item : *list) {
    if (&item != list->data()) out += separator;
    out += to_text(item);
    check_size("join", out);
  }
  return out;
}

/// The part after the last slash; trailing slashes do not count.
std::string_view last_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1);
}

/// Where the extension begins; a leading dot begins none.
std::size_t extension_at(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name.size() : dot;
}

Value basename(Arguments a) { return std::string(last_part(text_of("basename", a[0]))); }

Value dirname(Arguments a) {
  std::string_view path = text_of("dirname", a[0]);
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  path = path.substr(0, slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() ? "/" : std::string(path);
}

Value stem(Arguments a) {
  const std::string_view name = last_part(text_of("stem", a[0]));
  return std::string(name.substr(0, extension_at(name)));
}

Value ext(Arguments a) {
  const std::string_view name = last_part(text_of("ext", a[0]));
  return std::string(name.substr(extension_at(name)));
}

/// `03`, `.2`, `08.3`, or nothing.
struct FormatSpec {
  int width = 0;
  int decimals = -1;
};

FormatSpec parse_spec(std::string_view text) {
  const std::string_view whole = text;
  const auto number = [&] {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value > kMaxFormatWidth) {
      type_error(fmt::format("'format' does not know '{{:{}}}'; write {{}}, {{:03}} or {{:.2}}", whole));
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
  };
  FormatSpec spec;
  if (text.starts_with('0')) spec.width = number();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    spec.decimals = number();
  }
  if (!text.empty()) number();
  return spec;
}

std::string formatted(const FormatSpec& spec, const Value& value) {
  if (spec.decimals >= 0) return fmt::format("{:0{}.{}f}", number_of("format", value), spec.width, spec.decimals);
  if (spec.width == 0) return to_text(value);
  if (const auto* integer = as_int(value)) return fmt::format("{:0{}}", *integer, spec.width);
  return fmt::format("{:0{}}", number_of("format", value), spec.width);
}

Value format(Arguments a) {
  const std::string& pattern = text_of("format", a[0]);
  std::string out;
  std::size_t next = 1;
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] != '{') {
      out += pattern[at++];
      continue;
    }
    const std::size_t close = pattern.find('}', at);
    if (close == std::string::npos) type_error("'format': '{' without '}'");
    std::string_view inside = std::string_view(pattern).substr(at + 1, close - at - 1);
    if (!inside.empty() && !inside.starts_with(':')) {
      type_error(fmt::format("'format' does not know '{{{}}}'; write {{}}, {{:03}} or {{:.2}}", inside));
    }
    if (!inside.empty()) inside.remove_prefix(1);
    if (next == a.size()) type_error("'format' has fewer values than {}");
    out += formatted(parse_spec(inside), a[next++]);
    check_size("format", out);
    at = close + 1;
  }
  if (next != a.size()) type_error("'format' has more values than {}");
  return out;
}

[[noreturn]] void too_many_items() { type_error(fmt::format("'range' has more than {} numbers", kMaxRangeItems)); }

List int_range(std::int64_t first, std::int64_t last, std::int64_t step) {
  if (step > 0 ? first > last : first < last) return {};
  // In unsigned arithmetic, where differences of far ends do not overflow.
  const auto u = [](std::int64_t i) { return static_cast<std::uint64_t>(i); };
  const std::uint64_t steps = step > 0 ? (u(last) - u(first)) / u(step) : (u(first) - u(last)) / (0 - u(step));
  if (steps >= static_cast<std::uint64_t>(kMaxRangeItems)) too_many_items();
  List items;
  for (std::uint64_t i = 0; i <= steps; ++i) items.emplace_back(static_cast<std::int64_t>(u(first) + i * u(step)));
  return items;
}

List float_range(double first, double last, double step) {
  // Steps like 0.1 are not exact: the last one counts when it is missed by less than a millionth of a step.
  const double steps = std::floor((last - first) / step + 1e-6);
  if (!(steps < static_cast<double>(kMaxRangeItems))) too_many_items();
  List items;
  for (double i = 0; i <= steps; ++i) items.emplace_back(first + i * step);
  return items;
}

Value range(Arguments a) {
  const Value step = a.size() > 2 ? a[2] : Value(std::int64_t{1});
  if (number_of("range", step) == 0) type_error("'range' needs a step that is not 0");
  if (as_int(a[0]) != nullptr && as_int(a[1]) != nullptr && as_int(step) != nullptr)
    return int_range(*as_int(a[0]), *as_int(a[1]), *as_int(step));
  return float_range(number_of("range", a[0]), number_of("range", a[1]), number_of("range", step));
}

/// The least by `before`, of the arguments or of the one list.
template <class Before>
Value extreme(const char* function, Arguments a, Before before) {
  if (a.size() == 1 && as_list(a[0]) != nullptr) a = *as_list(a[0]);
  if (a.empty()) type_error(fmt::format("'{}' of an empty list", function));
  const Value* best = &a[0];
  for (const Value& value : a)
    if (before(number_of(function, value), number_of(function, *best))) best = &value;
  return *best;
}

Value min(Arguments a) { return extreme("min", a, std::less<>{}); }
Value max(Arguments a) { return extreme("max", a, std::greater<>{}); }

Value ceil(Arguments a) {
  return as_int(a[0]) != nullptr ? a[0] : Value(whole_of("ceil", std::ceil(number_of("ceil", a[0]))));
}

Value floor(Arguments a) {
  return as_int(a[0]) != nullptr ? a[0] : Value(whole_of("floor", std::floor(number_of("floor", a[0]))));
}

/// Leading zeros are taken, so that int() undoes the padding of ranges like "000..072..6".
Value int_of_text(const std::string& text) {
  std::int64_t integer = 0;
  const char* last = text.data() + text.size();
  if (const auto [end, error] = std::from_chars(text.data(), last, integer); error == std::errc{} && end == last)
    return integer;
  if (const auto real = to_number(text)) return whole_of("int", std::trunc(*real));
  type_error(fmt::format("'int': {} is not a number", in_quotes(text)));
}

Value int_of(Arguments a) {
  if (as_int(a[0]) != nullptr) return a[0];
  if (const std::string* text = as_text(a[0])) return int_of_text(*text);
  return whole_of("int", std::trunc(number_of("int", a[0])));
}

Value str(Arguments a) {
  if (a[0].is_null()) type_error("'str' of null");
  return to_text(a[0]);
}

Value quote(Arguments a) {
  if (a[0].is_null()) type_error("'q' of null");
  const List* list = as_list(a[0]);
  if (list == nullptr) return quote_for_shell(to_text(a[0]));
  std::vector<std::string> words;
  for (const Value& item : *list) words.push_back(quote_for_shell(to_text(item)));
  return join(words, " ");
}

/// What is asked of the file system.
template <FileQuestion question>
Value path_to_ask(Arguments a) {
  const std::string& path = text_of(name_of(question).data(), a[0]);
  if (path.empty()) type_error(fmt::format("'{}' of an empty path", name_of(question)));
  return path;
}

Value default_of(Arguments a) { return a[0].is_null() ? a[1] : a[0]; }

constexpr std::array<Function, 23> kFunctions = {{
    {"len", 1, 1, kIntType, len},
    {"contains", 2, 2, kBoolType, contains},
    {"startswith", 2, 2, kBoolType, startswith},
    {"endswith", 2, 2, kBoolType, endswith},
    {"split", 2, 2, kListType, split_text},
    {"join", 2, 2, kTextType, join_list},
    {"basename", 1, 1, kTextType, basename},
    {"dirname", 1, 1, kTextType, dirname},
    {"stem", 1, 1, kTextType, stem},
    {"ext", 1, 1, kTextType, ext},
    {"format", 1, kAny, kTextType, format},
    {"range", 2, 3, kListType, range},
    {"min", 1, kAny, kNumberTypes, min},
    {"max", 1, kAny, kNumberTypes, max},
    {"ceil", 1, 1, kIntType, ceil},
    {"floor", 1, 1, kIntType, floor},
    {"int", 1, 1, kIntType, int_of},
    {"str", 1, 1, kTextType, str},
    {"q", 1, 1, kTextType, quote},
    {"default", 2, 2, kAnyType, default_of},
    {"exists", 1, 1, kBoolType, path_to_ask<FileQuestion::exists>, FileQuestion::exists},
    {"glob", 1, 1, kListType, path_to_ask<FileQuestion::glob>, FileQuestion::glob},
    {"lines", 1, 1, kListType, path_to_ask<FileQuestion::lines>, FileQuestion::lines},
}};

}  // namespace

const Function& find_function(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Function& function : kFunctions) {
    if (function.name == name) return function;
    names.push_back(function.name);
  }
  const auto nearest = nearest_word(name, names);
  if (!nearest) throw ExpressionError{"E402", fmt::format("unknown function '{}'", name), {}, 0};
  throw ExpressionError{"E402", fmt::format("unknown function '{}'; did you mean '{}'?", name, *nearest),
                        std::string(*nearest), 0};
}

void check_arity(const Function& function, std::size_t arguments) {
  if (arguments >= function.min_arguments && arguments <= function.max_arguments) return;
  std::string wanted = fmt::format("{}", function.min_arguments);
  if (function.max_arguments == kAny) wanted += " or more";
  if (function.max_arguments == function.min_arguments + 1) wanted += fmt::format(" or {}", function.max_arguments);
  type_error(
      fmt::format("'{}' takes {} argument{}, got {}", function.name, wanted, wanted == "1" ? "" : "s", arguments));
}

bool is_default(const Function& function) { return function.code == default_of; }
bool is_quote(const Function& function) { return function.code == quote; }

}  // namespace fugle::workflow
