// Any damage of plan.0.h5 and live.h5: their readers give what was there, or say what is wrong. The first byte chooses:
// edits of a good plan, edits of a good live.h5 with the check sum of its summary made right, the input as the file
// itself, or changes of the columns of a graph as they are before they are believed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.hpp"
#include "file_edits.hpp"
#include "graph/find_flaw.hpp"
#include "scheduler/run_state.hpp"
#include "scratch_run.hpp"
#include "store/live_file.hpp"
#include "store/live_layout.hpp"
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

void correct_summary(std::string& file) {
  store::LiveDirectory directory;
  store::SummaryRow row;
  if (file.size() < sizeof directory) return;
  std::memcpy(&directory, file.data(), sizeof directory);
  if (directory.summary > file.size() || file.size() - directory.summary < sizeof row) return;
  std::memcpy(&row, file.data() + directory.summary, sizeof row);
  row.crc = store::crc_of(row);
  std::memcpy(file.data() + directory.summary, &row, sizeof row);
}

/// Three bytes are one change: of which column, where, to what.
void read_columns(std::string_view input) {
  static const graph::Graph good_graph = fuzz::small_graph();
  graph::GraphData data = good_graph.data();
  std::vector<std::uint64_t> offsets = data.texts.offsets();
  std::string texts = data.texts.bytes();
  const auto set = [](auto& column, std::size_t at, std::uint8_t value) {
    if (!column.empty()) column[at % column.size()] = static_cast<std::remove_reference_t<decltype(column[0])>>(value);
  };
  for (; input.size() >= 3; input.remove_prefix(3)) {
    const auto at = static_cast<std::uint8_t>(input[1]), value = static_cast<std::uint8_t>(input[2]);
    switch (static_cast<std::uint8_t>(input[0]) % 6) {
      case 0: set(data.task_of, at, value); break;
      case 1: set(data.needs.offsets, at, value); break;
      case 2: set(data.needs.columns, at, value); break;
      case 3: set(texts, at, value); break;
      case 4: set(offsets, at, value); break;
      case 5: data.needs.columns.resize(at); break;
    }
  }
  if (offsets.back() == texts.size()) data.texts = graph::StringColumn::from_raw(std::move(offsets), std::move(texts));
  if (graph::find_flaw(data).empty()) use(graph::Graph(std::move(data)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchRun run;
  static const GoodFiles good(run);
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string plan = good.plan, live = good.live;
  switch (data[0] % 4) {
    case 0:
      fuzz::apply_edits(input, plan);
      read_plan(run, plan);
      break;
    case 1:
      fuzz::apply_edits(input, live);
      correct_summary(live);
      run.put("live.h5", live);
      (void)store::read_live(run.path());
      break;
    case 2:
      read_plan(run, std::string(input));
      run.put("live.h5", input);
      (void)store::read_live(run.path());
      break;
    case 3: read_columns(input); break;
  }
  return 0;
}
