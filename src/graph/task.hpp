// What all elements of one task share: resources, limits, policies. Plain data, checked by the `workflow` room before
// it gets here. Knows nothing of files, expressions or of how a task is run.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace fugle::graph {

/// Why an attempt did not end OK (FORMAT.md section 8). The value is stored in the journal: never renumber.
enum class FailureClass : std::uint8_t {
  none = 0,
  error = 1,        ///< exit code not in ok_exit_codes
  signal = 2,       ///< ended by a signal that nobody here sent
  timeout = 3,      ///< ran longer than `timeout`
  oom = 4,          ///< exceeded its memory
  output = 5,       ///< a declared output is missing
  check = 6,        ///< a check was not met
  performance = 7,  ///< a metric outside its tolerance
  setup = 8,        ///< modules or setup failed
  expand = 9,       ///< a run-time value or list was wrong
  launch = 10,      ///< could not be started (infrastructure)
  node_fail = 11,   ///< its node died (infrastructure)
  preempted = 12,   ///< the allocation ended
  lost = 13,        ///< its worker or the head died while it ran (infrastructure)
  cancelled = 14,   ///< ended by us on request; not a failure of the task
};
inline constexpr auto kLastFailureClass = FailureClass::cancelled;
[[nodiscard]] const char* name_of(FailureClass cls);

/// Never charged to the task's own retry budget.
[[nodiscard]] constexpr bool is_infrastructure(FailureClass cls) {
  return cls == FailureClass::launch || cls == FailureClass::node_fail || cls == FailureClass::lost;
}

/// What one element needs while it runs, on each of its nodes.
struct Request {
  std::uint32_t cores = 1;
  std::uint64_t mem_bytes = 0;  ///< 0: cores x (worker memory / worker cores)
  std::uint32_t gpus = 0;
  bool whole_node = false;  ///< nothing else is to run there; the rest is then the least that the node must have
  auto operator<=>(const Request&) const = default;
};

/// What the cores of an attempt are to have in common, and are bound to. The value is stored: never renumber.
enum class Bind : std::uint8_t {
  automatic = 0,  ///< numa with several cores, else none
  none = 1,
  core = 2,  ///< to exactly the leased cores
  l3 = 3,
  numa = 4,
  socket = 5,
};

/// Which of the workers with room is preferred. The value is stored: never renumber.
enum class Place : std::uint8_t {
  pack = 0,    ///< few nodes
  spread = 1,  ///< the node with most free cores
  near = 2,    ///< where Task::near ran
};

/// The workers that run an element together; a Request is what it needs of each.
struct Spread {
  std::uint32_t workers = 1;
  std::uint32_t nodes = 1;  ///< on exactly so many, as evenly as can be, the first have more; 0: wherever they are
  auto operator<=>(const Spread&) const = default;
};

/// What a worker does of an element that several run. The value is stored: never renumber.
enum class Part : std::uint8_t {
  node = 0,           ///< all that there is on its node
  rank = 1,           ///< one rank; the nodes are as many as Shape says
  rank_anywhere = 2,  ///< one rank
};

/// How an element is spread over nodes, and how many ranks it has. A Request is what it needs of each worker: where its
/// part is a node, that of the first, which has most ranks.
struct Shape {
  std::uint32_t nodes = 1;           ///< different ones
  std::uint32_t ranks = 0;           ///< 0: no MPI ranks; with several nodes it starts on the first
  std::uint32_t cores_per_rank = 1;  ///< of the process, where there are no ranks
  std::uint32_t gpus_per_rank = 0;
  Part part = Part::node;
  bool operator==(const Shape&) const = default;
  [[nodiscard]] Spread spread() const {
    if (part == Part::node) return {nodes, nodes};
    return {std::max(ranks, 1u), ranks > 1 && part == Part::rank_anywhere ? 0 : nodes};
  }
  /// Ranks on node 0, 1, ...: as even as can be, the first ones have more.
  [[nodiscard]] std::uint32_t ranks_on(std::uint32_t node) const {
    return ranks / nodes + (node < ranks % nodes ? 1 : 0);
  }
};

/// A number taken from what an attempt printed, or wrote into an output (FORMAT.md, `metrics`).
struct Metric {
  std::string name;
  std::string regex;  ///< ECMAScript, one group; each match on stdout is a value; empty: there is a `dataset`
  std::string unit;
  bool has_reference = false;
  double reference = 0;
  double lowest = 0;  ///< allowed median, as fractions of the reference: -0.1 is a tenth less
  double highest = 0;
  bool reference_varies = false;  ///< each element has its own (ElementText::references)
  std::string dataset{};          ///< of an HDF5 file: each of its elements is a value
  std::uint32_t output = 0;       ///< the output that this file is
  bool operator==(const Metric&) const = default;
};

/// An element that runs beside those that need it: they start when it is ready, and it is stopped after the last of
/// them.
struct Service {
  bool is_given = false;
  Duration ready_timeout = std::chrono::minutes(5);
  std::int32_t stop_signal = 15;  ///< where it has no stop command (ElementText::stop_command)
  bool operator==(const Service&) const = default;
};

struct RetryPolicy {
  std::uint32_t max = 0;  ///< further attempts after the first
  Duration delay = std::chrono::seconds(5);
  double backoff = 2.0;  ///< factor per further attempt
  Duration max_delay = std::chrono::minutes(10);
  double jitter = 0.1;  ///< each delay is multiplied by 1 +- this
  std::uint32_t classes = (1u << static_cast<unsigned>(FailureClass::error)) |
                          (1u << static_cast<unsigned>(FailureClass::signal));  ///< bit per FailureClass
  std::vector<std::pair<int, int>> exit_codes;  ///< inclusive ranges, besides the classes
  /// Factors for each further attempt, within what the node has; 1: as before.
  double scale_mem = 1;
  double scale_timeout = 1;
  double scale_cores = 1;

  /// Whether a failure of this class and exit code may be tried again (the budget aside).
  [[nodiscard]] bool covers(FailureClass cls, int exit_code) const;
};

enum class OnFailure : std::uint8_t {
  skip_dependents = 0,  ///< what needs the element is BLOCKED, all else goes on
  ignore = 1,           ///< counts as OK for what needs it and for the exit code
  drain = 2,            ///< nothing new starts, what runs may end
  stop = 3,             ///< what runs is ended too
};

/// How many elements of a task may fail, the task still counting as OK: a number, or a part of all.
struct Tolerance {
  std::uint32_t count = 0;
  double fraction = 0;  ///< 0.1: one in ten
  [[nodiscard]] bool is_given() const { return count > 0 || fraction > 0; }
  /// Of `num_elements`.
  [[nodiscard]] std::uint32_t limit(std::uint32_t num_elements) const;
};

/// The program writes checkpoints of its own and can go on from them.
struct RestartPolicy {
  bool is_given = false;
  std::int32_t signal = 0;  ///< that it writes one at, sent `before_end` of the allocation; 0: none is sent
  Duration before_end{0};   ///< 0: a minute before the reserve begins
  bool operator==(const RestartPolicy&) const = default;
  /// How long before the end of the allocation it is to write its checkpoint.
  [[nodiscard]] Duration lead(Duration reserve) const {
    return before_end.count() > 0 ? before_end : reserve + std::chrono::minutes(1);
  }
};

/// What an output is. The value is stored: never renumber.
enum class OutputKind : std::uint8_t {
  file = 0,   ///< at its path, staged
  value = 1,  ///< a small text that the attempt writes to $FUGLE_OUTPUT
  list = 2,   ///< the lines of a file (its path, not staged), else a value with one item in each line
  json = 3,   ///< a JSON document: in a file, as a list, else a value
};

enum class TaskKind : std::uint8_t {
  process = 0,   ///< a command run as a child process
  gate = 1,      ///< no command: stands for "all elements of those tasks", to keep edges n + m instead of n x m
  end_gate = 2,  ///< the same, and open once all have ended, however
  function = 3,  ///< a function called by a worker: of a plugin, or of the C++ program that made the workflow
  // Gates with other answers; which, is the table in scheduler/answers.hpp.
  use_gate = 4,    ///< as `gate`, for those who use outputs: what was skipped has none
  fail_gate = 5,   ///< open once all have ended and one, of the same task, has failed
  start_gate = 6,  ///< open once all have started or ended
  any_gate = 7,    ///< open at the first that says go
  expansion = 8,   ///< stands for the elements of a task whose number is not known yet, and becomes a gate for them
};
[[nodiscard]] constexpr bool is_gate(TaskKind kind) {
  return kind == TaskKind::gate || kind == TaskKind::end_gate ||
         (kind >= TaskKind::use_gate && kind <= TaskKind::any_gate);
}

/// How an image is entered. The value is stored: never renumber.
enum class ContainerRuntime : std::uint8_t { none = 0, automatic = 1, apptainer = 2, podman = 3, pyxis = 4 };

/// The image that commands run in (ElementText::image names it).
struct Container {
  ContainerRuntime runtime = ContainerRuntime::none;  ///< none: no image
  std::vector<std::string> binds;                     ///< as the runtime has them: HOST[:INSIDE[:ro]]
  bool has_gpu = false;
  bool operator==(const Container&) const = default;
};

/// Where the output of attempts goes. The value is stored: never renumber.
enum class LogMode : std::uint8_t {
  merged = 0,
  split = 1,  ///< stderr apart
  none = 2,
  file = 3,  ///< to a file of its own (ElementText::log), besides
};

/// Tokens of a pool.
struct PoolUse {
  std::string pool;
  std::uint32_t tokens = 1;
  bool until_consumed = false;  ///< held until the `temp` outputs are deleted
  bool operator==(const PoolUse&) const = default;
};

struct Task {
  std::string name;
  std::string description;
  TaskKind kind = TaskKind::process;
  Request request;
  Shape shape;
  std::string launcher = "auto";  ///< auto, srun, mpirun, none, or a template with {ranks} {nodes} {hostlist} {cores}
  std::string function;           ///< of kind function: "library:function"; ":name" of one that this program has
  bool isolate = true;            ///< it is called in a standing child process
  Service service;
  std::vector<Metric> metrics;
  Duration timeout{0};  ///< per attempt, 0: none
  Duration grace = std::chrono::seconds(30);
  Duration estimate{0};  ///< 0: unknown; an element may have its own
  RetryPolicy retries;
  OnFailure on_failure = OnFailure::skip_dependents;
  Tolerance tolerate;
  bool runs_finally = false;         ///< of `finally`: starts when everything else has ended, however
  bool has_cleanup = false;          ///< each element has shell lines to run after every attempt (ElementText::cleanup)
  RestartPolicy restart;             ///< each element has its files, and may have a command (ElementText::restart_*)
  bool has_setup = false;            ///< each element has shell lines to run before its command (ElementText::setup)
  std::vector<std::string> modules;  ///< loaded before those
  Container container;
  LogMode log = LogMode::merged;
  std::vector<std::pair<int, int>> ok_exit_codes;  ///< inclusive ranges that mean success; empty: 0
  std::vector<PoolUse> pools;
  std::uint32_t max_parallel = 0;  ///< elements at once; 0: no limit
  bool fail_fast = false;          ///< the first failure cancels its siblings
  std::vector<std::string> secrets;  ///< names of environment variables; their values are nowhere in the graph
  Duration late_after{0};            ///< an attempt that runs longer is late, and goes on; 0: never
  bool has_when = false;      ///< whether an element runs is decided when its needs are met (scheduler/language.hpp)
  bool is_late = false;       ///< its texts are made then
  std::uint32_t expands = 0;  ///< of kind expansion: number of the task whose elements it stands for
  bool has_scratch = false;   ///< each attempt gets a directory of its own, removed after it
  std::string scratch_root;   ///< node-local; empty: $SLURM_TMPDIR, else $TMPDIR, else /tmp
  std::uint64_t scratch_bytes = 0;  ///< free space wanted there; 0: any
  std::int32_t priority = 0;
  Bind bind = Bind::automatic;
  Place place = Place::pack;
  std::string near;  ///< name of a task, with Place::near

  /// Words before the text of a shell command ("bash", "-euo", "pipefail", "-c"); empty: the command is an argv list.
  std::vector<std::string> shell;
  std::string workdir;  ///< absolute; empty: each element has its own (ElementText::workdir)
  std::vector<std::pair<std::string, std::string>> env;  ///< the same for all elements

  // Names of the values each element carries in its ElementText, in that order.
  std::vector<std::string> matrix_names;
  std::vector<std::string> env_names;    ///< environment variables whose values differ between elements
  std::vector<std::string> input_names;  ///< a value is one path, or several joined by '\n' where input_is_list
  std::vector<bool> input_is_list;
  std::vector<std::string> output_names;  ///< a value is the final path, absolute; empty where there is no file
  std::vector<OutputKind> output_kinds;   ///< parallel; empty: files, all of them
  std::vector<std::string> tags;

  [[nodiscard]] OutputKind output_kind(std::size_t output) const {
    return output_kinds.empty() ? OutputKind::file : output_kinds[output];
  }
};

/// Limits of the whole run.
struct RunLimits {
  std::uint32_t max_failures = 0;                            ///< the run stops after so many failed elements; 0: never
  std::uint32_t max_infra_retries = 3;                       ///< per element
  std::uint32_t max_parallel = 0;                            ///< elements at once; 0: no limit
  std::vector<std::pair<std::string, std::uint32_t>> pools;  ///< their tokens
  bool operator==(const RunLimits&) const = default;
};

/// All fields as bytes, and back: for messages and the plan file. A round trip is the identity.
[[nodiscard]] std::string encode_task(const Task& task);
/// Throws EnvironmentError on bytes that encode_task() did not make.
[[nodiscard]] Task decode_task(std::string_view bytes);

}  // namespace fugle::graph
