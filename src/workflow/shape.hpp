// What the keys of `resources` mean together: how an element is spread over nodes, how many ranks it has, and what it
// needs on each of its nodes (FORMAT.md section 7, "Resources"). Numbers in, numbers out: knows nothing of the file, of
// memory, or of what machine there is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "graph/task.hpp"

namespace fugle::workflow {

/// As written; 0: not written.
struct ShapeKeys {
  std::int64_t nodes = 0;
  std::int64_t ranks = 0;
  std::int64_t ranks_per_node = 0;
  std::int64_t cores = 1;  ///< of a rank, or of the process
  std::int64_t gpus = 0;   ///< in all
  std::int64_t gpus_per_rank = 0;
  bool exclusive = false;
};

struct Shaped {
  graph::Shape shape;
  graph::Request request;  ///< of the first node, which has most ranks; its memory is left at 0
};

struct ShapeProblem {
  std::string_view code;  ///< "E301"
  std::string text;
};

/// Two of nodes, ranks and ranks_per_node give the third; one alone: the element has one node, or, where it is `nodes`,
/// no ranks. GPUs given in all are spread evenly over the nodes, rounded up. E301 where the three do not agree or a
/// node would be without a rank, E112 where what a node has to have is beyond all reason.
[[nodiscard]] std::variant<Shaped, ShapeProblem> shape_of(const ShapeKeys& keys);

/// Of a function: where it has ranks each is a call of its own, by a worker, and the request is that of one. `ranks`
/// alone: workers wherever they are. `nodes` alone: one on each of so many.
[[nodiscard]] std::variant<Shaped, ShapeProblem> shape_of_function(const ShapeKeys& keys);

}  // namespace fugle::workflow
