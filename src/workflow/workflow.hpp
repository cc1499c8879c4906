// The workflow file as the user wrote it, after reading and before expansion: every key known and of its right type,
// short forms made long, `defaults` merged in, every value with its place in the file. Expressions are still text.
// Made by reader.hpp and by the importers; turned into a graph by expand.hpp.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "graph/table_spec.hpp"
#include "graph/task.hpp"
#include "workflow/boxed.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/triggers.hpp"
#include "workflow/value.hpp"

namespace fugle::workflow {

/// Text that may hold ${{ }} markers.
struct Text {
  std::string raw;
  Position at;
  std::vector<Position> markers{};  ///< of each "${{" in `raw`, in order; fewer or none: unknown, then `at` stands
};

/// A value of a typed key: a literal of that type, or an expression to be evaluated and then converted.
template <class T>
struct Field {
  T value{};
  Boxed<Text> expression;  ///< set when the literal is one or more markers; then `value` is the default
  Position at;             ///< line 0: not written in the file
};

/// Of keys whose value 0 means that nothing is asked for.
[[nodiscard]] inline bool is_given(const Field<std::int64_t>& field) {
  return field.expression.has_value() || field.value > 0;
}

struct Size {
  std::uint64_t bytes = 0;
};

enum class ParamType : std::uint8_t { integer, number, boolean, string, path, list };

struct Param {
  std::string name;
  Position at;
  ParamType type = ParamType::string;
  std::optional<Value> fallback;  ///< the default; none: required
  bool is_literal = false;        ///< it holds no markers, whatever it looks like
  std::optional<double> min, max;
  std::vector<Value> choices;
  std::string description;
  Boxed<Text> given;  ///< what the task that uses the file gives it, where that is known only while the run goes on
};

struct EnvVar {
  std::string name;
  Position at;
  Text value;
};

struct Need {
  std::string task;
  Position at;
  enum class Kind : std::uint8_t {
    ok,       ///< all its elements are OK
    done,     ///< all its elements have ended, however
    each,     ///< the element with the same values is OK; both tasks have the same
    failed,   ///< the task has failed
    started,  ///< all its elements have started or ended
  } kind = Kind::ok;
  /// Only of the element with this value of its one matrix variable; with `each`: with these values in its id.
  std::optional<std::string> element{};
  /// Whose it is: 0: of the task itself; 1: of the task that uses the file that the task is in; 2: of the one that uses
  /// the file of that; and so on. Each has its own `join`.
  std::uint8_t level = 0;
  bool joins_any = false;  ///< of a level above 0
};

struct MatrixVar {
  std::string name;
  Position at;
  std::vector<Value> values;  ///< ranges already written out; texts may hold markers when `expression` is unset
  std::vector<Position> value_at;
  Boxed<Text> expression;  ///< the whole list is one marker (known at load: params only)
  bool is_field = false;   ///< only points of `include` have it; it has no values here
};

/// A value of a map without fixed keys, as it stands in the file: a scalar, a list or a map.
struct Argument {
  enum class Kind : std::uint8_t { scalar, list, map } kind = Kind::scalar;
  Value value;                     ///< of a scalar without markers, typed as it looks
  Boxed<Text> expression;          ///< of a scalar with markers
  std::vector<Argument> items;     ///< of a list or map
  std::vector<std::string> names;  ///< of a map: parallel to `items`
};

/// An entry of `matrix.include` or `matrix.exclude`.
struct MatrixPoint {
  struct Field {
    std::string name;
    Position at;
    Value value;  ///< a text may hold markers
  };
  Position at;
  std::vector<Field> fields;
};

/// One element for each item.
struct ForeachKeys {
  Position at;
  std::vector<Argument> items;  ///< scalars, or maps
  std::vector<Position> item_at;
  Boxed<Text> text;                 ///< instead of `items`: a range, a pattern of paths, or an expression
  std::vector<std::string> fields;  ///< of all maps, in the order of the file
};

struct Input {
  std::string name;
  Position at;
  std::vector<Text> paths;  ///< several: a list
  bool is_list = false;
};

struct Output {
  std::string name;
  Position at;
  Text path;  ///< of a list or document: the file it comes from; empty: it is a value
  graph::OutputKind kind = graph::OutputKind::file;
};

/// It has no file, not even one that it is taken from.
[[nodiscard]] inline bool is_value(const Output& output) {
  return output.kind != graph::OutputKind::file && output.path.raw.empty();
}

struct Retries {
  Field<std::int64_t> max;
  Field<Duration> delay{std::chrono::seconds(5), {}, {}};
  Field<double> backoff{2.0, {}, {}};
  Field<Duration> max_delay{std::chrono::minutes(10), {}, {}};
  Field<double> jitter{0.1, {}, {}};
  graph::RetryPolicy when;  ///< only `classes` and `exit_codes` are used
  Position oom_at;          ///< where `when` has oom; line 0: it has not
  Field<double> scale_mem{1.0, {}, {}};
  Field<double> scale_timeout{1.0, {}, {}};
  Field<double> scale_cores{1.0, {}, {}};
};

/// The program's own checkpoint.
struct Restart {
  Position at;
  std::vector<Text> files;  ///< patterns
  int signal = 0;           ///< 0: none is sent
  Field<Duration> before_end;
  Boxed<Text> script;      ///< `run` as text
  std::vector<Text> argv;  ///< `run` as list
  Position run_at;
};

/// The key `container`.
struct ContainerKeys {
  Position at;
  Boxed<Text> image;
  Field<graph::ContainerRuntime> runtime{graph::ContainerRuntime::automatic, {}, {}};
  Field<std::string> bind;  ///< one in each line
  Field<bool> gpu;          ///< where it is not written: exactly with GPUs
};

/// `resources.place`.
struct Placing {
  graph::Place place = graph::Place::pack;
  std::string near;  ///< name of a task, with Place::near
};

/// A task that runs when another one has failed.
struct Handler {
  std::string task;
  Position at;
};

/// The key `service`.
struct ServiceKeys {
  Position at;
  Boxed<Text> ready;  ///< a command for the shell; always there after reading
  Field<Duration> ready_timeout{graph::Service{}.ready_timeout, {}, {}};
  int stop_signal = graph::Service{}.stop_signal;
  Boxed<Text> stop;  ///< a command for the shell, instead of the signal
};

/// Tokens of a pool: what it has, or what an element holds of it.
struct PoolKey {
  std::string name;
  Position at;
  Field<std::int64_t> tokens;
};

/// What the elements of a task hold in common with others while they run, and with each other.
struct Sharing {
  std::vector<PoolKey> pools;
  Field<std::int64_t> max_parallel;  ///< elements at once; 0: no limit
  Field<bool> fail_fast;
};

/// The name of an environment variable that holds one.
struct SecretKey {
  std::string name;
  Position at;
};

/// What those who watch a run are told of.
enum class RunEvent : std::uint8_t { failed, late, done, stalled, resumed };
[[nodiscard]] constexpr std::uint32_t bit_of(RunEvent event) { return 1U << static_cast<unsigned>(event); }

/// Whom to tell: one of run, mail and file.
struct NotifyKey {
  Position at;
  std::uint32_t events = 0;  ///< a bit for each RunEvent
  Boxed<Text> run;           ///< a script for the shell
  Boxed<Text> mail;          ///< an address
  Boxed<Text> file;          ///< a path; lines are added to it
};

struct ClockTime {
  int hour = 0;
  int minute = 0;
  bool is_local = false;  ///< else UTC
};

/// The key `deadline`: a time from the start of the run, or of the day.
struct DeadlineKey {
  Field<Duration> after;           ///< its place is that of the key
  std::optional<ClockTime> clock;  ///< instead
};

/// What a run does that finds as many others of its group as may be.
enum class WhenBusy : std::uint8_t { queue, skip, cancel_running, fail };

struct ConcurrencyKey {
  Position at;
  Boxed<Text> group;
  Field<std::int64_t> max{1, {}, {}};
  WhenBusy when_busy = WhenBusy::queue;
};

struct Limits {
  Field<std::int64_t> max_parallel;  ///< 0: no limit
  Field<std::int64_t> max_failures;
  Field<std::int64_t> max_expand{100'000, {}, {}};
  Field<std::int64_t> max_requeues{20, {}, {}};
  Field<std::int64_t> max_infra_retries{graph::RunLimits{}.max_infra_retries, {}, {}};
};

/// Whether a job whose time ends before the run gets a next one.
enum class Requeue : std::uint8_t { automatic, never };

/// The key `slurm`: what to ask Slurm for. What is not written is left to the site.
struct SlurmKeys {
  Position at;  ///< line 0: not written
  Boxed<Text> account;
  Boxed<Text> partition;
  Boxed<Text> qos;
  Boxed<Text> reservation;
  Boxed<Text> constraint;
  Boxed<Text> mail_user;
  Field<std::int64_t> nodes;
  Field<Duration> time;
  Field<bool> exclusive;
  Field<std::int64_t> gpus_per_node;
  Field<Size> mem;  ///< per node; 0: all there is
  Field<Duration> signal_margin{std::chrono::seconds(120), {}, {}};
  Field<Requeue> requeue;
  std::vector<Text> extra;  ///< options of sbatch, as they stand
};

/// A command of a `--lines` file: element `task[number]`, with FUGLE_LINE in its environment.
struct Line {
  std::uint32_t number = 0;
  std::string text;  ///< for the shell as it stands
};

/// A metric as the file has it.
struct MetricNode {
  std::string name;
  graph::Metric metric;   ///< all that is known before any element is
  Boxed<Text> reference;  ///< an expression
  std::string output;     ///< that has the dataset; empty: the only one
  Position output_at;
};

struct Workflow;

/// A param that a task gives the file that it uses.
struct GivenParam {
  std::string name;
  Position at;
  std::optional<Value> value;
  Boxed<Text> expression;  ///< instead
};

/// The keys `uses` and `with` beside it.
struct UseKeys {
  std::string path;  ///< as written
  Position at;
  std::shared_ptr<const Workflow> file;  ///< its owners are all tasks that use it; null after flatten()
  std::vector<GivenParam> with;
  std::vector<std::uint32_t> files;  ///< after flatten(): of each element its number, as TaskNode::file has it
};

struct TaskNode {
  /// It calls a function instead of running a command.
  [[nodiscard]] bool is_function() const { return plugin.expression.has_value() || !plugin.value.empty(); }

  std::string name;        ///< after flatten() with the tasks before it that use files: "post/regrid"
  std::uint32_t file = 0;  ///< that it is in: 0: the workflow's own; else the number, from 1, of one in Workflow::used
  Position at;
  bool runs_finally = false;  ///< of `finally`
  Boxed<UseKeys> uses;        ///< the tasks of another file stand in its place
  std::string description;
  Boxed<Text> script;      ///< `run` as text
  std::vector<Text> argv;  ///< `run` as list
  Position run_at;
  Field<std::string> plugin;  ///< "library:function"; empty: a command is run
  Field<bool> isolate;        ///< where it is not written: exactly with one rank
  Boxed<Argument> with;       ///< a map
  Position with_at;
  Boxed<ServiceKeys> service;
  std::vector<MetricNode> metrics;
  std::vector<std::string> shell{"bash", "-euo", "pipefail", "-c"};
  std::vector<Need> needs;
  bool joins_any = false;          ///< `join: any`
  Boxed<Text> when;                ///< always with a marker
  std::optional<Handler> handler;  ///< `on_failure: {run}`
  std::vector<MatrixVar> matrix;   ///< empty: one element; those that are fields come last
  std::vector<MatrixPoint> matrix_include;
  std::vector<MatrixPoint> matrix_exclude;
  Boxed<ForeachKeys> foreach;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  Field<std::int64_t> nodes;           ///< 0: as many as follow from the ranks
  Field<std::int64_t> ranks;           ///< 0: no MPI ranks, unless there are `ranks_per_node`
  Field<std::int64_t> ranks_per_node;  ///< 0: balanced
  Field<std::int64_t> cores{1, {}, {}};
  Field<Size> mem;
  Field<std::int64_t> gpus;
  Field<std::int64_t> gpus_per_rank;
  Field<bool> exclusive;
  Field<Size> scratch;
  Field<graph::Bind> bind;
  Field<Placing> place;
  Field<std::string> launcher{"auto", {}, {}};
  std::vector<EnvVar> env;
  Boxed<Text> workdir;
  bool has_own_workdir = false;  ///< `per_element`: each element has a directory of its own, `workdir` is not set
  Field<Duration> timeout;
  Field<Duration> grace{std::chrono::seconds(30), {}, {}};
  Retries retries;
  Field<graph::OnFailure> on_failure;
  Field<graph::Tolerance> tolerate;
  Boxed<Text> cleanup;
  Boxed<Text> setup;
  Field<std::string> modules;  ///< names with blanks or line breaks between them
  Boxed<ContainerKeys> container;
  Boxed<Text> log;                                 ///< a word or a path
  std::vector<std::pair<int, int>> ok_exit_codes;  ///< inclusive ranges; empty: 0
  Boxed<Text> stub;                                ///< what `fugle test` runs instead (stubs.hpp)
  Boxed<Restart> restart;
  Field<Duration> estimate;
  Field<std::int64_t> priority;
  Boxed<Sharing> sharing;
  std::vector<std::string> tags;
  std::vector<SecretKey> secrets;
  Field<Duration> late_after;

  // Only set by importers.
  std::vector<double> need_bytes;  ///< parallel to needs: data on the edge
  std::vector<Line> lines;         ///< of `--lines`: one element each; then there is no matrix and no `run`
};

/// A file in the place of an element of a task (flatten.hpp).
struct UsedFile {
  std::uint32_t above = 0;  ///< the file of that task
  std::uint32_t task = 0;   ///< its number
  std::string prefix;       ///< of its tasks: "post/", "a[1]/b/"
  std::string file;         ///< its path
  std::string name;
  std::vector<Param> params;
  std::vector<EnvVar> env;
  Boxed<Text> workdir;
  std::vector<EnvVar> outputs;
  std::vector<std::pair<std::string, Value>> element;  ///< what `matrix.x`, `item` and `index` are in texts of the task
  std::vector<Need> needs;                             ///< of the task, for this element
};

struct Workflow {
  std::string file;  ///< as given on the command line; "-" for standard input
  std::string name;
  std::string description;
  std::vector<Param> params;
  std::vector<EnvVar> env;
  Boxed<Text> workdir;
  Boxed<Text> scratch;
  std::vector<PoolKey> pools;
  Limits limits;
  SlurmKeys slurm;
  Triggers triggers;
  std::vector<SecretKey> secrets;
  DeadlineKey deadline;
  std::vector<NotifyKey> notify;
  std::optional<ConcurrencyKey> concurrency;
  graph::TableSpec report;
  Field<Duration> reserve;      ///< where it is not written, the caller has a default
  std::deque<TaskNode> tasks;   ///< those of `finally` last; a new one moves no other
  std::vector<EnvVar> outputs;  ///< what it gives a task that uses it
  std::vector<UsedFile> used;   ///< after flatten(); each after the one that it is used in
};

/// By numbers as TaskNode::file has them: 0 is the workflow's own, which is no used one.
[[nodiscard]] inline const UsedFile& used_file(const Workflow& workflow, std::uint32_t file) {
  return workflow.used.at(file - 1);
}
[[nodiscard]] inline const std::vector<Param>& params_of(const Workflow& workflow, std::uint32_t file) {
  return file == 0 ? workflow.params : used_file(workflow, file).params;
}

}  // namespace fugle::workflow
