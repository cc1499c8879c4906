// Any damage of plan.0.h5 and live.h5: their readers give what was there, or say what is wrong. The first byte chooses
// the file and whether the rest is edits of a good one, with its check sums made right, or the file itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.hpp"
#include "hdf5_edits.hpp"
#include "scheduler/run_state.hpp"
#include "scratch_run.hpp"
#include "store/live_file.hpp"
#include "store/plan_file.hpp"

namespace {

using namespace fugle;

std::string bytes_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct GoodFiles {
  explicit GoodFiles(const fuzz::ScratchRun& run) {
    const graph::Graph graph = fuzz::small_graph();
    store::write_plan(run.path(), graph, {"run", "workflow", 1});
    plan = bytes_of_file(run.path() + "/plan.0.h5");
    {
      const scheduler::RunState state(graph, 1);
      const store::LiveFile file(run.path(), state);
    }
    live = bytes_of_file(run.path() + "/live.h5").substr(0, 64 * 1024);
  }
  std::string plan, live;
};

/// Everything that readers do with a graph.
void use(const graph::Graph& graph) {
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    const ElementId e(i);
    (void)graph.text(e);
    (void)graph.real_needs(e);
    (void)graph.find(graph.id(e));
  }
  const scheduler::RunState state(graph, 1);
  state.check_invariants();
}

void read_plan(const fuzz::ScratchRun& run, const std::string& file) {
  run.put("plan.0.h5", file);
  try {
    use(store::read_plan(run.path()).graph);
  } catch (const Error&) {
  }
  try {
    (void)store::read_element_ids(run.path(), {ElementId(0), ElementId(5), ElementId(4'000'000'000)});
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchRun run;
  static const GoodFiles good(run);
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_plan = data[0] % 2 == 0, is_whole = data[0] % 8 >= 6;
  std::string file = is_whole ? std::string(input) : is_plan ? good.plan : good.live;
  if (!is_whole) {
    fuzz::apply_edits(input, file);
    fuzz::correct_sums(file, is_plan ? 0 : 4096);
  }
  if (is_plan) {
    read_plan(run, file);
  } else {
    run.put("live.h5", file);
    (void)store::read_live(run.path());
  }
  return 0;
}
