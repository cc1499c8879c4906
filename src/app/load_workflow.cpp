#include "app/load_workflow.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <map>

#include "base/error.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/expand.hpp"
#include "workflow/reader.hpp"

namespace fugle::app {
namespace {

std::map<std::string, std::string> environment_of_this_process() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Source guess_source(const std::string& file, std::string_view bytes) {
  if (file.ends_with(".json.gz")) return Source::wfformat;
  const bool is_trace = file.ends_with(".json") && bytes.find("\"schemaVersion\"") != std::string_view::npos;
  return is_trace ? Source::wfformat : Source::yaml;
}

std::optional<workflow::Workflow> read(Source source, std::string_view bytes, const LoadOptions& options,
                                       workflow::Diagnostics& diagnostics) {
  switch (source) {
    case Source::yaml: return workflow::read_workflow(bytes, diagnostics);
    case Source::wfformat: return workflow::import_wfformat(bytes, options.replay, diagnostics);
    case Source::lines: return workflow::import_lines(bytes, options.lines, diagnostics);
  }
  return std::nullopt;
}

workflow::ExpandOptions expansion_of(const LoadOptions& options) {
  workflow::ExpandOptions expansion;
  expansion.directory = options.directory;
  expansion.params = options.params;
  expansion.environment = environment_of_this_process();
  expansion.check_only = options.stage == Stage::validate;
  return expansion;
}

std::optional<graph::Graph> expand(const workflow::Workflow& workflow, const LoadOptions& options,
                                   const workflow::ExpandOptions& expansion, workflow::Diagnostics& diagnostics) {
  auto graph = workflow::expand(workflow, expansion, diagnostics);
  // A replayed trace makes and reads no files.
  const bool reads_inputs = options.needs_inputs && options.replay.kind == workflow::Replay::Kind::commands;
  if (graph && options.stage == Stage::plan && reads_inputs)
    workflow::check_inputs_exist(*graph, workflow, diagnostics);
  return graph;
}

void refuse_useless_replay(Source source, const workflow::Replay& replay) {
  if (source != Source::wfformat && replay.kind != workflow::Replay::Kind::commands)
    throw UsageError(fmt::format("--replay is for traces (this is read as {}); leave it out, or add --from wfformat",
                                 name_of(source)));
}

void print(workflow::Diagnostics& diagnostics, bool json) {
  diagnostics.sort();
  if (json)
    fmt::print("{}\n", diagnostics.to_json());
  else
    fmt::print(stderr, "{}", diagnostics.to_text());
}

}  // namespace

const char* name_of(Source source) {
  switch (source) {
    case Source::yaml: return "yaml";
    case Source::wfformat: return "wfformat";
    case Source::lines: return "lines";
  }
  return "unknown";
}

std::optional<Loaded> load_workflow(const LoadOptions& options) {
  const std::string bytes = workflow::read_file(options.file);
  Loaded loaded;
  loaded.source = options.source.value_or(guess_source(options.file, bytes));
  refuse_useless_replay(loaded.source, options.replay);
  workflow::Diagnostics diagnostics(options.file);
  auto workflow = read(loaded.source, bytes, options, diagnostics);
  std::optional<graph::Graph> graph;
  if (workflow) {
    workflow->file = options.file;
    const workflow::ExpandOptions expansion = expansion_of(options);
    graph = expand(*workflow, options, expansion, diagnostics);
    loaded.reserve = workflow::reserve_of(*workflow, expansion);
    loaded.slurm = workflow::slurm_request_of(*workflow, expansion);
  }
  print(diagnostics, options.json);
  const bool refused = diagnostics.has_errors() || (options.strict && !diagnostics.all().empty());
  if (refused || !graph) return std::nullopt;
  loaded.workflow = std::move(*workflow);
  loaded.graph = std::move(*graph);
  return loaded;
}

}  // namespace fugle::app
