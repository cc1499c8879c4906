// Any bytes as a workflow file: the reader must answer with a workflow or with messages, never crash, hang or throw,
// and what it accepts must be fit for expansion. README.md beside this file says how to run it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "workflow/expand.hpp"
#include "workflow/reader.hpp"

namespace {

using namespace fugle::workflow;

/// A range may be as long as a large node bears, so a few bytes can ask for gigabytes and be right. Nothing is found
/// there but the fuzzer's own limits.
bool is_cheap(const Workflow& workflow) {
  constexpr std::size_t kManyElements = 10'000;
  for (const TaskNode& task : workflow.tasks) {
    std::size_t elements = 1, unknown = 0;
    for (const MatrixVar& variable : task.matrix) {
      elements *= std::max<std::size_t>(variable.values.size(), 1);
      if (variable.expression && ++unknown > 1) return false;
      if (elements > kManyElements) return false;
    }
  }
  return true;
}

bool has_long_range(std::string_view text) {
  for (std::size_t at = text.find(".."); at != text.npos; at = text.find("..", at + 1))
    if (text.substr(at + 2).find_first_not_of("0123456789") > 4) return true;
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (has_long_range(bytes)) return 0;
  Diagnostics diagnostics("fuzz.yaml");
  int files_left = 100;
  const ReadOptions itself{[&](const std::string& path, std::string& why) -> std::optional<std::string> {
    // A file that names others finds itself under every name but one, as often as is of any interest.
    why = "not found";
    return path == "gone" || --files_left < 0 ? std::nullopt : std::optional(std::string(bytes));
  }};
  const auto workflow = read_workflow(bytes, diagnostics, itself);
  if (workflow.has_value() == diagnostics.has_errors()) std::abort();
  if (workflow && is_cheap(*workflow)) {
    ExpandOptions options;
    options.directory = "/somewhere";
    options.check_only = true;
    const auto graph = expand(*workflow, options, diagnostics);
    if (graph.has_value() == diagnostics.has_errors()) std::abort();
  }
  diagnostics.sort();
  (void)diagnostics.to_text();
  (void)diagnostics.to_json();
  return 0;
}
