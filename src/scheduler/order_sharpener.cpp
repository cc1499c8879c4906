#include "scheduler/order_sharpener.hpp"

#include <algorithm>
#include <utility>

#include "graph/algorithms.hpp"
#include "plan/durations.hpp"
#include "plan/start_order.hpp"

namespace fugle::scheduler {

OrderSharpener::OrderSharpener(const graph::Graph& graph, std::vector<float> known_s)
    : graph_(graph),
      known_s_(std::move(known_s)),
      is_guessed_(graph.num_tasks(), false),
      means_(graph.num_tasks()),
      num_ordered_(graph.num_elements()) {
  for (std::uint32_t e = 0; e < known_s_.size(); ++e)
    if (known_s_[e] <= 0 && !graph_.is_gate(ElementId(e))) is_guessed_[graph_.task_id_of(ElementId(e)).value()] = true;
}

void OrderSharpener::grow(const plan::Plan& plan) {
  const auto estimate = [&](std::uint32_t e) { return static_cast<float>(to_seconds(graph_.estimate(ElementId(e)))); };
  is_guessed_.resize(graph_.num_tasks(), false);
  means_.resize(graph_.num_tasks());
  for (auto e = static_cast<std::uint32_t>(known_s_.size()); e < graph_.num_elements(); ++e) {
    known_s_.push_back(estimate(e));
    if (known_s_[e] <= 0 && !graph_.is_gate(ElementId(e))) is_guessed_[graph_.task_id_of(ElementId(e)).value()] = true;
  }
  if (plan.order.size() - num_ordered_ >= num_ordered_ / 4) next_order_at_ = 0;
  have_priorities_changed_ = !plan.priority.empty();
}

void OrderSharpener::learn(TaskId task, double seconds) {
  if (!is_guessed_[task.value()]) return;
  Mean& mean = means_[task.value()];
  ++mean.count;
  mean.seconds += (seconds - mean.seconds) / mean.count;
  ++num_learned_;
}

std::vector<double> OrderSharpener::durations() const {
  std::vector<double> seconds(known_s_.begin(), known_s_.end());
  for (std::uint32_t e = 0; e < seconds.size(); ++e)
    if (seconds[e] <= 0) seconds[e] = means_[graph_.task_id_of(ElementId(e)).value()].seconds;
  plan::fill_unknown(graph_, seconds);
  return seconds;
}

std::optional<std::vector<std::uint32_t>> OrderSharpener::new_order(plan::Plan& plan) {
  const bool must_outrank = std::exchange(have_priorities_changed_, false);
  if (plan.made_by == plan::Policy::fifo) {
    if (!must_outrank) return std::nullopt;
    plan.priority = plan::effective_priorities(graph_);
    std::vector<double> earliness;
    for (const std::uint32_t position : plan.order) earliness.push_back(-static_cast<double>(position));
    return plan::start_order(plan.priority, earliness);
  }
  if (num_learned_ < next_order_at_ && !must_outrank) return std::nullopt;
  next_order_at_ = std::max(4 * num_learned_, kFirstOrderAt);
  if (!plan.priority.empty() && num_ordered_ < graph_.num_elements())
    plan.priority = plan::effective_priorities(graph_);
  num_ordered_ = graph_.num_elements();
  const std::vector<double> ranks = graph::upward_ranks(graph_, durations());
  return plan.priority.empty() ? plan::start_order(graph_, ranks) : plan::start_order(plan.priority, ranks);
}

}  // namespace fugle::scheduler
