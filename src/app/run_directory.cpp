#include "app/run_directory.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "app/version.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string runs_directory(const std::string& given) {
  const char* from_environment = std::getenv("FUGLE_RUNS");
  const bool is_set = from_environment != nullptr && *from_environment != '\0';
  const std::string chosen = !given.empty() ? given : is_set ? from_environment : ".fugle";
  return fs::absolute(chosen).lexically_normal().string();
}

std::string make_run_id(const std::string& workflow_name, Time now) {
  std::random_device random;
  std::string letters;
  for (int i = 0; i < 4; ++i) letters += static_cast<char>('a' + random() % 26);
  return fmt::format("{}-{}-{}", workflow_name, format_time_compact(now), letters);
}

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

std::string user_name() {
  const passwd* entry = getpwuid(getuid());
  return entry != nullptr ? entry->pw_name : std::to_string(getuid());
}

std::string create_run_directory(const std::string& runs_dir, const std::string& run, const Access& access) {
  make_private_directory(runs_dir, access);
  const std::string directory = (fs::path(runs_dir) / run).string();
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(directory, ignored)))
    throw EnvironmentError(fmt::format("cannot make the run directory {} (it is there already); try again", directory));
  make_private_directory(directory, access);
  make_private_directory(directory + "/logs", access);
  // What is dropped there ends runs: the owner's alone.
  make_private_directory(directory + "/control", {});
  if (access.group && !lets_in(runs_dir, *access.group))
    fmt::print(stderr, "fugle: the group cannot get to the run (its members may not enter '{}'); chmod g+rx '{}'\n",
               runs_dir, runs_dir);
  return directory;
}

void write_run_facts(const std::string& run_dir, const RunFacts& facts) {
  Json params = Json::object();
  for (const auto& [name, value] : facts.params) params[name] = value;
  const Json json = {{"run", facts.run},
                     {"workflow", facts.workflow},
                     {"file", facts.file},
                     {"source", name_of(facts.source)},
                     {"params", params},
                     {"submit_dir", facts.submit_dir},
                     {"host", facts.host},
                     {"user", facts.user},
                     {"pid", facts.pid},
                     {"argv", facts.argv},
                     {"created", format_time(facts.created)},
                     {"created_ns", to_ns(facts.created)},
                     {"mpi_ranks", facts.placement.mpi_ranks},
                     {"cores_per_rank", facts.placement.cores_per_rank},
                     {"policy", plan::name_of(facts.planning.policy)},
                     {"effort", facts.planning.effort},
                     {"reserve_s", facts.reserve ? Json(to_seconds(*facts.reserve)) : Json()},
                     {"fugle_version", kVersion}};
  const fs::path path = fs::path(run_dir) / "run.json";
  const fs::path draft = path.string() + ".tmp";
  std::ofstream out(draft);
  // Command lines and paths are bytes; what is not UTF-8 is replaced, since JSON can not hold it.
  out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  out.close();
  std::error_code problem;
  if (out) fs::rename(draft, path, problem);
  if (!out || problem)
    throw EnvironmentError(fmt::format("cannot write {} (disk full or not writable?); free some space", path.string()));
}

namespace {

/// Runs of the first version have none of these.
void read_planning(const Json& json, RunFacts& facts) {
  facts.planning.policy = plan::policy_named(json.value("policy", "auto")).value_or(facts.planning.policy);
  facts.planning.effort = json.value("effort", facts.planning.effort);
  if (json.contains("reserve_s") && json["reserve_s"].is_number()) facts.reserve = from_seconds(json["reserve_s"]);
}

}  // namespace

RunFacts read_run_facts(const std::string& run_dir) {
  const fs::path path = fs::path(run_dir) / "run.json";
  std::ifstream in(path);
  const Json json = Json::parse(in, nullptr, false);
  if (json.is_discarded() || !json.is_object())
    throw EnvironmentError(
        fmt::format("cannot read {} (absent or damaged); is {} a run directory?", path.string(), run_dir));
  RunFacts facts;
  try {
    facts.run = json.at("run");
    facts.workflow = json.at("workflow");
    facts.file = json.at("file");
    const std::string source = json.at("source");
    facts.source = source == "wfformat" ? Source::wfformat : source == "lines" ? Source::lines : Source::yaml;
    for (const auto& [name, value] : json.at("params").items()) facts.params.emplace_back(name, value);
    facts.submit_dir = json.at("submit_dir");
    facts.host = json.at("host");
    facts.user = json.at("user");
    facts.pid = json.at("pid");
    facts.argv = json.at("argv").get<std::vector<std::string>>();
    facts.created = from_ns(json.at("created_ns"));
    facts.placement.mpi_ranks = json.at("mpi_ranks");
    facts.placement.cores_per_rank = json.at("cores_per_rank");
    read_planning(json, facts);
  } catch (const Json::exception& problem) {
    throw EnvironmentError(fmt::format("cannot read {} ({}); it was written by hand or by another version",
                                       path.string(), problem.what()));
  }
  return facts;
}

}  // namespace fugle::app
