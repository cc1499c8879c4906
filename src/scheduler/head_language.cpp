// What is known only while the run goes on: the head asks the language of what became READY, records what it says, and
// follows the graph where it grows. Before anything of that kind is granted.
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "plan/start_order.hpp"
#include "scheduler/head.hpp"

namespace fugle::scheduler {

void Head::decide_what_is_ready(Time now) {
  if (is_stopping_ || is_winding_down_ || phase_ == Phase::leaving) return;
  while (!undecided_.empty())
    for (const ElementId e : std::exchange(undecided_, {}))
      if (run_.state(e) == State::ready && !decisions_.has(e)) decide(e, now);
}

void Head::decide(ElementId e, Time now) {
  if (graph_.task_of(e).kind == graph::TaskKind::expansion) return expand(e, now);
  if (options_.language != nullptr) {
    auto said = options_.language->decide(e, run_);
    if (const auto* declined = std::get_if<Declined>(&said)) return decline(e, *declined, now);
    decisions_.keep(e, std::get<std::string>(std::move(said)));
  } else {
    if (graph_.task_of(e).is_late) return decline(e, {true, "nobody knows what it is to run"}, now);
    decisions_.keep(e, {});
  }
  queue(e);
}

void Head::expand(ElementId e, Time now) {
  if (options_.language == nullptr) return decline(e, {true, "nobody knows its elements"}, now);
  auto said = options_.language->expand(e, run_);
  if (const auto* declined = std::get_if<Declined>(&said)) return decline(e, *declined, now);
  const auto& growth = std::get<graph::Growth>(said);
  const std::string flaw = graph_.find_flaw(e, growth);
  FUGLE_CHECK_THAT(flaw.empty(), "the language gave elements that do not fit the graph");
  for (Event& part : events_of(growth, e, now)) record(std::move(part));
  grow();
  settle_effects();
}

void Head::decline(ElementId e, const Declined& declined, Time now) {
  constexpr std::size_t kMostBytes = 4096;  // of a reason; the text of an event has its limit
  Event event = event_of(declined.is_wrong ? EventKind::element_refused : EventKind::element_skipped, now);
  event.element = e;
  event.text = declined.reason.substr(0, kMostBytes);
  record(std::move(event));
  settle_effects();
  note_failure(e);
}

/// Everything that knows each element or task has the new ones before anything else happens. They come last in the
/// order until a new one is made; nothing was planned for them, so they have no homes and come with no leases.
void Head::grow() {
  plan::Plan& plan = options_.plan;
  const std::uint32_t n = graph_.num_elements();
  const auto first = static_cast<std::uint32_t>(plan.order.size());
  for (std::uint32_t e = first; e < n; ++e) plan.order.push_back(e);
  add_priorities(first);
  if (!plan.homes.empty()) plan.homes.resize(n);
  if (!plan.leases.empty()) plan.leases.resize(n, 0);
  if (!options_.left_out.empty()) options_.left_out.resize(n, false);
  running_.grow(n);
  tokens_.grow();
  leases_.grow();
  values_.grow();
  granter_.grow_with_the_graph();
  sharpener_.grow(plan);
  for (const auto& [task, given_up] : given_up_) to_give_up_.insert(task);
  plan_checkpoints();
}

/// Their own ones; what they inherit, and what they wait for inherits, follows with the order that is made next. Where
/// all had the same it may be the first time that some matter.
void Head::add_priorities(std::uint32_t first) {
  std::vector<std::int32_t>& priorities = options_.plan.priority;
  for (std::uint32_t i = first; i < graph_.num_elements(); ++i) {
    const ElementId e(i);
    const bool differs = !graph_.is_gate(e) && graph_.task_of(e).priority != graph_.task(TaskId(0)).priority;
    if (!priorities.empty()) {
      priorities.push_back(graph_.is_gate(e) ? 0 : graph_.task_of(e).priority);
    } else if (differs) {
      priorities = plan::effective_priorities(graph_);
      return;
    }
  }
}

}  // namespace fugle::scheduler
