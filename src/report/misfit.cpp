#include "report/misfit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.hpp"

namespace fugle::report {
namespace {

using scheduler::WorkerInfo;

bool takes_work(const WorkerInfo& worker) { return worker.alive && !worker.drained && worker.cores > 0; }

bool is_enough(const WorkerInfo& worker, const graph::Request& wanted) {
  return worker.cores >= wanted.cores && (worker.mem_bytes == 0 || worker.mem_bytes >= wanted.mem_bytes);
}

template <class Accepts>
std::size_t count_nodes(std::span<const WorkerInfo> workers, Accepts accepts) {
  std::set<std::string_view> nodes;
  for (const WorkerInfo& worker : workers)
    if (takes_work(worker) && accepts(worker)) nodes.insert(worker.node);
  return nodes.size();
}

std::string counted_nodes(std::size_t count) { return fmt::format("{} {}", count, count == 1 ? "node" : "nodes"); }

}  // namespace

std::string misfit_of(const graph::Task& task, std::span<const WorkerInfo> workers) {
  const graph::Request& wanted = task.request;
  const std::size_t num_nodes = count_nodes(workers, [](const WorkerInfo&) { return true; });
  if (num_nodes == 0) return {};
  const graph::Spread spread = task.shape.spread();
  const auto able = static_cast<std::size_t>(std::count_if(workers.begin(), workers.end(), takes_work));
  if (spread.workers > able && spread.nodes != spread.workers)
    return fmt::format("needs {} workers, allocation has {}", spread.workers, able);
  if (task.shape.nodes > num_nodes)
    return fmt::format("needs {}, allocation has {}", counted_nodes(task.shape.nodes), num_nodes);
  std::uint32_t most_cores = 0;
  std::uint64_t most_bytes = 0;
  for (const WorkerInfo& worker : workers) {
    if (!takes_work(worker)) continue;
    most_cores = std::max(most_cores, worker.cores);
    most_bytes = std::max(most_bytes, worker.mem_bytes);
  }
  if (wanted.cores > most_cores) return fmt::format("needs {} cores, largest worker has {}", wanted.cores, most_cores);
  if (most_bytes > 0 && wanted.mem_bytes > most_bytes)
    return fmt::format("needs {} of memory, largest worker has {}", format_bytes(wanted.mem_bytes),
                       format_bytes(most_bytes));
  const std::size_t large = count_nodes(workers, [&](const WorkerInfo& worker) { return is_enough(worker, wanted); });
  if (task.shape.nodes > large)
    return fmt::format("needs {} with {} cores each, allocation has {}", counted_nodes(task.shape.nodes), wanted.cores,
                       large);
  return {};
}

}  // namespace fugle::report
