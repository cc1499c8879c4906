#include "report/history_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/csv.hpp"
#include "report/text_table.hpp"

namespace fugle::report {
namespace {

bool has_ended(const Attempt& attempt) {
  return attempt.state != AttemptState::running && attempt.state != AttemptState::interrupted;
}

std::string params_text(const RunRow& row) {
  std::string text;
  for (const auto& [name, value] : row.params) text += fmt::format(" {}={}", name, value);
  return text;
}

/// What started it, and why it was not allowed to begin.
std::string origin_text(const RunRow& row) {
  std::string text = row.event.empty() ? "" : "  event " + row.event;
  if (row.reason.starts_with("not run") || row.reason.starts_with("reference missed")) text += "  (" + row.reason + ")";
  return text;
}

std::string result_text(const Attempt& attempt) {
  if (!has_ended(attempt)) return "-";
  return attempt.exit < 0 ? fmt::format("signal {}", -attempt.exit) : fmt::format("exit {}", attempt.exit);
}

std::string life_end_text(const Life& life, bool is_last, RunCondition condition) {
  const std::string reason = life.reason.empty() ? "" : " (" + life.reason + ")";
  if (life.ended) return fmt::format("exit {}{}", life.exit, reason);
  if (is_last && condition == RunCondition::running) return "running" + reason;
  return "died without a word" + reason;
}

/// One JSON value as a CSV field; null is empty.
std::string csv_field_of(const Json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? csv_field(value.get<std::string>()) : to_line(value);
}

}  // namespace

std::string runs_text(std::span<const RunRow> rows) {
  if (rows.empty()) return "no runs here; start one with 'fugle run FILE'\n";
  TextTable table({"state", "ended", "started", "elapsed", "user", "run and parameters"},
                  {Align::left, Align::right, Align::left, Align::right, Align::left, Align::left});
  for (const RunRow& row : rows)
    table.add({name_of(row.condition), fmt::format("{}/{}", row.counts.num_final(), row.counts.total),
               format_time(row.started), format_duration(row.elapsed), row.user,
               row.run + params_text(row) + origin_text(row)});
  return table.to_text();
}

std::string runs_json(std::span<const RunRow> rows) {
  Json list = Json::array();
  for (const RunRow& row : rows) {
    Json params = Json::object();
    for (const auto& [name, value] : row.values) params[name] = value;
    list.push_back({{"run", row.run},
                    {"workflow", row.workflow},
                    {"state", name_of(row.condition)},
                    {"user", row.user},
                    {"host", row.host},
                    {"started", format_time(row.started)},
                    {"elapsed_s", to_seconds(row.elapsed)},
                    {"total", row.counts.total},
                    {"ended", row.counts.num_final()},
                    {"ok", row.counts.ok},
                    {"failed", row.counts.failed},
                    {"params", params},
                    {"event", row.event.empty() ? Json() : Json(row.event)},
                    {"reason", row.reason.empty() ? Json() : Json(row.reason)}});
  }
  return to_pretty_text(list);
}

std::string lives_text(std::span<const Life> lives, RunCondition condition) {
  const bool has_jobs = std::ranges::any_of(lives, [](const Life& life) { return !life.job.empty(); });
  std::vector<std::string> heads{"life", "started", "elapsed", "host pid user", "end"};
  std::vector<Align> aligns{Align::right, Align::left, Align::right, Align::left, Align::left};
  if (has_jobs) {
    heads.insert(heads.begin() + 1, "job");
    aligns.insert(aligns.begin() + 1, Align::right);
  }
  TextTable table(heads, aligns);
  for (std::size_t i = 0; i < lives.size(); ++i) {
    const Life& life = lives[i];
    std::vector<std::string> row{std::to_string(i), format_time(life.started),
                                 life.ended ? format_duration(*life.ended - life.started) : "-", life.holder,
                                 life_end_text(life, i + 1 == lives.size(), condition)};
    if (has_jobs) row.insert(row.begin() + 1, life.job.empty() ? "-" : life.job);
    table.add(std::move(row));
  }
  return table.to_text();
}

Json life_json(const Life& life) {
  return {{"started_ns", to_ns(life.started)},
          {"ended_ns", life.ended ? Json(to_ns(*life.ended)) : Json()},
          {"holder", life.holder},
          {"exit", life.ended ? Json(life.exit) : Json()},
          {"reason", life.reason},
          {"job", life.job.empty() ? Json() : Json(life.job)}};
}

std::string attempts_text(const graph::Graph& graph, const AttemptsTable& table) {
  TextTable text(
      {"state", "class", "result", "started", "took", "node", "att", "element"},
      {Align::left, Align::left, Align::left, Align::left, Align::right, Align::left, Align::right, Align::left});
  for (const Attempt& attempt : table.attempts())
    text.add({name_of(attempt.state), attempt.cls == FailureClass::none ? "-" : graph::name_of(attempt.cls),
              result_text(attempt), format_time(attempt.start),
              has_ended(attempt) ? format_duration(attempt.end - attempt.start) : "-", table.node_of(attempt),
              std::to_string(attempt.number), std::string(graph.id(attempt.element))});
  return text.is_empty() ? "no attempts yet\n" : text.to_text();
}

Json attempt_json(const graph::Graph& graph, const AttemptsTable& table, const Attempt& attempt) {
  const bool ended = has_ended(attempt);
  Json json{{"element", graph.id(attempt.element)}, {"attempt", attempt.number}, {"state", name_of(attempt.state)}};
  json["class"] = attempt.cls == FailureClass::none ? Json() : Json(graph::name_of(attempt.cls));
  json["exit"] = ended && attempt.exit >= 0 ? Json(attempt.exit) : Json();
  json["signal"] = attempt.exit < 0 ? Json(-attempt.exit) : Json();
  json["worker"] = attempt.worker.value();
  json["node"] = table.node_of(attempt);
  json["start_ns"] = to_ns(attempt.start);
  json["end_ns"] = ended ? Json(to_ns(attempt.end)) : Json();
  json["cpu_ms"] = attempt.cpu_ms;
  json["maxrss_kb"] = attempt.maxrss_kb;
  json["read_bytes"] = attempt.read_bytes;
  json["written_bytes"] = attempt.written_bytes;
  const Duration late_after = graph.task_of(attempt.element).late_after;
  json["late"] = ended && late_after > Duration{0} && attempt.end - attempt.start > late_after;
  return json;
}

std::string attempts_csv(const graph::Graph& graph, const AttemptsTable& table) {
  std::string csv =
      "element,attempt,state,class,exit,signal,worker,node,start_ns,end_ns,cpu_ms,maxrss_kb,read_bytes,written_bytes,late\n";
  for (const Attempt& attempt : table.attempts()) {
    std::vector<std::string> fields;
    for (const auto& value : attempt_json(graph, table, attempt)) fields.push_back(csv_field_of(value));
    csv += fmt::format("{}\n", fmt::join(fields, ","));
  }
  return csv;
}

}  // namespace fugle::report
