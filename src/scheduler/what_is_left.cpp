#include "scheduler/what_is_left.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace fugle::scheduler {
namespace {

std::string describe_what_is_late(const Graph& graph, const Granter& granter, Time now) {
  const auto late = granter.put_aside();
  if (late.empty()) return {};
  const bool has_end = granter.last_end() != kNever;
  const double left_s = has_end ? std::max(0.0, to_seconds(granter.last_end() - now)) : 0;
  return fmt::format("{} not fit in {}: {}{}",
                     late.size() == 1 ? "1 element does" : fmt::format("{} elements do", late.size()),
                     has_end ? fmt::format("{:.0f}s, the time left", left_s) : "the time left on any worker",
                     graph.id(late.front()), late.size() == 1 ? "" : ", ...");
}

plan::Slot largest_of(const WorkerTable& workers) {
  plan::Slot largest{0, 0, 0};
  for (const WorkerTable::Entry& entry : workers.all()) {
    if (!entry.info.alive || entry.info.drained || entry.is_dismissed) continue;
    largest.cores = std::max(largest.cores, entry.info.cores);
    largest.mem_bytes = std::max(largest.mem_bytes, entry.info.mem_bytes);
    largest.gpus = std::max(largest.gpus, entry.info.gpus);
  }
  return largest;
}

/// `largest` may be of several workers: then it is all together that none has.
std::string describe_misfit(const graph::Request& wants, const plan::Slot& largest) {
  if (wants.cores > largest.cores)
    return fmt::format("{} cores, the largest worker has {}", wants.cores, largest.cores);
  if (wants.gpus > largest.gpus) return fmt::format("{} GPUs, the largest worker has {}", wants.gpus, largest.gpus);
  if (wants.mem_bytes > largest.mem_bytes)
    return fmt::format("{} of memory, the largest worker has {}", format_bytes(wants.mem_bytes),
                       format_bytes(largest.mem_bytes));
  std::string all = fmt::format("{} cores", wants.cores);
  if (wants.mem_bytes > 0) all += fmt::format(", {} of memory", format_bytes(wants.mem_bytes));
  if (wants.gpus > 0) all += fmt::format(", {} GPUs", wants.gpus);
  return all + " together, which no worker has";
}

/// Nodes with a worker that could run it: of each there is one, of our own allocation.
std::uint32_t count_nodes(const WorkerTable& workers, const graph::Request& request) {
  std::set<std::uint32_t> nodes;
  for (const WorkerTable::Entry& entry : workers.all())
    if (!entry.is_guest && workers.is_able(entry.info.worker, request)) nodes.insert(entry.node);
  return static_cast<std::uint32_t>(nodes.size());
}

std::uint32_t count_able(const WorkerTable& workers, const graph::Request& request) {
  return static_cast<std::uint32_t>(std::count_if(
      workers.all().begin(), workers.all().end(),
      [&](const WorkerTable::Entry& entry) { return !entry.is_guest && workers.is_able(entry.info.worker, request); }));
}

std::string counted_nodes(std::uint32_t count) { return fmt::format("{} {}", count, count == 1 ? "node" : "nodes"); }

std::string describe_needs(const graph::Task& task, const WorkerTable& workers) {
  graph::Request part = task.request;
  part.whole_node = false;
  if (task.request.whole_node && workers.is_anyone_able(part) && !workers.is_anyone_able(task.request))
    return "a whole node, and each node has several workers (start one rank on each node)";
  const graph::Spread spread = task.shape.spread();
  if (spread.workers == 1 || !workers.is_anyone_able(task.request))
    return describe_misfit(task.request, largest_of(workers));
  if (spread.nodes != spread.workers) {
    const std::string where = spread.nodes == 0   ? ""
                              : spread.nodes == 1 ? " on one node"
                                                  : fmt::format(" on {} nodes", spread.nodes);
    return fmt::format("{} workers{}, the allocation has {} on {} that could take part", spread.workers, where,
                       count_able(workers, task.request), counted_nodes(count_nodes(workers, task.request)));
  }
  const std::uint32_t able = count_nodes(workers, task.request);
  const std::uint32_t all = count_nodes(workers, {0, 0, 0});
  if (able == all) return fmt::format("{} nodes, the allocation has {}", task.shape.nodes, all);
  return fmt::format("{} nodes, and {} of the {} of the allocation {} large enough", task.shape.nodes, able, all,
                     able == 1 ? "is" : "are");
}

std::string describe_what_fits_nowhere(const Graph& graph, ReadyQueue& ready, const WorkerTable& workers) {
  std::size_t count = 0;
  ElementId first;
  for (ReadyQueue::Class& cls : ready.classes()) {
    const ElementId e = ready.first_of(cls);
    if (!e.is_valid() || workers.are_able(cls.request, cls.spread)) continue;
    count += cls.size;
    if (!first.is_valid()) first = e;
  }
  if (count == 0) return {};
  return fmt::format("{} on no worker: {} needs {}",
                     count == 1 ? "1 element fits" : fmt::format("{} elements fit", count), graph.id(first),
                     describe_needs(graph.task_of(first), workers));
}

/// More than the pool has: with a file that was checked that does not happen.
std::string describe_what_has_too_few_tokens(const Graph& graph, ReadyQueue& ready) {
  const graph::PoolTable table(graph);
  for (ReadyQueue::Class& cls : ready.classes()) {
    const ElementId e = ready.first_of(cls);
    if (!e.is_valid()) continue;
    for (const graph::PoolShare& share : table.shares_of(graph.task_id_of(e)))
      if (const graph::Pool& pool = table.pools()[share.pool]; share.tokens > pool.tokens)
        return fmt::format("{} holds {} of {}, which has {}: it can never start", graph.id(e), share.tokens, pool.name,
                           pool.tokens);
  }
  return {};
}

/// "2 nodes, on each 3 cores, 1.0G of memory"
std::string describe_wishes(const Graph& graph, TaskId id) {
  const graph::Task& task = graph.task(id);
  const graph::Request& wants = task.request;
  std::string text = task.shape.nodes > 1 ? fmt::format("{} nodes, on each ", task.shape.nodes) : std::string();
  if (wants.whole_node)
    text += task.shape.nodes > 1 ? "all there is" : "a whole node";
  else
    text += wants.cores == 1 ? "1 core" : fmt::format("{} cores", wants.cores);
  if (!wants.whole_node && wants.mem_bytes > 0) text += fmt::format(", {} of memory", format_bytes(wants.mem_bytes));
  if (!wants.whole_node && wants.gpus > 0) text += fmt::format(", {} GPUs", wants.gpus);
  const graph::PoolTable table(graph);
  for (const graph::PoolShare& share : table.shares_of(id))
    text += fmt::format(", {} of {}", share.tokens, table.pools()[share.pool].name);
  return text;
}

/// While services run: what waits for room that only their ends would make.
std::string describe_what_fits_beside_no_service(const RunState& run, ReadyQueue& ready) {
  if (run.num_ready_services() == 0) return {};
  std::size_t count = 0;
  ElementId first;
  for (ReadyQueue::Class& cls : ready.classes()) {
    const ElementId e = ready.first_of(cls);
    if (!e.is_valid()) continue;
    count += cls.size;
    if (!first.is_valid()) first = e;
  }
  if (count == 0) return {};
  return fmt::format("{} nowhere beside the services that run ({}): {} needs {}",
                     count == 1 ? "1 element fits" : fmt::format("{} elements fit", count), run.num_ready_services(),
                     run.graph().id(first), describe_wishes(run.graph(), run.graph().task_id_of(first)));
}

std::string describe_what_is_held(std::uint64_t held) {
  if (held == 0) return {};
  return fmt::format("{} held (fugle release RUN ELEMENT lets {} start)",
                     held == 1 ? "1 element is" : fmt::format("{} elements are", held), held == 1 ? "it" : "them");
}

std::string describe_stall(const RunState& run) {
  const auto states = run.states();
  const auto is_stuck = [](State s) { return !is_final(s); };
  const auto first = static_cast<std::uint32_t>(std::find_if(states.begin(), states.end(), is_stuck) - states.begin());
  return fmt::format("stalled: {} is {} and nothing runs that could change that; please report this",
                     run.graph().id(ElementId(first)), name_of(states[first]));
}

}  // namespace

WhatIsLeft find_what_is_left(const RunState& run, ReadyQueue& ready, const WorkerTable& workers, const Granter& granter,
                             Time now) {
  if (workers.num_alive() == 0) return {"no worker is left"};
  std::string why = describe_what_is_late(run.graph(), granter, now);
  if (why.empty()) why = describe_what_fits_nowhere(run.graph(), ready, workers);
  if (why.empty()) why = describe_what_has_too_few_tokens(run.graph(), ready);
  if (why.empty()) why = describe_what_fits_beside_no_service(run, ready);
  if (why.empty()) why = describe_what_is_held(run.count(State::held));
  if (why.empty()) return {describe_stall(run), true};
  return {std::move(why)};
}

}  // namespace fugle::scheduler
