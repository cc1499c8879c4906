#include "scheduler/ready_queue.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace fugle::scheduler {

ReadyQueue::ReadyQueue(const RunState& run, const plan::Plan& plan, const plan::TokenBook& tokens,
                       std::uint32_t num_workers)
    : run_(run),
      graph_(run.graph()),
      plan_(plan),
      tokens_(tokens),
      by_order_(plan.order.size()),
      homes_(num_workers),
      is_queued_(graph_.num_elements(), false) {
  FUGLE_EXPECT(plan.order.size() == graph_.num_elements());
  index_by_order();
  sort_tasks();
}

/// Those that have no class yet.
void ReadyQueue::sort_tasks() {
  for (auto t = static_cast<std::uint32_t>(class_of_task_.size()); t < graph_.num_tasks(); ++t) {
    const graph::Task& task = graph_.task(TaskId(t));
    const plan::TokenBook::Set tokens = tokens_.set_of(TaskId(t));
    const auto [place, is_new] = known_classes_.try_emplace({task.request, task.shape.spread(), tokens},
                                                            static_cast<std::uint32_t>(classes_.size()));
    if (is_new) classes_.push_back({task.request, task.shape.spread(), tokens, 0, {}});
    class_of_task_.push_back(place->second);
  }
}

void ReadyQueue::grow() {
  FUGLE_EXPECT(plan_.order.size() == graph_.num_elements());
  const auto first = static_cast<std::uint32_t>(by_order_.size());
  by_order_.resize(plan_.order.size());
  for (std::uint32_t e = first; e < by_order_.size(); ++e) by_order_[plan_.order[e]] = e;
  is_queued_.resize(by_order_.size(), false);
  sort_tasks();
}

void ReadyQueue::index_by_order() {
  for (std::uint32_t e = 0; e < plan_.order.size(); ++e) by_order_[plan_.order[e]] = e;
}

void ReadyQueue::reorder() {
  std::vector<ElementId> queued;
  for (std::uint32_t e = 0; e < is_queued_.size(); ++e)
    if (is_queued_[e]) queued.emplace_back(e);
  clear();
  index_by_order();
  for (const ElementId e : queued) push(e);
}

void ReadyQueue::clear() {
  for (Class& cls : classes_) cls.heap = {}, cls.size = 0;
  for (auto& at_home : homes_) at_home.clear();
  is_queued_.assign(is_queued_.size(), false);
  size_ = 0;
  num_without_tokens_ = 0;
}

void ReadyQueue::push(ElementId e) {
  if (contains(e)) return;
  is_queued_[e.value()] = true;
  ++size_;
  const std::uint32_t cls = class_of(e);
  classes_[cls].heap.push(position_of(e));
  ++classes_[cls].size;
  if (classes_[cls].tokens == plan::TokenBook::kNothing) ++num_without_tokens_;
  // Who gets tokens is decided among all that wait for them.
  const bool may_have_home = classes_[cls].spread.workers == 1 && classes_[cls].tokens == plan::TokenBook::kNothing;
  const WorkerId home = plan_.homes.empty() || !may_have_home ? WorkerId() : plan_.homes[e.value()];
  if (!home.is_valid() || home.value() >= homes_.size()) return;
  auto& at_home = homes_[home.value()];
  auto place = std::find_if(at_home.begin(), at_home.end(), [&](const HomeClass& entry) { return entry.cls == cls; });
  if (place == at_home.end()) place = at_home.insert(place, HomeClass{cls, {}});
  place->heap.push(position_of(e));
  fresh_homes_.push_back(home);
}

void ReadyQueue::take(ElementId e) {
  if (!contains(e)) return;
  is_queued_[e.value()] = false;
  --size_;
  Class& cls = classes_[class_of(e)];
  --cls.size;
  if (cls.tokens == plan::TokenBook::kNothing) --num_without_tokens_;
}

ElementId ReadyQueue::clean_top(Heap& heap) {
  while (!heap.empty()) {
    const ElementId e = element_at(heap.top());
    if (contains(e) && run_.state(e) == State::ready) return e;
    take(e);  // cancelled since it was queued
    heap.pop();
  }
  return {};
}

ElementId ReadyQueue::first_of(Class& cls) { return clean_top(cls.heap); }

ElementId ReadyQueue::first_at_home(WorkerId worker, const RoomIndex& room) {
  ElementId best;
  for (HomeClass& entry : homes_[worker.value()]) {
    if (!room.has_room(worker, classes_[entry.cls].request)) continue;
    const ElementId e = clean_top(entry.heap);
    if (e.is_valid() && (!best.is_valid() || position_of(e) < position_of(best))) best = e;
  }
  return best;
}

}  // namespace fugle::scheduler
