#include "app/doctor_replay.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "graph/element_text.hpp"
#include "store/live_file.hpp"

namespace fugle::app {
namespace {

using scheduler::State;

bool is_there(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

Check check_counts(const StoredRun& run, const std::string& run_dir, bool is_held) {
  const auto live = store::read_live(run_dir);
  if (!live)
    return {"counts", Verdict::note, "live.h5 can not be read", "status reads the journal; resume makes it anew"};
  if (is_held) return {"counts", Verdict::good, "move while the run goes on"};
  if (!live->ended) return {"counts", Verdict::good, "live.h5 is older than the journal, which counts"};
  if (live->counts == run.state().counts() && live->num_ignored == run.state().num_ignored())
    return {"counts", Verdict::good, "live.h5 says the same as the journal"};
  return {"counts", Verdict::note, "live.h5 does not say what the journal says, which counts",
          "'fugle resume' makes it anew"};
}

/// What is amiss among the files of tasks: how many, and the first.
struct Amiss {
  std::uint64_t count = 0;
  std::string first;
  void add(const std::string& path) {
    if (++count == 1) first = path;
  }
};

struct TaskFiles {
  std::uint64_t num_outputs = 0;
  Amiss missing;  ///< of what is OK, and nobody waits for them
  Amiss wanted;   ///< of what is OK, and somebody does
  Amiss staged;
};

bool is_waited_for(const StoredRun& run, ElementId e) {
  const auto successors = run.graph().successors(e);
  return std::any_of(successors.begin(), successors.end(),
                     [&](std::uint32_t s) { return !scheduler::is_final(run.state().state(ElementId(s))); });
}

void look_at(const StoredRun& run, ElementId e, TaskFiles& files) {
  const State state = run.state().state(e);
  const graph::ElementText text = run.graph().text(e);
  const graph::Task& task = run.graph().task_of(e);
  for (std::size_t i = 0; i < text.outputs.size(); ++i) {
    if (task.output_kind(i) != graph::OutputKind::file) continue;
    const std::string& output = text.outputs[i];
    if (state == State::ok && ++files.num_outputs > 0 && !is_there(output))
      (is_waited_for(run, e) ? files.wanted : files.missing).add(output);
    if (scheduler::is_live(state)) continue;
    for (std::uint32_t attempt = 1; attempt <= run.state().attempt(e); ++attempt)
      if (const std::string staged = graph::staged_path(output, attempt); is_there(staged)) files.staged.add(staged);
  }
}

TaskFiles look_at_files(const StoredRun& run) {
  TaskFiles files;
  for (std::uint32_t i = 0; i < run.graph().num_elements(); ++i)
    if (!run.graph().is_gate(ElementId(i))) look_at(run, ElementId(i), files);
  return files;
}

Check check_outputs(const TaskFiles& files) {
  const std::string found = counted(files.num_outputs, "output", "outputs");
  if (files.wanted.count > 0)
    return {
        "outputs", Verdict::bad,
        fmt::format("{} of {} are gone that others wait for, e.g. {}", files.wanted.count, found, files.wanted.first),
        "put them back, or run the workflow anew: resume does not repeat what is OK"};
  if (files.missing.count == 0) return {"outputs", Verdict::good, found + " of what is OK, all there"};
  return {"outputs", Verdict::note,
          fmt::format("{} of {} of what is OK are gone, e.g. {}", files.missing.count, found, files.missing.first),
          "nothing of this run waits for them"};
}

Check check_leftovers(const TaskFiles& files) {
  if (files.staged.count == 0) return {"leftovers", Verdict::good, "no unfinished outputs"};
  return {"leftovers", Verdict::note,
          fmt::format("{} of attempts that did not end OK, e.g. {}",
                      counted(files.staged.count, "unfinished output", "unfinished outputs"), files.staged.first),
          "nothing reads them; remove them when you need the space"};
}

}  // namespace

std::vector<Check> check_history(const std::string& run_dir, bool is_held) {
  try {
    const StoredRun run(run_dir);
    const std::string found = fmt::format("{} of {} replayed on {}", counted(run.events().size(), "event", "events"),
                                          counted(run.lives().lives().size(), "life", "lives"),
                                          counted(run.graph().num_real_elements(), "element", "elements"));
    const TaskFiles files = look_at_files(run);
    return {{"history", Verdict::good, found},
            check_counts(run, run_dir, is_held),
            check_outputs(files),
            check_leftovers(files)};
  } catch (const Error& error) {
    return {{"history", Verdict::bad, error.what(), "restore the files from a copy, or start a new run"}};
  }
}

}  // namespace fugle::app
