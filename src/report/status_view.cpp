#include "report/status_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/json_text.hpp"
#include "report/text_table.hpp"

namespace fugle::report {
namespace {

constexpr std::size_t kRowsShown = 10;

std::string more_line(std::size_t total) {
  return total > kRowsShown ? fmt::format("  and {} more (--json lists them)\n", total - kRowsShown) : "";
}

std::string silence_line(const Silence& silence, const std::string& run) {
  return fmt::format(
      "  its head on {0} has written nothing for {1}: the machine or the file system may be stuck\n"
      "  once it is sure to be dead ('kill -9 {2}' on {0}): fugle resume {3}\n",
      silence.host, format_duration(silence.since), silence.pid, run);
}

std::string head_part(const RunStatus& status) {
  const CountsView& counts = status.counts;
  const double percent =
      counts.total == 0 ? 100.0 : 100.0 * static_cast<double>(counts.num_final()) / static_cast<double>(counts.total);
  const bool is_last_part = status.in_finally && status.condition == RunCondition::running;
  std::string text =
      fmt::format("{}  {}  {}{}{}\n", status.run, status.workflow, name_of(status.condition),
                  is_last_part ? ", finally" : "", status.reason.empty() ? "" : " (" + status.reason + ")");
  if (status.silence) text += silence_line(*status.silence, status.run);
  text += fmt::format("  {} of {} ended ({:.0f}%)  started {}  elapsed {}", counts.num_final(), counts.total,
                      std::floor(percent), format_time(status.started), format_duration(status.elapsed));
  return text + (status.eta ? fmt::format("  ETA {}\n", format_duration(*status.eta)) : "\n");
}

std::string counts_part(const CountsView& counts) {
  std::string text = fmt::format("  waiting {}  ready {}  running {}", counts.waiting, counts.ready, counts.running);
  if (counts.retrying > 0) text += fmt::format("  ({} of the waiting for a retry)", counts.retrying);
  if (counts.held > 0) text += fmt::format("  ({} of the waiting held)", counts.held);
  if (counts.interrupted > 0) text += fmt::format("  ({} of the ready were interrupted)", counts.interrupted);
  return text +
         fmt::format("\n  ok {}  cached {}  skipped {}  blocked {}  failed {}  cancelled {}\n", counts.ok,
                     counts.cached, counts.skipped, counts.blocked, counts.failed, counts.cancelled) +
         (counts.tolerated > 0 ? fmt::format("  ({} of the failed are tolerated)\n", counts.tolerated) : "") +
         (counts.ignored > 0 ? fmt::format("  ignored failures: {}\n", counts.ignored) : "");
}

/// With its run a worker ends in order, or nobody knows how.
const char* state_of(const scheduler::WorkerInfo& worker, const RunStatus& status) {
  if (!worker.alive) return "lost";
  if (worker.drained) return "drained";
  if (std::ranges::find(status.silent, worker.worker) != status.silent.end()) return "silent";
  if (status.condition == RunCondition::running) return "alive";
  return status.condition == RunCondition::interrupted ? "?" : "done";
}

/// "job 1234 PENDING (Priority), expected to start 2026-11-20 09:30:12"
std::string jobs_part(const RunStatus& status) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kRowsShown, status.jobs.size()); ++i) {
    const JobRow& job = status.jobs[i];
    text += fmt::format("  job {}  {}", job.job, job.state.empty() ? "(Slurm says nothing of it)" : job.state);
    if (!job.reason.empty()) text += fmt::format(" ({})", job.reason);
    if (!job.nodes.empty()) text += fmt::format("  on {}", job.nodes);
    if (job.state == "PENDING" && job.start) text += fmt::format("  expected to start {}", format_time(*job.start));
    if (job.state == "RUNNING" && job.end) text += fmt::format("  until {}", format_time(*job.end));
    text += '\n';
  }
  return text + more_line(status.jobs.size());
}

std::string workers_part(const RunStatus& status) {
  if (status.workers.empty()) return {};
  TextTable table({"worker", "cores", "busy", "ended", "state", "node"},
                  {Align::right, Align::right, Align::right, Align::right, Align::left, Align::left});
  for (std::size_t i = 0; i < std::min(kRowsShown, status.workers.size()); ++i) {
    const auto& worker = status.workers[i];
    table.add({std::to_string(worker.worker.value()), std::to_string(worker.cores), std::to_string(worker.cores_in_use),
               std::to_string(worker.num_ended), state_of(worker, status), worker.node});
  }
  return "workers\n" + table.to_text(2) + more_line(status.workers.size());
}

std::string drained_part(const RunStatus& status) {
  if (status.drained.empty()) return {};
  std::string text = "drained (no more work until the run is resumed)\n";
  for (const std::string& why : status.drained) text += fmt::format("  {}\n", why);
  return text;
}

std::string held_part(const RunStatus& status) {
  if (status.held.empty()) return {};
  TextTable table({"held by", "element"}, {Align::left, Align::left});
  for (std::size_t i = 0; i < std::min(kRowsShown, status.held.size()); ++i)
    table.add({status.held[i].who, status.held[i].element});
  return fmt::format("held (fugle release {} ELEMENT)\n", status.run) + table.to_text(2) +
         more_line(status.held.size());
}

/// "db (service, starting)"
std::string shown_name(const RunningRow& row) {
  const std::string phase = scheduler::name_of(row.service);
  return phase.empty() ? row.element : fmt::format("{} (service, {})", row.element, phase);
}

std::string running_part(const RunStatus& status) {
  if (status.running.empty()) return {};
  TextTable table({"elapsed", "worker", "attempt", "node", "element"},
                  {Align::right, Align::right, Align::right, Align::left, Align::left});
  for (std::size_t i = 0; i < std::min(kRowsShown, status.running.size()); ++i) {
    const RunningRow& row = status.running[i];
    table.add({format_duration(row.elapsed), std::to_string(row.worker.value()), std::to_string(row.attempt), row.node,
               shown_name(row)});
  }
  return "running\n" + table.to_text(2) + more_line(status.running.size());
}

std::string late_part(const RunStatus& status) {
  if (status.late.empty() && !status.is_run_late) return {};
  std::string text = status.is_run_late ? "late: the run is past its deadline\n" : "late\n";
  for (std::size_t i = 0; i < std::min(kRowsShown, status.late.size()); ++i)
    text += fmt::format("  {}\n", status.late[i]);
  return text + more_line(status.late.size());
}

std::string failed_part(const RunStatus& status) {
  if (status.failed.empty()) return {};
  std::string text = "failed\n";
  for (std::size_t i = 0; i < std::min(kRowsShown, status.failed.size()); ++i)
    text += fmt::format("  {}\n", status.failed[i]);
  return text + more_line(status.failed.size());
}

Json counts_json(const CountsView& counts) {
  return {{"waiting", counts.waiting}, {"ready", counts.ready},   {"running", counts.running},
          {"ok", counts.ok},           {"cached", counts.cached}, {"skipped", counts.skipped},
          {"blocked", counts.blocked}, {"failed", counts.failed}, {"cancelled", counts.cancelled}};
}

Json workers_json(const RunStatus& status) {
  Json list = Json::array();
  for (const auto& worker : status.workers)
    list.push_back({{"worker", worker.worker.value()},
                    {"node", worker.node},
                    {"cores", worker.cores},
                    {"cores_in_use", worker.cores_in_use},
                    {"ended", worker.num_ended},
                    {"alive", worker.alive},
                    {"state", state_of(worker, status)}});
  return list;
}

Json jobs_json(const RunStatus& status) {
  Json list = Json::array();
  const auto time_or_null = [](const std::optional<Time>& time) { return time ? Json(format_time(*time)) : Json(); };
  for (const JobRow& job : status.jobs)
    list.push_back({{"job", job.job},
                    {"state", job.state.empty() ? Json() : Json(job.state)},
                    {"reason", job.reason},
                    {"nodes", job.nodes},
                    {"start", time_or_null(job.start)},
                    {"end", time_or_null(job.end)}});
  return list;
}

Json service_json(scheduler::ServicePhase phase) {
  return phase == scheduler::ServicePhase::none ? Json() : Json(scheduler::name_of(phase));
}

Json running_json(const RunStatus& status) {
  Json list = Json::array();
  for (const RunningRow& row : status.running)
    list.push_back({{"element", row.element},
                    {"attempt", row.attempt},
                    {"worker", row.worker.value()},
                    {"node", row.node},
                    {"elapsed_s", to_seconds(row.elapsed)},
                    {"service", service_json(row.service)}});
  return list;
}

Json held_json(const RunStatus& status) {
  Json list = Json::array();
  for (const HeldRow& row : status.held) list.push_back({{"element", row.element}, {"by", row.who}});
  return list;
}

Json silence_json(const RunStatus& status) {
  if (!status.silence) return {};
  return {{"host", status.silence->host}, {"pid", status.silence->pid}, {"seconds", to_seconds(status.silence->since)}};
}

}  // namespace

std::optional<Duration> eta_by_rate(const CountsView& counts, std::uint64_t num_ended, Duration elapsed) {
  if (num_ended == 0 || elapsed <= Duration::zero()) return std::nullopt;
  return from_seconds(static_cast<double>(counts.num_left()) * to_seconds(elapsed) / static_cast<double>(num_ended));
}

std::string status_text(const RunStatus& status) {
  const std::string first_failed = status.failed.empty() ? "" : status.failed.front();
  return head_part(status) + jobs_part(status) + counts_part(status.counts) + workers_part(status) +
         drained_part(status) + held_part(status) + running_part(status) + late_part(status) + failed_part(status) +
         next_steps(status.condition, status.run, first_failed, "next: ");
}

std::string status_json(const RunStatus& status) {
  const CountsView& counts = status.counts;
  Json json{{"run", status.run}, {"workflow", status.workflow}, {"state", name_of(status.condition)}};
  json["reason"] = status.reason;
  json["counts"] = counts_json(counts);
  json["total"] = counts.total;
  json["ignored"] = counts.ignored;
  json["tolerated"] = counts.tolerated;
  json["retrying"] = counts.retrying;
  json["held_elements"] = held_json(status);
  json["finally"] = status.in_finally;
  json["head_silent"] = silence_json(status);
  json["jobs"] = jobs_json(status);
  json["drained"] = status.drained;
  json["interrupted"] = counts.interrupted;
  json["started"] = format_time(status.started);
  json["elapsed_s"] = to_seconds(status.elapsed);
  json["eta_s"] = status.eta ? Json(to_seconds(*status.eta)) : Json();
  json["workers"] = workers_json(status);
  json["running"] = running_json(status);
  json["failed"] = status.failed;
  Json late = Json::array();
  for (const std::string& element : status.late) late.push_back({{"element", element}});
  json["late"] = {{"run", status.is_run_late}, {"elements", std::move(late)}};
  return to_pretty_text(json);
}

}  // namespace fugle::report
