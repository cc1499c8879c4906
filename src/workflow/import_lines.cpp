// import_lines() of import.hpp: a file of shell commands as one task with an element per line (FORMAT.md section 13).

#include <fmt/format.h>

#include <algorithm>

#include "workflow/import.hpp"

namespace fugle::workflow {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

bool is_command(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r\v\f");
  return first != std::string_view::npos && line[first] != '#';
}

void check_line(std::string_view line, std::uint32_t number, Diagnostics& diagnostics) {
  const std::size_t nul = line.find('\0');
  if (nul != std::string_view::npos)
    diagnostics.error("E502", {number, static_cast<std::uint32_t>(nul) + 1},
                      "import: cannot read this line as lines: it holds a NUL byte");
  if (line.size() > kMaxLineBytes)
    diagnostics.error(
        "E502", {number, 1},
        fmt::format("import: cannot read this line as lines: it has {} bytes, 1048576 are allowed", line.size()));
}

std::vector<Line> read_lines(std::string_view bytes, Diagnostics& diagnostics) {
  std::vector<Line> lines;
  for (std::uint32_t number = 1; !bytes.empty(); ++number) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);  // a file from Windows, else bash would see the byte
    if (!is_command(line)) continue;
    check_line(line, number, diagnostics);
    lines.push_back({number, std::string(line)});
  }
  return lines;
}

}  // namespace

std::optional<Workflow> import_lines(std::string_view bytes, const LinesOptions& options, Diagnostics& diagnostics) {
  TaskNode task;
  task.name = "line";
  task.at = {1, 1};
  task.lines = read_lines(bytes, diagnostics);
  if (task.lines.empty()) diagnostics.error("E105", {}, "the file has no commands");
  task.shell = {options.shell, "-c"};
  task.cores.value = options.cores;
  task.mem.value.bytes = options.mem_bytes;
  task.gpus.value = options.gpus;
  task.timeout.value = options.timeout;
  task.retries.max.value = options.retries;
  if (diagnostics.has_errors()) return std::nullopt;
  Workflow workflow;
  workflow.file = diagnostics.file();
  workflow.name = "lines";
  workflow.tasks.push_back(std::move(task));
  return workflow;
}

}  // namespace fugle::workflow
