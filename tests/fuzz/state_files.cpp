// Any damage of plan.0.h5, live.h5 and metrics.h5: their readers give what was there, or say what is wrong. The first
// byte chooses: edits of a good plan, edits of a good live.h5 with the check sum of its summary made right, the input as
// the file itself, changes of the columns of a graph as they are before they are believed, or edits of a good
// metrics.h5.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "file_edits.hpp"
#include "graph/find_flaw.hpp"
#include "graph/measures.hpp"
#include "scheduler/run_state.hpp"
#include "scratch_run.hpp"
#include "store/live_file.hpp"
#include "store/live_layout.hpp"
#include "store/metrics_file.hpp"
#include "store/plan_file.hpp"

namespace {

using namespace fugle;

std::string bytes_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const graph::Graph& graph_with_metrics() {
  static const graph::Graph graph = [] {
    graph::GraphBuilder builder;
    graph::Task task;
    task.name = "t";
    task.metrics.resize(2);
    task.metrics[0].name = "wall";
    task.metrics[0].unit = "s";
    task.metrics[1].name = "rate";
    builder.add_element(builder.add_task(task), "t", graph::ElementText());
    return graph::Graph(std::move(builder).build());
  }();
  return graph;
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
    const std::vector<graph::Series> measures{{0, 1, {1.5, 2.5}}, {1, 4, {}}};
    {
      store::MetricsFile file(run.path(), graph_with_metrics(), [](ElementId, std::uint16_t) { return true; });
      file.on_measures(ElementId(0), 1, graph::encode_measures(measures));
    }
    metrics = bytes_of_file(store::metrics_path(run.path()));
  }
  std::string plan, live, metrics;
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

/// The next life writes on in what is there, or sets it aside.
void read_and_continue_metrics(const fuzz::ScratchRun& run, std::string_view file) {
  run.put("metrics.h5", file);
  try {
    (void)store::read_metrics(run.path());
  } catch (const Error&) {
  }
  try {
    store::MetricsFile next(run.path(), graph_with_metrics(),
                            [](ElementId element, std::uint16_t) { return element == ElementId(0); });
    next.on_measures(ElementId(0), 2, graph::encode_measures(std::vector<graph::Series>{{0, 1, {3.5}}}));
  } catch (const Error&) {
    return;
  }
  const auto metrics = store::read_metrics(run.path());
  if (!metrics) std::abort();
  const auto is_new = [&](const store::MetricSeries& series) {
    return series.element == ElementId(0) && series.attempt == 2 && series.values == std::vector<double>{3.5};
  };
  if (std::none_of(metrics->series.begin(), metrics->series.end(), is_new)) std::abort();
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
  std::string plan = good.plan, live = good.live, metrics = good.metrics;
  switch (data[0] % 5) {
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
      read_and_continue_metrics(run, input);
      break;
    case 3: read_columns(input); break;
    case 4:
      fuzz::apply_edits(input, metrics);
      read_and_continue_metrics(run, metrics);
      break;
  }
  return 0;
}
