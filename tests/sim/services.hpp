// Random graphs with services, and what must be true of services at every moment of a run, said as naively as possible.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "random_graph.hpp"
#include "run_model.hpp"
#include "scheduler/find_misfit.hpp"

namespace fugle::sim {

/// Services above clients, services that need services, some without users, clients of several, and others beside
/// them; where there are shapes some have several nodes. No task is larger than the workers of `random_cluster`.
inline graph::Graph random_graph_with_services(Random& random, Shapes shapes) {
  testing::GraphStory story;
  std::vector<testing::GraphStory::TaskStory> tasks;
  const std::size_t n = 2 + random.below(14);
  bool has_service = false;
  for (std::size_t i = 0; i < n; ++i) {
    auto task = story.task("t" + std::to_string(i));
    const auto count = static_cast<std::uint32_t>(1 + (random.chance(0.4) ? random.below(6) : 0));
    task.times(count);
    choose_properties(task.task(), count, random);
    if (shapes == Shapes::all) choose_shape(task.task(), random);
    const bool is_service = i == 0 || random.chance(0.25);
    if (is_service) {
      task.times(1 + static_cast<std::uint32_t>(random.below(3)));
      task.task().service.is_given = true;
      task.task().kind = graph::TaskKind::process;  // a function is none
      task.task().shape.part = graph::Part::node;
      task.task().tolerate = {};
      task.cores(1);
      has_service = true;
    }
    for (std::size_t j = 0; j < i; ++j)
      if (random.chance(1.2 / static_cast<double>(i))) task.after(tasks[j]);
    tasks.push_back(task);
  }
  if (has_service && random.chance(0.3)) {
    auto task = story.task("f");
    task.task().runs_finally = true;
    if (random.chance(0.5)) task.task().service.is_given = true;
    auto last = story.task("g").after(task);
    last.task().runs_finally = true;
  }
  graph::GraphData data = story.graph().data();
  data.limits = random_limits(random);
  return graph::Graph(std::move(data));
}

/// That all services together have.
inline std::uint32_t count_nodes_of_services(const graph::Graph& graph) {
  std::uint32_t count = 0;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    const graph::Task& task = graph.task_of(ElementId(e));
    count += !graph.is_gate(ElementId(e)) && task.service.is_given ? task.shape.spread().workers : 0;
  }
  return count;
}

class ServiceModel final : public scheduler::Observer {
 public:
  using State = scheduler::State;
  using Event = scheduler::Event;
  using EventKind = scheduler::EventKind;

  explicit ServiceModel(const graph::Graph& graph) : graph_(graph), is_live_(graph.num_elements(), false) {}

  [[nodiscard]] const std::vector<Event>& events() const { return events_; }

  void begin_life(const std::vector<Event>& history, std::uint64_t seed) {
    events_.clear();
    replay_.emplace(graph_, seed);
    is_live_.assign(graph_.num_elements(), false);
    for (const Event& event : history) follow(event);
  }

  void on_start(const SimAttempt& attempt) {
    const ElementId e = attempt.element;
    is_live_[e.value()] = true;
    for (const ElementId service : services_of(e))
      rule(replay_->is_ready_service(service) || replay_->counts_as_ok(service), "started beside no service", e);
  }
  void on_end(const SimAttempt& attempt) { is_live_[attempt.element.value()] = false; }

  void on_events(const scheduler::HeadView& view, std::span<const Event> events, const scheduler::Effects&) override {
    for (const Event& event : events) follow(event);
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e) {
      // What waits for its next attempt gets READY without an event.
      const bool is_due = replay_->state(ElementId(e)) == State::retry_wait;
      rule(is_due || view.run.state(ElementId(e)) == replay_->state(ElementId(e)), "not what the journal says",
           ElementId(e));
    }
  }
  void on_tick(const scheduler::HeadView&) override {}

  /// After the end of a life that nobody cut short.
  void check_end(bool is_well) const {
    for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
      const ElementId e(i);
      rule(!is_live_[i], "runs though the run has ended", e);
      const bool ended_well = replay_->state(e) == State::ok || replay_->state(e) == State::skipped;
      rule(!is_well || graph_.is_gate(e) || ended_well || replay_->counts_as_ok(e), "has not ended well", e);
    }
  }

 private:
  static void rule(bool holds, const std::string& what, ElementId e) {
    if (!holds) throw BrokenRule(what + ": element " + std::to_string(e.value()));
  }

  [[nodiscard]] bool is_service(ElementId e) const { return !graph_.is_gate(e) && graph_.task_of(e).service.is_given; }
  [[nodiscard]] bool are_together(ElementId a, ElementId b) const {
    return graph_.task_of(a).runs_finally == graph_.task_of(b).runs_finally;
  }

  /// By a walk that stops at end gates.
  [[nodiscard]] std::vector<ElementId> services_of(ElementId user) const {
    std::vector<ElementId> found, open{user};
    while (!open.empty()) {
      const ElementId below = open.back();
      open.pop_back();
      for (const std::uint32_t need : graph_.needs(below)) {
        const ElementId above(need);
        if (graph_.is_gate(above) && !graph_.is_end_gate(above)) open.push_back(above);
        if (is_service(above) && are_together(above, user)) found.push_back(above);
      }
    }
    return found;
  }

  [[nodiscard]] bool is_used(ElementId service) const {
    bool has_users = false, is_used = false;
    for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
      const ElementId e(i);
      if (graph_.is_gate(e)) continue;
      const std::vector<ElementId> services = services_of(e);
      if (std::find(services.begin(), services.end(), service) == services.end()) continue;
      has_users = true;
      is_used = is_used || !scheduler::is_final(replay_->state(e));
    }
    return has_users ? is_used : is_anything_else_left(service);
  }

  [[nodiscard]] bool is_anything_else_left(ElementId service) const {
    for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
      const ElementId e(i);
      const bool counts = !graph_.is_gate(e) && are_together(e, service) && !is_service(e);
      if (counts && !scheduler::is_final(replay_->state(e))) return true;
    }
    return false;
  }

  void follow(const Event& event) {
    events_.push_back(event);
    const std::string misfit = scheduler::find_misfit(*replay_, event);
    rule(misfit.empty(), misfit, event.element);
    const bool ends_service = event.kind == EventKind::attempt_ended && is_service(event.element);
    if (ends_service)
      rule((event.cls == scheduler::FailureClass::none) != is_used(event.element), "ended too early, or not well",
           event.element);
    scheduler::Effects ignored;
    apply(*replay_, event, ignored);
    replay_->check_invariants();
  }

  const graph::Graph& graph_;
  std::optional<scheduler::RunState> replay_;
  std::vector<Event> events_;
  std::vector<bool> is_live_;
};

}  // namespace fugle::sim
