#include "workflow/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

constexpr bool kBuilt = true, kLater = false;
constexpr bool kInDefaults = true, kNotInDefaults = false;

/// Ordered by scope; within a scope as FORMAT.md has them.
constexpr Key kKeys[] = {
    // clang-format off
    {Scope::top, "version", KeyType::whole_number, kBuilt, kNotInDefaults, "format version; 1"},
    {Scope::top, "name", KeyType::name, kBuilt, kNotInDefaults, "workflow name; part of job names and run ids"},
    {Scope::top, "description", KeyType::text, kBuilt, kNotInDefaults, "free text"},
    {Scope::top, "include", KeyType::words, kBuilt, kNotInDefaults, "files whose templates, params, tasks and pools are merged in"},
    {Scope::top, "params", KeyType::named_map, kBuilt, kNotInDefaults, "parameters: a default, or type, default, min, max, choices, description"},
    {Scope::top, "secrets", KeyType::words, kBuilt, kNotInDefaults, "environment variables that only tasks get which list them, masked in logs and records"},
    {Scope::top, "env", KeyType::named_map, kBuilt, kNotInDefaults, "environment of all tasks"},
    {Scope::top, "workdir", KeyType::text, kBuilt, kNotInDefaults, "base of relative paths; the submit directory by default"},
    {Scope::top, "scratch", KeyType::text, kBuilt, kNotInDefaults, "node-local temporary root; a directory for each attempt, removed after it"},
    {Scope::top, "defaults", KeyType::map, kBuilt, kNotInDefaults, "task keys for every task"},
    {Scope::top, "templates", KeyType::named_map, kBuilt, kNotInDefaults, "partial tasks for 'extends'"},
    {Scope::top, "pools", KeyType::named_map, kBuilt, kNotInDefaults, "counted tokens, e.g. licences: how many there are"},
    {Scope::top, "limits", KeyType::map, kBuilt, kNotInDefaults, "max_failures, max_infra_retries, max_requeues"},
    {Scope::top, "concurrency", KeyType::map, kBuilt, kNotInDefaults, "runs that exclude each other: group, max, when_busy"},
    {Scope::top, "slurm", KeyType::map, kBuilt, kNotInDefaults, "what to ask Slurm for"},
    {Scope::top, "partitions", KeyType::map, kLater, kNotInDefaults, "data slices"},
    {Scope::top, "triggers", KeyType::list, kBuilt, kNotInDefaults, "what starts a run: maps of schedule, timezone, catch_up, or of run, state"},
    {Scope::top, "tasks", KeyType::named_map, kBuilt, kNotInDefaults, "the tasks, by id"},
    {Scope::top, "finally", KeyType::named_map, kBuilt, kNotInDefaults, "tasks run when all others have ended, however"},
    {Scope::top, "reserve", KeyType::duration, kBuilt, kNotInDefaults, "walltime kept for 'finally' and the last checkpoint"},
    {Scope::top, "on_failure", KeyType::word, kBuilt, kNotInDefaults, "default of the task key"},
    {Scope::top, "deadline", KeyType::text, kBuilt, kNotInDefaults, "when the run should be done: a time from its start, or at 18:30 (UTC), or at 18:30 local; an event, no more"},
    {Scope::top, "notify", KeyType::list, kBuilt, kNotInDefaults, "whom to tell: maps of events, and run, mail or file; grouped, at most one a minute"},
    {Scope::top, "outputs", KeyType::named_map, kBuilt, kNotInDefaults, "values given to a parent that 'uses' this file"},
    {Scope::top, "report", KeyType::map, kBuilt, kNotInDefaults, "a table of metrics: rows, columns, baseline, reference"},
    {Scope::top, "checkpoint", KeyType::map, kLater, kNotInDefaults, "saving of the run's own state"},
    {Scope::limits, "max_parallel", KeyType::whole_number, kBuilt, kNotInDefaults, "elements at once, of all tasks"},
    {Scope::limits, "max_failures", KeyType::whole_number, kBuilt, kNotInDefaults, "the run stops after so many failed elements"},
    {Scope::limits, "max_expand", KeyType::whole_number, kBuilt, kNotInDefaults, "elements that one task may expand to; 100000 by default, for 'foreach'"},
    {Scope::limits, "max_requeues", KeyType::whole_number, kBuilt, kNotInDefaults, "further jobs that one run may go through by itself; 20 by default"},
    {Scope::limits, "max_infra_retries", KeyType::whole_number, kBuilt, kNotInDefaults, "free attempts of an element after lost nodes and failed launches, 0 to 10; 3 by default"},
    {Scope::slurm, "account", KeyType::text, kBuilt, kNotInDefaults, "who pays, as sbatch -A"},
    {Scope::slurm, "partition", KeyType::text, kBuilt, kNotInDefaults, "the queue, as sbatch -p"},
    {Scope::slurm, "qos", KeyType::text, kBuilt, kNotInDefaults, "quality of service, as sbatch -q"},
    {Scope::slurm, "reservation", KeyType::text, kBuilt, kNotInDefaults, "as sbatch --reservation"},
    {Scope::slurm, "nodes", KeyType::whole_number, kBuilt, kNotInDefaults, "nodes, as sbatch -N; 1 by default"},
    {Scope::slurm, "time", KeyType::duration, kBuilt, kNotInDefaults, "walltime, as sbatch -t"},
    {Scope::slurm, "constraint", KeyType::text, kBuilt, kNotInDefaults, "features of the nodes, as sbatch -C"},
    {Scope::slurm, "exclusive", KeyType::boolean, kBuilt, kNotInDefaults, "whole nodes, shared with no other job"},
    {Scope::slurm, "gpus_per_node", KeyType::whole_number, kBuilt, kNotInDefaults, "GPUs of each node"},
    {Scope::slurm, "mem", KeyType::size, kBuilt, kNotInDefaults, "memory of each node; 0: all there is"},
    {Scope::slurm, "signal_margin", KeyType::duration, kBuilt, kNotInDefaults, "how long before its end Slurm warns the job; 120s by default"},
    {Scope::slurm, "requeue", KeyType::word, kBuilt, kNotInDefaults, "auto: the run goes on in a next job when its time is over; never"},
    {Scope::slurm, "mail_user", KeyType::text, kBuilt, kNotInDefaults, "whom Slurm writes when the job ends, as sbatch --mail-user"},
    {Scope::slurm, "extra", KeyType::words, kBuilt, kNotInDefaults, "further options of sbatch, e.g. [--switches=1]"},
    {Scope::task, "description", KeyType::text, kBuilt, kInDefaults, "free text"},
    {Scope::task, "run", KeyType::command, kBuilt, kNotInDefaults, "text: a script for 'shell'; list: a command without a shell"},
    {Scope::task, "plugin", KeyType::text, kBuilt, kNotInDefaults, "library:function, called in worker ranks"},
    {Scope::task, "isolate", KeyType::boolean, kBuilt, kInDefaults, "call the plugin in a process of its own; true with 1 rank, else false"},
    {Scope::task, "uses", KeyType::text, kBuilt, kNotInDefaults, "another workflow file: its tasks stand in the place of this one"},
    {Scope::task, "with", KeyType::named_map, kBuilt, kNotInDefaults, "arguments of 'plugin'; params of the file that 'uses' names"},
    {Scope::task, "extends", KeyType::words, kBuilt, kInDefaults, "template or templates to start from"},
    {Scope::task, "shell", KeyType::command, kBuilt, kInDefaults, "interpreter and flags of text 'run'; bash -euo pipefail by default"},
    {Scope::task, "stub", KeyType::text, kBuilt, kInDefaults, "script used by 'fugle test' instead of the command"},
    {Scope::task, "needs", KeyType::needs, kBuilt, kNotInDefaults, "tasks that must be done before"},
    {Scope::task, "join", KeyType::word, kBuilt, kInDefaults, "all or any of 'needs'"},
    {Scope::task, "when", KeyType::boolean, kBuilt, kInDefaults, "decided once when needs are met"},
    {Scope::task, "matrix", KeyType::named_map, kBuilt, kInDefaults, "variables with lists or ranges; one element for each combination"},
    {Scope::task, "foreach", KeyType::any, kBuilt, kInDefaults, "one element for each item"},
    {Scope::task, "max_parallel", KeyType::whole_number, kBuilt, kInDefaults, "elements at once"},
    {Scope::task, "fail_fast", KeyType::boolean, kBuilt, kInDefaults, "cancel siblings at the first failure that is not tolerated"},
    {Scope::task, "tolerate", KeyType::tolerance, kBuilt, kInDefaults, "elements that may fail, a number or a percent like 10%"},
    {Scope::task, "emits", KeyType::text, kLater, kInDefaults, "file of further tasks the task writes"},
    {Scope::task, "partitioned", KeyType::boolean, kLater, kInDefaults, "one set of elements for each data slice"},
    {Scope::task, "service", KeyType::map, kBuilt, kInDefaults, "runs beside the tasks that need it: ready, ready_timeout, stop"},
    {Scope::task, "priority", KeyType::whole_number, kBuilt, kInDefaults, "-1000..1000; higher starts first"},
    {Scope::task, "pools", KeyType::named_map, kBuilt, kInDefaults, "tokens held while running: a number for each pool, or n, until"},
    {Scope::task, "tags", KeyType::words, kBuilt, kInDefaults, "words for --select tag:x"},
    {Scope::task, "inputs", KeyType::named_map, kBuilt, kNotInDefaults, "files read: a path, a list of paths, or path"},
    {Scope::task, "outputs", KeyType::named_map, kBuilt, kNotInDefaults, "files written: a path, or path, type, description"},
    {Scope::task, "checks", KeyType::list, kLater, kInDefaults, "what must hold of the outputs"},
    {Scope::task, "metrics", KeyType::named_map, kBuilt, kInDefaults, "numbers taken from the output: regex or hdf5, unit, reference, tolerance"},
    {Scope::task, "cache", KeyType::word, kBuilt, kInDefaults, "never"},
    {Scope::task, "resources", KeyType::map, kBuilt, kInDefaults, "nodes, ranks, ranks_per_node, cores, mem, gpus, gpus_per_rank, scratch, exclusive, bind, place"},
    {Scope::task, "launcher", KeyType::text, kBuilt, kInDefaults, "how MPI ranks are started: auto, srun, mpirun, none, or a template like mpiexec -n {ranks}"},
    {Scope::task, "container", KeyType::text, kBuilt, kInDefaults, "image to run in; or image, runtime, bind, gpu"},
    {Scope::task, "modules", KeyType::words, kBuilt, kInDefaults, "modules to load"},
    {Scope::task, "setup", KeyType::text, kBuilt, kInDefaults, "shell lines before 'run'"},
    {Scope::task, "env", KeyType::named_map, kBuilt, kInDefaults, "environment variables"},
    {Scope::task, "workdir", KeyType::text, kBuilt, kInDefaults, "working directory; per_element: one for each element, made when it starts"},
    {Scope::task, "secrets", KeyType::words, kBuilt, kInDefaults, "secrets that it gets, of those at top level"},
    {Scope::task, "log", KeyType::text, kBuilt, kInDefaults, "merged, split, none, or the path of a file that has the output besides"},
    {Scope::task, "timeout", KeyType::duration, kBuilt, kInDefaults, "of an attempt; TERM, then KILL after 'grace'"},
    {Scope::task, "grace", KeyType::duration, kBuilt, kInDefaults, "time between TERM and KILL; 30s by default"},
    {Scope::task, "estimate", KeyType::duration, kBuilt, kInDefaults, "expected time"},
    {Scope::task, "late_after", KeyType::duration, kBuilt, kInDefaults, "an attempt that runs longer is late: an event, no more"},
    {Scope::task, "retries", KeyType::retry, kBuilt, kInDefaults, "further attempts: a number, or max, delay, backoff, max_delay, jitter, when, scale"},
    {Scope::task, "restart", KeyType::map, kBuilt, kInDefaults, "the program's own checkpoint: files, signal, before_end, run"},
    {Scope::task, "on_failure", KeyType::word, kBuilt, kInDefaults, "skip_dependents, drain, stop or ignore; or policy, run"},
    {Scope::task, "ok_exit_codes", KeyType::list, kBuilt, kInDefaults, "codes that mean success, or ranges of them; [0] by default"},
    {Scope::task, "cleanup", KeyType::text, kBuilt, kInDefaults, "shell lines after every attempt, at most 'grace'"},
    {Scope::resources, "nodes", KeyType::whole_number, kBuilt, kNotInDefaults, "nodes, as sbatch -N"},
    {Scope::resources, "ranks", KeyType::whole_number, kBuilt, kNotInDefaults, "MPI ranks, as sbatch -n"},
    {Scope::resources, "ranks_per_node", KeyType::whole_number, kBuilt, kNotInDefaults, "MPI ranks on each node"},
    {Scope::resources, "cores", KeyType::whole_number, kBuilt, kNotInDefaults, "cores of the process or of each rank; 1 by default"},
    {Scope::resources, "mem", KeyType::size, kBuilt, kNotInDefaults, "memory on a node; a share of the node by cores by default"},
    {Scope::resources, "gpus", KeyType::whole_number, kBuilt, kNotInDefaults, "GPUs in all"},
    {Scope::resources, "gpus_per_rank", KeyType::whole_number, kBuilt, kNotInDefaults, "GPUs of each rank"},
    {Scope::resources, "scratch", KeyType::size, kBuilt, kNotInDefaults, "free node-local disk for each attempt"},
    {Scope::resources, "exclusive", KeyType::boolean, kBuilt, kNotInDefaults, "whole nodes"},
    {Scope::resources, "constraint", KeyType::text, kLater, kNotInDefaults, "node features, as in Slurm"},
    {Scope::resources, "bind", KeyType::word, kBuilt, kNotInDefaults, "core, l3, numa, socket or none"},
    {Scope::resources, "place", KeyType::text, kBuilt, kNotInDefaults, "pack, spread or near: TASK"},
    {Scope::retries, "max", KeyType::whole_number, kBuilt, kNotInDefaults, "attempts after the first; 0 by default"},
    {Scope::retries, "delay", KeyType::duration, kBuilt, kNotInDefaults, "before the second attempt; 5s by default"},
    {Scope::retries, "backoff", KeyType::number, kBuilt, kNotInDefaults, "factor of the delay for each further attempt; 2 by default"},
    {Scope::retries, "max_delay", KeyType::duration, kBuilt, kNotInDefaults, "longest delay; 10m by default"},
    {Scope::retries, "jitter", KeyType::number, kBuilt, kNotInDefaults, "random part of the delay, 0 to 1; 0.1 by default"},
    {Scope::retries, "when", KeyType::list, kBuilt, kNotInDefaults, "failure classes and exit codes; [error, signal] by default"},
    {Scope::retries, "scale", KeyType::map, kBuilt, kNotInDefaults, "factor of mem, timeout, cores for each further attempt"},
    {Scope::scale, "mem", KeyType::number, kBuilt, kNotInDefaults, "of 'resources.mem', as far as the node has it; 1 by default"},
    {Scope::scale, "timeout", KeyType::number, kBuilt, kNotInDefaults, "of 'timeout'; 1 by default"},
    {Scope::scale, "cores", KeyType::number, kBuilt, kNotInDefaults, "of 'resources.cores', as far as the node has them; 1 by default"},
    {Scope::container, "image", KeyType::text, kBuilt, kNotInDefaults, "a file, or a name as its runtime takes it"},
    {Scope::container, "runtime", KeyType::word, kBuilt, kNotInDefaults, "apptainer, podman or pyxis; the first of them that is there by default"},
    {Scope::container, "bind", KeyType::words, kBuilt, kNotInDefaults, "further directories to be had inside: HOST or HOST:INSIDE or HOST:INSIDE:ro"},
    {Scope::container, "gpu", KeyType::boolean, kBuilt, kNotInDefaults, "the GPUs of the node can be used; true where 'resources' asks for some"},
    {Scope::restart, "files", KeyType::words, kBuilt, kNotInDefaults, "what a checkpoint leaves: patterns, relative to the working directory"},
    {Scope::restart, "signal", KeyType::word, kBuilt, kNotInDefaults, "that asks for a checkpoint, e.g. USR1; none: the program writes them by itself"},
    {Scope::restart, "before_end", KeyType::duration, kBuilt, kNotInDefaults, "when it is sent; a minute before the reserve begins by default"},
    {Scope::restart, "run", KeyType::command, kBuilt, kNotInDefaults, "command that goes on from a checkpoint; the same with FUGLE_RESTART=1 by default"},
    {Scope::service, "ready", KeyType::text, kBuilt, kNotInDefaults, "command for the shell that ends with 0 once it is ready"},
    {Scope::service, "ready_timeout", KeyType::duration, kBuilt, kNotInDefaults, "how long that may take; 5m by default"},
    {Scope::service, "stop", KeyType::text, kBuilt, kNotInDefaults, "signal, or command for the shell, that ends it; TERM by default"},
    {Scope::metric, "regex", KeyType::text, kBuilt, kNotInDefaults, "with one group, the number; each match on stdout is a value"},
    {Scope::metric, "hdf5", KeyType::any, kBuilt, kNotInDefaults, "dataset of an output, each of its elements a value; or {dataset, output}"},
    {Scope::metric, "unit", KeyType::text, kBuilt, kNotInDefaults, "e.g. ns/day or s"},
    {Scope::metric, "reference", KeyType::number, kBuilt, kNotInDefaults, "what its median should be"},
    {Scope::metric, "tolerance", KeyType::list, kBuilt, kNotInDefaults, "[lowest, highest], as fractions of the reference: -0.1 is a tenth less"},
    {Scope::metric_hdf5, "dataset", KeyType::text, kBuilt, kNotInDefaults, "its path in the file"},
    {Scope::metric_hdf5, "output", KeyType::text, kBuilt, kNotInDefaults, "name of the output that is the file; the only one by default"},
    {Scope::report, "rows", KeyType::words, kBuilt, kNotInDefaults, "matrix variable, e.g. matrix.nodes: a row for each value"},
    {Scope::report, "columns", KeyType::words, kBuilt, kNotInDefaults, "median, mean, min, max, spread, count, speedup or efficiency of a metric, e.g. median(ns_day)"},
    {Scope::report, "baseline", KeyType::map, kBuilt, kNotInDefaults, "the row that speedup and efficiency refer to, e.g. {nodes: 1}; the first by default"},
    {Scope::report, "reference", KeyType::map, kBuilt, kNotInDefaults, "what figures must be, e.g. {efficiency(ns_day): {nodes: 8, min: 0.7}}"},
    {Scope::need, "is", KeyType::word, kBuilt, kNotInDefaults, "ok, failed, done, started or each"},
    {Scope::need, "partition", KeyType::text, kLater, kNotInDefaults, "another data slice"},
    {Scope::need, "window", KeyType::text, kLater, kNotInDefaults, "data slices around this one"},
    {Scope::need, "optional", KeyType::boolean, kLater, kNotInDefaults, "a slice that does not exist is no obstacle"},
    {Scope::matrix, "include", KeyType::list, kBuilt, kNotInDefaults, "maps: fields for the points whose values they name, else further points"},
    {Scope::matrix, "exclude", KeyType::list, kBuilt, kNotInDefaults, "maps: points with these values are left out"},
    {Scope::param, "type", KeyType::word, kBuilt, kNotInDefaults, "int, float, bool, string, path or list"},
    {Scope::param, "default", KeyType::any, kBuilt, kNotInDefaults, "value when none is given; none: required"},
    {Scope::param, "min", KeyType::number, kBuilt, kNotInDefaults, "smallest value"},
    {Scope::param, "max", KeyType::number, kBuilt, kNotInDefaults, "largest value"},
    {Scope::param, "choices", KeyType::list, kBuilt, kNotInDefaults, "the values allowed"},
    {Scope::param, "description", KeyType::text, kBuilt, kNotInDefaults, "free text"},
    {Scope::input, "path", KeyType::any, kBuilt, kNotInDefaults, "a path or a list of paths"},
    {Scope::input, "description", KeyType::text, kBuilt, kNotInDefaults, "free text"},
    {Scope::input, "optional", KeyType::boolean, kLater, kNotInDefaults, "may be absent"},
    {Scope::input, "type", KeyType::word, kLater, kNotInDefaults, "kind of file"},
    {Scope::input, "fingerprint", KeyType::word, kLater, kNotInDefaults, "stat or content"},
    {Scope::output, "path", KeyType::text, kBuilt, kNotInDefaults, "where the file is when done"},
    {Scope::output, "type", KeyType::word, kBuilt, kNotInDefaults, "file, or value, list, json: given to $FUGLE_OUTPUT or, but for a value, from a file"},
    {Scope::output, "description", KeyType::text, kBuilt, kNotInDefaults, "free text"},
    {Scope::output, "from", KeyType::text, kBuilt, kNotInDefaults, "file that has the items of a list, one in each line, or the document of json; relative to the task's directory"},
    {Scope::output, "min_size", KeyType::size, kLater, kNotInDefaults, "smallest good size"},
    {Scope::output, "temp", KeyType::boolean, kLater, kNotInDefaults, "deleted when the last consumer is done"},
    {Scope::output, "protect", KeyType::boolean, kLater, kNotInDefaults, "read-only when done"},
    {Scope::trigger, "schedule", KeyType::text, kBuilt, kNotInDefaults, "times, as in crontab(5): minute hour day month weekday"},
    {Scope::trigger, "timezone", KeyType::text, kBuilt, kNotInDefaults, "of the schedule, e.g. Europe/Berlin; UTC by default"},
    {Scope::trigger, "catch_up", KeyType::word, kBuilt, kNotInDefaults, "what becomes of missed times: none, latest or all"},
    {Scope::trigger, "run", KeyType::text, kBuilt, kNotInDefaults, "another workflow's newest run, or the id of a run"},
    {Scope::trigger, "state", KeyType::word, kBuilt, kNotInDefaults, "how that run has to end: ok, failed or done; ok by default"},
    {Scope::trigger, "file", KeyType::text, kLater, kNotInDefaults, "a file that appears"},
    {Scope::trigger, "settle", KeyType::duration, kLater, kNotInDefaults, "time for which the file has to stay as it is"},
    {Scope::trigger, "batch", KeyType::any, kLater, kNotInDefaults, "files for one run"},
    {Scope::trigger, "partition", KeyType::text, kLater, kNotInDefaults, "data slice named by the file"},
    {Scope::trigger, "job", KeyType::text, kLater, kNotInDefaults, "a Slurm job that ends"},
    {Scope::notify, "events", KeyType::words, kBuilt, kNotInDefaults, "what to tell: failed, late, done, stalled, resumed"},
    {Scope::notify, "run", KeyType::text, kBuilt, kNotInDefaults, "shell lines, with FUGLE_EVENTS, FUGLE_MESSAGE and others in their environment"},
    {Scope::notify, "mail", KeyType::text, kBuilt, kNotInDefaults, "an address"},
    {Scope::notify, "file", KeyType::text, kBuilt, kNotInDefaults, "path of a file that gets a line for each notice"},
    {Scope::concurrency, "group", KeyType::text, kBuilt, kNotInDefaults, "what such runs have in common, e.g. ${{ workflow.name }}"},
    {Scope::concurrency, "max", KeyType::whole_number, kBuilt, kNotInDefaults, "runs of the group at once; 1 by default"},
    {Scope::concurrency, "when_busy", KeyType::word, kBuilt, kNotInDefaults, "queue, skip, cancel_running or fail; queue by default"},
    {Scope::on_failure, "policy", KeyType::word, kBuilt, kNotInDefaults, "skip_dependents, drain, stop or ignore"},
    {Scope::on_failure, "run", KeyType::name, kBuilt, kNotInDefaults, "a task that runs once this one has failed"},
    {Scope::pool, "n", KeyType::whole_number, kBuilt, kNotInDefaults, "tokens"},
    {Scope::pool, "until", KeyType::word, kBuilt, kNotInDefaults, "end: they are free when the element has ended"},
    // clang-format on
};

constexpr unsigned in(Scope scope) { return 1u << static_cast<unsigned>(scope); }
constexpr unsigned kTop = in(Scope::top), kTask = in(Scope::task), kResources = in(Scope::resources),
                   kSlurm = in(Scope::slurm);
constexpr unsigned kAnywhere = kTop | kTask;

/// A word of another system (FORMAT.md section 10). `advice` follows "unknown key 'x' in y; ".
struct ForeignWord {
  unsigned scopes;
  std::string_view word;
  std::string_view advice;
  std::string_view suggestion;
};

constexpr std::string_view kUseNeeds = "use 'needs'", kUseOutputs = "use 'outputs'", kUseInputs = "use 'inputs'",
                           kUseRun = "use 'run'", kUseWhen = "use 'when'", kUseTriggers = "use 'triggers'",
                           kUseRetries = "use 'retries'", kUsePools = "use 'pools'", kUseContainer = "use 'container'",
                           kUseMem = "use 'resources.mem'",
                           kUseCores = "use 'resources.cores' (per process) or 'resources.ranks' (MPI)",
                           kUseRanksPerNode = "use 'resources.ranks_per_node'",
                           kUseGpusPerRank = "use 'resources.gpus_per_rank'",
                           kUseTimeout = "use 'timeout' (a task) or 'slurm.time' (the allocation)",
                           kUseMatrix = "use 'foreach' or 'matrix'",
                           kUseOnFailure = "use 'on_failure: ignore' or 'tolerate'",
                           kUnderResources = "put it under 'resources'";
/// Said instead of "unknown key", since the word does mean something here.
constexpr std::string_view kTwoPartitions = "the Slurm queue is slurm.partition, data slices are partitions";

constexpr ForeignWord kForeignWords[] = {
    // clang-format off
    {kAnywhere, "depends", kUseNeeds, "needs"},
    {kAnywhere, "depends_on", kUseNeeds, "needs"},
    {kAnywhere, "dependencies", kUseNeeds, "needs"},
    {kAnywhere, "after", kUseNeeds, "needs"},
    {kAnywhere, "requires", kUseNeeds, "needs"},
    {kAnywhere, "wait_for", kUseNeeds, "needs"},
    {kAnywhere, "artifacts", kUseOutputs, "outputs"},
    {kAnywhere, "produces", kUseOutputs, "outputs"},
    {kAnywhere, "targets", kUseOutputs, "outputs"},
    {kAnywhere, "consumes", kUseInputs, "inputs"},
    {kAnywhere, "sources", kUseInputs, "inputs"},
    {kAnywhere, "cmd", kUseRun, "run"},
    {kAnywhere, "command", kUseRun, "run"},
    {kAnywhere, "script", kUseRun, "run"},
    {kAnywhere, "exec", kUseRun, "run"},
    {kAnywhere, "partition", kTwoPartitions, "slurm.partition"},
    {kAnywhere, "queue", kTwoPartitions, "slurm.partition"},
    {kAnywhere | kResources, "cpus", kUseCores, "resources.cores"},
    {kAnywhere | kResources, "threads", kUseCores, "resources.cores"},
    {kAnywhere | kResources, "ntasks", kUseCores, "resources.cores"},
    {kAnywhere | kResources, "ppn", kUseCores, "resources.cores"},
    {kAnywhere, "on", kUseTriggers, "triggers"},
    {kAnywhere, "schedule", kUseTriggers, "triggers"},
    {kAnywhere, "cron", kUseTriggers, "triggers"},
    {kAnywhere | kResources, "memory", kUseMem, "resources.mem"},
    {kAnywhere | kResources, "mem_mb", kUseMem, "resources.mem"},
    {kAnywhere | kResources, "mem_per_cpu", kUseMem, "resources.mem"},
    {kAnywhere, "continue-on-error", kUseOnFailure, "on_failure"},
    {kAnywhere, "allow_failure", kUseOnFailure, "on_failure"},
    {kAnywhere, "errorStrategy", kUseOnFailure, "on_failure"},
    {kAnywhere | kResources, "walltime", kUseTimeout, "timeout"},
    {kAnywhere | kResources, "time", kUseTimeout, "timeout"},
    {kAnywhere | kResources, "runtime", kUseTimeout, "timeout"},
    {kAnywhere | kResources, "time_limit", kUseTimeout, "timeout"},
    {kAnywhere, "max_retries", kUseRetries, "retries"},
    {kAnywhere, "retry", kUseRetries, "retries"},
    {kAnywhere, "retryStrategy", kUseRetries, "retries"},
    {kAnywhere, "if", kUseWhen, "when"},
    {kAnywhere, "rules", kUseWhen, "when"},
    {kAnywhere, "licenses", kUsePools, "pools"},
    {kAnywhere, "resource_group", kUsePools, "pools"},
    {kAnywhere, "concurrency_group", kUsePools, "pools"},
    {kAnywhere, "loop", kUseMatrix, "foreach"},
    {kAnywhere, "with_items", kUseMatrix, "foreach"},
    {kAnywhere, "withItems", kUseMatrix, "foreach"},
    {kAnywhere, "array", kUseMatrix, "foreach"},
    {kAnywhere, "strategy", kUseMatrix, "foreach"},
    {kTask, "nodes", kUnderResources, "resources.nodes"},
    {kTask, "ranks", kUnderResources, "resources.ranks"},
    {kTask, "ranks_per_node", kUnderResources, "resources.ranks_per_node"},
    {kTask, "gpus_per_rank", kUnderResources, "resources.gpus_per_rank"},
    {kTask, "exclusive", kUnderResources, "resources.exclusive"},
    {kTask, "bind", kUnderResources, "resources.bind"},
    {kTask, "place", kUnderResources, "resources.place"},
    {kTask | kResources, "ntasks_per_node", kUseRanksPerNode, "resources.ranks_per_node"},
    {kTask | kResources, "ntasks-per-node", kUseRanksPerNode, "resources.ranks_per_node"},
    {kTask | kResources, "cpus_per_task", kUseCores, "resources.cores"},
    {kTask | kResources, "cpus-per-task", kUseCores, "resources.cores"},
    {kTask | kResources, "gpus_per_task", kUseGpusPerRank, "resources.gpus_per_rank"},
    {kTask | kResources, "gpus-per-task", kUseGpusPerRank, "resources.gpus_per_rank"},
    {kTask, "cores", kUnderResources, "resources.cores"},
    {kTask, "mem", kUnderResources, "resources.mem"},
    {kTask, "gpus", kUnderResources, "resources.gpus"},
    {kSlurm, "queue", "use 'partition'", "partition"},
    {kSlurm, "walltime", "use 'time'", "time"},
    {kSlurm, "time_limit", "use 'time'", "time"},
    {kSlurm, "memory", "use 'mem'", "mem"},
    {kSlurm, "gpus", "use 'gpus_per_node'", "gpus_per_node"},
    {kAnywhere, "image", kUseContainer, "container"},
    {kAnywhere, "docker", kUseContainer, "container"},
    {kAnywhere, "singularity", kUseContainer, "container"},
    // clang-format on
};

}  // namespace

std::span<const Key> keys_of(Scope scope) {
  const auto* first = std::ranges::lower_bound(kKeys, scope, {}, &Key::scope);
  const auto* last = std::ranges::upper_bound(kKeys, scope, {}, &Key::scope);
  return {first, last};
}

const Key* find_key(Scope scope, std::string_view name) {
  const std::span<const Key> keys = keys_of(scope);
  const auto found = std::ranges::find(keys, name, &Key::name);
  return found == keys.end() ? nullptr : &*found;
}

std::string_view expectation(KeyType type) {
  switch (type) {
    case KeyType::whole_number: return "a whole number";
    case KeyType::number: return "a number";
    case KeyType::boolean: return "true or false";
    case KeyType::duration: return "a duration like 90s or 1h30m";
    case KeyType::size: return "a size like 512M or 4G";
    case KeyType::text: return "text";
    case KeyType::name: return "a name";
    case KeyType::word: return "a word";
    case KeyType::words:
    case KeyType::list: return "a list";
    case KeyType::map:
    case KeyType::named_map: return "a map";
    case KeyType::command: return "text or a list of words";
    case KeyType::retry: return "a whole number or a map";
    case KeyType::tolerance: return "a whole number or a percent like 10%";
    case KeyType::needs: return "a task, a list of tasks or a map";
    case KeyType::any: return "a value or a list of values";
  }
  return "";
}

UnknownKey describe_unknown_key(Scope scope, std::string_view name, std::string_view where) {
  const std::string place = where.empty() ? " at top level" : fmt::format(" in {}", where);
  for (const ForeignWord& foreign : kForeignWords) {
    if ((foreign.scopes & in(scope)) == 0 || foreign.word != name) continue;
    if (foreign.advice == kTwoPartitions)
      return {fmt::format("'{}': {}", name, kTwoPartitions), std::string(foreign.suggestion)};
    return {fmt::format("unknown key '{}'{}; {}", name, place, foreign.advice), std::string(foreign.suggestion)};
  }
  std::vector<std::string_view> known;
  for (const Key& key : keys_of(scope)) known.push_back(key.name);
  const std::string problem = fmt::format("unknown key {}{}", in_quotes(name), place);
  const auto nearest = nearest_word(name, known);
  if (!nearest && scope == Scope::slurm) return {problem + "; put rare options in slurm.extra", "extra"};
  if (!nearest) return {problem, {}};
  return {fmt::format("{}; did you mean '{}'?", problem, *nearest), std::string(*nearest)};
}

}  // namespace fugle::workflow
