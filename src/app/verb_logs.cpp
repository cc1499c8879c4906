// fugle logs [RUN] [E]: output of attempts. Of one element as the bytes came; of all with the element before each line.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <thread>

#include "app/find_run.hpp"
#include "app/job_view.hpp"
#include "app/jobs.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "executor/attempt_log.hpp"
#include "executor/log_row.hpp"
#include "report/json_text.hpp"
#include "report/log_lines.hpp"
#include "store/journal_follower.hpp"
#include "store/run_lock.hpp"

namespace fugle::app {
namespace {

using executor::LogChunk;

constexpr auto kFollowInterval = std::chrono::milliseconds(300);

enum class Form : unsigned char { bytes, lines, json_list, json_lines };

/// Prints each chunk once, in one of the forms.
class LogPrinter {
 public:
  /// `stream`: executor::kStdout or kStderr alone; 0: both.
  LogPrinter(const graph::Graph& graph, std::string run_dir, Form form, std::uint8_t stream)
      : graph_(graph), run_dir_(std::move(run_dir)), form_(form), stream_(stream) {
    if (form_ == Form::json_list) put("[");
  }

  void print_new(const std::vector<LogChunk>& chunks) {
    for (const LogChunk& chunk : chunks) {
      if (chunk.element.value() >= graph_.num_elements()) continue;  // of no element: the index is damaged
      std::uint64_t& next = next_offset_[chunk.worker];
      if (chunk.offset < next) continue;
      next = chunk.offset + chunk.length;
      if (stream_ == 0 || chunk.stream == stream_) print(chunk);
    }
    std::fflush(stdout);
  }

  void finish() {
    put(lines_.finish());
    if (form_ == Form::json_list) put("\n]\n");
    std::fflush(stdout);
  }

 private:
  static void put(std::string_view bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

  void print(const LogChunk& chunk) {
    const std::string bytes = executor::read_chunk(run_dir_, chunk);
    if ((chunk.flags & executor::kOutputLostBefore) != 0)
      fmt::print(stderr, "fugle: output of {} before this was lost (disk full)\n", printable(name_of(chunk)));
    switch (form_) {
      case Form::bytes: return put(bytes);
      case Form::lines: return put(lines_.add(printable(name_of(chunk)), bytes));
      case Form::json_list: put(is_first_ ? "\n" : ",\n"); return put_json(chunk, bytes);
      case Form::json_lines: put_json(chunk, bytes); return put("\n");
    }
  }

  void put_json(const LogChunk& chunk, const std::string& bytes) {
    is_first_ = false;
    put(report::to_line({{"element", graph_.id(chunk.element)},
                         {"attempt", chunk.attempt},
                         {"worker", chunk.worker.value()},
                         {"stream", chunk.stream == executor::kStderr ? "stderr" : "stdout"},
                         {"time_ns", chunk.time_ns},
                         {"text", bytes}}));
  }

  [[nodiscard]] std::string name_of(const LogChunk& chunk) const {
    const std::string_view id = graph_.id(chunk.element);
    return chunk.attempt > 1 ? fmt::format("{} (attempt {})", id, chunk.attempt) : std::string(id);
  }

  const graph::Graph& graph_;
  std::string run_dir_;
  Form form_;
  std::uint8_t stream_;
  bool is_first_ = true;
  report::LogLines lines_;
  std::map<WorkerId, std::uint64_t> next_offset_;  ///< a log only grows, and its chunks come in order
};

/// Says when there is nothing more to follow: the element is final, or nobody holds the run.
/// The graph of the plan gets the elements that came while the run went on.
class EndWatch {
 public:
  EndWatch(store::PlanFile& plan, std::string run_dir)
      : state_(plan.graph, plan.facts.seed), follower_(run_dir), run_dir_(std::move(run_dir)) {
    for (std::uint32_t t = 0; t < plan.graph.num_tasks(); ++t)
      may_grow_ = may_grow_ || plan.graph.task(TaskId(t)).kind == graph::TaskKind::expansion;
    if (may_grow_) catch_up();
  }

  /// Invalid: the run.
  bool is_over(ElementId element) {
    const bool is_held = store::find_lock_holder(run_dir_).has_value();
    if (may_grow_ || (is_held && element.is_valid())) catch_up();
    if (!is_held) return !is_queued();
    return element.is_valid() && scheduler::is_final(state_.state(element));
  }

 private:
  void catch_up() {
    scheduler::Effects effects;
    for (const scheduler::Event& event : follower_.poll()) {
      effects.clear();
      apply_stored(state_, event, run_dir_, effects);
    }
  }

  /// A job is to begin, by what was asked for; until Slurm says, looked at each half minute, that there is none.
  bool is_queued() {
    const auto waiting = waiting_jobs(read_jobs(run_dir_));
    if (waiting.empty()) return false;
    if (now() < next_question_) return true;
    next_question_ = now() + std::chrono::seconds(30);
    const auto records = ask_about_jobs(waiting);
    return records.empty() || std::ranges::any_of(waiting, [&](const auto& id) { return is_on_its_way(records, id); });
  }

  scheduler::RunState state_;
  store::JournalFollower follower_;
  std::string run_dir_;
  bool may_grow_ = false;
  Time next_question_{};
};

/// An attempt without output is silent; one that never was is a mistake of the user.
void expect_attempt(const std::string& run_dir, ElementId element, std::uint16_t number) {
  const StoredRun run(run_dir);
  const report::Attempt* latest = run.attempts().latest(element);
  const int num_attempts = latest == nullptr ? 0 : latest->number;
  if (number > num_attempts)
    throw UsageError(fmt::format("{} has no attempt {} (it has had {}); 'fugle history {} --attempts' lists them",
                                 run.graph().id(element), number, num_attempts, run.facts().run));
}

Form form_from(const Arguments& arguments, ElementId element) {
  if (arguments.has("json")) return arguments.has("follow") ? Form::json_lines : Form::json_list;
  return element.is_valid() ? Form::bytes : Form::lines;
}

std::uint8_t stream_from(const Arguments& arguments) {
  const bool wants_out = arguments.has("stdout"), wants_errors = arguments.has("stderr");
  if (wants_out == wants_errors) return 0;
  return wants_out ? executor::kStdout : executor::kStderr;
}

}  // namespace

int logs_verb(const Args& args) {
  Usage usage(
      "logs", "[RUN] [E]",
      "Output of the attempts of element E, as the bytes came. Without E: of all, the element before each line.", 0, 2);
  auto add = usage.options.add_options();
  add("follow,f", "go on until E, or the run, has ended");
  add("attempt", boost::program_options::value<std::uint16_t>()->value_name("N"), "only attempt N, from 1");
  add("stdout", "only stdout; what stderr has beside it where the task has no 'log: split'");
  add("stderr", "only stderr, of tasks with 'log: split'");
  add("json", "as JSON: a list of pieces; with -f one piece per line");
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const RunAndElement wanted = find_run_and_element(runs_dir_from(*arguments), arguments->words);
  store::PlanFile plan = store::read_plan(wanted.run_dir);
  EndWatch watch(plan, wanted.run_dir);
  const ElementId element =
      wanted.element.empty() ? ElementId{} : find_element(plan.graph, plan.facts.run, wanted.element);
  const std::uint16_t attempt = arguments->has("attempt") ? arguments->get<std::uint16_t>("attempt") : 0;
  if (element.is_valid() && attempt > 0 && !arguments->has("follow") &&
      executor::find_chunks(wanted.run_dir, element, attempt).empty())
    expect_attempt(wanted.run_dir, element, attempt);
  LogPrinter printer(plan.graph, wanted.run_dir, form_from(*arguments, element), stream_from(*arguments));
  for (bool is_over = false; !is_over;) {
    // The end is looked for before the output, so that the last words are printed too.
    is_over = !arguments->has("follow") || watch.is_over(element);
    printer.print_new(executor::find_chunks(wanted.run_dir, element, attempt));
    if (!is_over) std::this_thread::sleep_for(kFollowInterval);
  }
  printer.finish();
  return 0;
}

}  // namespace fugle::app
