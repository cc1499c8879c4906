#include "app/run_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "app/rules_json.hpp"
#include "app/slurm_json.hpp"
#include "app/table_json.hpp"
#include "app/version.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "base/printable.hpp"
#include "base/regular_file.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {
constexpr std::size_t kLongestFacts = 16 << 20;  ///< bytes
}

const char* name_of(Launcher launcher) {
  switch (launcher) {
    case Launcher::srun: return "srun";
    case Launcher::mpirun: return "mpirun";
    case Launcher::none: break;
  }
  return "none";
}

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

std::string user_name() { return name_of_user(getuid()); }

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

namespace {

/// All of the file or nothing of it.
void write_whole(const std::string& path, const std::string& text) {
  const std::string draft = path + ".tmp";
  ::unlink(draft.c_str());  // of a life that was killed
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivateFile);
  if (fd >= 0) share_like_directory(fd, draft);
  const bool is_written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool is_closed = fd >= 0 && ::close(fd) == 0;
  if (is_written && is_closed && ::rename(draft.c_str(), path.c_str()) == 0) return;
  throw EnvironmentError(
      fmt::format("cannot write {} ({}); free some space, or make it writable", path, std::strerror(errno)));
}

}  // namespace

void write_run_facts(const std::string& run_dir, const RunFacts& facts) {
  Json params = Json::object();
  for (const auto& [name, value] : facts.params) params[name] = value;
  Json values = Json::object();
  for (const auto& [name, value] : facts.values) values[name] = value;
  const Json json = {{"run", facts.run},
                     {"workflow", facts.workflow},
                     {"file", facts.file},
                     {"source", name_of(facts.source)},
                     {"params", params},
                     {"values", values},
                     {"submit_dir", facts.submit_dir},
                     {"host", facts.host},
                     {"user", facts.user},
                     {"pid", facts.pid},
                     {"argv", facts.argv},
                     {"created", format_time(facts.created)},
                     {"created_ns", to_ns(facts.created)},
                     {"launcher", name_of(facts.placement.launcher)},
                     {"mpi_ranks", facts.placement.mpi_ranks},
                     {"cores_per_rank", facts.placement.cores_per_rank},
                     {"policy", plan::name_of(facts.planning.policy)},
                     {"effort", facts.planning.effort},
                     {"reserve_s", facts.reserve ? Json(to_seconds(*facts.reserve)) : Json()},
                     {"journal", facts.keeps_journal},
                     {"select", facts.select},
                     {"rules", rules_json(facts.rules)},
                     {"deadline_ns", facts.deadline_at == kNever ? Json() : Json(to_ns(facts.deadline_at))},
                     {"secrets_file", facts.secrets_file},
                     {"slurm", slurm_json(facts.slurm)},
                     {"report", table_json(facts.table)},
                     {"fugle_version", kVersion}};
  // Command lines and paths are bytes; what is not UTF-8 is replaced, since JSON can not hold it.
  write_whole(fs::path(run_dir) / "run.json", json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
}

namespace {

/// What is not an integer of that type, or is out of its range, is damage: the library would cut it to size.
template <class T>
T integer_in(const Json& json, const char* key) {
  const Json& value = json.at(key);
  const bool is_small = value.is_number_unsigned()
                            ? std::in_range<T>(value.get<std::uint64_t>())
                            : std::in_range<T>(value.is_number_integer() ? value.get<std::int64_t>() : std::int64_t{0});
  if (!value.is_number_integer() || !is_small)
    throw EnvironmentError(fmt::format("'{}' is not a number that fits", key));
  return value.get<T>();
}

/// Seconds that a Duration can hold.
Duration seconds_in(const Json& json, const char* key) {
  const double seconds = json.at(key).get<double>();
  if (!(seconds >= 0 && seconds < 1e9)) throw EnvironmentError(fmt::format("'{}' is not a number that fits", key));
  return from_seconds(seconds);
}

/// Runs of the first versions say how many ranks there are only.
Launcher launcher_from(const Json& json, std::uint32_t mpi_ranks) {
  const std::string word = json.value("launcher", mpi_ranks > 0 ? "mpirun" : "none");
  return word == "srun" ? Launcher::srun : word == "mpirun" ? Launcher::mpirun : Launcher::none;
}

/// Runs of the first version have none of these.
void read_planning(const Json& json, RunFacts& facts) {
  facts.keeps_journal = json.value("journal", true);
  facts.planning.policy = plan::policy_named(json.value("policy", "auto")).value_or(facts.planning.policy);
  if (json.contains("effort")) facts.planning.effort = std::clamp(integer_in<int>(json, "effort"), 0, 9);
  if (json.contains("reserve_s") && json["reserve_s"].is_number()) facts.reserve = seconds_in(json, "reserve_s");
}

/// Names are put into messages and paths.
void check_run_id(const std::string& run) {
  if (run.empty() || run.find('/') != std::string::npos || run.find('\0') != std::string::npos)
    throw EnvironmentError("'run' is not the id of a run");
}

RunFacts facts_from(const Json& json) {
  RunFacts facts;
  facts.run = json.at("run");
  check_run_id(facts.run);
  facts.workflow = json.at("workflow");
  facts.file = json.at("file");
  facts.source = source_named(json.at("source").get<std::string>()).value_or(Source::yaml);
  for (const auto& [name, value] : json.at("params").items()) facts.params.emplace_back(name, value);
  // Runs of earlier versions have what was given only.
  if (json.contains("values")) {
    for (const auto& [name, value] : json["values"].items()) facts.values.emplace_back(name, value);
  } else {
    facts.values = facts.params;
  }
  facts.submit_dir = json.at("submit_dir");
  facts.host = json.at("host");
  facts.user = json.at("user");
  facts.pid = integer_in<int>(json, "pid");
  facts.argv = json.at("argv").get<std::vector<std::string>>();
  facts.created = from_ns(integer_in<std::int64_t>(json, "created_ns"));
  facts.placement.mpi_ranks = integer_in<std::uint32_t>(json, "mpi_ranks");
  facts.placement.launcher = launcher_from(json, facts.placement.mpi_ranks);
  facts.placement.cores_per_rank = integer_in<std::uint32_t>(json, "cores_per_rank");
  read_planning(json, facts);
  if (json.contains("slurm")) facts.slurm = slurm_request_from(json["slurm"]);
  if (json.contains("rules")) facts.rules = rules_from(json["rules"]);
  if (json.contains("deadline_ns") && json["deadline_ns"].is_number_integer())
    facts.deadline_at = from_ns(integer_in<std::int64_t>(json, "deadline_ns"));
  facts.secrets_file = json.value("secrets_file", "");
  if (json.contains("select")) facts.select = json["select"].get<std::vector<std::string>>();
  if (json.contains("report")) facts.table = table_spec_from(json["report"]);
  return facts;
}

}  // namespace

RunFacts parse_run_facts(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    if (!json.is_object()) throw EnvironmentError("it is not an object");
    return facts_from(json);
  } catch (const Json::exception& problem) {
    throw EnvironmentError(printable(problem.what()));
  }
}

RunFacts read_run_facts(const std::string& run_dir) {
  const std::string path = run_dir + "/run.json";
  const RegularFile file = open_regular(path);
  if (!file.is_open())
    throw EnvironmentError(fmt::format("cannot read {} ({}); is {} a run directory?", path, file.problem(), run_dir));
  const auto text = read_all(file, kLongestFacts);
  if (!text) throw EnvironmentError(fmt::format("cannot read {} (it is too long); restore it from a copy", path));
  try {
    return parse_run_facts(*text);
  } catch (const EnvironmentError& problem) {
    throw EnvironmentError(fmt::format(
        "cannot read {} ({}); it is damaged, or was written by hand or by another version", path, problem.what()));
  }
}

}  // namespace fugle::app
