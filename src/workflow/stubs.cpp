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

/// It is ready at once, and there until nobody uses it any more.
void put_stub_of_service(TaskNode& task) {
  task.script = Text{"exec sleep infinity", task.at};
  task.service->ready = Text{"true", task.at};
  task.service->stop.reset();
  task.service->stop_signal = ServiceKeys().stop_signal;
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
  task.cores = builtin.cores;
  task.mem = {};
  task.gpus = task.gpus_per_rank = {};
  task.exclusive = {};
  task.scratch = {};
  task.place = {};
  task.metrics.clear();
  task.secrets.clear();
  task.log.reset();
  if (!task.has_own_workdir) task.workdir.reset();
  task.retries.delay = task.retries.max_delay = {};
  if (task.service && !task.stub) put_stub_of_service(task);
}

}  // namespace

void put_stubs(Workflow& workflow) {
  for (TaskNode& task : workflow.tasks) {
    if (!task.uses) {
      put_stub(task);
    } else if (task.uses->file != nullptr) {
      Workflow used = *task.uses->file;
      put_stubs(used);
      task.uses->file = std::make_shared<const Workflow>(std::move(used));
    }
  }
  workflow.workdir.reset();
  workflow.scratch.reset();
  workflow.secrets.clear();
  workflow.notify.clear();
  workflow.deadline = {};
  workflow.concurrency.reset();
  workflow.slurm = {};
  workflow.report = {};
}

}  // namespace fugle::workflow
