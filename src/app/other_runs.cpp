#include "app/other_runs.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <unordered_set>

#include "app/control.hpp"
#include "app/find_run.hpp"
#include "app/jobs.hpp"
#include "app/run_directory.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "slurm/run_command.hpp"
#include "store/plan_file.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

using workflow::WhenBusy;

constexpr auto kBetweenLooks = std::chrono::milliseconds(500);
constexpr auto kMostPatience = std::chrono::seconds(60);  ///< for a lock that others hold for a moment only

/// Waits for who holds it.
std::unique_ptr<store::RunLock> lock_for_a_moment(const std::string& folder) {
  make_private_directory(folder, {});
  const auto deadline = std::chrono::steady_clock::now() + kMostPatience;
  while (true) {
    try {
      return std::make_unique<store::RunLock>(folder);
    } catch (const ConflictError& conflict) {
      if (std::chrono::steady_clock::now() > deadline)
        throw EnvironmentError(fmt::format("cannot look at the other runs ({}); end that process", conflict.what()));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

bool is_held(const std::string& folder) {
  try {
    return store::find_lock_holder(folder).has_value();
  } catch (const EnvironmentError&) {
    return false;  // it has gone meanwhile
  }
}

std::string name_of_run(const std::string& run_dir) { return fs::path(run_dir).filename().string(); }

template <class Use>
void each_output(const graph::Graph& graph, Use use) {
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    const ElementId e(i);
    const graph::Task& task = graph.task_of(e);
    if (graph.is_gate(e) || task.output_names.empty()) continue;
    const graph::ElementText text = graph.text(e);
    for (std::size_t output = 0; output < text.outputs.size(); ++output)
      if (task.output_kind(output) == graph::OutputKind::file && !text.outputs[output].empty())
        use(text.outputs[output]);
  }
}

/// Of others that have a head now.
std::vector<std::string> living_runs(const std::string& runs_dir, const std::string& run_dir) {
  std::vector<std::string> living;
  for (const std::string& other : list_runs(runs_dir))
    if (name_of_run(other) != name_of_run(run_dir) && is_held(other)) living.push_back(other);
  return living;
}

std::string folder_of_groups(const std::string& runs_dir) { return runs_dir + "/.groups"; }

std::string folder_of(const std::string& runs_dir, const std::string& group) {
  return fmt::format("{}/{:016x}", folder_of_groups(runs_dir), hash_text(group));
}

std::optional<std::uint64_t> number_in(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const bool is_number = !name.empty() && name.size() < 19 && std::ranges::all_of(name, [](char c) {
    return c >= '0' && c <= '9';
  });
  return is_number ? std::optional<std::uint64_t>(std::stoull(name)) : std::nullopt;
}

std::vector<std::uint64_t> numbers_in(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code problem;
  for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end; entry.increment(problem))
    if (const auto number = number_in(entry->path())) numbers.push_back(*number);
  std::ranges::sort(numbers);
  return numbers;
}

std::string place_of(const std::string& folder, std::uint64_t number) { return fmt::format("{}/{:010}", folder, number); }

std::string names_of(const std::vector<GroupMember>& members) {
  std::vector<std::string> names;
  for (const GroupMember& member : members) names.push_back(member.run);
  return names.empty() ? "another run" : "run " + join(names, ", ");
}

void cancel(const GroupMember& member) {
  fmt::print(stderr, "fugle: {} is cancelled (concurrency: cancel_running)\n", member.run);
  if (member.is_running)
    (void)drop_command(member.run_dir, {"cancel", "", fmt::format("{}@{}", user_name(), host_name())});
  if (member.jobs.empty()) return;
  std::vector<std::string> command{"scancel"};
  command.insert(command.end(), member.jobs.begin(), member.jobs.end());
  if (!slurm::run_command(command, std::chrono::seconds(30)).is_good()) return;
  for (const std::string& job : member.jobs)
    append_job(member.run_dir, {job, "", RunJob::Kind::cancelled, now(), ""});
}

[[noreturn]] void refuse(const workflow::Concurrency& concurrency, const std::vector<GroupMember>& others) {
  throw ConflictError(fmt::format("{} is of group '{}' too, where {} may run at once (when_busy: fail); wait for it, or "
                                  "cancel it",
                                  names_of(others), concurrency.group, concurrency.max));
}

void say_skipped(const workflow::Concurrency& concurrency, const std::vector<GroupMember>& others) {
  fmt::print("skipped: {} is of group '{}' too (when_busy: skip)\n", names_of(others), concurrency.group);
}

std::vector<GroupMember> others_of(const std::string& runs_dir, const std::string& group, const std::string& own_run) {
  std::vector<GroupMember> others = members_of(runs_dir, group);
  std::erase_if(others, [&](const GroupMember& member) { return member.run == own_run; });
  return others;
}

}  // namespace

std::unique_ptr<store::RunLock> lock_beginnings(const std::string& runs_dir, const graph::Graph& graph) {
  bool writes = false;
  for (std::uint32_t i = 0; i < graph.num_tasks() && !writes; ++i)
    writes = !graph.task(TaskId(i)).output_names.empty();
  if (!writes) return nullptr;
  make_private_directory(folder_of_groups(runs_dir), {});
  if (::access(folder_of_groups(runs_dir).c_str(), W_OK | X_OK) != 0) return nullptr;
  return lock_for_a_moment(folder_of_groups(runs_dir));
}

void refuse_shared_outputs(const std::string& runs_dir, const std::string& run_dir, const graph::Graph& graph) {
  const std::vector<std::string> living = living_runs(runs_dir, run_dir);
  if (living.empty()) return;
  std::unordered_set<std::string> own;
  each_output(graph, [&](const std::string& path) { own.insert(path); });
  if (own.empty()) return;
  for (const std::string& other : living) {
    std::optional<store::PlanFile> plan;
    try {
      plan = store::read_plan(other);
    } catch (const EnvironmentError&) {
      continue;  // it is being made, or is gone
    }
    each_output(plan->graph, [&](const std::string& path) {
      if (own.contains(path))
        throw ConflictError(fmt::format("run {0} runs now and writes {1} too; wait for it, or 'fugle cancel {0}', or give "
                                        "this one other outputs",
                                        name_of_run(other), path));
    });
  }
}

std::vector<GroupMember> members_of(const std::string& runs_dir, const std::string& group) {
  std::vector<GroupMember> members;
  for (const std::string& run_dir : list_runs(runs_dir)) {
    GroupMember member{name_of_run(run_dir), run_dir, is_held(run_dir), waiting_jobs(read_jobs(run_dir))};
    if (!member.is_running && member.jobs.empty()) continue;
    try {
      const RunFacts facts = read_run_facts(run_dir);
      if (facts.rules.concurrency && facts.rules.concurrency->group == group) members.push_back(std::move(member));
    } catch (const EnvironmentError&) {
      continue;
    }
  }
  return members;
}

Turn::Turn(const std::string& runs_dir, const std::string& group, const Access& access)
    : folder_(folder_of(runs_dir, group)) {
  make_private_directory(runs_dir, access);
  make_private_directory(folder_of_groups(runs_dir), {});
  const auto gate = lock_for_a_moment(folder_);
  for (const std::uint64_t number : numbers_in(folder_)) {
    number_ = std::max(number_, number);
    std::error_code ignored;
    if (!is_held(place_of(folder_, number))) fs::remove_all(place_of(folder_, number), ignored);
  }
  ++number_;
  make_private_directory(place_of(folder_, number_), {});
  lock_ = std::make_unique<store::RunLock>(place_of(folder_, number_));
}

Turn::~Turn() {
  lock_.reset();
  std::error_code ignored;
  fs::remove_all(place_of(folder_, number_), ignored);
}

std::uint32_t Turn::num_before() const {
  std::uint32_t count = 0;
  for (const std::uint64_t number : numbers_in(folder_))
    if (number < number_ && is_held(place_of(folder_, number))) ++count;
  return count;
}

TurnAnswer take_turn(const std::optional<workflow::Concurrency>& concurrency, const std::string& runs_dir,
                     const std::string& own_run, const Access& access) {
  if (!concurrency) return {};
  TurnAnswer answer{std::make_unique<Turn>(runs_dir, concurrency->group, access), {}};
  std::optional<std::uint32_t> said;
  bool has_cancelled = false;
  while (true) {
    const std::uint32_t num_before = answer.turn->num_before();
    if (num_before < concurrency->max) return answer;
    if (said != num_before) {
      const std::vector<GroupMember> others = others_of(runs_dir, concurrency->group, own_run);
      if (concurrency->when_busy == WhenBusy::fail) refuse(*concurrency, others);
      if (concurrency->when_busy == WhenBusy::skip) {
        say_skipped(*concurrency, others);
        return {nullptr, 0};
      }
      if (concurrency->when_busy == WhenBusy::cancel_running && !has_cancelled) {
        for (const GroupMember& other : others) cancel(other);
        has_cancelled = !others.empty();
      }
      fmt::print(stderr, "fugle: waits for its turn in group '{}': position {} in the queue ({} first)\n",
                 concurrency->group, num_before - concurrency->max + 1, names_of(others));
      said = num_before;
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

std::optional<std::string> queue_option(const std::optional<workflow::Concurrency>& concurrency,
                                        const std::string& runs_dir) {
  if (!concurrency) return "";
  const std::vector<GroupMember> others = members_of(runs_dir, concurrency->group);
  if (others.size() < concurrency->max) return "";
  if (concurrency->when_busy == WhenBusy::fail) refuse(*concurrency, others);
  if (concurrency->when_busy == WhenBusy::skip) {
    say_skipped(*concurrency, others);
    return std::nullopt;
  }
  if (concurrency->when_busy == WhenBusy::cancel_running)
    for (const GroupMember& other : others) cancel(other);
  fmt::print(stderr, "fugle: group '{}': position {} in the queue ({} first)\n", concurrency->group,
             others.size() - concurrency->max + 1, names_of(others));
  std::vector<std::string> jobs;
  for (const GroupMember& other : others)
    for (const std::string& job : ids_of(read_jobs(other.run_dir))) jobs.push_back("afterany:" + job);
  if (jobs.empty()) return "";  // they run outside of Slurm: the job itself waits for its turn
  return "--dependency=" + join(jobs, concurrency->max > 1 ? "?" : ",");
}

}  // namespace fugle::app
