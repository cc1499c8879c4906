// fugle sbatch ...: in place of sbatch. Records the job, with its script and environment, instead of submitting it; all
// that was recorded runs as one workflow. Drivers run by --from sbatch find it under the name sbatch.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "app/capture_driver.hpp"
#include "app/command_table.hpp"
#include "app/run_directory.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "workflow/reader.hpp"
#include "workflow/sbatch_words.hpp"

namespace fugle::app {
namespace {

using workflow::SbatchCall;
using workflow::SbatchWords;

constexpr const char* kHelp =
    "usage: fugle sbatch [options of sbatch] [SCRIPT [arguments]]\n"
    "Records a job instead of submitting it, and prints its id as sbatch would.\n\n"
    "  fugle sbatch --list        what is recorded\n"
    "  fugle sbatch --clear       forget it\n"
    "  fugle sbatch --shims DIR   put an sbatch into DIR that is this; with DIR first in PATH scripts find it\n\n"
    "fugle run --from sbatch runs what is recorded, in the order of its dependencies; fugle run --from sbatch -- "
    "DRIVER\n"
    "records what DRIVER submits and runs that. FUGLE_CAPTURE names another place for the recording.\n";

bool has(const SbatchWords& words, std::string_view option) {
  for (const auto& setting : words.settings)
    if (setting.option->name == option) return true;
  return false;
}

/// As given where it can be read, else as found in PATH.
std::string find_script(const std::string& given) {
  if (::access(given.c_str(), R_OK) == 0 || given.find('/') != std::string::npos) return given;
  const char* path = std::getenv("PATH");
  for (const std::string_view directory : split(path == nullptr ? "" : path, ':')) {
    const std::string candidate = fmt::format("{}/{}", directory, given);
    if (::access(candidate.c_str(), R_OK) == 0) return candidate;
  }
  return given;
}

std::string script_of(const SbatchWords& words, SbatchCall& call) {
  for (const auto& setting : words.settings)
    if (setting.option->name == "wrap") return workflow::wrapped_script(setting.value);
  if (words.operands.empty()) return {std::istreambuf_iterator<char>(std::cin), {}};
  call.script_path = words.operands[0];
  return workflow::read_file(find_script(call.script_path));
}

SbatchCall call_from(const Args& args, const SbatchWords& words, const EnvironmentMap& environment) {
  SbatchCall call;
  call.words = args;
  call.directory = std::filesystem::current_path().string();
  call.host = host_name();
  call.user = user_name();
  call.script = script_of(words, call);
  for (const auto& [name, value] : environment)
    if (name.starts_with("SBATCH_")) call.options.emplace_back(name, value);
  return call;
}

/// As the shell had it that called us, without what we put there.
EnvironmentMap environment_of_caller() {
  EnvironmentMap environment = environment_here();
  environment.erase("FUGLE_IN_DRIVER");
  std::string& path = environment["PATH"];
  const std::string own = capture_directory() + "/bin:";
  if (path.starts_with(own)) path.erase(0, own.size());
  return environment;
}

int refuse(Capture& capture, const workflow::Diagnostics& diagnostics) {
  fmt::print(stderr, "{}", diagnostics.to_text());
  if (is_in_driver())
    for (const auto& diagnostic : diagnostics.all())
      if (diagnostic.severity == workflow::Severity::error) capture.refuse(diagnostic);
  return 1;
}

/// What sbatch would refuse is refused; what we can not do too, unless a driver goes on: then all of it is told at its
/// end.
bool is_refused(const workflow::Diagnostics& diagnostics) {
  for (const auto& diagnostic : diagnostics.all())
    if (diagnostic.code == "E502" || (diagnostic.severity == workflow::Severity::error && !is_in_driver())) return true;
  return false;
}

int record(const Args& args) {
  workflow::Diagnostics of_words("sbatch");
  const SbatchWords words = workflow::read_sbatch_words(args, of_words);
  Capture capture(capture_directory());
  if (is_refused(of_words)) return refuse(capture, of_words);
  if (has(words, "help") || has(words, "usage") || has(words, "version")) {
    fmt::print("{}", kHelp);
    return 0;
  }
  const EnvironmentMap environment = environment_of_caller();
  SbatchCall call = call_from(args, words, environment);
  workflow::Diagnostics diagnostics("sbatch");
  const auto job = workflow::read_sbatch_call(call, {.approximates = true}, diagnostics);
  if (is_refused(diagnostics)) return refuse(capture, diagnostics);
  const std::uint64_t id = capture.record(std::move(call), environment, job ? job->num_elements() : 1);
  if (has(words, "parsable"))
    fmt::print("{}\n", id);
  else if (!has(words, "quiet"))
    fmt::print("Submitted batch job {}\n", id);
  if (!is_in_driver() && ::isatty(STDERR_FILENO) == 1)
    fmt::print(stderr, "fugle: job {} is recorded, not submitted; 'fugle run --from sbatch' runs what is recorded\n",
               id);
  return 0;
}

int list() {
  for (const SbatchCall& call : Capture(capture_directory()).read(environment_here()).calls)
    fmt::print("{:>8}  {}\n", call.id, join(call.words, " "));
  return 0;
}

}  // namespace

int sbatch_verb(const Args& args) {
  const std::string first = args.empty() ? "" : args[0];
  const Args rest = args.empty() ? Args{} : Args(args.begin() + 1, args.end());
  if (first == "--as-srun") return start_step(rest);
  if (first.starts_with("--as-")) return stand_in_for(first.substr(5), rest);
  if (first == "--list" && rest.empty()) return list();
  if (first == "--shims" && rest.size() == 1) {
    write_shims(std::filesystem::absolute(rest[0]).string());
    return 0;
  }
  if (first == "--clear" && rest.empty()) {
    Capture(capture_directory()).clear();
    return 0;
  }
  return record(args);
}

}  // namespace fugle::app
