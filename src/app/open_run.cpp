#include "app/open_run.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <thread>
#include <utility>

#include "app/other_runs.hpp"
#include "app/output.hpp"
#include "app/read_durations.hpp"
#include "app/run_language.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "executor/attempt_log.hpp"
#include "report/progress.hpp"
#include "store/live_file.hpp"
#include "store/no_journal.hpp"
#include "store/plan_file.hpp"
#include "store/repair.hpp"
#include "store/run_door.hpp"
#include "store/snapshot.hpp"

namespace fugle::app {
namespace {

using scheduler::State;

/// Whether a resume would start nothing: all elements ended, and well.
bool is_done(const scheduler::RunState& state) {
  return state.is_complete() && state.count(State::failed) == state.num_ignored() + state.num_tolerated() &&
         state.count(State::blocked) == 0 && state.count(State::cancelled) == 0;
}

/// After a kill of mpirun its ranks live on for a second or two: no reason to refuse who resumes at once. An earlier
/// incarnation of our batch job does not leave unless it is told to, which RunLock does.
void wait_for_the_last_head(const std::string& run_dir) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto holder = store::find_lock_holder(run_dir);
    if (!holder || holder->incarnation.is_followed_by(store::lock_options().lease.self)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void repair(const std::string& run_dir, const graph::Graph& graph, std::uint64_t seed) {
  const auto done = store::repair_journal(run_dir, graph, seed);
  if (!done) return fmt::print(stderr, "fugle: the journal is sound, nothing was repaired\n");
  for (const std::string& sentence : done->words) fmt::print(stderr, "fugle: {}\n", sentence);
  for (const ElementId e : done->again) fmt::print(stderr, "fugle: {} runs again\n", graph.id(e));
}

}  // namespace

namespace {

/// Of a run that has just been given its directory: whoever may not begin leaves nothing behind. What is returned is
/// held until the run can be seen by others.
std::unique_ptr<store::RunLock> look_at_others(const std::string& runs_dir, const std::string& directory,
                                               const graph::Graph& graph) {
  try {
    auto beginnings = lock_beginnings(runs_dir, graph);
    if (beginnings) refuse_shared_outputs(runs_dir, directory, graph);
    return beginnings;
  } catch (const Error&) {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    throw;
  }
}

}  // namespace

OpenRun::OpenRun(std::string directory, RunFacts facts, graph::Graph graph)
    : directory_(std::move(directory)), facts_(std::move(facts)), graph_(std::move(graph)) {}

std::unique_ptr<OpenRun> OpenRun::create(const std::string& runs_dir, RunFacts facts, graph::Graph graph,
                                         const KeptWorkflow& kept) {
  Secrets secrets = secrets_of_run(facts.rules.secrets, facts.secrets_file);
  const std::string directory = create_run_directory(runs_dir, facts.run, facts.access);
  const auto beginnings = look_at_others(runs_dir, directory, graph);
  std::unique_ptr<OpenRun> run(new OpenRun(directory, std::move(facts), std::move(graph)));
  run->secrets_ = std::move(secrets);
  run->lock_ = std::make_unique<store::RunLock>(directory);
  const std::uint64_t seed = hash_text(run->facts_.run);
  store::write_plan(directory, run->graph_, {run->facts_.run, run->facts_.workflow, seed});
  run->state_ = std::make_unique<scheduler::RunState>(run->graph_, seed);
  write_kept_workflow(directory, kept);
  run->start_life({});
  // Last: a directory without it is no run, so nobody can resume what was killed while it was being made.
  write_run_facts(directory, run->facts_);
  return run;
}

std::unique_ptr<OpenRun> OpenRun::reopen(const std::string& run_dir, Damage damage, const std::string& secrets_file) {
  expect_own(run_dir);
  RunFacts facts = read_run_facts(run_dir);
  if (!secrets_file.empty()) facts.secrets_file = secrets_file;
  wait_for_the_last_head(run_dir);
  store::PlanFile plan = store::read_plan(run_dir);
  const std::string runs_dir = std::filesystem::absolute(run_dir).parent_path().string();
  auto beginnings = lock_beginnings(runs_dir, plan.graph);
  auto lock = std::make_unique<store::RunLock>(run_dir);
  if (beginnings) refuse_shared_outputs(runs_dir, run_dir, plan.graph);
  beginnings.reset();
  std::unique_ptr<OpenRun> run(new OpenRun(run_dir, std::move(facts), std::move(plan.graph)));
  run->lock_ = std::move(lock);
  if (!run->facts_.keeps_journal)
    throw EnvironmentError(
        fmt::format("{} can not go on (it ran with --journal off, so nobody knows what finished); "
                    "start it again with fugle run",
                    run->facts_.run));
  if (damage == Damage::repaired) repair(run_dir, run->graph_, plan.facts.seed);
  run->state_ = std::make_unique<scheduler::RunState>(run->graph_, plan.facts.seed);
  const store::Recovered recovered = store::read_journal(run_dir);
  scheduler::Effects effects;
  for (const scheduler::Event& event : recovered.events) {
    apply_stored(*run->state_, event, run_dir, effects);
    effects.clear();
    add_duration(run->graph_, event, run->durations_so_far_);
  }
  if (is_done(*run->state_)) return nullptr;
  run->secrets_ = secrets_of_run(run->facts_.rules.secrets, run->facts_.secrets_file);
  run->start_life(recovered);
  return run;
}

std::uint64_t OpenRun::num_ended() const {
  std::uint64_t count = 0;
  for (const State state : {State::ok, State::cached, State::skipped, State::blocked, State::failed, State::cancelled})
    count += state_->count(state);
  return count;
}

std::optional<store::LockHolder> OpenRun::other_holder() const {
  try {
    const auto holder = store::find_lock_holder(directory_);
    // A new holder first makes the file, then writes its name.
    const bool is_other = holder && holder->pid > 0 &&
                          (holder->pid != getpid() || holder->host != host_name() ||
                           holder->incarnation != store::lock_options().lease.self);
    return is_other ? holder : std::nullopt;
  } catch (const EnvironmentError&) {
    return std::nullopt;  // a file that can not be read says nothing about who has it
  }
}

void OpenRun::open_store(const store::Recovered& recovered) {
  if (!facts_.keeps_journal) {
    store_ = std::make_unique<store::NoJournal>();
    return;
  }
  store::JournalOptions options;
  options.capacity = recovered.num_segments > 0 ? recovered.capacity : store::capacity_for(graph_.num_real_elements());
  store_ = std::make_unique<store::FileStore>(directory_, recovered, options);
  store::ensure_run_door(directory_, options.capacity);
}

void OpenRun::keep_metrics(const store::Recovered& recovered) {
  std::set<std::pair<ElementId, std::uint16_t>> known;
  for (const scheduler::Event& event : recovered.events)
    if (event.kind == scheduler::EventKind::attempt_ended) known.emplace(event.element, event.attempt);
  auto metrics =
      std::make_unique<store::MetricsFile>(directory_, graph_, [&known](ElementId element, std::uint16_t attempt) {
        return known.contains({element, attempt});
      });
  metrics_ = metrics.get();
  observers_.push_back(std::move(metrics));
}

void OpenRun::start_life(const store::Recovered& recovered) {
  if (workflow::RunTime::is_needed_by(graph_)) language_ = std::make_unique<RunLanguage>(directory_, *state_);
  open_store(recovered);
  observers_.push_back(std::make_unique<store::LiveFile>(directory_, *state_));
  if (store::has_metrics(graph_)) keep_metrics(recovered);
  report::ProgressOptions progress;
  progress.fd = message_fd();
  progress.is_terminal = isatty(progress.fd) == 1;
  progress.width = [fd = progress.fd] { return terminal_width(fd); };
  progress.names = {facts_.run, facts_.workflow, facts_.source == Source::yaml ? facts_.file : ""};
  progress.read_tail = [directory = directory_](ElementId element, std::uint16_t attempt) {
    return executor::tail_of_attempt(directory, element, attempt, report::kTailLines);
  };
  progress.lengths.emplace(graph_);
  for (const scheduler::Event& event : recovered.events) progress.lengths->add(event);
  observers_.push_back(std::make_unique<report::Progress>(std::move(progress), *state_));
}

scheduler::HeadOptions OpenRun::head_options(RunPlan plan) {
  scheduler::HeadOptions options;
  options.run = state_.get();
  options.store = store_.get();
  options.language = language_.get();
  options.plan = std::move(plan.plan);
  options.known_s = std::move(plan.known_s);
  options.expected_s = std::move(plan.expected_s);
  options.end_of_allocation = plan.allocation.end;
  options.reserve = plan.allocation.reserve;
  for (const auto& observer : observers_) options.observers.push_back(observer.get());
  options.life_text = fmt::format("{} {} {}", host_name(), getpid(), user_name());
  return options;
}

void OpenRun::close() {
  if (metrics_ != nullptr && !metrics_->problem().empty())
    fmt::print(stderr, "fugle: some values of metrics are lost: {}\n", metrics_->problem());
  metrics_ = nullptr;
  observers_.clear();
  store_.reset();
  if (facts_.keeps_journal) store::write_snapshot(directory_, *state_, store::read_journal(directory_).events);
}

}  // namespace fugle::app
