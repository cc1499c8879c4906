#include "report/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "graph/pool_table.hpp"
#include "report/misfit.hpp"

namespace fugle::report {
namespace {

using scheduler::State;

constexpr std::size_t kMaxCauses = 8;

std::string cores_text(std::uint32_t cores) { return fmt::format("{} {}", cores, cores == 1 ? "core" : "cores"); }

/// "on node1 (worker 2)".
std::string place(const std::string& node, WorkerId worker) {
  if (!worker.is_valid()) return "on an unknown worker";
  return fmt::format("on {} (worker {})", node.empty() ? "unknown node" : node, worker.value());
}

class Explainer {
 public:
  Explainer(const Situation& situation, ElementId element)
      : in_(situation), graph_(situation.run.graph()), element_(element) {}

  Explanation explain() {
    out_.element = graph_.id(element_);
    out_.state = shown_state(element_);
    switch (in_.run.state(element_)) {
      case State::waiting: explain_waiting(); break;
      case State::ready: explain_ready(), add_earlier_attempt(); break;
      case State::retry_wait: explain_retry_wait(); break;
      case State::starting:
      case State::running:
      case State::checking: explain_running(); break;
      case State::ok: explain_ok(); break;
      case State::failed: explain_failed(); break;
      case State::blocked: explain_blocked(); break;
      case State::cancelled: explain_cancelled(); break;
      case State::held: explain_held(); break;
      case State::expanding: out_.reason = "its elements are being made"; break;
      case State::cached: out_.reason = "an equal result existed already"; break;
      case State::skipped:
        if (const std::string* why = in_.lives.why_decided(element_))
          out_.reason = *why;
        else
          out_.reason = is_service(element_) ? "it is a service, and nobody was left to use it"
                                             : "what it needs has not ended as it asks for";
        break;
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_service(ElementId e) const { return in_.run.services().is_service(e); }
  [[nodiscard]] bool is_dead() const { return in_.condition != RunCondition::running; }

  [[nodiscard]] std::string shown_state(ElementId e) const {
    const State state = in_.run.state(e);
    return is_dead() && scheduler::is_live(state) ? "INTERRUPTED" : scheduler::name_of(state);
  }

  void suggest(std::string_view verb, std::string_view element = {}) {
    if (is_queued() && verb == "resume") verb = "status";  // it goes on by itself
    out_.next.push_back(element.empty() ? fmt::format("fugle {} {}", verb, in_.names.run)
                                        : fmt::format("fugle {} {} {}", verb, in_.names.run, quote_for_shell(element)));
  }

  void add_cause(ElementId e, std::string text) {
    if (out_.causes.size() < kMaxCauses)
      out_.causes.push_back({std::string(graph_.id(e)), shown_state(e), text});
    else
      ++out_.num_more_causes;
  }

  /// Nothing of a dead run moves by itself: said wherever an element would otherwise seem to wait.
  [[nodiscard]] bool is_queued() const { return in_.condition == RunCondition::queued; }

  [[nodiscard]] std::string dead_run() const {
    if (is_queued())
      return in_.queue.empty() ? "the run is QUEUED (it waits for its Slurm job)"
                               : fmt::format("the run is QUEUED ({})", in_.queue);
    const auto lives = in_.lives.lives();
    const std::string why = lives.empty() || lives.back().reason.empty() ? "" : ": " + lives.back().reason;
    return fmt::format("the run is {}{} (no head works on it)", name_of(in_.condition), why);
  }

  void explain_held() {
    out_.reason = held_by(element_);
    if (is_dead()) out_.reason += ", and " + dead_run();
    suggest("release", out_.element);
    if (is_dead()) suggest("resume");
  }

  [[nodiscard]] std::string held_by(ElementId e) const {
    const std::string* who = in_.lives.holder_of(e);
    return fmt::format("held by {}", who == nullptr ? "somebody" : *who);
  }

  /// Of a task of `finally` whose turn has not come.
  void explain_waiting_for_end() {
    const std::uint64_t left = num_left_before_finally();
    out_.reason = "it is in 'finally', which starts when all else has ended";
    if (is_dead()) {
      out_.reason += ", and " + dead_run();
      return suggest("resume");
    }
    if (left > 0) out_.reason += fmt::format(" ({} left)", counted(left, "element is", "elements are"));
  }

  [[nodiscard]] std::uint64_t num_left_before_finally() const {
    std::uint64_t left = 0;
    for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
      const ElementId e(i);
      const bool is_main = !graph_.is_gate(e) && !graph_.task_of(e).runs_finally;
      left += is_main && !scheduler::is_final(in_.run.state(e)) ? 1 : 0;
    }
    return left;
  }

  void explain_waiting() {
    if (graph_.task_of(element_).runs_finally && !in_.run.has_finally_begun()) return explain_waiting_for_end();
    const auto needs = graph_.real_needs(element_);
    const auto missing = std::count_if(needs.begin(), needs.end(), [&](ElementId e) { return !in_.run.lets_start(e); });
    out_.reason = awaited_services(needs, missing);
    if (out_.reason.empty())
      out_.reason = fmt::format("{} of {} needs {} not done", missing, needs.size(), missing == 1 ? "is" : "are");
    // It is decided only when all needs have ended, so a failed one may be among them.
    if (const ElementId bad = find_need(element_, State::failed, State::cancelled); bad.is_valid())
      out_.reason += fmt::format("; it will not run, since {} is {}", graph_.id(bad), shown_state(bad));
    for (const ElementId root : waited_for()) add_cause(root, brief_reason(root));
    if (!is_dead()) return;
    out_.reason += ", and " + dead_run();
    suggest("resume");
  }

  /// Empty where it waits for something else as well.
  template <class Elements>
  [[nodiscard]] std::string awaited_services(const Elements& needs, std::ptrdiff_t missing) const {
    std::vector<ElementId> services;
    for (const ElementId e : needs)
      if (is_service(e) && !in_.run.lets_start(e) && !scheduler::is_final(in_.run.state(e))) services.push_back(e);
    if (services.empty() || std::ssize(services) != missing) return {};
    std::string names;
    const std::size_t shown = std::min(services.size(), kMaxCauses);
    for (std::size_t i = 0; i < shown; ++i) names += fmt::format("{}{}", i == 0 ? "" : ", ", graph_.id(services[i]));
    if (shown < services.size()) names += fmt::format(" and {} more", services.size() - shown);
    return fmt::format("waits for {} {} to be ready", services.size() == 1 ? "service" : "services", names);
  }

  /// What moves first among all that the element waits for: unmet needs that are not WAITING themselves.
  [[nodiscard]] std::vector<ElementId> waited_for() const {
    std::vector<ElementId> roots;
    std::vector<bool> seen(graph_.num_elements());
    std::vector<ElementId> open{element_};
    while (!open.empty()) {
      const ElementId e = open.back();
      open.pop_back();
      for (const std::uint32_t need : graph_.needs(e)) {
        const ElementId n(need);
        if (seen[need] || (!graph_.is_gate(n) && in_.run.lets_start(n))) continue;
        seen[need] = true;
        if (graph_.is_gate(n) || in_.run.state(n) == State::waiting)
          open.push_back(n);
        else
          roots.push_back(n);
      }
    }
    std::sort(roots.begin(), roots.end());
    return roots;
  }

  [[nodiscard]] std::string brief_reason(ElementId e) const {
    if (in_.run.state(e) == State::held) return held_by(e);
    if (in_.run.state(e) == State::failed && !in_.run.has_answered(e))
      return fmt::format("it counts as OK if {}", tolerance_text(e));
    const Attempt* attempt = in_.attempts.latest(e);
    if (attempt == nullptr) return "not started yet";
    if (!scheduler::is_live(in_.run.state(e))) return fmt::format("attempt {} {}", attempt->number, verdict(*attempt));
    const std::string where = place(in_.attempts.node_of(*attempt), attempt->worker);
    const std::string so_far = format_duration(in_.now - attempt->start);
    if (is_service(e) && !is_dead())
      return in_.run.is_ready_service(e) ? fmt::format("{} for {}, a service that is ready", where, so_far)
                                         : fmt::format("starting {}, not ready for {}", where, so_far);
    return is_dead() ? where : fmt::format("{} for {}", where, so_far);
  }

  void explain_ready() {
    if (is_dead()) {
      const std::string misfit = why_it_fits_nowhere();
      out_.reason = misfit.empty() ? "it can start, but " + dead_run() : misfit + ", and " + dead_run();
      return suggest("resume");
    }
    const auto lives = in_.lives.lives();
    if (!lives.empty() && lives.back().is_stopping) {
      out_.reason = fmt::format("it can start, but nothing new starts any more ({})", lives.back().reason);
      return suggest("resume");
    }
    if (in_.run.has_finally_begun() && !graph_.task_of(element_).runs_finally) {
      out_.reason = "it can start, but only the tasks of 'finally' start now";
      return suggest("resume");
    }
    if (!why_it_fits_nowhere().empty() || !explain_lack_of_tokens()) explain_lack_of_cores();
  }

  /// Of the first pool that is short; false where none is.
  bool explain_lack_of_tokens() {
    const graph::PoolTable table(graph_);
    for (const graph::PoolShare& share : table.shares_of(graph_.task_id_of(element_))) {
      const graph::Pool& pool = table.pools()[share.pool];
      std::uint32_t held = 0;
      std::vector<ElementId> holders;
      for (const RunningAttempt& attempt : in_.workers.running())
        for (const graph::PoolShare& theirs : table.shares_of(graph_.task_id_of(attempt.element)))
          if (theirs.pool == share.pool) held += theirs.tokens, holders.push_back(attempt.element);
      if (share.tokens + held <= pool.tokens) continue;
      out_.reason =
          fmt::format("waits for {}{} ({} of {} held", share.tokens == 1 ? "" : fmt::format("{} of ", share.tokens),
                      pool.name, held, pool.tokens);
      const std::size_t shown = std::min(holders.size(), kMaxCauses);
      for (std::size_t i = 0; i < shown; ++i)
        out_.reason += fmt::format("{}{}", i == 0 ? " by " : ", ", graph_.id(holders[i]));
      if (shown < holders.size()) out_.reason += fmt::format(" and {} more", holders.size() - shown);
      out_.reason += ")";
      for (const ElementId holder : holders) add_cause(holder, brief_reason(holder));
      return true;
    }
    return false;
  }

  /// "at most 3 of 40 elements of sims fail; so far 2 failed".
  [[nodiscard]] std::string tolerance_text(ElementId e) const {
    const TaskSize size = size_of_task(e);
    return fmt::format("at most {} of {} elements of {} fail; so far {} failed",
                       graph_.task_of(e).tolerate.limit(size.elements), size.elements, graph_.task_of(e).name,
                       size.failed);
  }

  struct TaskSize {
    std::uint32_t elements = 0;
    std::uint32_t failed = 0;
  };
  [[nodiscard]] TaskSize size_of_task(ElementId e) const {
    TaskSize size;
    const std::string& task = graph_.task_of(e).name;
    for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
      if (graph_.task_of(ElementId(i)).name != task) continue;
      ++size.elements;
      size.failed += in_.run.state(ElementId(i)) == State::failed ? 1 : 0;
    }
    return size;
  }

  /// What a worker or a life lost is READY again.
  void add_earlier_attempt() {
    if (const Attempt* attempt = in_.attempts.latest(element_))
      out_.reason += fmt::format("; attempt {} {}", attempt->number, verdict(*attempt));
  }

  /// Empty when the living workers are large enough, or none has ever joined.
  [[nodiscard]] std::string why_it_fits_nowhere() const {
    return misfit_of(graph_.task_of(element_), in_.workers.workers());
  }

  void explain_lack_of_cores() {
    const graph::Request& request = graph_.task_of(element_).request;
    std::uint32_t most_free = 0;
    bool has_worker = false;
    bool is_any_drained = false;
    for (const WorkerInfo& worker : in_.workers.workers()) {
      if (!worker.alive || worker.cores == 0) continue;
      is_any_drained = is_any_drained || worker.drained;
      if (worker.drained) continue;
      has_worker = true;
      most_free = std::max(most_free, worker.cores - std::min(worker.cores, worker.cores_in_use));
    }
    if (!has_worker) {
      out_.reason = "it can start, but no worker has joined";
    } else if (std::string misfit = why_it_fits_nowhere(); !misfit.empty()) {
      out_.reason = std::move(misfit);
    } else if (request.cores > most_free) {
      out_.reason = fmt::format("waits for {} free {} on one worker; at most {} free now", request.cores,
                                request.cores == 1 ? "core" : "cores", most_free);
      for (const RunningAttempt& attempt : in_.workers.running())
        add_cause(attempt.element, fmt::format("uses {} {}", cores_text(graph_.task_of(attempt.element).request.cores),
                                               brief_reason(attempt.element)));
    } else {
      out_.reason = "its turn comes next: cores are free, and elements of higher rank are being started first";
    }
    if (!is_any_drained) return;
    for (const std::string& why : in_.lives.drained_nodes()) out_.reason += fmt::format("; no more work for {}", why);
  }

  void explain_retry_wait() {
    const Time until = in_.run.retry_at(element_);
    const int next = in_.run.attempt(element_) + 1;
    if (until > in_.now)
      out_.reason =
          fmt::format("attempt {} starts at {} (in {})", next, format_time(until), format_duration(until - in_.now));
    else
      out_.reason = fmt::format("attempt {} may start since {}", next, format_time(until));
    add_earlier_attempt();
    if (is_dead()) out_.reason += ", but " + dead_run();
    suggest("logs", out_.element);
    if (is_dead()) suggest("resume");
  }

  /// "ended with error: exit code 3".
  [[nodiscard]] static std::string verdict(const Attempt& attempt) {
    if (attempt.state == AttemptState::interrupted) return "was interrupted";
    if (attempt.state == AttemptState::running) return "runs";
    return attempt.cls == FailureClass::none ? "ended well" : "ended with " + cause_of(attempt);
  }

  /// "error: exit code 3".
  [[nodiscard]] static std::string cause_of(const Attempt& attempt) {
    const char* cls = graph::name_of(attempt.cls);
    return attempt.reason.empty() ? cls : fmt::format("{}: {}", cls, attempt.reason);
  }

  void explain_running() {
    const Attempt* attempt = in_.attempts.latest(element_);
    const std::string where = attempt == nullptr ? "" : place(in_.attempts.node_of(*attempt), attempt->worker);
    if (is_dead()) {
      out_.reason =
          fmt::format("attempt {} ran {} when the run died; it will be run again", in_.run.attempt(element_), where);
      return suggest("resume");
    }
    const Duration so_far = attempt == nullptr ? Duration{0} : in_.now - attempt->start;
    out_.reason = fmt::format("attempt {} runs {} for {}", in_.run.attempt(element_), where, format_duration(so_far));
    if (is_service(element_)) {
      const bool is_ready = in_.run.is_ready_service(element_);
      const Duration limit = graph_.task_of(element_).service.ready_timeout;
      out_.reason += is_ready ? "; it is a service, and ready"
                              : fmt::format("; it is a service, and not ready yet (within {})", format_written(limit));
    }
    const Duration timeout = graph_.task_of(element_).timeout;
    if (timeout > Duration{0}) out_.reason += fmt::format(", timeout {}", format_duration(timeout));
    const Duration late_after = graph_.task_of(element_).late_after;
    if (late_after > Duration{0} && so_far > late_after)
      out_.reason += fmt::format("; it is late (late_after is {})", format_written(late_after));
    suggest("logs", out_.element);
  }

  void explain_ok() {
    const Attempt* attempt = in_.attempts.latest(element_);
    if (attempt == nullptr) {
      out_.reason = "it is done";
      return;
    }
    out_.reason = fmt::format("attempt {} ended at {} after {} {}", attempt->number, format_time(attempt->end),
                              format_duration(attempt->end - attempt->start),
                              place(in_.attempts.node_of(*attempt), attempt->worker));
    if (!attempt->reason.empty()) out_.reason += "; warning: " + attempt->reason;
    const auto& names = graph_.task_of(element_).output_names;
    for (std::uint32_t i = 0; i < names.size(); ++i)
      if (const std::string* value = in_.run.outputs().find(element_, i)) out_.values.emplace_back(names[i], *value);
  }

  void explain_failed() {
    const Attempt* attempt = in_.attempts.latest(element_);
    const std::string* const why = in_.lives.why_decided(element_);
    if (in_.run.failure(element_) == scheduler::FailureClass::expand && why != nullptr) {
      out_.reason = fmt::format("expand: {}", *why);
      return suggest("resume");
    }
    if (attempt == nullptr) {
      out_.reason = graph::name_of(in_.run.failure(element_));
      return suggest("resume");
    }
    out_.reason = cause_of(*attempt);
    const bool is_ignored = in_.run.counts_as_ok(element_);
    if (is_ignored && graph_.task_of(element_).on_failure == graph::OnFailure::ignore)
      out_.reason += " (ignored: on_failure)";
    else if (graph_.task_of(element_).tolerate.is_given())
      out_.reason += fmt::format(" ({} {})", is_ignored ? "tolerated:" : "counts as OK if", tolerance_text(element_));
    out_.failure =
        describe_failure(graph_, *attempt, in_.attempts.node_of(*attempt),
                         in_.read_tail ? in_.read_tail(element_, attempt->number) : "", in_.lives.finally_state());
    suggest("logs", out_.element);
    if (!is_ignored) suggest("resume");
  }

  void explain_blocked() {
    ElementId e = element_;
    for (ElementId next = blocking_need(e); next.is_valid(); next = blocking_need(e)) {
      e = next;
      const Attempt* attempt = in_.attempts.latest(e);
      const bool is_root = in_.run.state(e) == State::failed;
      add_cause(e, is_root && attempt != nullptr ? cause_of(*attempt) : "needed by the element before");
    }
    out_.reason = e == element_ ? "something it needs failed" : fmt::format("{} is {}", graph_.id(e), shown_state(e));
    if (e != element_ && graph_.task_of(e).tolerate.is_given())
      out_.reason += fmt::format(", and it would run if {}", tolerance_text(e));
    if (e != element_) suggest("why", graph_.id(e));
    suggest("resume");
  }

  /// The first need that FAILED, else the first that is BLOCKED; invalid: none.
  [[nodiscard]] ElementId blocking_need(ElementId e) const {
    const ElementId failed = find_need(e, State::failed, State::failed);
    return failed.is_valid() ? failed : find_need(e, State::blocked, State::blocked);
  }

  /// What only has to end, fail or start is left out. Ascending.
  [[nodiscard]] std::vector<ElementId> needs_to_be_ok(ElementId e) const {
    std::vector<ElementId> found, open{e};
    while (!open.empty()) {
      const ElementId above = open.back();
      open.pop_back();
      for (const std::uint32_t number : graph_.needs(above)) {
        const ElementId need(number);
        const graph::TaskKind kind = graph_.task_of(need).kind;
        const bool asks_for_more = kind == graph::TaskKind::end_gate || kind == graph::TaskKind::fail_gate ||
                                   kind == graph::TaskKind::start_gate;
        if (!asks_for_more) (graph_.is_gate(need) ? open : found).push_back(need);
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  /// The first need in one of two states that does not count as OK; invalid: none.
  [[nodiscard]] ElementId find_need(ElementId e, State one, State other) const {
    for (const ElementId need : needs_to_be_ok(e)) {
      const State state = in_.run.state(need);
      const bool has_said_no = in_.run.has_answered(need) && !in_.run.counts_as_ok(need);
      if ((state == one || state == other) && has_said_no) return need;
    }
    return ElementId{};
  }

  void explain_cancelled() {
    if (const std::string* who = in_.lives.canceller_of(element_)) {
      const bool is_by_tolerance = who->starts_with("the tolerance");
      out_.reason = is_by_tolerance ? fmt::format("cancelled with the rest of its task, which counts as OK if {}",
                                                  tolerance_text(element_))
                                    : fmt::format("cancelled by {}", *who);
    } else if (const ElementId need = find_need(element_, State::cancelled, State::cancelled); need.is_valid()) {
      out_.reason = fmt::format("it needs {}, which was cancelled", graph_.id(need));
      suggest("why", graph_.id(need));
    } else {
      const auto lives = in_.lives.lives();
      const std::string why = lives.empty() ? "" : lives.back().reason;
      out_.reason = why.empty() ? "cancelled with the run" : fmt::format("cancelled with the run ({})", why);
    }
    suggest("resume");
  }

  const Situation& in_;
  const graph::Graph& graph_;
  ElementId element_;
  Explanation out_;
};

}  // namespace

Explanation explain(const Situation& situation, ElementId element) { return Explainer(situation, element).explain(); }

std::vector<Explanation> explain_run(const Situation& situation) {
  const graph::Graph& graph = situation.run.graph();
  std::vector<Explanation> all;
  std::array<bool, scheduler::kNumStates> is_told{};
  for (const State quiet : {State::ok, State::cached, State::skipped}) is_told[static_cast<std::size_t>(quiet)] = true;
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    const ElementId element(i);
    const auto state = static_cast<std::size_t>(situation.run.state(element));
    if (graph.is_gate(element) || is_told[state]) continue;
    is_told[state] = situation.run.state(element) != State::failed;
    all.push_back(explain(situation, element));
  }
  return all;
}

}  // namespace fugle::report
