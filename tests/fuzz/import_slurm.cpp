// Any bytes as a batch script, its first line as the options of the call: a workflow or messages.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.hpp"
#include "imported.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fugle::workflow;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view first = bytes.substr(0, bytes.find('\n'));
  if (first.size() == bytes.size()) return 0;
  SbatchCall call;
  for (const std::string_view word : fugle::split(first, ' '))
    if (!word.empty()) call.words.emplace_back(word);
  call.script = bytes.substr(first.size() + 1);
  call.script_path = "job.sh";
  call.directory = "/somewhere";
  Diagnostics diagnostics("job.sh");
  // Arrays of millions are for real inputs.
  const auto job = read_sbatch_call(call, {}, diagnostics);
  if (job && job->num_elements() > 1000) return 0;
  if (job.has_value() == diagnostics.has_errors()) __builtin_trap();
  Diagnostics again("job.sh");
  const auto workflow = import_slurm({&call, 1}, {"job", "", {}}, again);
  judge_imported(workflow, again);
  again.sort();
  (void)again.to_text();
  return 0;
}
