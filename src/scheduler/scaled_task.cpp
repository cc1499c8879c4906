#include "scheduler/scaled_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.hpp"

namespace fugle::scheduler {
namespace {

/// A century: far from the end of what a Duration can hold.
constexpr double kLongestNs = 3.15e18;

double times(double value, double factor, std::uint32_t retries, double most) {
  return std::min(value * std::pow(factor, retries), most);
}

void add(std::string& remark, const std::string& words) { remark += (remark.empty() ? "" : "; ") + words; }

void scale_memory(std::uint32_t retries, const plan::Slot& most, ScaledTask& scaled) {
  std::uint64_t& mem = scaled.task.request.mem_bytes;
  if (mem == 0) return;
  const auto wanted =
      static_cast<std::uint64_t>(times(static_cast<double>(mem), scaled.task.retries.scale_mem, retries, 9e18));
  const bool is_cut = most.mem_bytes > 0 && wanted > std::max(mem, most.mem_bytes);
  const std::uint64_t before = mem;
  mem = is_cut ? std::max(mem, most.mem_bytes) : std::max(mem, wanted);
  if (is_cut && wanted > before)
    add(scaled.remark, fmt::format("scale.mem asks for {}, which this node can not give: it had {}",
                                   format_bytes(wanted), format_bytes(mem)));
}

/// Whole ranks get the same.
void scale_cores(std::uint32_t retries, const plan::Slot& most, ScaledTask& scaled) {
  graph::Task& task = scaled.task;
  const bool has_ranks = task.shape.ranks > 0 && task.shape.part == graph::Part::node;
  const std::uint32_t processes = has_ranks ? std::max(task.shape.ranks_on(0), 1u) : 1;
  const std::uint32_t each = std::max(task.request.cores / processes, 1u);
  const auto wanted = static_cast<std::uint32_t>(std::ceil(times(each, task.retries.scale_cores, retries, 1e6) - 1e-9));
  const std::uint32_t got = std::max(each, std::min(wanted, most.cores / processes));
  if (wanted > got)
    add(scaled.remark, fmt::format("scale.cores asks for {}, which this node can not give: it had {}", wanted, got));
  task.request.cores = std::max(task.request.cores, got * processes);
  task.shape.cores_per_rank = got;
}

}  // namespace

ScaledTask scaled_task(const graph::Task& task, std::uint32_t retries, const plan::Slot& most) {
  ScaledTask scaled{task};
  if (retries == 0) return scaled;
  if (task.retries.scale_mem > 1) scale_memory(retries, most, scaled);
  if (task.retries.scale_cores > 1) scale_cores(retries, most, scaled);
  if (task.timeout.count() > 0)
    scaled.task.timeout = Duration(static_cast<Duration::rep>(
        times(static_cast<double>(task.timeout.count()), task.retries.scale_timeout, retries, kLongestNs)));
  return scaled;
}

}  // namespace fugle::scheduler
