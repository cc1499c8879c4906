// The command line options that say how a workflow file is read (declared in load_workflow.hpp).
#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "app/load_workflow.hpp"
#include "base/error.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

using Strings = std::vector<std::string>;

std::pair<std::string, std::string> parse_param(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError(fmt::format("'-p {}' sets nothing (NAME=VALUE is wanted); write -p {}=VALUE", text,
                                 equals == 0 ? "NAME" : text));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Source parse_source(const std::string& text) {
  if (text == "wfformat") return Source::wfformat;
  if (text == "lines") return Source::lines;
  if (text == "yaml") return Source::yaml;
  throw UsageError(
      fmt::format("--from {} is not in this version of fugle (it reads yaml, wfformat, lines); 'fugle help'", text));
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

}  // namespace

void add_load_options(po::options_description& options) {
  po::options_description reading("How FILE is read");
  auto add = reading.add_options();
  add("param,p", po::value<Strings>()->value_name("NAME=VALUE"), "set a parameter; may be repeated");
  add("from", po::value<std::string>()->value_name("FORMAT"), "wfformat, lines or yaml; default: by its look");
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
}

LoadOptions load_options_from(const Arguments& arguments) {
  LoadOptions options;
  options.directory = std::filesystem::current_path().string();
  if (arguments.has("param"))
    for (const std::string& text : arguments.get<Strings>("param")) options.params.push_back(parse_param(text));
  if (arguments.has("from")) options.source = parse_source(arguments.get<std::string>("from"));
  if (arguments.has("replay")) options.replay = parse_replay(arguments.get<std::string>("replay"));
  if (arguments.has("lines")) {
    if (!arguments.words.empty() || (options.source && *options.source != Source::lines))
      throw UsageError("--lines names the file already (there is one source per run); leave FILE and --from out");
    options.source = Source::lines;
    options.file = arguments.get<std::string>("lines");
  } else if (arguments.words.empty()) {
    throw UsageError("no workflow file given (FILE or --lines FILE); 'fugle help' shows the words of each verb");
  } else {
    options.file = arguments.words.front();
  }
  if (options.source == Source::lines)
    options.lines = lines_options_from(arguments);
  else
    refuse_line_options(arguments);
  return options;
}

}  // namespace fugle::app
