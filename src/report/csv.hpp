// Lines of comma-separated values (RFC 4180, but with \n).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fugle::report {

/// In quotes where it has to be.
[[nodiscard]] inline std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

[[nodiscard]] inline std::string csv_line(std::span<const std::string> fields) {
  std::string line;
  for (const std::string& field : fields) line += csv_field(field) + ",";
  if (!line.empty()) line.pop_back();
  return line + "\n";
}

}  // namespace fugle::report
