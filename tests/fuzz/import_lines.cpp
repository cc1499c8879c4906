// Any bytes as a file of command lines: a workflow or messages, and of a workflow one element per command.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "imported.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fugle::workflow;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics("fuzz.txt");
  const auto workflow = import_lines(bytes, {}, diagnostics);
  judge_imported(workflow, diagnostics);
  diagnostics.sort();
  (void)diagnostics.to_text();
  return 0;
}
