#include "workflow/expand.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/binding.hpp"
#include "workflow/compiled_workflow.hpp"
#include "workflow/cycles.hpp"
#include "workflow/edges.hpp"
#include "workflow/element_maker.hpp"
#include "workflow/find_outlook.hpp"
#include "workflow/flatten.hpp"
#include "workflow/slurm_request.hpp"

namespace fugle::workflow {
namespace {

class Expansion {
 public:
  Expansion(const Workflow& workflow, CompiledWorkflow compiled, Diagnostics& diagnostics)
      : workflow_(workflow),
        diagnostics_(diagnostics),
        symbols_(std::move(compiled.symbols)),
        tasks_(std::move(compiled.tasks)) {}

  std::optional<graph::Graph> run(Outlook& outlook) {
    add_elements();
    outlook = find_outlook(symbols_, tasks_, diagnostics_);
    if (diagnostics_.has_errors()) return std::nullopt;
    builder_.set_limits(symbols_.limits);
    for (const CompiledTask& task : tasks_) add_edges_to(task);
    add_edges_by_files();
    graph::GraphData data = std::move(builder_).build();
    if (report_element_cycle(data, tasks_, diagnostics_)) return std::nullopt;
    bind_beside_what_is_bound(data.tasks);
    graph::Graph graph(std::move(data));
    check_slurm(graph, outlook, workflow_, symbols_.slurm, symbols_.reserve, has_stand_ins(), diagnostics_);
    if (diagnostics_.has_errors()) return std::nullopt;
    return graph;
  }

 private:
  [[nodiscard]] bool has_stand_ins() const {
    return symbols_.check_only &&
           std::ranges::any_of(symbols_.files[0].params, [](const auto& value) { return !value.has_value(); });
  }

  void add_elements() {
    OutputLists lists(symbols_, tasks_);
    ElementMaker maker(symbols_, tasks_, lists, builder_, links_, diagnostics_);
    for (const CompiledTask& task : tasks_) {
      std::uint32_t next = builder_.num_elements();
      maker.add_elements_of(task);
      for (auto& elements = elements_.emplace_back(); next < builder_.num_elements(); ++next)
        elements.emplace_back(next);
    }
  }

  void add_edges_to(const CompiledTask& task) { EdgeMaker(tasks_, elements_, builder_).add_edges_to(task); }

  void add_edges_by_files() {
    links_.for_each_link([&](const FileUser& writer, const FileUser& reader) {
      if (!is_edge_by_file(tasks_[writer.task], tasks_[reader.task])) return;
      if (tasks_[writer.task].prospect.may_skip)
        builder_.add_edges_through(graph::TaskKind::use_gate, {&writer.element, 1}, {&reader.element, 1});
      else
        builder_.add_edge(writer.element, reader.element);
    });
  }

  const Workflow& workflow_;
  Diagnostics& diagnostics_;
  Symbols symbols_;
  std::vector<CompiledTask> tasks_;
  graph::GraphBuilder builder_;
  FileLinks links_;
  std::vector<std::vector<ElementId>> elements_;  ///< [task]
};

}  // namespace

std::optional<graph::Graph> expand(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics) {
  if (has_files_to_use(workflow)) {
    const Workflow flat = flatten(workflow, options, diagnostics);
    return diagnostics.has_errors() ? std::nullopt : expand(flat, options, diagnostics);
  }
  auto compiled = compile_workflow(workflow, options, diagnostics);
  if (!compiled) return std::nullopt;
  Outlook not_asked_for;
  return Expansion(workflow, *std::move(compiled), diagnostics)
      .run(options.outlook != nullptr ? *options.outlook : not_asked_for);
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
