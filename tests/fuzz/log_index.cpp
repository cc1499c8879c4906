// Any bytes as the index of a worker's log: chunks that can be read, whatever they claim. The first byte chooses
// whether rows get their right check sum, without which they do not count.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "executor/attempt_log.hpp"
#include "executor/log_row.hpp"
#include "scratch_run.hpp"

namespace {

using namespace fugle;

void correct_checks(std::string& index) {
  for (std::size_t at = 0; at + sizeof(executor::LogRow) <= index.size(); at += sizeof(executor::LogRow)) {
    executor::LogRow row;
    std::memcpy(&row, index.data() + at, sizeof row);
    row.check = executor::check_of(row);
    std::memcpy(index.data() + at, &row, sizeof row);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchRun run;
  if (size == 0) return 0;
  std::string index(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) correct_checks(index);
  run.put("logs/worker-0.idx", index);
  run.put("logs/worker-0.log", "what attempts have said\nin two lines\n");
  const auto chunks = executor::find_chunks(run.path(), ElementId{}, 0);
  if (chunks.size() > index.size() / sizeof(executor::LogRow)) std::abort();
  for (const executor::LogChunk& chunk : chunks)
    if (executor::read_chunk(run.path(), chunk).size() > 64) std::abort();
  for (std::uint32_t e = 0; e < 3; ++e) (void)executor::tail_of_attempt(run.path(), ElementId(e), 1, 20);
  return 0;
}
