#include "scheduler/lease_book.hpp"

#include "base/assert.hpp"

namespace fugle::scheduler {

LeaseBook::LeaseBook(const RunState& run, const plan::Plan& plan, WorkerTable& workers, plan::TokenBook& tokens)
    : run_(run),
      graph_(run.graph()),
      plan_(plan),
      workers_(workers),
      tokens_(tokens),
      holder_(graph_.num_elements()),
      place_(graph_.num_elements()),
      grant_(graph_.num_elements(), 0),
      outside_(graph_.num_elements(), 0),
      is_answered_(graph_.num_elements(), false) {}

void LeaseBook::begin_life() {
  for (std::uint32_t e = 0; e < graph_.num_elements(); ++e) is_answered_[e] = run_.lets_start(ElementId(e));
}

void LeaseBook::grow() {
  const std::size_t n = graph_.num_elements();
  holder_.resize(n);
  place_.resize(n);
  grant_.resize(n, 0);
  outside_.resize(n, 0);
  is_answered_.resize(n, false);
}

void LeaseBook::hold(WorkerId worker, ElementId element) {
  FUGLE_EXPECT(!is_held(element));
  auto& held = workers_.at(worker).held;
  holder_[element.value()] = worker;
  place_[element.value()] = static_cast<std::uint32_t>(held.size());
  grant_[element.value()] = last_grant_;
  outside_[element.value()] = 0;
  held.push_back(element);
  tokens_.take(element);
  if (run_.state(element) == State::ready) activate(element);
}

std::uint32_t LeaseBook::count_outside_needs(ElementId element) {
  std::uint32_t outside = 0;
  for (const std::uint32_t need : graph_.needs(element)) {
    const bool is_inside = is_held(ElementId(need)) && are_of_one_grant(ElementId(need), element);
    if (!is_inside && !is_answered_[need]) ++outside;
  }
  return outside_[element.value()] = outside;
}

void LeaseBook::activate(ElementId element) {
  ++num_active_;
  workers_.activate(holder_of(element), graph_.task_of(element).request, position_of(element));
  if (run_.services().is_service(element)) workers_.add_background(holder_of(element), graph_.task_of(element).request);
}

void LeaseBook::release(ElementId element) {
  const WorkerId worker = holder_of(element);
  tokens_.give_back(element);
  if (is_active(element)) {
    --num_active_;
    workers_.deactivate(worker, graph_.task_of(element).request, position_of(element));
    if (run_.services().is_service(element)) workers_.remove_background(worker, graph_.task_of(element).request);
  }
  auto& held = workers_.at(worker).held;
  const std::uint32_t place = place_[element.value()];
  held[place] = held.back();
  place_[held[place].value()] = place;
  held.pop_back();
  holder_[element.value()] = WorkerId();
}

std::vector<ElementId> LeaseBook::release_dependents(ElementId element) {
  std::vector<ElementId> left;
  const auto release_below = [&](ElementId above) {
    for (const std::uint32_t s : graph_.successors(above)) {
      const ElementId below(s);
      if (!is_held(below) || !are_of_one_grant(above, below)) continue;
      release(below);
      left.push_back(below);
    }
  };
  release_below(element);
  for (std::size_t i = 0; i < left.size(); ++i) release_below(ElementId(left[i]));
  return left;
}

std::vector<ElementId> LeaseBook::answer(ElementId element) {
  std::vector<ElementId> released;
  if (is_answered_[element.value()]) return released;
  is_answered_[element.value()] = true;
  for (const std::uint32_t s : graph_.successors(element)) {
    const ElementId below(s);
    if (!is_held(below) || are_of_one_grant(element, below) || is_live(run_.state(below))) continue;
    FUGLE_EXPECT(outside_[s] > 0);
    if (--outside_[s] == 0) released.push_back(below);
  }
  return released;
}

std::vector<ElementId> LeaseBook::lose(WorkerId worker) {
  std::vector<ElementId> held = workers_.lose(worker);
  for (const ElementId e : held) {
    holder_[e.value()] = WorkerId();
    num_active_ -= is_active(e) ? 1 : 0;
  }
  return held;
}

}  // namespace fugle::scheduler
