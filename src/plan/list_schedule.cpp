#include "plan/list_schedule.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <utility>

#include "base/assert.hpp"
#include "plan/worker_pool.hpp"

namespace fugle::plan {
namespace {

template <class T>
using MinQueue = std::priority_queue<T, std::vector<T>, std::greater<>>;

/// READY elements with one request. When the first of them does not fit, none does.
struct ReadyQueue {
  graph::Request request;
  bool fits_somewhere = true;
  MinQueue<std::uint32_t> positions;
};

class ListScheduler {
 public:
  ListScheduler(const graph::Graph& graph, std::span<const Slot> workers, std::span<const double> durations,
                std::span<const std::uint32_t> order)
      : graph_(graph), durations_(durations), order_(order), pool_(workers), element_at_(order.size()) {
    for (std::uint32_t e = 0; e < order.size(); ++e) element_at_[order[e]] = e;
    make_queues();
    schedule_.placements.resize(graph.num_elements());
    missing_.resize(graph.num_elements());
  }

  Schedule run() && {
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e) {
      missing_[e] = static_cast<std::uint32_t>(graph_.needs(ElementId(e)).size());
      if (missing_[e] == 0) released_.push_back(e);
    }
    make_ready(0);
    start_what_fits(0);
    while (!running_.empty()) {
      const double now = running_.top().first;
      retire(now);
      make_ready(now);
      start_what_fits(now);
    }
    schedule_.num_unplaced = graph_.num_real_elements() - num_placed_;
    return std::move(schedule_);
  }

 private:
  void make_queues() {
    std::map<graph::Request, std::uint32_t> known;
    queue_of_task_.reserve(graph_.num_tasks());
    for (std::uint32_t t = 0; t < graph_.num_tasks(); ++t) {
      const graph::Request& request = graph_.task(TaskId(t)).request;
      const auto [it, is_new] = known.try_emplace(request, static_cast<std::uint32_t>(queues_.size()));
      if (is_new) queues_.push_back({request, pool_.best_for(request).is_valid(), {}});
      queue_of_task_.push_back(it->second);
    }
  }

  ReadyQueue& queue_of(std::uint32_t e) { return queues_[queue_of_task_[graph_.task_id_of(ElementId(e)).value()]]; }

  void retire(double now) {
    while (!running_.empty() && running_.top().first == now) {
      const std::uint32_t e = running_.top().second;
      running_.pop();
      pool_.give_back(schedule_.placements[e].worker, graph_.task_of(ElementId(e)).request);
      release_successors(e);
    }
  }

  void release_successors(std::uint32_t e) {
    for (const std::uint32_t successor : graph_.successors(ElementId(e))) {
      if (--missing_[successor] == 0) released_.push_back(successor);
    }
  }

  /// Gates pass at once and release what is behind them.
  void make_ready(double now) {
    while (!released_.empty()) {
      const std::uint32_t e = released_.back();
      released_.pop_back();
      if (graph_.is_gate(ElementId(e))) {
        schedule_.placements[e] = {now, now, WorkerId{}};
        release_successors(e);
      } else if (ReadyQueue& queue = queue_of(e); queue.fits_somewhere) {
        queue.positions.push(order_[e]);
      }
    }
  }

  void start_what_fits(double now) {
    using Head = std::pair<std::uint32_t, std::uint32_t>;  // position of its first element, queue
    MinQueue<Head> heads;
    for (std::uint32_t q = 0; q < queues_.size(); ++q) {
      if (!queues_[q].positions.empty()) heads.emplace(queues_[q].positions.top(), q);
    }
    while (!heads.empty()) {
      const auto [position, q] = heads.top();
      heads.pop();
      ReadyQueue& queue = queues_[q];
      const WorkerId worker = pool_.best_for(queue.request);
      if (!worker.is_valid()) continue;
      queue.positions.pop();
      start(element_at_[position], worker, queue.request, now);
      if (!queue.positions.empty()) heads.emplace(queue.positions.top(), q);
    }
  }

  void start(std::uint32_t e, WorkerId worker, const graph::Request& request, double now) {
    const double end = now + std::max(durations_[e], 0.0);
    pool_.take(worker, request);
    schedule_.placements[e] = {now, end, worker};
    schedule_.makespan_s = std::max(schedule_.makespan_s, end);
    running_.emplace(end, e);
    ++num_placed_;
  }

  const graph::Graph& graph_;
  std::span<const double> durations_;
  std::span<const std::uint32_t> order_;
  WorkerPool pool_;
  std::vector<std::uint32_t> element_at_;               ///< [position]
  std::vector<ReadyQueue> queues_;                      ///< one per distinct request
  std::vector<std::uint32_t> queue_of_task_;            ///< [task]
  std::vector<std::uint32_t> missing_;                  ///< [element] needs that have not ended
  std::vector<std::uint32_t> released_;                 ///< nothing missing, not yet made READY
  MinQueue<std::pair<double, std::uint32_t>> running_;  ///< end, element
  std::uint32_t num_placed_ = 0;
  Schedule schedule_;
};

}  // namespace

Schedule list_schedule(const graph::Graph& graph, std::span<const Slot> workers, std::span<const double> durations,
                       std::span<const std::uint32_t> order) {
  FUGLE_EXPECT(durations.size() == graph.num_elements() && order.size() == graph.num_elements());
  return ListScheduler(graph, workers, durations, order).run();
}

}  // namespace fugle::plan
