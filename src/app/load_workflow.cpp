#include "app/load_workflow.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "app/mistakes.hpp"
#include "app/notices.hpp"
#include "app/program.hpp"
#include "app/run_directory.hpp"
#include "app/secrets.hpp"
#include "base/error.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/expand.hpp"
#include "workflow/flatten.hpp"
#include "workflow/params_file.hpp"
#include "workflow/reader.hpp"
#include "workflow/resolved.hpp"
#include "workflow/stubs.hpp"

namespace fugle::app {
namespace {

Source guess_source(const std::string& file, std::string_view bytes) {
  if (file.ends_with(".json.gz")) return Source::wfformat;
  const bool is_trace = file.ends_with(".json") && bytes.find("\"schemaVersion\"") != std::string_view::npos;
  if (is_trace) return Source::wfformat;
  const bool is_script = bytes.starts_with("#!") && bytes.find("\n#SBATCH") != std::string_view::npos;
  return is_script ? Source::slurm : Source::yaml;
}

workflow::SlurmOptions slurm_options(const std::string& name, const LoadOptions& options) {
  workflow::SlurmOptions slurm;
  slurm.name = name;
  slurm.program = std::filesystem::read_symlink("/proc/self/exe").string();
  slurm.rules.approximates = options.approximate;
  return slurm;
}

/// One script, as if it were submitted here.
std::optional<workflow::Workflow> import_script(std::string_view bytes, const LoadOptions& options,
                                                workflow::Diagnostics& diagnostics) {
  workflow::SbatchCall call;
  if (!options.array.empty()) call.words.push_back("--array=" + options.array);
  call.words.push_back(options.file);
  call.script = bytes;
  call.script_path = options.file;
  call.directory = options.directory;
  call.host = host_name();
  call.user = user_name();
  for (const auto& [name, value] : environment_here())
    if (name.starts_with("SBATCH_")) call.options.emplace_back(name, value);
  const std::string stem = std::filesystem::path(options.file).stem().string();
  return workflow::import_slurm({&call, 1}, slurm_options(stem, options), diagnostics);
}

std::optional<workflow::Workflow> import_recording(const LoadOptions& options, workflow::Diagnostics& diagnostics) {
  const Recording recording = Capture(options.recording).read(environment_here());
  for (const workflow::Diagnostic& refusal : recording.refusals) diagnostics.add(refusal);
  const std::string stem = std::filesystem::path(options.file).stem().string();
  return workflow::import_slurm(recording.calls, slurm_options(stem, options), diagnostics);
}

/// Of the files that it names it keeps what it read.
std::optional<workflow::Workflow> read_yaml(std::string_view bytes, const KeptWorkflow* stored,
                                            workflow::Resolved* resolved, KeptWorkflow& kept,
                                            workflow::Diagnostics& diagnostics) {
  workflow::ReadOptions reading;
  reading.read_bytes = [&kept](const std::string& path, std::string& why) {
    auto other = workflow::bytes_on_disk(path, why);
    if (other) kept.others[path] = *other;
    return other;
  };
  if (stored != nullptr) reading.read_bytes = bytes_in(*stored);
  return workflow::read_workflow(bytes, diagnostics, reading, resolved);
}

std::optional<workflow::Workflow> read(Source source, std::string_view bytes, const LoadOptions& options,
                                       workflow::Resolved& resolved, KeptWorkflow& kept,
                                       workflow::Diagnostics& diagnostics) {
  // The nodes of a large file take as much as all that is made of them.
  workflow::Resolved* wanted = options.prints_resolved || options.keeps_resolved ? &resolved : nullptr;
  switch (source) {
    case Source::yaml: return read_yaml(bytes, options.stored.get(), wanted, kept, diagnostics);
    case Source::wfformat: return workflow::import_wfformat(bytes, options.replay, diagnostics);
    case Source::lines: return workflow::import_lines(bytes, options.lines, diagnostics);
    case Source::slurm: return import_script(bytes, options, diagnostics);
    case Source::sbatch: return import_recording(options, diagnostics);
  }
  return std::nullopt;
}

/// Of the files of one directory it looks into another one instead.
class FilesElsewhere final : public workflow::Files {
 public:
  FilesElsewhere(std::string directory, std::string instead)
      : directory_(std::move(directory)), instead_(std::move(instead)) {}

  [[nodiscard]] workflow::Value answer(workflow::FileQuestion question, const std::string& path,
                                       const std::string& directory) override {
    const bool is_elsewhere = !instead_.empty() && directory == directory_;
    return disk_.answer(question, path, is_elsewhere ? instead_ : directory);
  }

 private:
  workflow::DiskFiles disk_;
  std::string directory_;
  std::string instead_;
};

/// nullptr: there is none, or nothing in it.
const workflow::YamlNode* read_params_file(const LoadOptions& options, workflow::Document& document,
                                           workflow::Workflow& workflow, KeptWorkflow& kept,
                                           workflow::Diagnostics& diagnostics) {
  if (options.params_file.empty()) return nullptr;
  kept.params_file = options.params_file;
  kept.params_text = options.stored ? options.stored->params_text : workflow::read_file(options.params_file);
  return workflow::take_params_file(kept.params_text, options.params_file, document, workflow, diagnostics);
}

workflow::ExpandOptions expansion_of(const LoadOptions& options) {
  workflow::ExpandOptions expansion;
  expansion.directory = options.directory;
  expansion.params = options.params;
  expansion.environment = environment_here();
  if (options.stored)
    for (const auto& [name, value] : options.stored->environment) expansion.environment[name] = value;
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

std::string text_of(const LoadOptions& options) {
  if (options.stored) return options.stored->text;
  if (options.is_own) return this_program().workflow_text;
  return options.source == Source::sbatch ? "" : workflow::read_file(options.file);
}

/// What the command line says, else a params file, else the default.
std::vector<std::pair<std::string, std::string>> values_of(const workflow::Workflow& workflow,
                                                           const LoadOptions& options) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const workflow::Param& param : workflow.params) {
    std::optional<std::string> value;
    if (param.fallback) value = to_text(*param.fallback);
    for (const auto& [name, given] : options.params)
      if (name == param.name) value = given;
    if (value) values.emplace_back(param.name, *std::move(value));
  }
  return values;
}

}  // namespace

constexpr std::array<std::pair<Source, const char*>, 5> kSources{{{Source::yaml, "yaml"},
                                                                  {Source::wfformat, "wfformat"},
                                                                  {Source::lines, "lines"},
                                                                  {Source::slurm, "slurm"},
                                                                  {Source::sbatch, "sbatch"}}};

const char* name_of(Source source) {
  for (const auto& [known, name] : kSources)
    if (known == source) return name;
  return "unknown";
}

std::optional<Source> source_named(std::string_view word) {
  for (const auto& [source, name] : kSources)
    if (word == name) return source;
  return std::nullopt;
}

LoadOptions load_options_of(KeptWorkflow kept, Source source) {
  if (source == Source::sbatch)
    throw UsageError(
        "the jobs of that run were recorded from a driver (what it submits can be anything the next time); "
        "run the driver again: fugle run --from sbatch -- DRIVER");
  LoadOptions options;
  options.file = kept.file;
  options.source = source;
  options.replay = kept.replay;
  options.lines = kept.lines;
  options.array = kept.array;
  options.approximate = kept.approximate;
  options.has_stubs = kept.has_stubs;
  options.params = kept.params;
  options.params_file = kept.params_file;
  options.directory = kept.directory;
  options.stored = std::make_shared<const KeptWorkflow>(std::move(kept));
  return options;
}

std::optional<Loaded> load_workflow(const LoadOptions& options) {
  const std::string bytes = text_of(options);
  Loaded loaded;
  loaded.source = options.source.value_or(guess_source(options.file, bytes));
  refuse_useless_replay(loaded.source, options.replay);
  if (options.prints_resolved && loaded.source != Source::yaml)
    throw UsageError(fmt::format("--print-resolved is for workflow files (this is read as {}); leave it out",
                                 name_of(loaded.source)));
  workflow::Diagnostics diagnostics(options.file);
  if (options.is_own) add_own_mistakes(diagnostics);
  workflow::Resolved resolved;
  const workflow::YamlNode* params = nullptr;
  auto workflow = read(loaded.source, bytes, options, resolved, loaded.kept, diagnostics);
  std::optional<graph::Graph> graph;
  if (workflow) {
    workflow->file = options.file;
    params = read_params_file(options, resolved.document, *workflow, loaded.kept, diagnostics);
    workflow::ExpandOptions expansion = expansion_of(options);
    for (const workflow::SecretKey& secret : workflow->secrets) expansion.environment.erase(secret.name);
    if (options.has_stubs) workflow::put_stubs(*workflow);
    FilesElsewhere disk(options.directory, options.looks_for_files);
    workflow::KeptFiles files(disk);
    if (options.stored && !options.stored->file_answers.empty()) (void)files.take_answers(options.stored->file_answers);
    expansion.files = &files;
    expansion.outlook = &loaded.outlook;
    loaded.run_id = make_run_id(workflow->name, std::chrono::system_clock::now());
    if (!options.runs_dir.empty()) {
      expansion.run_id = loaded.run_id;
      expansion.run_dir = fmt::format("{}/{}", options.runs_dir, loaded.run_id);
    }
    const bool uses_files = workflow::has_files_to_use(*workflow);
    if (uses_files) workflow = workflow::flatten(*std::move(workflow), expansion, diagnostics);
    if (!uses_files || !diagnostics.has_errors()) graph = expand(*workflow, options, expansion, diagnostics);
    loaded.kept.file_answers = files.answers();
    loaded.values = values_of(*workflow, options);
    loaded.kept.file = options.file;
    loaded.kept.lines = options.lines;
    loaded.kept.replay = options.replay;
    loaded.kept.array = options.array;
    loaded.kept.approximate = options.approximate;
    loaded.kept.has_stubs = options.has_stubs;
    if (options.stored) loaded.kept.others = options.stored->others;
    loaded.kept.text = bytes;
    loaded.kept.params = expansion.params;
    loaded.kept.directory = expansion.directory;
    loaded.kept.run_id = expansion.run_id;
    loaded.kept.run_dir = expansion.run_dir;
    loaded.kept.environment = named_environment(loaded.kept, expansion.environment);
    loaded.rules = workflow::run_rules_of(*workflow, expansion, diagnostics);
    if (options.stage == Stage::plan && options.needs_inputs && !workflow->notify.empty())
      check_notices(loaded.rules, workflow->notify.front().at, diagnostics);
    if (options.stage == Stage::plan && options.needs_inputs && !workflow->secrets.empty())
      check_secrets(*workflow, options.secrets_file, loaded.kept, diagnostics);
    loaded.reserve = workflow::reserve_of(*workflow, expansion);
    loaded.slurm = workflow::slurm_request_of(*workflow, expansion);
  }
  const bool refused = !graph || diagnostics.has_errors() || (options.strict && !diagnostics.all().empty());
  const bool shows_resolved = !refused && options.prints_resolved;
  if (!shows_resolved || !options.json)
    print_mistakes(diagnostics, options.json ? MistakeForm::json : MistakeForm::text);
  if (refused) return std::nullopt;
  if (shows_resolved) {
    workflow::put_params(resolved, *workflow, params, options.params);
    diagnostics.sort();
    fmt::print("{}", options.json ? workflow::resolved_json(resolved, diagnostics) + "\n"
                                  : workflow::resolved_yaml(resolved, diagnostics));
  }
  if (options.keeps_resolved && loaded.source == Source::yaml) {
    if (!shows_resolved) workflow::put_params(resolved, *workflow, params, options.params);
    loaded.resolved = workflow::resolved_json(resolved, diagnostics);
  }
  loaded.workflow = std::move(*workflow);
  loaded.graph = std::move(*graph);
  return loaded;
}

}  // namespace fugle::app
