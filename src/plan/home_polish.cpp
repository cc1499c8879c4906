#include "plan/home_polish.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "plan/policies.hpp"
#include "plan/predict.hpp"

namespace fugle::plan {
namespace {

class Polisher {
 public:
  Polisher(const Problem& problem, Plan plan, double limit_s, std::uint64_t seed)
      : problem_(problem), plan_(std::move(plan)), limit_s_(limit_s), random_(seed) {
    const Prediction prediction = predict(problem, plan_);
    limit_s_ = std::max(limit_s, prediction.makespan_s);
    bytes_ = prediction.bytes_between_nodes;
    if (!settle(prediction)) settle_on_plan(prediction);
  }

  Plan run(std::uint64_t max_steps) && {
    plan_.made_by = Policy::partition;
    const std::uint64_t elements = std::max(1u, problem_.graph.num_elements());
    for (std::uint64_t step = 0; step < max_steps && !crossing_.empty(); step += elements) try_move();
    return std::move(plan_);
  }

 private:
  struct Edge {
    std::uint32_t from, to;
  };

  /// Homes where things ran, if that leads to the same.
  bool settle(const Prediction& prediction) {
    Plan settled = plan_;
    settled.homes = homes_of(problem_.graph, prediction.placements);
    const Prediction again = predict(problem_, settled);
    if (again.makespan_s > limit_s_ || again.bytes_between_nodes > bytes_) return false;
    plan_ = std::move(settled);
    settle_on_plan(again);
    return true;
  }

  void settle_on_plan(const Prediction& prediction) {
    bytes_ = prediction.bytes_between_nodes;
    if (plan_.homes.empty()) plan_.homes.resize(problem_.graph.num_elements());
    crossing_.clear();
    at_home_.assign(problem_.machine.num_workers(), {});
    for (std::uint32_t e = 0; e < problem_.graph.num_elements(); ++e) {
      const WorkerId home = plan_.homes[e];
      if (!home.is_valid()) continue;
      at_home_[home.value()].push_back(e);
      const auto needs = problem_.graph.needs(ElementId(e));
      for (std::size_t i = 0; i < needs.size(); ++i) {
        const WorkerId from = plan_.homes[needs[i]];
        if (from.is_valid() && problem_.machine.node(from.value()) != problem_.machine.node(home.value()) &&
            problem_.bytes_of_need(e, i) > 0)
          crossing_.push_back({needs[i], e});
      }
    }
  }

  void try_move() {
    const Edge edge = crossing_[random_.below(crossing_.size())];
    const bool moves_to = random_.chance(0.5);
    const std::uint32_t moved = moves_to ? edge.to : edge.from;
    const WorkerId old_home = plan_.homes[moved];
    const WorkerId new_home = plan_.homes[moves_to ? edge.from : edge.to];
    const auto& others = at_home_[new_home.value()];
    const std::uint32_t other = others[random_.below(others.size())];
    const bool exchanges = random_.chance(0.5) && other != edge.from && other != edge.to;
    plan_.homes[moved] = new_home;
    if (exchanges) plan_.homes[other] = old_home;
    const Prediction prediction = predict(problem_, plan_);
    if (prediction.makespan_s <= limit_s_ && prediction.bytes_between_nodes <= bytes_) {
      settle_on_plan(prediction);
    } else {
      plan_.homes[moved] = old_home;
      if (exchanges) plan_.homes[other] = new_home;
    }
  }

  const Problem& problem_;
  Plan plan_;
  double limit_s_;
  Random random_;
  double bytes_ = 0;
  std::vector<Edge> crossing_;                       ///< with bytes, between homes on two nodes
  std::vector<std::vector<std::uint32_t>> at_home_;  ///< [worker] elements
};

}  // namespace

Plan polish_homes(const Problem& problem, Plan plan, double limit_s, std::uint64_t max_steps, std::uint64_t seed) {
  return Polisher(problem, std::move(plan), limit_s, seed).run(max_steps);
}

}  // namespace fugle::plan
