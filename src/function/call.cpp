#include "function/call.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/error.hpp"
#include "executor/node_folder.hpp"

namespace fugle::function {
namespace {

using graph::FailureClass;

std::uint64_t thread_cpu_ms() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1000 + static_cast<std::uint64_t>(used.tv_nsec) / 1'000'000;
}

/// The calling thread, and those that it starts, on the CPUs of the lease; afterwards where it was before.
class ScopedBinding {
 public:
  explicit ScopedBinding(const scheduler::Place& place) {
    if (place.cpus.empty() || !place.is_real || ::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
    cpu_set_t leased;
    CPU_ZERO(&leased);
    for (const std::uint32_t cpu : place.cpus)
      if (cpu < CPU_SETSIZE) CPU_SET(cpu, &leased);
    is_bound_ = ::sched_setaffinity(0, sizeof leased, &leased) == 0;
  }
  ~ScopedBinding() {
    if (is_bound_) ::sched_setaffinity(0, sizeof before_, &before_);
  }
  ScopedBinding(const ScopedBinding&) = delete;
  ScopedBinding& operator=(const ScopedBinding&) = delete;

 private:
  cpu_set_t before_{};
  bool is_bound_ = false;
};

/// A directory of one attempt on the node, removed after it.
class Scratch {
 public:
  Scratch(const graph::Task& task, const std::string& run_id) {
    if (!task.has_scratch) return;
    const std::string root = task.scratch_root.empty() ? executor::default_scratch_root() : task.scratch_root;
    path_ = fmt::format("{}/{}call-XXXXXX", root, executor::node_folder_beginning(run_id));
    if (::mkdtemp(path_.data()) == nullptr) {
      problem_ = fmt::format("no scratch directory: '{}' can not be made ({})", path_, std::strerror(errno));
      path_.clear();
    }
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }

 private:
  std::string path_;
  std::optional<std::string> problem_;
};

CallOutcome failure(FailureClass cls, std::string reason) { return {cls, 0, std::move(reason), {}}; }

std::vector<std::pair<std::string_view, std::string_view>> pairs_of(const std::vector<std::string>& names,
                                                                    const std::vector<std::string>& values) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) pairs.emplace_back(names[i], values[i]);
  return pairs;
}

}  // namespace

Time call_clock() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

Call::Call(const CallPlace& place, const scheduler::Launch& launch, Callable& callable)
    : place_(place),
      id_(launch.id),
      attempt_(launch.attempt),
      index_(launch.index),
      task_(launch.task),
      granted_(launch.granted),
      leased_(launch.place),
      text_(graph::unpack(*launch.task, launch.packed_text)),
      callable_(callable),
      element_(launch.element) {
  if (launch.party.size() < 2) return;
  for (const scheduler::Member& member : launch.party) party_.workers.push_back(member.worker.value());
  party_.position = launch.position;
  party_.number = launch.party_number;
}

CallResult Call::run(const std::function<void(Time)>& on_start) {
  CallResult result;
  const std::uint64_t cpu_before = thread_cpu_ms();
  result.start = call_clock();
  on_start(result.start);
  {
    const ScopedBinding binding(leased_);
    result.outcome = call_with_files();
  }
  results_.clear();
  result.end = std::max(call_clock(), result.start);
  result.cpu_ms = thread_cpu_ms() - cpu_before;
  return result;
}

CallOutcome Call::call_with_files() {
  executor::StagedOutputs outputs;
  CallOutcome prepared;
  if (party_.position == 0 && !text_.outputs.empty()) {
    outputs = executor::StagedOutputs(task_->output_names, text_.outputs, attempt_, task_->output_kinds);
    if (const auto problem = outputs.prepare()) prepared = failure(FailureClass::output, *problem);
  }
  const Scratch scratch(*task_, place_.run_id);
  if (scratch.problem()) prepared = failure(FailureClass::setup, *scratch.problem());
  CallOutcome outcome = prepared;
  if (is_party())
    outcome = call_with_party(outputs, scratch.path(), prepared);
  else if (prepared.cls == FailureClass::none)
    outcome = call_prepared(outputs, scratch.path(), nullptr);
  Fate expected = Fate::open;
  if (!fate_.compare_exchange_strong(expected, Fate::settling)) return outcome;
  if (outcome.cls != FailureClass::none)
    outputs.set_aside();
  else if (const auto problem = outputs.publish())
    outcome = failure(FailureClass::output, *problem);
  return outcome;
}

/// Who is not ready says so, or the others would wait for it in their first collective operation.
CallOutcome Call::call_with_party(executor::StagedOutputs& outputs, const std::string& scratch,
                                  const CallOutcome& prepared) {
  if (!place_.join_party)
    return failure(FailureClass::launch,
                   "a function of several ranks needs MPI between them (these have none); use mpirun or -n");
  PartyWish wish = party_;
  wish.cls = prepared.cls;
  wish.reason = prepared.reason;
  try {
    const PartyAnswer party = place_.join_party(
        wish, [this] { return std::atomic_ref<bool>(is_cancelled_).load(std::memory_order_relaxed); });
    if (party.cls != FailureClass::none) return failure(party.cls, party.reason);
    CallOutcome outcome = call_prepared(outputs, scratch, party.communicator.get());
    if (outcome.cls == FailureClass::none) party.keep();
    return outcome;
  } catch (const Error& error) {
    return failure(FailureClass::launch, error.what());
  }
}

CallOutcome Call::call_prepared(executor::StagedOutputs& outputs, const std::string& scratch,
                                const void* communicator) {
  // Members of a party write beside the same names as the first one, who publishes them.
  std::vector<std::string> staged = outputs.staged();
  if (staged.size() != text_.outputs.size())
    for (std::size_t i = 0; i < text_.outputs.size(); ++i)
      staged.push_back(graph::path_for_attempt(task_->output_kind(i), text_.outputs[i], attempt_));
  const std::string arguments = graph::fill_slots(text_.arguments, {staged, attempt_, scratch, {}, {}});
  CallInput input;
  input.run_id = place_.run_id;
  input.run_dir = place_.run_dir;
  input.task = task_->name;
  input.element = id_;
  input.attempt = attempt_;
  input.index = index_;
  input.arguments = arguments;
  input.workdir = task_->workdir.empty() ? text_.workdir : task_->workdir;
  input.scratch = scratch;
  input.inputs = pairs_of(task_->input_names, text_.inputs);
  input.outputs = pairs_of(task_->output_names, staged);
  for (const Value& value : results_) input.results.push_back(*value);
  input.cores = granted_.cores;
  input.cpus = leased_.cpus;
  input.gpus = leased_.gpus;
  input.rank = party_.position;
  input.num_ranks = is_party() ? static_cast<std::uint32_t>(party_.workers.size()) : 1;
  input.communicator = communicator;
  const std::function<void(std::string_view)> log = [this](std::string_view line) {
    place_.log(element_, attempt_, line);
  };
  if (place_.log) input.log = &log;
  input.is_cancelled = &is_cancelled_;
  return callable_.call(input);
}

}  // namespace fugle::function
