#include "sim/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fugle::sim {

using namespace std::chrono_literals;
using scheduler::Engine;
using scheduler::FailureClass;

namespace {

/// Between the two, each order of magnitude as likely as the others.
double log_uniform(Random& random, double least, double most) {
  return least * std::pow(most / least, random.uniform());
}

Duration short_or_long(Random& random, double least_s, double most_s) {
  return from_seconds(log_uniform(random, least_s, most_s));
}

WorkerId any_worker(Random& random, std::uint32_t num_ranks) {
  return WorkerId(static_cast<std::uint32_t>(random.below(num_ranks)));
}

/// Stops end a life, so they are rarer than what a run is to survive.
constexpr std::array<double, kNumFaults> kUsualWeights{1, 2, 0.5, 0.15, 1, 1, 2, 0.1};

}  // namespace

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::lose_worker: return "lose_worker";
    case Fault::pause: return "pause";
    case Fault::break_spawner: return "break_spawner";
    case Fault::stop: return "stop";
    case Fault::cancel: return "cancel";
    case Fault::hold: return "hold";
    case Fault::release: return "release";
    case Fault::fail_store: return "fail_store";
  }
  return "unknown";
}

FaultPlan no_faults() {
  FaultPlan plan;
  plan.latency = Costs{}.latency;
  plan.commit_interval = 20ms;
  return plan;
}

FaultPlan draw_faults(Random& random, std::uint32_t num_ranks) {
  FaultPlan plan = no_faults();
  plan.chance = log_uniform(random, 0.003, 0.3);
  plan.num_events = static_cast<std::uint64_t>(log_uniform(random, 10, 1000));
  const double part = random.chance(0.1) ? 1 : 0.5;
  for (std::size_t f = 0; f < kNumFaults; ++f)
    if (random.chance(part)) plan.weights[f] = kUsualWeights[f];
  if (random.chance(0.5)) plan.head_end = random.chance(0.25) ? HeadEnd::superseded : HeadEnd::crash;
  if (random.chance(0.3)) plan.latency.spread = short_or_long(random, 1e-5, 0.05);
  if (random.chance(0.3)) {
    plan.latency.slow_part = log_uniform(random, 0.005, 0.5);
    plan.latency.slow_by = short_or_long(random, 1e-3, 3);
  }
  if (random.chance(0.3)) plan.commit_interval = short_or_long(random, 1e-4, 0.5);
  if (random.chance(0.3)) plan.slow_commits = short_or_long(random, 1e-3, 5);
  const FailureClass cls = random.chance(0.5) ? FailureClass::launch : FailureClass::error;
  if (random.chance(0.15)) plan.black_hole = {any_worker(random, num_ranks), 1, cls};
  if (random.chance(0.2)) plan.flaky = {any_worker(random, num_ranks), random.uniform(), cls, 2ms};
  return plan;
}

std::string FaultPlan::describe() const {
  std::string text;
  for (std::size_t f = 0; f < kNumFaults; ++f)
    if (weights[f] > 0) text += fmt::format("{} ", name_of(static_cast<Fault>(f)));
  text += fmt::format("with chance {:.4f}", chance);
  if (black_hole.worker.is_valid()) text += fmt::format(", black hole {}", black_hole.worker.value());
  if (flaky.worker.is_valid()) text += fmt::format(", flaky {}", flaky.worker.value());
  const char* const end = head_end == HeadEnd::crash        ? "crash"
                          : head_end == HeadEnd::superseded ? "superseded"
                                                            : "quiet";
  return text + fmt::format(", {} after {} events", end, num_events);
}

Outcome on_node(const FaultPlan& plan, const SimAttempt& attempt, Outcome outcome, Random& random) {
  for (const BadNode* node : {&plan.black_hole, &plan.flaky})
    if (node->worker == attempt.worker && random.chance(node->chance)) return {node->after, node->cls, 1};
  return outcome;
}

FaultInjector::FaultInjector(World& world, const FaultPlan& plan, const graph::Graph& graph, std::uint64_t seed)
    : world_(world), plan_(plan), graph_(graph), random_(seed) {}

void FaultInjector::after_event() {
  if (is_over()) return;
  ++num_events_;
  // The end of a run has few events and many races.
  const double chance = world_.state().is_complete() ? 5 * plan_.chance : plan_.chance;
  if (random_.chance(chance) && !world_.has_ended()) inject(choose());
}

/// With no weights it is a pause of no length.
Fault FaultInjector::choose() {
  double left = random_.uniform() * std::accumulate(plan_.weights.begin(), plan_.weights.end(), 0.0);
  for (std::size_t f = 0; f < kNumFaults; ++f) {
    if (plan_.weights[f] > 0 && left <= plan_.weights[f]) return static_cast<Fault>(f);
    left -= plan_.weights[f];
  }
  return Fault::pause;
}

/// Half of the time the one that has just stepped: it has started, ended, said or decided something at this instant.
WorkerId FaultInjector::some_worker() {
  return random_.chance(0.5) ? world_.last_stepped() : any_worker(random_, world_.num_ranks());
}

ElementId FaultInjector::some_element() {
  return ElementId(static_cast<std::uint32_t>(random_.below(graph_.num_elements())));
}

Duration FaultInjector::some_time(Duration most) {
  return random_.chance(0.3) ? Duration{0} : short_or_long(random_, 1e-5, to_seconds(most));
}

void FaultInjector::lose_worker(WorkerId worker) {
  if (worker == WorkerId(0)) return;  // the end of the head is another matter
  World::Loss loss;
  if (random_.chance(0.3)) loss.unsent = static_cast<std::uint32_t>(random_.below(4));
  if (random_.chance(0.3)) loss.notice = some_time(5s);
  world_.lose_worker(worker, loss);
}

/// Sometimes twice, as people do.
void FaultInjector::stop() {
  do {
    const bool is_drain = random_.chance(0.5);
    const int exit_code = random_.chance(0.5) ? 130 : 4;
    world_.request_stop(is_drain ? Engine::StopKind::drain : Engine::StopKind::stop, exit_code);
  } while (random_.chance(0.3));
}

void FaultInjector::inject(Fault fault) {
  switch (fault) {
    case Fault::lose_worker: return lose_worker(note(fault, some_worker()));
    case Fault::pause: return world_.pause(note(fault, some_worker()), some_time(3s));
    case Fault::break_spawner: {
      const auto repair = random_.chance(0.5) ? World::Repair::mended : World::Repair::leaves;
      return world_.break_spawner(note(fault, some_worker()), repair);
    }
    case Fault::stop: note(fault, WorkerId(0)); return stop();
    case Fault::cancel: return world_.cancel_element(note(fault, some_element()));
    case Fault::hold: return world_.hold_element(note(fault, some_element()));
    case Fault::release:
      for (int i = 0; i < 8; ++i) world_.release_element(note(fault, some_element()));
      return;
    case Fault::fail_store: note(fault, WorkerId(0)); return world_.fail_store(MemoryStore::Fault::disk);
  }
}

}  // namespace fugle::sim
