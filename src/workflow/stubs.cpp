#include "workflow/stubs.hpp"

#include <fmt/format.h>

namespace fugle::workflow {
namespace {

/// Files are made at the paths that attempts write to, empty; a value is an empty text, a JSON document null.
std::string script_of(const TaskNode& task) {
  std::string script;
  for (const Output& output : task.outputs) {
    const std::string name = fmt::format("q(outputs.{})", output.name);
    const bool is_json = output.kind == graph::OutputKind::json;
    if (is_value(output))
      script += fmt::format("echo {}={} >> \"$FUGLE_OUTPUT\"\n", output.name, is_json ? "null" : "");
    else
      script += fmt::format("{} ${{{{ {} }}}}\n", is_json ? "echo null >" : ": >", name);
  }
  return script.empty() ? "true" : script;
}

void put_stub(TaskNode& task) {
  static const TaskNode builtin;
  if (task.lines.empty()) task.script = task.stub ? *task.stub : Text{script_of(task), task.at};
  for (Line& line : task.lines) line.text = "true";
  if (!task.stub) task.shell = builtin.shell;
  task.argv.clear();
  task.plugin = {};
  task.with.reset();
  task.setup.reset();
  task.modules = {};
  task.container.reset();
  if (task.restart) {
    task.restart->script.reset();
    task.restart->argv.clear();
  }
  task.launcher = builtin.launcher;
  task.nodes = task.ranks = task.ranks_per_node = {};
  task.gpus = task.gpus_per_rank = {};
  task.metrics.clear();
}

}  // namespace

void put_stubs(Workflow& workflow) {
  for (TaskNode& task : workflow.tasks) put_stub(task);
}

}  // namespace fugle::workflow
