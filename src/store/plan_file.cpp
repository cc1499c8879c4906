#include "store/plan_file.hpp"

#include <fmt/format.h>

#include <sstream>

#include "base/error.hpp"
#include "graph/find_flaw.hpp"
#include "store/column.hpp"
#include "store/file.hpp"
#include "store/hdf5.hpp"

namespace fugle::store {

using graph::Graph;
using graph::GraphData;
using graph::Task;

namespace {

constexpr std::uint64_t kPlanFormat = 1;

std::string plan_path(const std::string& run_dir) { return run_dir + "/plan.0.h5"; }

template <class Get>
graph::StringColumn texts_of(const std::vector<Task>& tasks, Get get) {
  graph::StringColumn column;
  for (const Task& task : tasks) column.add(get(task));
  return column;
}

template <class T, class Get>
std::vector<T> numbers_of(const std::vector<Task>& tasks, Get get) {
  std::vector<T> column;
  column.reserve(tasks.size());
  for (const Task& task : tasks) column.push_back(static_cast<T>(get(task)));
  return column;
}

/// The blobs are what is read back; the other columns are for readers that do not know our codec.
void write_tasks(const hdf5::Handle& file, const std::vector<Task>& tasks) {
  const hdf5::Handle group = hdf5::create_group(file, "tasks");
  write_texts(group, "name", texts_of(tasks, [](const Task& t) -> const std::string& { return t.name; }));
  write_texts(group, "description", texts_of(tasks, [](const Task& t) -> const std::string& { return t.description; }));
  write_column(group, "kind", numbers_of<std::uint8_t>(tasks, [](const Task& t) { return t.kind; }));
  write_column(group, "cores", numbers_of<std::uint32_t>(tasks, [](const Task& t) { return t.request.cores; }));
  write_column(group, "mem_bytes", numbers_of<std::uint64_t>(tasks, [](const Task& t) { return t.request.mem_bytes; }));
  write_column(group, "timeout_ns", numbers_of<std::int64_t>(tasks, [](const Task& t) { return t.timeout.count(); }));
  write_column(group, "estimate_ns", numbers_of<std::int64_t>(tasks, [](const Task& t) { return t.estimate.count(); }));
  write_column(group, "max_retries", numbers_of<std::uint32_t>(tasks, [](const Task& t) { return t.retries.max; }));
  write_column(group, "priority", numbers_of<std::int32_t>(tasks, [](const Task& t) { return t.priority; }));
  write_texts(group, "blob", texts_of(tasks, graph::encode_task));
}

void write_elements(const hdf5::Handle& file, const GraphData& data) {
  const hdf5::Handle elements = hdf5::create_group(file, "elements");
  write_texts(elements, "id", data.ids);
  write_texts(elements, "text", data.texts);
  write_column(elements, "task", data.task_of);
  write_column(elements, "estimate_s", data.estimate_s);
  const hdf5::Handle needs = hdf5::create_group(file, "needs");
  write_column(needs, "row_offset", data.needs.offsets);
  write_column(needs, "col", data.needs.columns);
  write_column(needs, "bytes", data.need_bytes);
}

void write_limits(const hdf5::Handle& file, const graph::RunLimits& limits) {
  hdf5::write_attribute(file, "max_failures", limits.max_failures);
  hdf5::write_attribute(file, "max_infra_retries", limits.max_infra_retries);
  if (limits.max_parallel > 0) hdf5::write_attribute(file, "max_parallel", limits.max_parallel);
  std::string pools;  // "dtn 4\nfs_write 8": names have no blanks
  for (const auto& [name, tokens] : limits.pools)
    pools += fmt::format("{}{} {}", pools.empty() ? "" : "\n", name, tokens);
  if (!pools.empty()) hdf5::write_attribute(file, "pools", pools);
}

std::vector<std::pair<std::string, std::uint32_t>> pools_in(const std::string& text) {
  std::vector<std::pair<std::string, std::uint32_t>> pools;
  std::istringstream in(text);
  std::string name;
  for (std::uint32_t tokens = 0; in >> name >> tokens;) pools.emplace_back(name, tokens);
  return pools;
}

/// Plans of earlier versions say nothing about limits.
graph::RunLimits read_limits(const hdf5::Handle& file) {
  graph::RunLimits limits;
  const auto read = [&](const char* name, std::uint32_t& value) {
    if (hdf5::has_attribute(file, name)) value = static_cast<std::uint32_t>(hdf5::read_number(file, name));
  };
  read("max_failures", limits.max_failures);
  read("max_infra_retries", limits.max_infra_retries);
  read("max_parallel", limits.max_parallel);
  if (hdf5::has_attribute(file, "pools")) limits.pools = pools_in(hdf5::read_text(file, "pools"));
  return limits;
}

GraphData read_graph(const hdf5::Handle& file) {
  GraphData data;
  data.limits = read_limits(file);
  const hdf5::Handle tasks = hdf5::open_group(file, "tasks");
  const graph::StringColumn blobs = read_texts(tasks, "blob");
  data.tasks.reserve(blobs.size());
  for (std::size_t t = 0; t < blobs.size(); ++t) data.tasks.push_back(graph::decode_task(blobs[t]));
  const hdf5::Handle elements = hdf5::open_group(file, "elements");
  data.ids = read_texts(elements, "id");
  data.texts = read_texts(elements, "text");
  data.task_of = read_column<std::uint32_t>(elements, "task");
  data.estimate_s = read_column<float>(elements, "estimate_s");
  const hdf5::Handle needs = hdf5::open_group(file, "needs");
  data.needs.offsets = read_column<std::uint32_t>(needs, "row_offset");
  data.needs.columns = read_column<std::uint32_t>(needs, "col");
  data.need_bytes = read_column<float>(needs, "bytes");
  return data;
}

void check_format(const hdf5::Handle& file, const std::string& path) {
  const std::uint64_t format = hdf5::read_number(file, "format");
  if (format <= kPlanFormat) return;
  throw ConflictError(fmt::format("cannot read '{}' (written in format {}, this build reads up to {}); upgrade fugle",
                                  path, format, kPlanFormat));
}

/// Runs `read` on the opened plan; what goes wrong there is damage of the file.
template <class Read>
auto with_plan(const std::string& run_dir, Read read) {
  const std::string path = plan_path(run_dir);
  if (!file_exists(path)) {
    throw EnvironmentError(fmt::format(
        "cannot read '{}' (there is no such file); give the directory of a run, see 'fugle history'", path));
  }
  const hdf5::Session session;
  try {
    const hdf5::Handle file = hdf5::open_file(session, path);
    check_format(file, path);
    return read(file);
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(
        fmt::format("'{}' is damaged ({}); restore this file from a copy, or start a new run", path, error.what()));
  }
}

}  // namespace

void write_plan(const std::string& run_dir, const Graph& graph, const PlanFacts& facts, Disk& disk) {
  const std::string path = plan_path(run_dir);
  const ScopedTemporary temporary(path + ".tmp", disk);
  {
    const hdf5::Session session;
    hdf5::Handle file = hdf5::create_file(session, temporary.path());
    hdf5::write_attribute(file, "format", kPlanFormat);
    hdf5::write_attribute(file, "plan", std::uint64_t{0});
    hdf5::write_attribute(file, "run", facts.run);
    hdf5::write_attribute(file, "workflow", facts.workflow);
    hdf5::write_attribute(file, "seed", facts.seed);
    write_limits(file, graph.limits());
    write_tasks(file, graph.data().tasks);
    write_elements(file, graph.data());
    hdf5::close_checked(std::move(file), path);
  }
  replace_durably(temporary.path(), path, disk);
}

PlanFile read_plan(const std::string& run_dir) {
  return with_plan(run_dir, [](const hdf5::Handle& file) {
    PlanFacts facts{hdf5::read_text(file, "run"), hdf5::read_text(file, "workflow"), hdf5::read_number(file, "seed")};
    GraphData data = read_graph(file);
    if (const std::string flaw = graph::find_flaw(data); !flaw.empty()) throw EnvironmentError(flaw);
    return PlanFile{std::move(facts), Graph(std::move(data))};
  });
}

ElementNames read_element_names(const std::string& run_dir) {
  return with_plan(run_dir, [](const hdf5::Handle& file) {
    const hdf5::Handle elements = hdf5::open_group(file, "elements");
    return ElementNames{read_texts(elements, "id"), read_column<std::uint32_t>(elements, "task"),
                        read_texts(hdf5::open_group(file, "tasks"), "name")};
  });
}

std::vector<std::string> read_element_ids(const std::string& run_dir, const std::vector<ElementId>& elements) {
  return with_plan(run_dir, [&](const hdf5::Handle& file) {
    const hdf5::Handle offsets = hdf5::open_dataset(file, "elements/id_offset");
    const hdf5::Handle bytes = hdf5::open_dataset(file, "elements/id_bytes");
    const std::uint64_t num_offsets = hdf5::size_of(offsets);
    std::vector<std::string> ids;
    ids.reserve(elements.size());
    for (const ElementId e : elements) {
      if (e.value() + std::uint64_t{1} >= num_offsets) {
        ids.emplace_back();
        continue;
      }
      std::uint64_t range[2];
      hdf5::read_some(offsets, hdf5::type_of<std::uint64_t>(), e.value(), 2, range);
      if (range[0] > range[1] || range[1] > hdf5::size_of(bytes))
        throw EnvironmentError("the ids do not fit their bytes");
      std::string& id = ids.emplace_back(range[1] - range[0], '\0');
      if (!id.empty()) hdf5::read_some(bytes, hdf5::type_of<char>(), range[0], id.size(), id.data());
    }
    return ids;
  });
}

}  // namespace fugle::store
