// The command line options that say how a workflow file is read (declared in load_workflow.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "app/load_workflow.hpp"
#include "app/program.hpp"
#include "app/secrets.hpp"
#include "base/error.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

using Strings = std::vector<std::string>;

// What a front-end tells its ranks of a driver that has run.
constexpr const char* kRecording = "recording";
constexpr const char* kDriver = "recorded-driver";

std::pair<std::string, std::string> parse_param(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError(fmt::format("'-p {}' sets nothing (NAME=VALUE is wanted); write -p {}=VALUE", text,
                                 equals == 0 ? "NAME" : text));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Source parse_source(const std::string& text) {
  if (const auto source = source_named(text)) return *source;
  throw UsageError(fmt::format(
      "--from {} is not in this version of fugle (it reads yaml, wfformat, lines, slurm, sbatch); 'fugle help'", text));
}

workflow::Replay parse_replay(const std::string& text) {
  using Kind = workflow::Replay::Kind;
  if (text == "none") return {Kind::none, 1.0};
  if (text == "sleep") return {Kind::sleep, 1.0};
  double scale = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), scale);
  if (problem != std::errc{} || end != text.data() + text.size() || !(scale >= 0 && scale <= 1e6))
    throw UsageError(fmt::format(
        "--replay {} is not known (a factor for the recorded times, or sleep, or none); try --replay 0.01", text));
  return {Kind::sleep, scale};
}

/// A typed value of an option, read as the same type in a workflow file is.
template <class Parse>
auto parse_typed(const char* option, const std::string& text, Parse parse) {
  workflow::Diagnostics diagnostics("command line");
  const auto value = parse(text, workflow::Position{}, diagnostics);
  if (!value) throw UsageError(fmt::format("{} {}: {}", option, text, diagnostics.all().front().text));
  return *value;
}

workflow::LinesOptions lines_options_from(const Arguments& arguments) {
  workflow::LinesOptions lines;
  if (arguments.has("cores")) lines.cores = arguments.get<std::uint32_t>("cores");
  if (lines.cores < 1) throw UsageError("--cores 0 can run nothing (a line needs a core); try --cores 1");
  if (arguments.has("mem"))
    lines.mem_bytes = parse_typed("--mem", arguments.get<std::string>("mem"), workflow::parse_size).bytes;
  if (arguments.has("gpus")) lines.gpus = arguments.get<std::uint32_t>("gpus");
  if (arguments.has("timeout"))
    lines.timeout = parse_typed("--timeout", arguments.get<std::string>("timeout"), workflow::parse_duration);
  if (arguments.has("retries")) lines.retries = arguments.get<std::uint32_t>("retries");
  if (arguments.has("shell")) lines.shell = arguments.get<std::string>("shell");
  return lines;
}

void refuse_line_options(const Arguments& arguments) {
  for (const char* option : {"cores", "mem", "gpus", "timeout", "retries", "shell"})
    if (arguments.has(option))
      throw UsageError(fmt::format(
          "--{} is for --lines (a workflow file says it per task); write it in the file, under 'defaults'", option));
}

/// A rank that is not the first loads nothing.
bool is_other_rank() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
    if (const char* rank = std::getenv(name)) return std::string_view(rank) != "0";
  return false;
}

void take_recording(const Arguments& arguments, LoadOptions& options) {
  if (!arguments.words.empty())
    throw UsageError(
        fmt::format("'{}' is no recording (--from sbatch reads what fugle sbatch recorded); put the driver "
                    "after '--': --from sbatch -- {}",
                    arguments.words.front(), arguments.words.front()));
  options.file = arguments.rest.empty() ? "recorded" : arguments.rest.front();
  options.recording = capture_directory();
  if (arguments.has(kRecording)) {
    options.recording = arguments.get<std::string>(kRecording);
    options.file = arguments.get<std::string>(kDriver);
  } else if (!arguments.rest.empty() && !is_other_rank()) {
    options.driver = std::make_shared<const DriverRecording>(arguments.rest);
    options.recording = options.driver->directory();
  }
}

void take_file(const Arguments& arguments, LoadOptions& options) {
  if (!arguments.rest.empty())
    throw UsageError(fmt::format("'{}' stands after '--' (where the driver of --from sbatch stands); see 'fugle help'",
                                 arguments.rest.front()));
  if (arguments.words.empty() && !this_program().workflow_text.empty()) {
    options.is_own = true;
    options.file = this_program().name;
    return;
  }
  // Jobs of `sbatch --fugle=FILE` have it.
  const char* file_of_job = std::getenv("FUGLE_FILE");
  const bool has_file_of_job = file_of_job != nullptr && *file_of_job != '\0';
  if (arguments.words.empty() && !has_file_of_job)
    throw UsageError("no workflow file given (FILE or --lines FILE); 'fugle help' shows the words of each verb");
  options.file = arguments.words.empty() ? std::string(file_of_job) : arguments.words.front();
}

/// Only for the formats that have them.
void take_import_options(const Arguments& arguments, LoadOptions& options) {
  options.approximate = arguments.has("approximate");
  if (!arguments.has("array")) return;
  if (options.source && *options.source != Source::slurm)
    throw UsageError("--array is for --from slurm (other formats have their own words for it); leave it out");
  options.source = Source::slurm;
  options.array = arguments.get<std::string>("array");
}

}  // namespace

void add_driver_words(Usage& usage) {
  usage.takes_rest = true;
  auto hidden = usage.hidden.add_options();
  hidden(kRecording, po::value<std::string>());
  hidden(kDriver, po::value<std::string>());
}

void add_params_options(po::options_description& options) {
  auto add = options.add_options();
  add("param,p", po::value<Strings>()->value_name("NAME=VALUE"), "set a parameter; may be repeated");
  add("params-file", po::value<std::string>()->value_name("FILE"),
      "a map of parameters and their values, YAML or JSON; -p stands above it");
}

void take_params(const Arguments& arguments, LoadOptions& options) {
  if (arguments.has("param"))
    for (const std::string& text : arguments.get<Strings>("param")) options.params.push_back(parse_param(text));
  if (arguments.has("params-file")) options.params_file = arguments.get<std::string>("params-file");
}

void add_load_options(po::options_description& options) {
  po::options_description reading("How FILE is read");
  add_params_options(reading);
  auto add = reading.add_options();
  add("from", po::value<std::string>()->value_name("FORMAT"),
      "yaml, wfformat, lines, slurm (a batch script) or sbatch (-- DRIVER: what it submits); default: by its look");
  add("array", po::value<std::string>()->value_name("SPEC"), "with --from slurm: as sbatch --array");
  add("approximate", "accept what an imported format can only be given nearly (W51)");
  add("replay", po::value<std::string>()->value_name("SCALE"),
      "sleep for SCALE times the recorded run times instead of the commands; or: none");
  add("lines", po::value<std::string>()->value_name("FILE"), "one command per line ('-': standard input)");
  add("cores,c", po::value<std::uint32_t>()->value_name("N"), "with --lines: cores of each line");
  add("mem", po::value<std::string>()->value_name("SIZE"), "with --lines: memory of each line, e.g. 2G");
  add("gpus", po::value<std::uint32_t>()->value_name("N"), "with --lines: GPUs of each line");
  add("timeout", po::value<std::string>()->value_name("TIME"), "with --lines: limit of each line, e.g. 30m");
  add("retries", po::value<std::uint32_t>()->value_name("N"), "with --lines: further attempts of each line");
  add("shell", po::value<std::string>()->value_name("PROG"), "with --lines: what runs a line; default: bash");
  options.add(reading);
  add_secrets_option(options);
}

LoadOptions load_options_from(const Arguments& arguments) {
  LoadOptions options;
  options.directory = std::filesystem::current_path().string();
  take_params(arguments, options);
  options.secrets_file = secrets_file_from(arguments);
  if (arguments.has("from")) options.source = parse_source(arguments.get<std::string>("from"));
  if (arguments.has("replay")) options.replay = parse_replay(arguments.get<std::string>("replay"));
  if (arguments.has("lines")) {
    if (!arguments.words.empty() || (options.source && *options.source != Source::lines))
      throw UsageError("--lines names the file already (there is one source per run); leave FILE and --from out");
    options.source = Source::lines;
    options.file = arguments.get<std::string>("lines");
  } else if (options.source == Source::sbatch) {
    take_recording(arguments, options);
  } else {
    take_file(arguments, options);
  }
  take_import_options(arguments, options);
  if (options.source == Source::lines)
    options.lines = lines_options_from(arguments);
  else
    refuse_line_options(arguments);
  return options;
}

Args args_for_ranks(const Args& args, const LoadOptions& options) {
  if (!options.driver) return args;
  Args kept(args.begin(), std::find(args.begin(), args.end(), "--"));
  kept.insert(kept.end(),
              {std::string("--") + kRecording, options.recording, std::string("--") + kDriver, options.file});
  return kept;
}

}  // namespace fugle::app
