// import_wfformat() of import.hpp: a trace, read by wfformat.hpp, as a workflow (FORMAT.md section 14.4).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/text.hpp"
#include "workflow/foreign_names.hpp"
#include "workflow/gzip.hpp"
#include "workflow/import.hpp"
#include "workflow/wfformat.hpp"

namespace fugle::workflow {
namespace {

constexpr Position kStart{1, 1};

/// Text that holds no marker, however it looks.
Text literal(std::string_view text) { return {without_markers(text), kStart, {}}; }

/// Seconds with as few digits as they need, to the microsecond.
std::string seconds_text(double seconds) {
  std::string text = fmt::format("{:.6f}", seconds);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

/// In `range`, whatever the number (NaN is the least).
template <class T>
T clamped(double number, double least, double most) {
  return static_cast<T>(number > least ? std::min(number, most) : least);
}

class TraceImporter {
 public:
  TraceImporter(const WfTrace& trace, std::string_view json, const Replay& replay, Diagnostics& diagnostics)
      : trace_(trace), json_(json), replay_(replay), diagnostics_(diagnostics) {}

  Workflow import() {
    Workflow workflow;
    workflow.file = diagnostics_.file();
    workflow.name = trace_.name.empty() ? "trace" : ForeignNames().name_for(trace_.name);
    number_tasks();
    ForeignNames names;
    for (const WfTask& task : trace_.tasks) workflow.tasks.push_back(make_task(task, names));
    add_needs(workflow.tasks);
    set_priorities(workflow.tasks);
    if (!trace_.ignored.empty())
      diagnostics_.warning("W50", kStart, fmt::format("import: {} ignored", fmt::join(trace_.ignored, ", ")));
    return workflow;
  }

 private:
  using Edge = std::pair<std::uint32_t, std::uint32_t>;  ///< a task, one that it needs

  void number_tasks() {
    for (std::uint32_t t = 0; t < trace_.tasks.size(); ++t) {
      const WfTask& task = trace_.tasks[t];
      if (!by_id_.emplace(task.id, t).second) refuse(task.id, fmt::format("two tasks are called '{}'", task.id));
      const auto [place, is_new] = by_name_.emplace(task.name, t);
      if (!is_new) place->second = kAmbiguous;
    }
  }

  /// Looking for places and for similar names takes a pass over the file: only for messages that will be shown.
  [[nodiscard]] bool is_shown() const { return diagnostics_.all().size() < 50; }
  [[nodiscard]] Position place_of(std::string_view text) const {
    return is_shown() ? place_of_text(json_, text) : kStart;
  }

  void refuse(std::string_view text, std::string_view problem) {
    diagnostics_.error("E502", place_of(text), fmt::format("import: cannot read this line as wfformat: {}", problem));
  }

  TaskNode make_task(const WfTask& task, ForeignNames& names) {
    TaskNode node;
    node.name = names.name_for(task.id);
    node.at = kStart;
    node.run_at = kStart;
    node.tags.push_back("id:" + task.id);
    node.cores.value = clamped<std::int64_t>(std::ceil(task.cores), 1, 1e6);
    switch (replay_.kind) {
      case Replay::Kind::commands: set_command(task, node); break;
      case Replay::Kind::sleep: set_sleep(task, node); break;
      case Replay::Kind::none: node.argv.push_back(literal("true")); break;
    }
    return node;
  }

  /// Sleeping needs neither the files nor the memory of the original, and the memory was of another machine.
  void set_sleep(const WfTask& task, TaskNode& node) const {
    constexpr double kLongest = 1e9;
    const double seconds = clamped<double>(task.runtime_s.value_or(0) * replay_.scale, 0, kLongest);
    const auto microseconds = static_cast<std::int64_t>(std::llround(seconds * 1e6));
    node.argv = {literal("sleep"), literal(seconds_text(static_cast<double>(microseconds) / 1e6))};
    if (task.runtime_s) set_estimate(std::chrono::microseconds(microseconds), node);
  }

  /// An estimate of 0 would mean that nothing is known.
  static void set_estimate(Duration time, TaskNode& node) { node.estimate.value = std::max(time, Duration{1}); }

  void set_command(const WfTask& task, TaskNode& node) {
    if (task.is_shell_text) {
      node.argv = {literal("bash"), literal("-c"), literal(task.program)};
      if (!task.arguments.empty()) node.argv.push_back(literal("bash"));
    } else if (!task.program.empty()) {
      node.argv.push_back(literal(task.program));
    }
    for (const std::string& argument : task.arguments) node.argv.push_back(literal(argument));
    if (node.argv.empty()) {
      diagnostics_.error("E503", place_of(task.id),
                         fmt::format("import: task '{}' has no command; choose --replay sleep, burn or none", task.id));
    }
    if (task.runtime_s) set_estimate(from_seconds(clamped<double>(*task.runtime_s, 0, 1e9)), node);
    node.mem.value.bytes = clamped<std::uint64_t>(task.memory_bytes, 0, 0x1p62);
    ForeignNames names;
    for (const std::uint32_t file : unique(task.inputs))
      node.inputs.push_back({names.name_for(trace_.files[file].id), kStart, {literal(trace_.files[file].id)}, false});
    for (const std::uint32_t file : unique(task.outputs))
      node.outputs.push_back({names.name_for(trace_.files[file].id), kStart, literal(trace_.files[file].id)});
  }

  static std::vector<std::uint32_t> unique(std::vector<std::uint32_t> numbers) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
  }

  /// By id, else by name; E202 or E502 and nullopt when it is neither, or the name of several.
  std::optional<std::uint32_t> find(const std::string& reference) {
    if (const auto found = by_id_.find(reference); found != by_id_.end()) return found->second;
    const auto found = by_name_.find(reference);
    if (found != by_name_.end() && found->second != kAmbiguous) return found->second;
    if (found != by_name_.end()) {
      refuse(reference, fmt::format("several tasks are named '{}'; their ids are needed here", reference));
      return std::nullopt;
    }
    // Some traces write an empty text for "none".
    if (!reference.empty()) diagnostics_.error("E202", place_of(reference), unknown_task(reference));
    return std::nullopt;
  }

  std::string unknown_task(const std::string& reference) const {
    std::vector<std::string_view> known;
    for (const WfTask& task : trace_.tasks) known.emplace_back(task.id);
    const auto nearest = is_shown() ? nearest_word(reference, known) : std::nullopt;
    if (!nearest) return fmt::format("unknown task '{}'", reference);
    return fmt::format("unknown task '{}'; did you mean '{}'?", reference, *nearest);
  }

  void add_needs(std::deque<TaskNode>& nodes) {
    std::vector<Edge> by_parents, by_children;
    for (std::uint32_t t = 0; t < trace_.tasks.size(); ++t) {
      for (const std::string& parent : trace_.tasks[t].parents)
        if (const auto p = find(parent)) by_parents.emplace_back(t, *p);
      for (const std::string& child : trace_.tasks[t].children)
        if (const auto c = find(child)) by_children.emplace_back(*c, t);
    }
    for (auto* edges : {&by_parents, &by_children}) {
      std::sort(edges->begin(), edges->end());
      edges->erase(std::unique(edges->begin(), edges->end()), edges->end());
    }
    warn_of_difference(by_parents, by_children);
    std::vector<Edge> edges;
    std::set_union(by_parents.begin(), by_parents.end(), by_children.begin(), by_children.end(),
                   std::back_inserter(edges));
    set_needs(edges, nodes);
  }

  /// Only where both ends of an edge have a list to name it in.
  void warn_of_difference(const std::vector<Edge>& by_parents, const std::vector<Edge>& by_children) {
    std::vector<Edge> differing;
    std::set_symmetric_difference(by_parents.begin(), by_parents.end(), by_children.begin(), by_children.end(),
                                  std::back_inserter(differing));
    std::erase_if(differing, [&](const Edge& edge) {
      return !trace_.tasks[edge.first].has_parents || !trace_.tasks[edge.second].has_children;
    });
    if (differing.empty()) return;
    const WfTask& child = trace_.tasks[differing.front().first];
    const WfTask& parent = trace_.tasks[differing.front().second];
    diagnostics_.warning("W51", place_of(child.id),
                         fmt::format("import: parents and children differ in {} edge{} (such as '{}' to '{}'); all are "
                                     "taken",
                                     differing.size(), differing.size() == 1 ? "" : "s", parent.id, child.id));
  }

  /// Edges in order of their tasks. The data on an edge is what the one writes and the other reads.
  void set_needs(const std::vector<Edge>& edges, std::deque<TaskNode>& nodes) {
    std::vector<std::uint32_t> read_by(trace_.files.size(), kAmbiguous);  // the last task seen that reads a file
    for (std::size_t e = 0; e < edges.size(); ++e) {
      const auto [to, from] = edges[e];
      if (e == 0 || edges[e - 1].first != to)
        for (const std::uint32_t file : trace_.tasks[to].inputs) read_by[file] = to;
      double bytes = 0;
      for (const std::uint32_t file : unique(trace_.tasks[from].outputs))
        if (read_by[file] == to) bytes += trace_.files[file].bytes;
      nodes[to].needs.push_back({nodes[from].name, kStart});
      nodes[to].need_bytes.push_back(bytes);
    }
  }

  /// As they are where all are whole and in range, else by their rank. A replay shows our own order, not that of the
  /// system that ran the trace, so it leaves them out.
  void set_priorities(std::deque<TaskNode>& nodes) {
    if (replay_.kind != Replay::Kind::commands) return;
    std::vector<double> values;
    for (const WfTask& task : trace_.tasks)
      if (task.priority) values.push_back(*task.priority);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    const bool fits = std::all_of(values.begin(), values.end(),
                                  [](double p) { return p == std::floor(p) && p >= -1000 && p <= 1000; });
    if (!fits) diagnostics_.warning("W51", kStart, "import: priorities mapped to -1000..1000 keeping their order");
    for (std::size_t t = 0; t < nodes.size(); ++t)
      if (const auto priority = trace_.tasks[t].priority)
        nodes[t].priority.value = fits ? static_cast<std::int64_t>(*priority) : rank_of(*priority, values);
  }

  static std::int64_t rank_of(double priority, const std::vector<double>& values) {
    const auto rank = std::lower_bound(values.begin(), values.end(), priority) - values.begin();
    const auto last = static_cast<std::int64_t>(values.size()) - 1;
    return last <= 2000 ? rank - last / 2 : rank * 2000 / last - 1000;
  }

  static constexpr std::uint32_t kAmbiguous = ~std::uint32_t{0};

  const WfTrace& trace_;
  std::string_view json_;
  const Replay& replay_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, std::uint32_t> by_id_;
  std::unordered_map<std::string_view, std::uint32_t> by_name_;
};

}  // namespace

std::optional<Workflow> import_wfformat(std::string_view bytes, const Replay& replay, Diagnostics& diagnostics) {
  std::optional<std::string> unpacked;
  if (is_gzip(bytes)) {
    unpacked = gunzip(bytes);
    if (!unpacked) {
      diagnostics.error("E502", kStart, "import: the gzip data is damaged or too large; unpack it with gunzip to see");
      return std::nullopt;
    }
    bytes = *unpacked;
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const auto trace = read_wfformat(bytes, diagnostics);
  if (!trace) return std::nullopt;
  if (trace->tasks.empty()) diagnostics.error("E105", kStart, "the file has no tasks");
  Workflow workflow = TraceImporter(*trace, bytes, replay, diagnostics).import();
  if (diagnostics.has_errors()) return std::nullopt;
  return workflow;
}

}  // namespace fugle::workflow
