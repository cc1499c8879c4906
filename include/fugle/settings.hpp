// What can be said of tasks and workflows that takes more than one word, as in a file (its keys have the same names;
// what is left out is as it is there): .retries({.max = 3, .delay = "10s"}), .metric("speed", {.regex = "speed:
// (\\S+)"}).
#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace fugle {

/// Further attempts of an element.
struct Retries {
  std::uint32_t max = 0;
  std::string delay{};              ///< before the second attempt: "5s"
  std::optional<double> backoff{};  ///< factor of the delay for each further attempt
  std::string max_delay{};          ///< "10m"
  std::optional<double> jitter{};   ///< random part of the delay, 0 to 1
  std::vector<std::string> when{};  ///< failure classes and exit codes: {"error", "timeout", "130..145"}
};

/// A number that a command prints.
struct Metric {
  std::string regex{};  ///< with one group; each match on stdout is a value
  std::string unit{};
  std::optional<double> reference{};                     ///< what its median should be
  std::optional<std::pair<double, double>> tolerance{};  ///< as fractions of the reference: {-0.1, 0.1}
};

/// A command that runs beside the tasks that need it.
struct Service {
  std::string ready{};  ///< command for the shell that ends with 0 once it is ready
  std::string ready_timeout{};
  std::string stop{};  ///< signal, or command for the shell, that ends it
};

/// The program's own checkpoint.
struct Restart {
  std::vector<std::string> files{};  ///< what a checkpoint leaves
  std::string signal{};              ///< that asks for one: "USR1"; empty: the program writes them by itself
  std::string before_end{};          ///< when the signal is sent
  std::string run{};                 ///< that goes on from a checkpoint; empty: the same command with FUGLE_RESTART=1
};

/// When a run stops, and how often it goes on by itself.
struct Limits {
  std::optional<std::uint32_t> max_failures{};
  std::optional<std::uint32_t> max_infra_retries{};
  std::optional<std::uint32_t> max_requeues{};
  std::optional<std::uint32_t> max_parallel{};
};

/// What Slurm is asked for by `prog submit`.
struct Slurm {
  std::string account{};
  std::string partition{};
  std::string qos{};
  std::string reservation{};
  std::uint32_t nodes = 1;
  std::string time{};  ///< "4h"
  std::string constraint{};
  std::optional<bool> exclusive{};
  std::optional<std::uint32_t> gpus_per_node{};
  std::string mem{};            ///< of each node
  std::string signal_margin{};  ///< how long before its end Slurm warns the job
  std::string requeue{};        ///< "auto" or "never"
  std::string mail_user{};
  std::vector<std::string> extra{};  ///< further options of sbatch
};

/// A table of metrics over a matrix.
struct Report {
  std::vector<std::string> rows{};     ///< {"matrix.nodes"}
  std::vector<std::string> columns{};  ///< {"median(time)", "speedup(time)"}
  std::string baseline{};              ///< JSON: the row that speed-up refers to, {"nodes": 1}
  std::string reference{};             ///< JSON: what figures must be
};

/// The name of a task or a workflow, with the place in the program where it was given: messages tell it.
class Name {
 public:
  template <class Text>
  requires std::is_constructible_v<std::string, Text> Name(Text&& text,
                                                           std::source_location place = std::source_location::current())
      : text_(std::forward<Text>(text)), place_(place) {}

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::source_location& place() const { return place_; }

 private:
  std::string text_;
  std::source_location place_;
};

namespace detail {

/// From this line of the workflow's text on, what is there was said in the program here.
struct PlacedLine {
  std::uint32_t line;
  std::source_location place;
};

/// That the workflow can not be as a file can be wrong, under the same codes.
struct Mistake {
  std::string code;
  std::string text;
  std::source_location place;
};

}  // namespace detail
}  // namespace fugle
