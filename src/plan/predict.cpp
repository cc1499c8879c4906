#include "plan/predict.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "base/assert.hpp"
#include "plan/ready_set.hpp"
#include "plan/worker_choice.hpp"
#include "plan/worker_pool.hpp"

namespace fugle::plan {
namespace {

class Follower {
 public:
  Follower(const Problem& problem, const Plan& plan)
      : problem_(problem),
        graph_(problem.graph),
        plan_(plan),
        placements_(graph_.num_elements()),
        missing_(graph_.num_elements()),
        is_touched_(problem.machine.num_workers()),
        ready_(graph_, plan, problem.machine.num_workers()),
        pool_(problem.machine.workers, problem.machine.node_of),
        choice_(problem, placements_) {
    for (const ReadySet::Class& cls : ready_.classes())
      fits_somewhere_.push_back(cls.num_nodes == 1 ? pool_.best_for(cls.request).is_valid()
                                                   : !pool_.party_for(cls.request, cls.num_nodes, WorkerId{}).empty());
    can_move_ = problem.durations_on.empty();
  }

  Prediction run() && {
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e) {
      missing_[e] = static_cast<std::uint32_t>(graph_.needs(ElementId(e)).size());
      if (missing_[e] == 0) released_.push_back(e);
    }
    advance(0);
    while (!running_.empty()) {
      const double now = running_.top().first;
      retire(now);
      advance(now);
    }
    Prediction prediction;
    prediction.makespan_s = makespan_s_;
    prediction.num_unplaced = graph_.num_real_elements() - num_placed_;
    add_bytes(prediction);
    prediction.placements = std::move(placements_);
    prediction.parties = std::move(parties_);
    return prediction;
  }

 private:
  const graph::Request& request_of(std::uint32_t e) const { return graph_.task_of(ElementId(e)).request; }

  std::uint32_t num_nodes_of(std::uint32_t e) const { return graph_.task_of(ElementId(e)).shape.nodes; }

  /// The home where it could ever run.
  WorkerId home_of(std::uint32_t e) const {
    if (plan_.homes.empty() || !plan_.homes[e].is_valid() || num_nodes_of(e) > 1) return WorkerId{};
    const Slot& slot = problem_.machine.workers[plan_.homes[e].value()];
    return can_hold(slot, request_of(e)) ? plan_.homes[e] : WorkerId{};
  }

  void touch(WorkerId worker) {
    if (is_touched_[worker.value()]) return;
    is_touched_[worker.value()] = true;
    touched_.push_back(worker);
  }

  void retire(double now) {
    while (!running_.empty() && running_.top().first == now) {
      const std::uint32_t e = running_.top().second;
      running_.pop();
      const auto party = num_nodes_of(e) > 1 ? parties_.at(e) : std::vector{placements_[e].worker};
      for (const WorkerId worker : party) {
        pool_.give_back(worker, request_of(e));
        touch(worker);
      }
      release_successors(e);
    }
  }

  void release_successors(std::uint32_t e) {
    for (const std::uint32_t successor : graph_.successors(ElementId(e))) {
      if (--missing_[successor] == 0) released_.push_back(successor);
    }
  }

  void advance(double now) {
    make_ready(now);
    for (std::uint32_t level = 0; level < ready_.num_levels() && pool_.has_free_core(); ++level) {
      if (ready_.num_ready(level) == 0) continue;
      start_at_home(level, now);
      start_anywhere(level, now);
    }
    for (const WorkerId worker : touched_) is_touched_[worker.value()] = false;
    touched_.clear();
  }

  /// Gates pass at once and release what is behind them.
  void make_ready(double now) {
    while (!released_.empty()) {
      const std::uint32_t e = released_.back();
      released_.pop_back();
      if (graph_.is_gate(ElementId(e))) {
        placements_[e] = {now, now, WorkerId{}};
        release_successors(e);
      } else if (fits_somewhere_[ready_.class_of(e)]) {
        const WorkerId home = home_of(e);
        ready_.add(e, home, can_move_ || !home.is_valid());
        if (home.is_valid()) touch(home);
      }
    }
  }

  void start_at_home(std::uint32_t level, double now) {
    for (const WorkerId worker : touched_) {
      const auto fits = [&](const graph::Request& request) { return pool_.has_room(worker, request); };
      while (const auto e = ready_.take_at_home(level, worker, fits)) start(*e, worker, now);
    }
  }

  void start_anywhere(std::uint32_t level, double now) {
    if (!pool_.has_free_core() || ready_.num_ready(level) == 0) return;
    ready_.offer_all(level, [&](std::uint32_t e) {
      if (num_nodes_of(e) > 1) return start_party(e, now);
      const WorkerId worker = choice_.choose(e, pool_);
      if (worker.is_valid()) start(e, worker, now);
      return worker.is_valid();
    });
  }

  bool start_party(std::uint32_t e, double now) {
    std::vector<WorkerId> party = choice_.choose_party(e, pool_);
    if (party.empty()) return false;
    start(e, party.front(), now);
    for (std::size_t i = 1; i < party.size(); ++i) pool_.take(party[i], request_of(e));
    parties_[e] = std::move(party);
    return true;
  }

  void start(std::uint32_t e, WorkerId worker, double now) {
    const double begin = problem_.machine.seconds_per_byte > 0 ? std::max(now, arrival_s(e, worker)) : now;
    const double end = begin + std::max(problem_.duration(e, worker.value()), 0.0);
    pool_.take(worker, request_of(e));
    choice_.on_start(e, worker);
    placements_[e] = {begin, end, worker};
    makespan_s_ = std::max(makespan_s_, end);
    running_.emplace(end, e);
    ++num_placed_;
  }

  /// When the last of its data is there. It holds its cores while it waits.
  double arrival_s(std::uint32_t e, WorkerId worker) const {
    double last = 0;
    const auto needs = graph_.needs(ElementId(e));
    for (std::size_t i = 0; i < needs.size(); ++i) {
      const Placement& need = placements_[needs[i]];
      if (!need.worker.is_valid()) continue;
      const double bytes = problem_.bytes_of_need(e, i);
      last = std::max(last, need.end_s + problem_.machine.transfer_s(need.worker.value(), worker.value(), bytes));
    }
    return last;
  }

  void add_bytes(Prediction& prediction) const {
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e) {
      const auto needs = graph_.needs(ElementId(e));
      for (std::size_t i = 0; i < needs.size(); ++i) {
        const double bytes = problem_.bytes_of_need(e, i);
        const WorkerId from = placements_[needs[i]].worker, to = placements_[e].worker;
        prediction.total_bytes += bytes;
        if (!from.is_valid() || !to.is_valid()) continue;
        if (problem_.machine.node(from.value()) != problem_.machine.node(to.value()))
          prediction.bytes_between_nodes += bytes;
      }
    }
  }

  const Problem& problem_;
  const graph::Graph& graph_;
  const Plan& plan_;
  std::vector<Placement> placements_;
  std::map<std::uint32_t, std::vector<WorkerId>> parties_;
  std::vector<std::uint32_t> missing_;   ///< [element] needs that have not ended
  std::vector<std::uint32_t> released_;  ///< nothing missing, not yet made READY
  std::vector<bool> fits_somewhere_;     ///< [class of READY elements]
  bool can_move_ = true;                 ///< also elements with a home
  std::vector<WorkerId> touched_;        ///< got room, or READY elements at home, at this instant
  std::vector<bool> is_touched_;         ///< [worker]
  std::priority_queue<std::pair<double, std::uint32_t>, std::vector<std::pair<double, std::uint32_t>>, std::greater<>>
      running_;  ///< end, element
  ReadySet ready_;
  WorkerPool pool_;
  WorkerChoice choice_;
  double makespan_s_ = 0;
  std::uint32_t num_placed_ = 0;
};

}  // namespace

Prediction predict(const Problem& problem, const Plan& plan) {
  FUGLE_EXPECT(problem.durations.size() == problem.graph.num_elements());
  FUGLE_EXPECT(plan.homes.empty() || plan.homes.size() == problem.graph.num_elements());
  return Follower(problem, plan).run();
}

}  // namespace fugle::plan
