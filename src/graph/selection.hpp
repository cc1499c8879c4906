// Which elements a person means: `--select`. A pattern is
//
//   mdrun[8,*]   ids of elements; `*` stands for any bytes, `?` for one, brackets for themselves
//   mdrun        all elements of a task; `*` and `?` as above
//   tag:slow     all elements of the tasks with that tag; the same
//   ...+         one of these, and all that needs those elements, however far
//
// What the elements need comes along always: it runs unless it is done. So a selection can always run to its end.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::graph {

/// `*` any bytes, `?` one byte, all else itself.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text);

/// "mdrun[8,*],tag:slow": at commas and blanks outside of brackets.
[[nodiscard]] std::vector<std::string> split_patterns(std::string_view text);

struct Selection {
  std::vector<bool> left_out;    ///< [element] neither meant nor needed; never a gate. Empty: all are meant
  std::uint64_t num_meant = 0;   ///< elements that match
  std::uint64_t num_needed = 0;  ///< others, that those need
};

/// [element] those that patterns match, without what they need; never a gate. Throws as select_elements().
[[nodiscard]] std::vector<bool> meant_elements(const Graph& graph, std::span<const std::string> patterns);

/// Without patterns all are meant. Throws UsageError for a pattern that matches nothing, with a suggestion.
[[nodiscard]] Selection select_elements(const Graph& graph, std::span<const std::string> patterns);

}  // namespace fugle::graph
