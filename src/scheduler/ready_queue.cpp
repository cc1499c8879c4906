#include "scheduler/ready_queue.hpp"

#include <map>

#include "base/assert.hpp"

namespace fugle::scheduler {

ReadyQueue::ReadyQueue(const graph::Graph& graph, std::span<const std::uint32_t> order)
    : graph_(graph), order_(order), by_order_(order.size()), class_of_task_(graph.num_tasks()) {
  FUGLE_EXPECT(order.size() == graph.num_elements());
  for (std::uint32_t e = 0; e < order.size(); ++e) by_order_[order[e]] = e;
  std::map<graph::Request, std::uint32_t> known;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Request& request = graph.task(TaskId(t)).request;
    const auto [place, is_new] =
        known.try_emplace(request, static_cast<std::uint32_t>(classes_.size()));
    if (is_new) classes_.push_back({request, 0, {}});
    class_of_task_[t] = place->second;
  }
}

void ReadyQueue::push(ElementId e) {
  classes_[class_of_task_[graph_.task_id_of(e).value()]].heap.push(order_[e.value()]);
  ++size_;
}

void ReadyQueue::pop(Class& cls) {
  cls.heap.pop();
  cls.bypassed = 0;
  --size_;
}

}  // namespace fugle::scheduler
