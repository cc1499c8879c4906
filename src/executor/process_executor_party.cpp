// Attempts over several nodes. The leader's launcher starts the daemons of mpirun on the other nodes through an agent
// of ours: agent -> leader -> word -> the node's executor -> its spawner, where the daemon is an attempt like any
// other, in the place that this node has given, with the environment of the attempt. Words:
//
//   leader -> member   "run" COMMAND           by a shell; the next one waits until the one before has ended
//   member -> leader   "ended" CODE CLASS REASON
//
// with NUL between the parts. Under srun no word is needed: a member has its place kept and looks after what is left.
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "executor/environment.hpp"
#include "executor/gpu_environment.hpp"
#include "executor/leftovers.hpp"
#include "executor/process_executor_impl.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;
using scheduler::Launch;
using scheduler::PartyWord;

constexpr std::uint8_t kNotReached = 255;  // as ssh has it
constexpr std::string_view kRun{"run\0", 4};
constexpr std::string_view kEnded{"ended\0", 6};

bool is_same_host(std::string_view a, std::string_view b) {
  const auto is_short_for = [](std::string_view name, std::string_view whole) {
    return whole.starts_with(name) && whole.substr(name.size()).starts_with('.');
  };
  return a == b || is_short_for(a, b) || is_short_for(b, a);
}

/// As a shell would tell it.
int exit_code_of(const AttemptReport& report) {
  if (report.exit != 0) return report.exit < 0 ? 128 - report.exit : report.exit;
  return report.cls == FailureClass::none ? 0 : kNotReached;
}

}  // namespace

std::string ProcessExecutor::Impl::agent_for(const Launch& launch) {
  if (!agents_) {
    agents_.emplace();
    watch(EPOLL_CTL_ADD, agents_->fd(), EPOLLIN);
  }
  return fmt::format("{}/{}/{}", agents_->name(), launch.element.value(), launch.attempt);
}

void ProcessExecutor::Impl::say(PartyWord word) {
  words_.push_back(std::move(word));
  wake();
}

void ProcessExecutor::Impl::hear_agents() {
  if (!agents_) return;
  for (AgentSocket::Order& order : agents_->poll()) {
    RunningAttempt* const running = find({order.element, order.attempt});
    if (running == nullptr) {
      agents_->finish(order.agent, kNotReached);
      continue;
    }
    RankedAttempt& ranked = running->ranked;
    const auto node =
        std::ranges::find_if(ranked.nodes, [&](const std::string& name) { return is_same_host(name, order.host); });
    if (node == ranked.nodes.end()) {
      agents_->finish(order.agent, kNotReached);
      continue;
    }
    const auto position = static_cast<std::uint32_t>(node - ranked.nodes.begin());
    ranked.agents[position].push_back(order.agent);
    say({ElementId(order.element), static_cast<std::uint16_t>(order.attempt), 0, position,
         std::string(kRun) + order.command});
  }
}

void ProcessExecutor::Impl::host(const Launch& launch) {
  FUGLE_EXPECT(!hosted_.contains(launch.element), "this worker takes part in the attempt already");
  Hosted& hosted = hosted_[launch.element];
  hosted.launch = launch;
  hosted.report.kind = AttemptReport::Kind::ended;
  hosted.report.element = launch.element;
  hosted.report.attempt = launch.attempt;
  hosted.report.start = unix_now();
  if (is_broken_) {
    hosted.report.cls = FailureClass::lost;
    hosted.report.reason = "lost: the spawner of this worker has died";
    leave(launch.element);
  }
}

void ProcessExecutor::Impl::hear(const PartyWord& word) {
  const std::string_view bytes = word.bytes;
  if (bytes.starts_with(kRun)) {
    const auto hosted = hosted_.find(word.element);
    if (hosted == hosted_.end() || hosted->second.launch.attempt != word.attempt || hosted->second.is_leaving) {
      say({word.element, word.attempt, word.to, word.from, fmt::format("{}{}", kEnded, kNotReached)});
      return;
    }
    hosted->second.commands.emplace_back(bytes.substr(kRun.size()));
    run_next_daemon(hosted->second);
  } else if (bytes.starts_with(kEnded)) {
    RunningAttempt* const running = find({word.element.value(), word.attempt});
    if (running == nullptr) return;
    const std::vector<std::string_view> parts = split(bytes.substr(kEnded.size()), '\0');
    std::vector<int>& agents = running->ranked.agents[word.from];
    if (!agents.empty()) {
      const int code = parse_number<int>(parts[0]).value_or(kNotReached);
      agents_->finish(agents.front(), static_cast<std::uint8_t>(std::clamp(code, 0, 255)));
      agents.erase(agents.begin());
    }
    if (parts.size() == 3 && parse_number<int>(parts[1]) == static_cast<int>(FailureClass::oom))
      running->ranked.oom_elsewhere = parts[2];
  }
}

void ProcessExecutor::Impl::run_next_daemon(Hosted& hosted) {
  if (hosted.commands.empty() || running_.contains(hosted.launch.element)) return;
  const std::string command = hosted.commands.front();
  hosted.commands.erase(hosted.commands.begin());
  const Launch& launch = hosted.launch;
  RunningAttempt running;
  running.attempt = launch.attempt;
  running.id = launch.id;
  running.is_hosted = true;
  running.texts.memory_limit = memory_limit_of(launch);
  running.texts.program = "sh";
  if (launch.place.is_real) running.texts.cpus = launch.place.cpus;
  try {
    order_daemon(launch, command, running);
  } catch (const EnvironmentError& error) {
    say({launch.element, launch.attempt, launch.position, 0, fmt::format("{}{}", kEnded, kNotReached)});
    hosted.report.reason = error.what();
    return;
  }
  running_.emplace(launch.element, std::move(running));
  if (tick_ == std::chrono::nanoseconds(0)) tick_every(kSlowTick);
  send();
}

void ProcessExecutor::Impl::order_daemon(const Launch& launch, const std::string& command, RunningAttempt& running) {
  const graph::Task& task = *launch.task;
  const graph::ElementText text = graph::unpack(task, launch.packed_text);
  const std::string scratch = running.texts.scratch = scratch_of(launch);
  const StagedOutputs outputs(task.output_names, text.outputs, launch.attempt);
  const graph::SlotValues slots{outputs.staged(), launch.attempt, scratch, launch.run_state};
  AttemptFiles files{launch, folder_in(temporary_folder()), running.scratch_files};
  const bool was_made = files.folder.is_made();
  std::vector<std::string> environment =
      attempt_environment(options_.run_id, options_.run_dir, launch, text, attempt_inputs(launch, text, files), slots);
  add_host_file(launch, files, environment);
  add_gpu_variables(environment, options_.gpus, launch, options_.environment);
  add_secrets(launch, environment);
  if (!was_made && files.folder.is_made())
    wire::FrameWriter(channel_.outgoing(), wire::Kind::own_folder).put_text(files.folder.path());
  running.texts.workdir = task.workdir.empty() ? text.workdir : task.workdir;
  const scheduler::Place bound = launch.place.is_real ? launch.place : scheduler::Place{};
  wire::FrameWriter(channel_.outgoing(), wire::Kind::start)
      .put(wire::StartFields{{launch.element.value(), launch.attempt},
                             0,  // its leader has the timeout
                             task.grace.count(),
                             running.texts.memory_limit,
                             task.scratch_bytes,
                             {},
                             true})
      .put_numbers(bound.cpus)
      .put_numbers(bound.numa_nodes)
      .put_text(running.texts.workdir)
      .put_texts({"/bin/sh", "-c", command})
      .put_texts(environment)
      .put_text(scratch)
      .put_texts({})
      .put_text({})
      .put_bytes({});
}

/// A daemon, and all that it started, has ended here.
void ProcessExecutor::Impl::note_end_of_daemon(const AttemptReport& report) {
  const ElementId element = report.element;
  for (const std::string& path : running_.at(element).scratch_files) ::unlink(path.c_str());
  running_.erase(element);
  const auto found = hosted_.find(element);
  if (found == hosted_.end()) return;
  Hosted& hosted = found->second;
  AttemptReport& sum = hosted.report;
  sum.cpu_ms += report.cpu_ms;
  sum.read_bytes += report.read_bytes;
  sum.written_bytes += report.written_bytes;
  sum.maxrss_kb = std::max(sum.maxrss_kb, report.maxrss_kb);
  hosted.ended_badly |= report.cls != FailureClass::none;
  if (report.cls == FailureClass::oom || report.cls == FailureClass::lost) {
    sum.cls = report.cls;
    sum.reason = report.reason;
  }
  say({element, hosted.launch.attempt, hosted.launch.position, 0,
       fmt::format("{}{}{}{}{}{}", kEnded, exit_code_of(report), '\0', static_cast<int>(report.cls), '\0',
                   secrets_.applied(report.reason))});
  if (hosted.is_leaving || sum.cls == FailureClass::lost)
    leave(element);
  else
    run_next_daemon(hosted);
}

/// Whoever is told that it has left finds nothing of the attempt here.
void ProcessExecutor::Impl::leave(ElementId element) {
  Hosted& hosted = hosted_.at(element);
  hosted.is_leaving = true;
  hosted.commands.clear();
  if (running_.contains(element)) {
    wire::FrameWriter(channel_.outgoing(), wire::Kind::stop).put(wire::StopFields{key_of(element), 1});
    return send();
  }
  const Launch& launch = hosted.launch;
  int num_killed = 0;
  if (!options_.slurm_job.empty()) num_killed = kill_processes_marked({marks_of(launch.id, launch.attempt)});
  if (options_.remove_mpi_debris && (hosted.ended_badly || num_killed > 0))
    options_.remove_mpi_debris(temporary_folder());
  hosted.report.end = unix_now();
  reports_.push_back(std::move(hosted.report));
  hosted_.erase(element);
  wake();
}

void ProcessExecutor::Impl::dismiss(ElementId element) {
  if (hosted_.contains(element)) leave(element);
}

/// False: it is none that is hosted.
bool ProcessExecutor::Impl::stop_hosted(ElementId element) {
  const auto found = hosted_.find(element);
  if (found == hosted_.end()) return false;
  AttemptReport& report = found->second.report;
  if (report.cls == FailureClass::none) {
    report.cls = FailureClass::cancelled;
    report.reason = "cancelled";
  }
  leave(element);
  return true;
}

/// Called after poll(), which has taken the reports: then nobody is to be woken any more.
void ProcessExecutor::Impl::poll_words(std::vector<PartyWord>& words) {
  if (std::uint64_t count; !words_.empty() && reports_.empty()) (void)!::read(wake_, &count, sizeof count);
  words.insert(words.end(), std::make_move_iterator(words_.begin()), std::make_move_iterator(words_.end()));
  words_.clear();
}

}  // namespace fugle::executor
