// fugle graph FILE or RUN: the tasks or elements of a workflow and what they wait for, as text or as a picture.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>

#include "app/drawing.hpp"
#include "app/find_run.hpp"
#include "app/graph_docs.hpp"
#include "app/load_workflow.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

struct Form {
  const char* option;
  const char* help;
  std::string (*text)(const Drawing&);
};
constexpr std::array kForms{
    Form{"dot", "for graphviz", dot_of},
    Form{"mermaid", "for Markdown pages that draw", mermaid_of},
    Form{"svg", "as a picture", svg_of},
    Form{"json", "as JSON", json_of},
};

/// text_of where no form is asked for.
std::string (*form_from(const Arguments& arguments))(const Drawing&) {
  const Form* asked = nullptr;
  for (const Form& form : kForms) {
    if (!arguments.has(form.option)) continue;
    if (asked != nullptr)
      throw UsageError(
          fmt::format("--{} and --{} are two forms of one graph; leave one out", asked->option, form.option));
    asked = &form;
  }
  return asked != nullptr ? asked->text : text_of;
}

/// nullopt: a file is meant.
std::optional<std::string> run_named(const Arguments& arguments) {
  if (arguments.words.empty() || std::filesystem::is_regular_file(arguments.words.front())) return std::nullopt;
  return try_find_run(runs_dir_from(arguments), arguments.words.front());
}

/// Below the name of each box how far it is: "2 OK, 1 FAILED".
Drawing draw_run(const std::string& run_dir, bool elements) {
  const StoredRun run(run_dir);
  const graph::Graph& graph = run.graph();
  Drawing drawing = (elements ? draw_elements : draw_tasks)(graph, run.facts().workflow);
  std::map<std::string, std::map<scheduler::State, std::size_t>> counts;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    if (graph.is_gate(ElementId(e))) continue;
    const std::string name(elements ? graph.id(ElementId(e)) : std::string_view(graph.task_of(ElementId(e)).name));
    ++counts[name][run.state().state(ElementId(e))];
  }
  for (Drawing::Box& box : drawing.boxes)
    for (const auto& [state, count] : counts[box.name]) {
      const std::string how_many = elements ? "" : std::to_string(count) + " ";
      box.detail += (box.detail.empty() ? "" : ", ") + how_many + scheduler::name_of(state);
    }
  return drawing;
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace

int graph_verb(const Args& args) {
  Usage usage("graph", "FILE|RUN", "What waits for what: tasks, or elements. Without an option one line for each.", 0,
              1);
  auto add = usage.options.add_options();
  for (const Form& form : kForms) add(form.option, form.help);
  add("docs", "a page in Markdown: each task with its inputs, outputs and resources");
  add("elements", "elements instead of tasks");
  add_runs_dir_option(usage.options);
  add_load_options(usage.options);
  add_driver_words(usage);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const auto form = form_from(*arguments);
  const bool wants_docs = arguments->has("docs");
  if (wants_docs && (form != text_of || arguments->has("elements")))
    throw UsageError("--docs is a form of its own, of tasks; leave the other one out");
  if (const auto run_dir = run_named(*arguments)) {
    if (wants_docs) throw UsageError("--docs is for files (a run has its graph only); name the file");
    print(form(draw_run(*run_dir, arguments->has("elements"))));
    return 0;
  }
  LoadOptions options = load_options_from(*arguments);
  options.needs_inputs = false;
  const auto loaded = load_workflow(options);
  if (!loaded) return static_cast<int>(ExitCode::usage);
  const std::string& name = loaded->workflow.name;
  std::vector<std::pair<std::string, std::string>> handlers;
  for (const workflow::TaskNode& task : loaded->workflow.tasks)
    if (task.handler) handlers.emplace_back(task.name, task.handler->task);
  Drawing drawing = (arguments->has("elements") ? draw_elements : draw_tasks)(loaded->graph, name);
  mark_handlers(drawing, handlers);
  print(wants_docs ? docs_of(loaded->workflow, drawing) : form(drawing));
  return 0;
}

}  // namespace fugle::app
