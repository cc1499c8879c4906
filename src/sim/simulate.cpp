#include "sim/simulate.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "plan/lower_bound.hpp"
#include "sim/lengths.hpp"

namespace fugle::sim {
namespace {

/// What is measured of the attempts while they come and go.
class Measure {
 public:
  Measure(const plan::Problem& problem, std::span<const double> durations, const SimulationOptions& options)
      : problem_(problem),
        durations_(durations),
        options_(options),
        ran_on_(problem.graph.num_elements()),
        ended_(problem.machine.seconds_per_byte > 0 ? problem.graph.num_elements() : 0) {}

  Outcome begin(const SimAttempt& attempt) const {
    const double noise = noise_factor(options_.noise, options_.seed, attempt.element, attempt.attempt);
    return {from_seconds(durations_[attempt.element.value()] * noise) + wait_for_data(attempt)};
  }

  void end(const SimAttempt& attempt, const graph::Request& granted) {
    const graph::Task& task = problem_.graph.task_of(attempt.element);
    const double core_s = to_seconds(attempt.end - attempt.start) * granted.cores * task.shape.spread().workers;
    core_seconds_ += core_s;
    if (task.service.is_given) service_core_seconds_ += core_s;
    if (!attempt.completed) return;
    ran_on_[attempt.element.value()] = attempt.worker;
    if (!ended_.empty()) ended_[attempt.element.value()] = attempt.end;
  }

  [[nodiscard]] double core_seconds() const { return core_seconds_; }
  [[nodiscard]] double service_core_seconds() const { return service_core_seconds_; }
  [[nodiscard]] std::vector<WorkerId>& ran_on() { return ran_on_; }

  struct Bytes {
    double between_nodes = 0;
    double total = 0;
    std::uint64_t edges_between_nodes = 0;
  };
  [[nodiscard]] Bytes count_bytes() const {
    Bytes bytes;
    const graph::Graph& graph = problem_.graph;
    for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
      const auto needs = graph.needs(ElementId(e));
      for (std::size_t i = 0; i < needs.size(); ++i) {
        if (graph.is_gate(ElementId(e)) || graph.is_gate(ElementId(needs[i]))) continue;
        const double on_edge = problem_.bytes_of_need(e, i);
        bytes.total += on_edge;
        if (!is_between_nodes(ran_on_[needs[i]], ran_on_[e])) continue;
        bytes.between_nodes += on_edge;
        ++bytes.edges_between_nodes;
      }
    }
    return bytes;
  }

 private:
  [[nodiscard]] bool is_between_nodes(WorkerId a, WorkerId b) const {
    return a.is_valid() && b.is_valid() && problem_.machine.node(a.value()) != problem_.machine.node(b.value());
  }

  /// Data begins to move when it is there, and the attempt waits for what has not arrived at its start.
  [[nodiscard]] Duration wait_for_data(const SimAttempt& attempt) const {
    if (ended_.empty()) return Duration{0};
    const std::uint32_t e = attempt.element.value();
    const auto needs = problem_.graph.needs(attempt.element);
    Time arrives = attempt.start;
    for (std::size_t i = 0; i < needs.size(); ++i) {
      if (!is_between_nodes(ran_on_[needs[i]], attempt.worker)) continue;
      const double seconds =
          problem_.machine.transfer_s(ran_on_[needs[i]].value(), attempt.worker.value(), problem_.bytes_of_need(e, i));
      arrives = std::max(arrives, ended_[needs[i]] + from_seconds(seconds));
    }
    return arrives - attempt.start;
  }

  const plan::Problem& problem_;
  std::span<const double> durations_;
  const SimulationOptions& options_;
  std::vector<WorkerId> ran_on_;
  std::vector<Time> ended_;  ///< [element]; empty: data moves at once
  double core_seconds_ = 0;
  double service_core_seconds_ = 0;  ///< of those
};

WorldOptions world_options(const plan::Machine& machine, std::span<const double> known,
                           const SimulationOptions& options) {
  WorldOptions world;
  for (std::uint32_t w = 0; w < machine.num_workers(); ++w) {
    const plan::Slot& slot = machine.workers[w];
    world.workers.push_back(
        {"n" + std::to_string(machine.node(w) + 1), w + 1, slot.cores, slot.mem_bytes, slot.gpus, {}});
  }
  world.places = {machine.node_of, machine.switch_of};
  world.seed = options.seed;
  world.costs = options.costs;
  if (options.known != Known::none) world.expected_s.assign(known.begin(), known.end());
  world.is_watched = false;
  return world;
}

/// Loses the nodes at their times and runs to the end. Returns how many workers died.
std::uint32_t run_with_losses(World& world, const plan::Machine& machine, const SimulationOptions& options) {
  std::vector<NodeLoss> losses = options.losses;
  std::stable_sort(losses.begin(), losses.end(), [](const auto& a, const auto& b) { return a.at_s < b.at_s; });
  std::vector<std::uint32_t> alive;  // nodes without the head's
  for (std::uint32_t w = 0; w < machine.num_workers(); ++w)
    if (machine.node(w) != machine.node(0)) alive.push_back(machine.node(w));
  std::sort(alive.begin(), alive.end());
  alive.erase(std::unique(alive.begin(), alive.end()), alive.end());
  Random random(options.seed);
  std::uint32_t num_lost = 0;
  for (const NodeLoss& loss : losses) {
    if (world.run(Time{} + from_seconds(loss.at_s)) || alive.empty()) break;
    const std::uint32_t node = loss.node.value_or(alive[random.below(alive.size())]);
    if (std::erase(alive, node) == 0) continue;
    for (std::uint32_t w = 0; w < machine.num_workers(); ++w)
      if (machine.node(w) == node) world.lose_worker(WorkerId(w)), ++num_lost;
  }
  world.run(kNever - Duration(1));
  return num_lost;
}

}  // namespace

SimulationResult simulate(const graph::Graph& graph, const plan::Machine& machine, std::span<const double> durations,
                          std::span<const std::uint32_t> kinds, const SimulationOptions& options) {
  const std::vector<double> known = known_durations(graph, durations, kinds, options.known);
  const plan::Problem problem{graph, machine, known, {}};
  Measure measure(problem, durations, options);
  WorldOptions world_setup = world_options(machine, known, options);
  world_setup.model_of_attempt = [&](const SimAttempt& attempt) { return measure.begin(attempt); };
  world_setup.on_end = [&](const SimAttempt& attempt, const graph::Request& granted) { measure.end(attempt, granted); };
  plan::Plan plan = plan::make_plan(problem, options.plan);
  SimulationResult result;
  result.made_by = plan.made_by;

  World world(graph, std::move(plan), std::move(world_setup));
  result.lost_workers = run_with_losses(world, machine, options);
  FUGLE_CHECK_THAT(world.has_ended(), "a simulated run stands still");

  const double cores = static_cast<double>([&] {
    std::uint64_t sum = 0;
    for (const plan::Slot& slot : machine.workers) sum += slot.cores;
    return sum;
  }());
  result.makespan_s = to_seconds(world.now() - Time{});
  const std::vector<double> first_attempts = with_noise(durations, options.noise, options.seed);
  const auto bound = plan::lower_bound({graph, machine, first_attempts});
  result.lower_bound_s = bound.seconds;
  result.bound_by = bound.binding;
  const double span = std::max(result.makespan_s, 1e-9);
  result.utilisation = measure.core_seconds() / (cores * span);
  const Measure::Bytes bytes = measure.count_bytes();
  result.bytes_between_nodes = bytes.between_nodes;
  result.total_bytes = bytes.total;
  result.edges_between_nodes = bytes.edges_between_nodes;
  result.core_hours = cores * result.makespan_s / 3600;
  result.service_core_hours = measure.service_core_seconds() / 3600;
  result.head_busy = to_seconds(world.head_busy()) / span;
  result.messages = world.num_messages();
  result.message_bytes = world.bytes_sent();
  result.counts = world.counts();
  result.num_ok = static_cast<std::uint32_t>(world.state().count(scheduler::State::ok));
  result.num_unfinished = graph.num_real_elements() - result.num_ok;
  result.exit_code = world.exit_code();
  result.ran_on = std::move(measure.ran_on());
  return result;
}

}  // namespace fugle::sim
