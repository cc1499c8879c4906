#include "app/only_element.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "report/command_text.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

ElementId find_one(const graph::Graph& graph, const std::string& id) {
  const ElementId e = find_element(graph, "of this file", id);
  const graph::Task& task = graph.task_of(e);
  if (task.kind == graph::TaskKind::expansion || task.is_late)
    throw UsageError(
        fmt::format("{} takes what other tasks gave (only a run knows that); in one: fugle rerun --element "
                    "{}",
                    id, quote_for_shell(id)));
  return e;
}

}  // namespace

void add_only_options(po::options_description& options) {
  auto add = options.add_options();
  add("only", po::value<std::string>()->value_name("E"), "this element alone, without what it needs");
  add("attach",
      "with --only: on this terminal, as a command typed here; its outputs are left beside their places, as .1-NAME");
}

std::string only_from(const Arguments& arguments) {
  if (arguments.has("attach") && !arguments.has("only")) throw UsageError("--attach is for one element; add --only E");
  if (!arguments.has("only")) return {};
  if (arguments.has("select")) throw UsageError("--only and --select are two answers to what runs; leave one out");
  const std::string id = arguments.get<std::string>("only");
  if (id.empty()) throw UsageError("--only wants an element, e.g. --only 'mdrun[8,2]'");
  return id;
}

graph::Graph only_element(const graph::Graph& graph, const std::string& id) {
  const ElementId e = find_one(graph, id);
  graph::GraphBuilder builder;
  graph::Task task = graph.task_of(e);
  task.has_when = false;      // a person wants it
  task.runs_finally = false;  // there is nothing else to come first
  if (task.place == graph::Place::near) task.place = graph::Place::pack;
  const graph::ElementText text = graph.text(e);
  builder.add_element(builder.add_task(std::move(task)), graph.id(e), text, graph.estimate(e));
  builder.set_limits(graph.limits());
  return graph::Graph(std::move(builder).build());
}

void attach_to_element(const graph::Graph& graph, const std::string& id) {
  const ElementId e = find_one(graph, id);
  const graph::Task& task = graph.task_of(e);
  if (task.kind == graph::TaskKind::function)
    throw UsageError(fmt::format("{} is a function, not a command; leave --attach out", id));
  const graph::ElementText text = graph.text(e);
  std::error_code ignored;  // the command says what it can not write
  for (const std::string& output : text.outputs)
    if (!output.empty()) std::filesystem::create_directories(std::filesystem::path(output).parent_path(), ignored);
  const std::string line = report::repeat_line(graph, {e});
  ::execlp("bash", "bash", "-c", line.c_str(), static_cast<char*>(nullptr));
  throw EnvironmentError(fmt::format("cannot start a shell ({}); is bash in PATH?", std::strerror(errno)));
}

}  // namespace fugle::app
