#include "workflow/shape.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fugle::workflow {
namespace {

/// What one node may be asked for, and how many ranks an element may have: far above what there is, far below what the
/// counters hold.
constexpr std::int64_t kMostOfANode = 1'000'000;
constexpr std::int64_t kMostRanks = 100'000'000;

std::int64_t ceil_div(std::int64_t dividend, std::int64_t divisor) { return (dividend + divisor - 1) / divisor; }

/// `nodes` and `ranks` with what follows for them from the rest; `ranks` stays 0 where nothing asks for any.
ShapeKeys completed(ShapeKeys keys) {
  const bool has_both = keys.ranks > 0 && keys.ranks_per_node > 0;
  if (keys.nodes == 0) keys.nodes = has_both ? ceil_div(keys.ranks, keys.ranks_per_node) : 1;
  if (keys.ranks == 0) keys.ranks = keys.nodes * keys.ranks_per_node;
  return keys;
}

std::string problem_with_ranks(const ShapeKeys& keys) {
  if (keys.ranks_per_node > 0 && keys.ranks != keys.nodes * keys.ranks_per_node)
    return fmt::format("ranks {} is not nodes {} x ranks_per_node {} = {}", keys.ranks, keys.nodes, keys.ranks_per_node,
                       keys.nodes * keys.ranks_per_node);
  if (keys.ranks > 0 && keys.ranks < keys.nodes)
    return fmt::format("ranks {} is less than nodes {}; every node has to have a rank", keys.ranks, keys.nodes);
  return {};
}

}  // namespace

std::variant<Shaped, ShapeProblem> shape_of(const ShapeKeys& written) {
  const ShapeKeys keys = completed(written);
  if (std::string problem = problem_with_ranks(keys); !problem.empty()) return ShapeProblem{"E301", std::move(problem)};
  if (keys.ranks > kMostRanks)
    return ShapeProblem{"E112", fmt::format("'ranks' is {}; allowed 1..{}", keys.ranks, kMostRanks)};

  const std::int64_t ranks_on_first = std::max<std::int64_t>(ceil_div(keys.ranks, keys.nodes), 1);
  const std::int64_t cores = ranks_on_first * keys.cores;
  const std::int64_t gpus =
      keys.gpus_per_rank > 0 ? ranks_on_first * keys.gpus_per_rank : ceil_div(keys.gpus, keys.nodes);
  if (cores > kMostOfANode || gpus > kMostOfANode)
    return ShapeProblem{"E112", fmt::format("{} {} on one node; allowed up to {}", std::max(cores, gpus),
                                            cores > kMostOfANode ? "cores" : "gpus", kMostOfANode)};
  const auto small = [](std::int64_t number) { return static_cast<std::uint32_t>(number); };
  Shaped shaped;
  shaped.shape.nodes = small(keys.nodes);
  shaped.shape.ranks = small(keys.ranks);
  shaped.shape.cores_per_rank = small(keys.cores);
  shaped.shape.gpus_per_rank = small(keys.gpus_per_rank);
  shaped.request.cores = small(cores);
  shaped.request.gpus = small(gpus);
  shaped.request.whole_node = keys.exclusive;
  return shaped;
}

std::variant<Shaped, ShapeProblem> shape_of_function(const ShapeKeys& written) {
  ShapeKeys keys = written;
  if (keys.ranks == 0 && keys.ranks_per_node == 0) keys.ranks = keys.nodes;
  auto shaped = shape_of(keys);
  auto* const good = std::get_if<Shaped>(&shaped);
  if (good == nullptr || good->shape.ranks == 0) return shaped;
  const bool is_anywhere = keys.nodes == 0 && keys.ranks_per_node == 0;
  good->shape.part = is_anywhere ? graph::Part::rank_anywhere : graph::Part::rank;
  good->request.cores = good->shape.cores_per_rank;
  good->request.gpus =
      static_cast<std::uint32_t>(keys.gpus_per_rank > 0 ? keys.gpus_per_rank : ceil_div(keys.gpus, good->shape.ranks));
  return shaped;
}

}  // namespace fugle::workflow
