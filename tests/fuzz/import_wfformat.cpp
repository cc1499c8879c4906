// Any bytes, plain or gzip, as a WfFormat trace: a workflow or messages, never a crash, an exception or a hang.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "imported.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fugle::workflow;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics("fuzz.json");
  const Replay replay{size % 2 == 0 ? Replay::Kind::commands : Replay::Kind::sleep, 0.5};
  const auto workflow = import_wfformat(bytes, replay, diagnostics);
  judge_imported(workflow, diagnostics);
  diagnostics.sort();
  (void)diagnostics.to_json();
  return 0;
}
