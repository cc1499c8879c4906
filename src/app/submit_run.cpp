#include "app/submit_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "app/job_submission.hpp"
#include "app/jobs.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "slurm/run_command.hpp"
#include "store/plan_file.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

constexpr Duration kPatience = std::chrono::minutes(2);  ///< of sbatch: a busy controller takes its time

std::string script_path(const JobRequest& request) { return request.script.run_dir + "/job.sh"; }

void write_script(const std::string& path, const std::string& text) {
  const std::string draft = path + ".tmp";
  ::unlink(draft.c_str());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivateFile);
  const bool is_written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) (void)::fchmod(fd, rights_beside(draft) | S_IXUSR);
  const bool is_closed = fd >= 0 && ::close(fd) == 0;
  if (is_written && is_closed && ::rename(draft.c_str(), path.c_str()) == 0) return;
  throw EnvironmentError(
      fmt::format("cannot write {} ({}); free some space, or make it writable", path, std::strerror(errno)));
}

std::vector<std::string> sbatch_words(const JobRequest& request) {
  std::vector<std::string> words{"sbatch", "--parsable"};
  words.insert(words.end(), request.once.begin(), request.once.end());
  words.push_back(script_path(request));
  return words;
}

[[noreturn]] void refuse(const slurm::Answer& answer) {
  if (answer.exit_code == 127)
    throw EnvironmentError("cannot submit (there is no sbatch in PATH); 'fugle run FILE' runs it here");
  std::fputs(printable(answer.complaint).c_str(), stderr);
  if (answer.exit_code == 124)
    throw EnvironmentError(
        "sbatch did not answer within two minutes (is the controller of Slurm up?); look with 'sinfo' and "
        "'squeue --me' whether there is a job, then submit again");
  throw EnvironmentError(
      fmt::format("sbatch refused the job (exit {}, its words are above); correct 'slurm' in the file or add options "
                  "after '--', 'sinfo' lists what there is; nothing was left behind",
                  answer.exit_code));
}

JobName submit_once(const JobRequest& request) {
  const slurm::Answer answer = slurm::run_command(sbatch_words(request), kPatience);
  const auto name = parse_job_name(answer.output);
  if (!answer.is_good() || !name) refuse(answer);
  std::fputs(printable(answer.complaint).c_str(), stderr);  // warnings
  return *name;
}

void note(const JobRequest& request, const JobName& name, Time now) {
  const auto kind = request.num_jobs > 1 ? RunJob::Kind::campaign : RunJob::Kind::submitted;
  try {
    append_job(request.script.run_dir, {name.id, name.cluster, kind, now, ""});
  } catch (const EnvironmentError& problem) {
    fmt::print(stderr, "fugle: {}; job {} was submitted all the same\n", problem.what(), name.id);
  }
}

}  // namespace

std::string make_waiting_run(const std::string& runs_dir, const RunFacts& facts, const graph::Graph& graph,
                             const KeptWorkflow& kept) {
  const std::string directory = create_run_directory(runs_dir, facts.run, facts.access);
  try {
    store::write_plan(directory, graph, {facts.run, facts.workflow, hash_text(facts.run)});
    write_kept_workflow(directory, kept);
    write_run_facts(directory, facts);
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove_all(directory, ignored);
    throw;
  }
  return directory;
}

std::string sbatch_line(const JobRequest& request) {
  std::vector<std::string> words;
  for (const std::string& word : sbatch_words(request)) words.push_back(quote_for_shell(word));
  return join(words, " ");
}

std::vector<std::string> submit_jobs(const JobRequest& request, Time now) {
  write_script(script_path(request), text_of(request.script));
  leave_surroundings();
  std::vector<std::string> ids;
  while (ids.size() < request.num_jobs) {
    try {
      const JobName name = submit_once(request);
      note(request, name, now);
      ids.push_back(name.id);
    } catch (const EnvironmentError& problem) {
      if (ids.empty()) throw;
      fmt::print(stderr, "fugle: {} of {} jobs were submitted: {}\n", ids.size(), request.num_jobs, problem.what());
      break;
    }
  }
  return ids;
}

std::string path_of_program() {
  std::error_code problem;
  const fs::path path = fs::read_symlink("/proc/self/exe", problem);
  if (problem)
    throw EnvironmentError(fmt::format("cannot find our own program ({}); is /proc mounted?", problem.message()));
  return path.string();
}

}  // namespace fugle::app
