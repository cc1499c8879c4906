#include "graph/service_book.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace fugle::graph {

ServiceBook::ServiceBook(const Graph& graph) : graph_(graph) { look_at_all(); }

void ServiceBook::look_at_all() {
  bool has_some = false;
  for (std::uint32_t t = 0; t < graph_.num_tasks(); ++t) has_some = has_some || graph_.task(TaskId(t)).service.is_given;
  if (!has_some) return;
  find_sources();
  count_users();
}

void ServiceBook::grow(const std::function<bool(ElementId)>& is_final) {
  look_at_all();
  if (!has_services()) return;
  std::vector<ElementId> known;
  for (std::uint32_t i = 0; i < graph_.num_elements(); ++i)
    if (!graph_.is_gate(ElementId(i)) && is_final(ElementId(i))) count(ElementId(i), true, known);
}

/// Who waits for an end, a failure or a start uses nothing; what an expansion has become needs itself what it uses.
bool ServiceBook::stands_for(ElementId gate) const {
  const TaskKind kind = graph_.task_of(gate).kind;
  return kind == TaskKind::gate || kind == TaskKind::use_gate || kind == TaskKind::any_gate;
}

/// Gates come after what they stand for, but for those that were there before it: until nothing changes.
void ServiceBook::find_sources() {
  const std::uint32_t n = graph_.num_elements();
  is_above_users_.assign(n, false);
  is_finally_.assign(n, false);
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    for (std::uint32_t i = 0; i < n; ++i) {
      const ElementId e(i);
      const Task& task = graph_.task_of(e);
      const auto needs = graph_.needs(e);
      const auto any_need = [&](const std::vector<bool>& flags) {
        return std::any_of(needs.begin(), needs.end(), [&](std::uint32_t need) { return flags[need]; });
      };
      const bool is_gate = fugle::graph::is_gate(task.kind);
      const bool is_finally = is_gate ? any_need(is_finally_) : task.runs_finally;
      const bool is_above = is_gate ? stands_for(e) && any_need(is_above_users_) : task.service.is_given;
      has_changed = has_changed || is_finally != is_finally_[i] || is_above != is_above_users_[i];
      is_finally_[i] = is_finally;
      is_above_users_[i] = is_above;
    }
    has_changed = has_changed && graph_.has_grown();
  }
}

void ServiceBook::count_users() {
  const std::uint32_t n = graph_.num_elements();
  others_left_ = {};
  without_users_ = {};
  std::vector<ElementId> ignored;
  users_left_.assign(n, 0);
  has_users_.assign(n, false);
  for (std::uint32_t i = 0; i < n; ++i)
    if (!graph_.is_gate(ElementId(i))) count_above(ElementId(i), false, ignored);
  for (std::uint32_t i = 0; i < n; ++i) has_users_[i] = users_left_[i] > 0;
  for (std::uint32_t i = 0; i < n; ++i)
    if (const ElementId e(i); is_above_users_[i] && !has_users_[i] && !graph_.is_gate(e))
      without_users_[part_of(e)].push_back(e);
  find_others();
  for (std::uint32_t i = 0; i < n; ++i) others_left_[part_of(ElementId(i))] += is_other_[i] ? 1 : 0;
}

/// Not what waits for the end of a service without users: both would wait for ever.
void ServiceBook::find_others() {
  const std::uint32_t n = graph_.num_elements();
  is_other_.assign(n, true);
  std::vector<ElementId> open;
  for (const auto& services : without_users_) open.insert(open.end(), services.begin(), services.end());
  while (!open.empty()) {
    const ElementId above = open.back();
    open.pop_back();
    for (const std::uint32_t below : graph_.successors(above)) {
      if (is_other_[below]) open.emplace_back(below);
      is_other_[below] = false;
    }
  }
  for (std::uint32_t i = 0; i < n; ++i)
    is_other_[i] = is_other_[i] && !graph_.is_gate(ElementId(i)) && !is_above_users_[i];
}

bool ServiceBook::leads_to_users(ElementId above, ElementId below) const {
  return is_above_users_[above.value()] && part_of(above) == part_of(below);
}

bool ServiceBook::is_user(ElementId e) const {
  if (!has_services()) return false;
  const auto needs = graph_.needs(e);
  return std::any_of(needs.begin(), needs.end(),
                     [&](std::uint32_t need) { return leads_to_users(ElementId(need), e); });
}

bool ServiceBook::is_unneeded(ElementId service) const {
  if (!is_service(service)) return false;
  return has_users_[service.value()] ? users_left_[service.value()] == 0 : others_left_[part_of(service)] == 0;
}

void ServiceBook::count(ElementId element, bool is_final, std::vector<ElementId>& unneeded) {
  if (!has_services()) return;
  count_above(element, is_final, unneeded);
  if (!is_other_[element.value()]) return;
  std::uint64_t& left = others_left_[part_of(element)];
  if (!is_final) {
    ++left;
  } else if (--left == 0) {
    const auto& idle = without_users_[part_of(element)];
    unneeded.insert(unneeded.end(), idle.begin(), idle.end());
  }
}

/// `e`, or a gate with all behind it, does not use what is above it any more, or does so again.
void ServiceBook::count_above(ElementId e, bool is_gone, std::vector<ElementId>& unneeded) {
  for (const std::uint32_t need : graph_.needs(e)) {
    const ElementId above(need);
    if (!leads_to_users(above, e)) continue;
    std::uint32_t& left = users_left_[need];
    FUGLE_CHECK_THAT(!is_gone || left > 0, "users of a service are miscounted");
    const bool is_turn = is_gone ? --left == 0 : left++ == 0;
    if (!is_turn) continue;
    if (graph_.is_gate(above))
      count_above(above, is_gone, unneeded);
    else if (is_gone)
      unneeded.push_back(above);
  }
}

std::vector<ElementId> ServiceBook::services_of(ElementId user) const {
  std::vector<ElementId> services, found{user};
  while (!found.empty() && has_services()) {
    const ElementId below = found.back();
    found.pop_back();
    for (const std::uint32_t need : graph_.needs(below)) {
      const ElementId above(need);
      if (leads_to_users(above, below)) (graph_.is_gate(above) ? found : services).push_back(above);
    }
  }
  return services;
}

std::vector<ElementId> ServiceBook::users_of(ElementId service) const {
  std::vector<ElementId> users, found{service};
  while (!found.empty()) {
    const ElementId above = found.back();
    found.pop_back();
    for (const std::uint32_t s : graph_.successors(above)) {
      const ElementId below(s);
      if ((graph_.is_gate(below) && !stands_for(below)) || !leads_to_users(above, below)) continue;
      (graph_.is_gate(below) ? found : users).push_back(below);
    }
  }
  return users;
}

}  // namespace fugle::graph
