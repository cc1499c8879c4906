#include "plan/ready_set.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/assert.hpp"

namespace fugle::plan {

ReadySet::ReadySet(const graph::Graph& graph, const Plan& plan, const TokenBook& tokens, std::uint32_t num_workers)
    : plan_(plan), element_at_(plan.order.size()), is_taken_(plan.order.size()), at_home_(num_workers) {
  FUGLE_EXPECT(plan.order.size() == graph.num_elements());
  FUGLE_EXPECT(plan.priority.empty() || plan.priority.size() == graph.num_elements());
  for (std::uint32_t e = 0; e < plan.order.size(); ++e) element_at_[plan.order[e]] = e;
  make_classes(graph, plan, tokens);
  of_class_.resize(classes_.size());
}

void ReadySet::make_classes(const graph::Graph& graph, const Plan& plan, const TokenBook& tokens) {
  using Key = std::tuple<std::int64_t, graph::Request, graph::Spread, TokenBook::Set>;  // smaller: higher priority
  std::map<Key, std::uint32_t> known;
  const auto key_of = [&](std::uint32_t e) {
    const graph::Task& task = graph.task_of(ElementId(e));
    return Key(plan.priority.empty() ? 0 : -std::int64_t{plan.priority[e]}, task.request, task.shape.spread(),
               tokens.set_of(ElementId(e)));
  };
  class_of_.resize(graph.num_elements());
  // Neighbours by number are mostly of one task: one look into the map per run of them.
  Key last;
  std::uint32_t* cls = nullptr;
  std::vector<std::uint32_t*> entry_of(graph.num_elements());
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    if (const Key key = key_of(e); cls == nullptr || key != last) last = key, cls = &known[key];
    entry_of[e] = cls;
  }
  for (auto& [key, number] : known) {
    const auto& [minus_priority, request, spread, set] = key;
    const bool is_new_level = classes_.empty() || classes_.back().priority != -minus_priority;
    number = static_cast<std::uint32_t>(classes_.size());
    if (is_new_level) first_class_.push_back(number);
    classes_.push_back({static_cast<std::int32_t>(-minus_priority), request, spread, set});
    level_of_.push_back(static_cast<std::uint32_t>(first_class_.size()) - 1);
  }
  num_ready_.resize(first_class_.size());
  first_class_.push_back(static_cast<std::uint32_t>(classes_.size()));
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) class_of_[e] = *entry_of[e];
}

void ReadySet::add(std::uint32_t element, WorkerId home, bool may_move) {
  const std::uint32_t position = plan_.order[element];
  const std::uint32_t cls = class_of_[element];
  ++num_ready_[level_of_[cls]];
  if (may_move) of_class_[cls].push(position);
  if (!home.is_valid()) return;
  auto& homes = at_home_[home.value()];
  auto found = std::find_if(homes.begin(), homes.end(), [&](const HomeHeap& entry) { return entry.cls == cls; });
  if (found == homes.end()) found = homes.insert(homes.end(), {cls, {}});
  found->heap.push(position);
}

}  // namespace fugle::plan
