#include "app/doctor_run.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "app/access.hpp"
#include "app/doctor_replay.hpp"
#include "app/run_directory.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "executor/attempt_log.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

Check check_rights(const std::string& run_dir) {
  struct stat status {};
  if (::stat(run_dir.c_str(), &status) != 0)
    throw EnvironmentError(
        fmt::format("cannot look at '{}' ({}); 'fugle history' lists the runs", run_dir, std::strerror(errno)));
  const std::string found = fmt::format("of {}, mode {:04o}", name_of_user(status.st_uid), status.st_mode & 07777);
  if ((status.st_mode & 0022) != 0)
    return {"rights", Verdict::bad, found + ": others may write to it", fmt::format("chmod go-w '{}'", run_dir)};
  if ((status.st_mode & 0007) != 0)
    return {"rights", Verdict::note, found + ": everybody may read it", fmt::format("chmod o= '{}'", run_dir)};
  if (status.st_uid != ::geteuid()) return {"rights", Verdict::note, found, "only its owner can resume or cancel it"};
  return {"rights", Verdict::good, found + ((status.st_mode & 0050) != 0 ? ": the group may read it" : "")};
}

Check check_facts(const std::string& run_dir) {
  try {
    const RunFacts facts = read_run_facts(run_dir);
    if (facts.run != fs::path(run_dir).filename().string())
      return {"run.json", Verdict::note, fmt::format("is of run {}", facts.run), "the directory was copied or renamed"};
    return {"run.json", Verdict::good, fmt::format("{}, started {}", facts.workflow, format_time(facts.created))};
  } catch (const EnvironmentError& error) {
    return {"run.json", Verdict::bad, error.what(), "restore it from a copy; without it the run is not found"};
  }
}

Check check_of(const store::FileInspection& file) {
  using store::Soundness;
  switch (file.soundness) {
    case Soundness::sound: return {file.name, Verdict::good, file.words};
    case Soundness::absent: return {file.name, Verdict::good, file.words.empty() ? "not there" : file.words};
    case Soundness::rebuilt: return {file.name, Verdict::note, file.words, "made anew by 'fugle resume'"};
    case Soundness::newer: return {file.name, Verdict::bad, file.words, "use the version that wrote it, or upgrade"};
    case Soundness::damaged: break;
  }
  return {file.name, Verdict::bad, file.words};
}

/// Commands that were dropped and never taken, or not obeyed.
Check check_control(const std::string& run_dir, bool is_held) {
  std::size_t num_waiting = 0, num_refused = 0;
  std::error_code problem;
  for (fs::directory_iterator at(run_dir + "/control", problem), end; !problem && at != end; at.increment(problem)) {
    const std::string ending = at->path().extension().string();
    num_waiting += ending == ".command" || ending == ".draft" ? 1 : 0;
    num_refused += ending == ".refused" ? 1 : 0;
  }
  if (problem && problem != std::errc::permission_denied)
    return {"control", Verdict::note, problem.message(), "the next command makes it known"};
  if (num_refused > 0)
    return {"control", Verdict::note, counted(num_refused, "file was not obeyed", "files were not obeyed"),
            "look who put them there, then remove them"};
  if (num_waiting > 0 && !is_held)
    return {"control", Verdict::note, counted(num_waiting, "command was never taken", "commands were never taken"),
            "'fugle resume' would obey it; remove it if that is not wanted"};
  return {"control", Verdict::good, problem ? "its owner's alone" : "nothing is left in it"};
}

/// Rows of the index say what is in the log; a log that is shorter has lost output.
Check check_logs(const std::string& run_dir) {
  std::uint64_t num_rows = 0, num_beyond = 0;
  for (const executor::LogChunk& chunk : executor::find_chunks(run_dir, ElementId{}, 0)) {
    struct stat status {};
    const std::string log = fmt::format("{}/logs/worker-{}.log", run_dir, chunk.worker.value());
    const bool is_there = ::lstat(log.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    const auto size = is_there ? static_cast<std::uint64_t>(status.st_size) : 0;
    ++num_rows;
    num_beyond += chunk.offset > size || chunk.length > size - chunk.offset ? 1 : 0;
  }
  const std::string found = counted(num_rows, "piece of output", "pieces of output");
  if (num_beyond == 0) return {"logs", Verdict::good, found};
  return {"logs", Verdict::note, fmt::format("{}, {} of them cut off", found, num_beyond),
          "a power cut or a full disk took them; nothing else is lost"};
}

Verdict worst(const std::vector<Check>& checks) {
  Verdict verdict = Verdict::good;
  for (const Check& check : checks) verdict = std::max(verdict, check.verdict);
  return verdict;
}

}  // namespace

RunExamination examine_run(const std::string& run_dir) {
  RunExamination examination;
  examination.run_dir = run_dir;
  examination.checks = {check_rights(run_dir), check_facts(run_dir)};
  const store::Inspection inspection = store::inspect(run_dir);
  for (const store::FileInspection& file : inspection.files) {
    examination.checks.push_back(check_of(file));
    examination.is_newer = examination.is_newer || file.soundness == store::Soundness::newer;
  }
  examination.lives = inspection.lives;
  examination.num_events = inspection.num_events;
  examination.is_held = inspection.is_held;
  examination.can_resume = inspection.can_resume;
  examination.advice = inspection.advice;
  if (inspection.is_sound())
    for (Check& check : check_history(run_dir, inspection.is_held)) examination.checks.push_back(std::move(check));
  examination.checks.push_back(check_logs(run_dir));
  examination.checks.push_back(check_control(run_dir, inspection.is_held));
  return examination;
}

bool is_sound(const RunExamination& examination) { return worst(examination.checks) != Verdict::bad; }

}  // namespace fugle::app
