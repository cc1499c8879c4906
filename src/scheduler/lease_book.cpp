#include "scheduler/lease_book.hpp"

namespace fugle::scheduler {

LeaseBook::LeaseBook(const RunState& run, std::span<const std::uint32_t> order, WorkerTable& workers)
    : run_(run), graph_(run.graph()), order_(order), workers_(workers), holder_(graph_.num_elements()) {}

void LeaseBook::hold(WorkerId worker, ElementId element) {
  holder_[element.value()] = worker;
  workers_.at(worker).held.insert(element);
  if (run_.state(element) == State::ready) activate(element);
}

void LeaseBook::activate(ElementId element) {
  const WorkerId worker = holder_of(element);
  workers_.activate(worker, graph_.task_of(element).request);
  workers_.at(worker).queued.insert(order_[element.value()]);
}

void LeaseBook::release(ElementId element) {
  const WorkerId worker = holder_of(element);
  WorkerTable::Entry& entry = workers_.at(worker);
  const State state = run_.state(element);
  if (state == State::ready || is_live(state)) workers_.deactivate(worker, graph_.task_of(element).request);
  entry.queued.erase(order_[element.value()]);
  entry.held.erase(element);
  holder_[element.value()] = WorkerId();
}

void LeaseBook::release_dependents(ElementId element) {
  for (const std::uint32_t s : graph_.successors(element)) {
    const ElementId below(s);
    if (!is_held(below)) continue;
    release(below);
    release_dependents(below);
  }
}

std::vector<ElementId> LeaseBook::lose(WorkerId worker) {
  std::vector<ElementId> held = workers_.lose(worker);
  for (const ElementId e : held) holder_[e.value()] = WorkerId();
  return held;
}

}  // namespace fugle::scheduler
