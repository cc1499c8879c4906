#include "report/log_lines.hpp"

#include <fmt/format.h>

namespace fugle::report {

std::string LogLines::add(const std::string& name, std::string_view bytes) {
  std::string lines;
  std::string line;
  if (const auto begun = partial_.find(name); begun != partial_.end()) {
    line = std::move(begun->second);
    partial_.erase(begun);
  }
  for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
    lines += fmt::format("{} | {}{}\n", name, line, bytes.substr(0, end));
    line.clear();
  }
  line += bytes;
  if (!line.empty()) partial_.emplace(name, std::move(line));
  return lines;
}

std::string LogLines::finish() {
  std::string lines;
  for (const auto& [name, line] : partial_) lines += fmt::format("{} | {}\n", name, line);
  partial_.clear();
  return lines;
}

}  // namespace fugle::report
