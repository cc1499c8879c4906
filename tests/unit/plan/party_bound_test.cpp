// Lower bounds of graphs with elements that several workers run together.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "base/random.hpp"
#include "plan/durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/predict.hpp"
#include "support/graphs.hpp"

namespace fugle::plan {
namespace {

using testing::GraphStory;
using namespace std::chrono_literals;

LowerBound bound_of(const graph::Graph& graph, const Machine& machine) {
  const std::vector<double> durations = expected_durations(graph);
  return lower_bound({graph, machine, durations});
}

Machine nodes(std::uint32_t count, std::uint32_t cores) {
  return {.workers = std::vector<Slot>(count, Slot{cores, 0})};
}

void put_on_nodes(GraphStory::TaskStory task, std::uint32_t nodes) {
  task.task().shape.ranks = nodes;
  task.task().shape.nodes = nodes;
}

TEST(PartyBound, counts_all_nodes_of_an_element) {
  GraphStory story;
  put_on_nodes(story.task("mpi").cores(4).times(3).takes(10s), 4);
  EXPECT_DOUBLE_EQ(bound_of(story.graph(), nodes(4, 4)).seconds, 30);
}

TEST(PartyBound, knows_that_of_five_nodes_two_pairs_run_at_once) {
  GraphStory story;
  put_on_nodes(story.task("mpi").cores(4).times(4).takes(10s), 2);
  EXPECT_DOUBLE_EQ(bound_of(story.graph(), nodes(5, 4)).seconds, 20);
  put_on_nodes(story.task("large").cores(4).times(2).takes(10s), 4);
  EXPECT_DOUBLE_EQ(bound_of(story.graph(), nodes(5, 4)).seconds, 40) << "one of four nodes is as much as two pairs";
}

TEST(PartyBound, knows_that_the_places_of_one_large_node_are_on_one_node) {
  GraphStory story;
  put_on_nodes(story.task("mpi").times(6).takes(10s), 2);
  const graph::Graph graph = story.graph();
  EXPECT_DOUBLE_EQ(bound_of(graph, {.workers = {{5, 0}, {1, 0}, {1, 0}}}).seconds, 30);
  EXPECT_DOUBLE_EQ(bound_of(graph, {.workers = {{5, 0}, {1, 0}, {1, 0}}, .node_of = {0, 1, 1}}).seconds, 30);
}

TEST(PartyBound, counts_whole_nodes_with_all_they_have) {
  GraphStory story;
  story.task("whole").times(3).takes(10s).task().request.whole_node = true;
  story.task("small").times(4).takes(10s);
  EXPECT_DOUBLE_EQ(bound_of(story.graph(), nodes(2, 4)).seconds, 20);
}

TEST(PartyBound, takes_a_service_for_as_long_as_it_is_not_ready) {
  GraphStory story;
  auto service = story.task("service").takes(1000s);
  service.task().service.is_given = true;
  story.task("user").takes(5s).after(service);
  EXPECT_DOUBLE_EQ(bound_of(story.graph(), nodes(1, 2)).seconds, 5 + kReadyAfter_s);
}

TEST(PartyBound, does_not_wait_for_a_service_that_nobody_uses) {
  GraphStory story;
  story.task("service").task().service.is_given = true;
  story.task("short").takes(500ms);
  EXPECT_DOUBLE_EQ(bound_of(story.graph(), nodes(1, 2)).seconds, 0.5);
}

/// Tries everything: at each end any of the elements that may start, each on any workers.
class Optimum {
 public:
  Optimum(const graph::Graph& graph, const Machine& machine, std::vector<double> durations)
      : graph_(graph), machine_(machine), durations_(std::move(durations)), ends_(graph.num_elements(), -1) {
    for (const Slot& slot : machine.workers) free_.push_back(slot.cores);
  }
  double find() {
    go_on(0, 0);
    return best_;
  }

 private:
  bool may_start(std::uint32_t e, double now) const {
    const auto needs = graph_.needs(ElementId(e));
    return ends_[e] < 0 &&
           std::all_of(needs.begin(), needs.end(), [&](std::uint32_t n) { return ends_[n] >= 0 && ends_[n] <= now; });
  }

  /// Elements before `from` have been decided upon at this moment.
  void go_on(double now, std::uint32_t from) {
    double last = 0;
    for (std::uint32_t e = 0; e < ends_.size(); ++e)
      last = std::max(last, ends_[e] < 0 ? now + durations_[e] : ends_[e]);
    if (last >= best_) return;
    if (std::none_of(ends_.begin(), ends_.end(), [](double end) { return end < 0; })) {
      best_ = last;
      return;
    }
    for (std::uint32_t e = from; e < ends_.size(); ++e)
      if (may_start(e, now)) place(e, now, 0, {});
    wait(now);
  }

  void place(std::uint32_t e, double now, std::uint32_t worker, std::vector<std::uint32_t> party) {
    const graph::Task& task = graph_.task_of(ElementId(e));
    if (party.size() == task.shape.spread().workers) {
      for (const std::uint32_t w : party) free_[w] -= cores(e, w);
      ends_[e] = now + durations_[e];
      held_.push_back({e, party});
      go_on(now, e + 1);
      held_.pop_back();
      ends_[e] = -1;
      for (const std::uint32_t w : party) free_[w] += cores(e, w);
      return;
    }
    if (worker == free_.size()) return;
    if (fits(e, worker) && is_on_other_node(worker, party)) {
      party.push_back(worker);
      place(e, now, worker + 1, party);
      party.pop_back();
    }
    place(e, now, worker + 1, party);
  }

  std::uint32_t cores(std::uint32_t e, std::uint32_t w) const {
    const graph::Request& request = graph_.task_of(ElementId(e)).request;
    return request.whole_node ? machine_.workers[w].cores : request.cores;
  }
  bool fits(std::uint32_t e, std::uint32_t w) const {
    const graph::Request& request = graph_.task_of(ElementId(e)).request;
    if (request.cores > machine_.workers[w].cores || cores(e, w) > free_[w]) return false;
    return !request.whole_node || std::count(machine_.node_of.begin(), machine_.node_of.end(), machine_.node(w)) == 1;
  }
  bool is_on_other_node(std::uint32_t worker, const std::vector<std::uint32_t>& party) const {
    return std::none_of(party.begin(), party.end(),
                        [&](std::uint32_t w) { return machine_.node(w) == machine_.node(worker); });
  }

  /// Until the next end.
  void wait(double now) {
    double next = 1e30;
    for (const double end : ends_)
      if (end > now) next = std::min(next, end);
    if (next > 1e29) return;
    std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> kept, ended;
    for (const auto& one : held_) (ends_[one.first] <= next ? ended : kept).push_back(one);
    for (const auto& [e, party] : ended)
      for (const std::uint32_t w : party) free_[w] += cores(e, w);
    std::swap(held_, kept);
    go_on(next, 0);
    std::swap(held_, kept);
    for (const auto& [e, party] : ended)
      for (const std::uint32_t w : party) free_[w] -= cores(e, w);
  }

  const graph::Graph& graph_;
  const Machine& machine_;
  std::vector<double> durations_;
  std::vector<double> ends_;  ///< [element]; below 0: not started
  std::vector<std::uint32_t> free_;
  std::vector<std::pair<std::uint32_t, std::vector<std::uint32_t>>> held_;
  double best_ = 1e30;
};

TEST(PartyBound, is_not_above_the_optimum_of_small_problems) {
  std::uint32_t num_tight = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    Machine machine{.workers = {{3, 0}, {2, 0}, {2, 0}, {1, 0}}, .node_of = {0, 1, 2, random.chance(0.3) ? 2u : 3u}};
    GraphStory story;
    std::vector<GraphStory::TaskStory> tasks;
    for (int i = 0; i < 5; ++i) {
      auto task = story.task("t" + std::to_string(i)).takes(1s * (1 + static_cast<int>(random.below(4))));
      task.cores(1 + static_cast<std::uint32_t>(random.below(2)));
      if (random.chance(0.6)) put_on_nodes(task, 2 + (task.task().request.cores == 1 ? random.below(2) : 0));
      if (random.chance(0.2)) task.cores(1).task().request.whole_node = true;
      if (task.task().request.whole_node && task.task().shape.nodes > 2) put_on_nodes(task, 2);
      for (auto& other : tasks)
        if (random.chance(0.15)) task.after(other);
      tasks.push_back(task);
    }
    const graph::Graph graph = story.graph();
    const std::vector<double> durations = expected_durations(graph);
    const double optimum = Optimum(graph, machine, durations).find();
    ASSERT_LT(optimum, 1e29) << "seed " << seed;
    const double bound = lower_bound({graph, machine, durations}).seconds;
    ASSERT_LE(bound, optimum * (1 + 1e-9)) << "seed " << seed;
    num_tight += bound == optimum ? 1 : 0;
  }
  EXPECT_GE(num_tight, 200u);
}

}  // namespace
}  // namespace fugle::plan
