// The arguments of a function, `with` in the workflow file: values taken by name out of the text of a JSON object.
// For numbers, texts, truth values and lists of these; for anything deeper text() gives the JSON of one value, to be
// read by a library for that. Reads the text anew for each value: they are few. Knows nothing of calls; header only.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace fugle {

/// An argument is missing, or not of the type that was asked for. what() names it.
class ArgumentError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

/// Walks over JSON text (RFC 8259). Throws ArgumentError where it is none; numbers are checked when they are read.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : rest_(text) { skip_blanks(); }

  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  /// Takes the character, if it is the next one, and blanks after it.
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail();
  }

  /// The text of one value, which is skipped.
  std::string_view take_value() {
    const std::string_view before = rest_;
    skip_value(0);
    std::string_view value = before.substr(0, before.size() - rest_.size());
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    return value;
  }

  std::string take_string() {
    if (peek() != '"') fail();
    rest_.remove_prefix(1);
    std::string text;
    while (peek() != '"') {
      if (rest_.empty()) fail();
      const char c = next();
      if (c == '\\')
        take_escape(text);
      else
        text += c;
    }
    rest_.remove_prefix(1);
    skip_blanks();
    return text;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  [[noreturn]] static void fail() { throw ArgumentError("the arguments are not the text of a JSON object"); }
  char next() {
    if (rest_.empty()) fail();
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  void skip_value(int depth) {
    if (depth > 200) fail();
    if (peek() == '"') {
      (void)take_string();
    } else if (peek() == '{') {
      skip_members('{', '}', depth);
    } else if (peek() == '[') {
      skip_members('[', ']', depth);
    } else {
      const std::size_t length = rest_.find_first_of(",]} \t\n\r");
      if (length == 0 || rest_.empty()) fail();
      rest_.remove_prefix(length == std::string_view::npos ? rest_.size() : length);
      skip_blanks();
    }
  }
  void skip_members(char open, char close, int depth) {
    expect(open);
    if (take(close)) return;
    do {
      if (open == '{') {
        (void)take_string();
        expect(':');
      }
      skip_value(depth + 1);
    } while (take(','));
    expect(close);
  }

  std::uint32_t take_hex4() {
    std::uint32_t value = 0;
    if (rest_.size() < 4) fail();
    if (std::from_chars(rest_.data(), rest_.data() + 4, value, 16).ptr != rest_.data() + 4) fail();
    rest_.remove_prefix(4);
    return value;
  }
  void take_escape(std::string& out) {
    switch (const char c = next()) {
      case 'n': out += '\n'; return;
      case 't': out += '\t'; return;
      case 'r': out += '\r'; return;
      case 'b': out += '\b'; return;
      case 'f': out += '\f'; return;
      case '"':
      case '\\':
      case '/': out += c; return;
      case 'u': break;
      default: fail();
    }
    std::uint32_t code = take_hex4();
    if (code >= 0xD800 && code < 0xDC00 && rest_.substr(0, 2) == "\\u") {
      rest_.remove_prefix(2);
      code = 0x10000 + ((code - 0xD800) << 10) + (take_hex4() - 0xDC00);
    }
    add_utf8(out, code);
  }
  static void add_utf8(std::string& out, std::uint32_t code) {
    const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
      add(0xC0 | code >> 6);
    } else {
      if (code < 0x10000) {
        add(0xE0 | code >> 12);
      } else {
        add(0xF0 | (code >> 18 & 7));
        add(0x80 | (code >> 12 & 63));
      }
      add(0x80 | (code >> 6 & 63));
    }
    add(0x80 | (code & 63));
  }

  std::string_view rest_;
};

template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

/// False when the JSON value is of another type. A whole number may be asked for as a floating one, not the reverse.
template <class T>
bool read_json(std::string_view json, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = json == "true";
    return value || json == "false";
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (json.empty() || json.front() != '"') return false;
    value = JsonCursor(json).take_string();
    return true;
  } else if constexpr (is_vector<T>::value) {
    JsonCursor cursor(json);
    if (!cursor.take('[')) return false;
    if (cursor.take(']')) return true;
    do {
      typename T::value_type member{};
      if (!read_json(cursor.take_value(), member)) return false;
      value.push_back(std::move(member));
    } while (cursor.take(','));
    return cursor.take(']');
  } else {
    static_assert(std::is_arithmetic_v<T>, "numbers, bool, std::string and std::vector of these; else text()");
    const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), value);
    return error == std::errc() && end == json.data() + json.size();
  }
}

}  // namespace detail

class Arguments {
 public:
  /// `json`: the text of an object, kept by the caller; empty: none. Nothing is read yet.
  explicit Arguments(std::string_view json = {}) : json_(json) {}

  /// All of it, as JSON.
  [[nodiscard]] std::string_view json() const { return json_; }

  /// JSON of one value; empty when there is none of that name. Throws ArgumentError when the text is no JSON object.
  [[nodiscard]] std::string_view text(std::string_view name) const {
    std::string_view found;
    if (json_.empty()) return found;
    detail::JsonCursor cursor(json_);
    cursor.expect('{');
    if (cursor.take('}')) return found;
    do {
      const std::string key = cursor.take_string();
      cursor.expect(':');
      const std::string_view value = cursor.take_value();
      if (key == name) found = value;
    } while (cursor.take(','));
    cursor.expect('}');
    return found;
  }
  [[nodiscard]] bool has(std::string_view name) const { return !text(name).empty(); }

  /// Throws ArgumentError when it is missing or of another type.
  template <class T>
  [[nodiscard]] T get(std::string_view name) const {
    const std::string_view json = text(name);
    if (json.empty()) throw ArgumentError("argument '" + std::string(name) + "' is missing; give it under 'with'");
    T value{};
    if (!detail::read_json(json, value))
      throw ArgumentError("argument '" + std::string(name) + "' is " + std::string(json.substr(0, 80)) +
                          ", which is not of the type it has to be");
    return value;
  }
  /// The same, or `otherwise` when it is missing.
  template <class T>
  [[nodiscard]] T get(std::string_view name, T otherwise) const {
    return has(name) ? get<T>(name) : otherwise;
  }

 private:
  std::string_view json_;
};

}  // namespace fugle
