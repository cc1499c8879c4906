// The block that says all about one failed attempt: what, where, why, its last output, and what to type. Pure: the
// output's tail is passed in.
#pragma once

#include <functional>
#include <string>

#include "graph/graph.hpp"
#include "report/attempts_table.hpp"
#include "report/json_text.hpp"

namespace fugle::report {

/// The run as commands name it.
struct RunNames {
  std::string run;       ///< run id
  std::string workflow;  ///< its name
  std::string file;      ///< the workflow file as the user gave it; empty: unknown
};

inline constexpr std::size_t kTailLines = 20;
/// The last kTailLines lines of an attempt's output.
using TailReader = std::function<std::string(ElementId, std::uint16_t attempt)>;

struct Failure {
  std::string element;
  std::string task;
  std::uint16_t attempt = 1;
  std::uint32_t max_attempts = 1;
  bool is_ignored = false;
  std::string node;
  WorkerId worker;
  Duration took{0};
  std::string cls;
  std::string reason;
  std::string command;
  std::string repeat;  ///< to paste into a shell
  std::string tail;
};
/// `run_state` is what the tasks of `finally` were told about the run.
[[nodiscard]] Failure describe_failure(const graph::Graph& graph, const Attempt& attempt, const std::string& node,
                                       std::string tail, const std::string& run_state);

/// `brief` shows the first lines of a long command and leaves out a long repeat line, saying so.
enum class BlockSize : std::uint8_t { brief, whole };
/// Several lines, the last one a command to type.
[[nodiscard]] std::string failure_block(const Failure& failure, const RunNames& names, BlockSize size);
[[nodiscard]] Json failure_json(const Failure& failure);

}  // namespace fugle::report
