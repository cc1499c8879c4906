#include "workflow/expand.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/cycles.hpp"
#include "workflow/element_maker.hpp"
#include "workflow/matching.hpp"
#include "workflow/matrix.hpp"
#include "workflow/slurm_request.hpp"

namespace fugle::workflow {
namespace {

using graph::Bind;

/// What is bound to cores of its own, such as ranks, cannot give way to a process that runs anywhere: beside it each
/// gets the core it has leased. Else one-core processes are left to the system, which costs least.
void bind_beside_what_is_bound(std::vector<graph::Task>& tasks) {
  const auto has_own_cores = [](const graph::Task& task) {
    return task.bind == Bind::automatic ? task.shape.nodes > 1 : task.bind != Bind::none;
  };
  if (std::ranges::none_of(tasks, has_own_cores)) return;
  for (graph::Task& task : tasks) {
    const bool is_left_to_the_system = task.bind == Bind::automatic && task.request.cores == 1;
    if (is_left_to_the_system && !graph::is_gate(task.kind)) task.bind = Bind::core;
  }
}

class Expansion {
 public:
  Expansion(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics)
      : workflow_(workflow), diagnostics_(diagnostics), symbols_(make_symbols(workflow, options, diagnostics)) {}

  std::optional<graph::Graph> run() {
    compile_tasks();
    if (report_task_cycle(tasks_, diagnostics_) || !is_small_enough()) return std::nullopt;
    for (CompiledTask& task : tasks_) match_needs_of(task);
    add_elements();
    if (diagnostics_.has_errors()) return std::nullopt;
    builder_.set_limits(symbols_.limits);
    for (const CompiledTask& task : tasks_) add_edges_to(task);
    add_edges_by_files();
    graph::GraphData data = std::move(builder_).build();
    if (report_element_cycle(data, tasks_, diagnostics_)) return std::nullopt;
    bind_beside_what_is_bound(data.tasks);
    graph::Graph graph(std::move(data));
    check_slurm(graph, workflow_, symbols_.slurm, symbols_.reserve, has_stand_ins(), diagnostics_);
    if (diagnostics_.has_errors()) return std::nullopt;
    return graph;
  }

 private:
  void compile_tasks() {
    const WorkflowNames names(symbols_);
    tasks_.reserve(workflow_.tasks.size());
    for (std::uint32_t t = 0; t < workflow_.tasks.size(); ++t)
      tasks_.push_back(compile_task(symbols_, names, t, diagnostics_));
  }

  [[nodiscard]] bool has_stand_ins() const {
    return symbols_.check_only &&
           std::ranges::any_of(symbols_.params, [](const std::optional<Value>& value) { return !value.has_value(); });
  }

  /// What `each` means; a task without a match is broken.
  void match_needs_of(CompiledTask& task) {
    if (task.is_broken) return;
    task.matches.resize(task.needs.size());
    for (std::size_t i = 0; i < task.needs.size(); ++i) {
      const Need& need = task.node->needs[i];
      const CompiledTask& above = tasks_[task.needs[i]];
      if (need.kind != Need::Kind::each || above.is_broken) continue;
      try {
        task.matches[i] = match_elements(task, above);
      } catch (ExpressionError& error) {
        error.at = need.at;
        error.is_doubtful = has_doubtful_matrix(task) || has_doubtful_matrix(above);
        report(error, diagnostics_);
        task.is_broken = true;
      }
    }
  }

  static bool has_doubtful_matrix(const CompiledTask& task) {
    return std::ranges::any_of(task.matrix, &CompiledVariable::is_doubtful);
  }

  bool is_small_enough() {
    std::uint64_t total = 0;
    for (const CompiledTask& task : tasks_) total += task.is_broken ? 0 : task.num_elements;
    if (total <= kMaxElements) return true;
    diagnostics_.error("E206", {},
                       fmt::format("the tasks expand to {} elements, this version takes {}", total, kMaxElements));
    return false;
  }

  void add_elements() {
    ElementMaker maker(symbols_, tasks_, builder_, links_, diagnostics_);
    for (const CompiledTask& task : tasks_) {
      first_element_.push_back(builder_.num_elements());
      maker.add_elements_of(task);
    }
    first_element_.push_back(builder_.num_elements());
  }

  std::vector<ElementId> elements_of(std::uint32_t task) const {
    std::vector<ElementId> elements;
    for (std::uint32_t e = first_element_[task]; e < first_element_[task + 1]; ++e) elements.emplace_back(e);
    return elements;
  }

  void add_edges_to(const CompiledTask& task) {
    const std::vector<ElementId> to = elements_of(task.number);
    const std::vector<double>& bytes = task.node->need_bytes;
    for (std::size_t i = 0; i < task.needs.size(); ++i) {
      if (i < bytes.size() && bytes[i] > 0)
        add_edges_with_bytes(task.needs[i], to, bytes[i]);
      else
        add_edges_of_need(task, i, to);
    }
    for (const Reference& reference : task.references)
      if (!is_matched(task, reference.task)) builder_.add_edges_all(elements_of(reference.task), to);
    for (std::size_t e = task.node->max_parallel; e < to.size() && task.node->max_parallel > 0; ++e)
      builder_.add_edges_after_end({&to[e - task.node->max_parallel], 1}, {&to[e], 1});
  }

  /// One element needs one element, and what refers to the task means that one too.
  static bool is_matched(const CompiledTask& task, std::uint32_t other) {
    for (std::size_t i = 0; i < task.matches.size(); ++i)
      if (task.needs[i] == other && !task.matches[i].empty()) return true;
    return false;
  }

  void add_edges_of_need(const CompiledTask& task, std::size_t number, const std::vector<ElementId>& to) {
    const Need& need = task.node->needs[number];
    const CompiledTask& above = tasks_[task.needs[number]];
    std::vector<ElementId> from = elements_of(above.number);
    if (need.element) {
      const auto& values = above.matrix.at(0).texts;
      const auto found = std::find(values.begin(), values.end(), *need.element);
      from = {from.at(static_cast<std::size_t>(found - values.begin()))};
    }
    switch (need.kind) {
      case Need::Kind::ok: return builder_.add_edges_all(from, to);
      case Need::Kind::done: return builder_.add_edges_after_end(from, to);
      case Need::Kind::each:
        if (from.empty()) return;  // left out while checking, for want of a param
        for (std::size_t e = 0; e < to.size(); ++e) builder_.add_edge(from[task.matches[number].at(e)], to[e]);
    }
  }

  void add_edges_with_bytes(std::uint32_t from, const std::vector<ElementId>& to, double bytes) {
    for (const ElementId f : elements_of(from))
      for (const ElementId t : to) builder_.add_edge(f, t, bytes);
  }

  /// What `needs` or a reference says of two tasks holds for all their elements already.
  bool is_needed(const CompiledTask& task, std::uint32_t other) const {
    return std::find(task.needs.begin(), task.needs.end(), other) != task.needs.end() ||
           std::any_of(task.references.begin(), task.references.end(),
                       [&](const Reference& reference) { return reference.task == other; });
  }

  void add_edges_by_files() {
    links_.for_each_link([&](const FileUser& writer, const FileUser& reader) {
      // What `finally` reads, all others have written by then; what it writes, they can only find from an earlier run.
      const bool is_same_side = tasks_[reader.task].node->runs_finally == tasks_[writer.task].node->runs_finally;
      if (is_same_side && !is_needed(tasks_[reader.task], writer.task))
        builder_.add_edge(writer.element, reader.element);
    });
  }

  const Workflow& workflow_;
  Diagnostics& diagnostics_;
  Symbols symbols_;
  std::vector<CompiledTask> tasks_;
  graph::GraphBuilder builder_;
  FileLinks links_;
  std::vector<std::uint32_t> first_element_;  ///< [task], and the end
};

}  // namespace

std::optional<graph::Graph> expand(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics) {
  return Expansion(workflow, options, diagnostics).run();
}

std::optional<Duration> reserve_of(const Workflow& workflow, const ExpandOptions& options) {
  if (workflow.reserve.at.line == 0) return std::nullopt;
  if (!workflow.reserve.expression) return workflow.reserve.value;
  Diagnostics already_said(workflow.file);
  return make_symbols(workflow, options, already_said).reserve;
}

SlurmRequest slurm_request_of(const Workflow& workflow, const ExpandOptions& options) {
  Diagnostics already_said(workflow.file);
  return make_symbols(workflow, options, already_said).slurm;
}

}  // namespace fugle::workflow
