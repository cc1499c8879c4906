// `fugle history` as text, JSON and CSV: past runs, the lives of one run, its attempts.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "report/attempts_table.hpp"
#include "report/json_text.hpp"
#include "report/lives.hpp"
#include "report/run_condition.hpp"

namespace fugle::report {

/// One past or present run.
struct RunRow {
  std::string run;
  std::string workflow;
  std::string user;
  std::string host;
  std::vector<std::pair<std::string, std::string>> params;  ///< as given
  std::vector<std::pair<std::string, std::string>> values;  ///< of all params
  std::string event;   ///< that started it; empty: a person did
  std::string reason;  ///< of its end; empty: none known
  RunCondition condition = RunCondition::running;
  CountsView counts;
  Time started{};
  Duration elapsed{0};
};
[[nodiscard]] std::string runs_text(std::span<const RunRow> rows);
[[nodiscard]] std::string runs_json(std::span<const RunRow> rows);

[[nodiscard]] std::string lives_text(std::span<const Life> lives, RunCondition condition);
[[nodiscard]] Json life_json(const Life& life);

[[nodiscard]] std::string attempts_text(const graph::Graph& graph, const AttemptsTable& table);
/// {element, attempt, state, class, exit, signal, worker, node, start_ns, end_ns, cpu_ms, maxrss_kb, read_bytes,
/// written_bytes}: null where there is nothing to say (no end yet, no class on OK; exit and signal exclude each other).
[[nodiscard]] Json attempt_json(const graph::Graph& graph, const AttemptsTable& table, const Attempt& attempt);
/// The same keys as columns.
[[nodiscard]] std::string attempts_csv(const graph::Graph& graph, const AttemptsTable& table);

}  // namespace fugle::report
