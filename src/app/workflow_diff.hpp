// What differs between two workflows, as they are in effect: `fugle diff`, and `resume` of a run whose file has been
// edited. Knows nothing of where they come from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "app/load_workflow.hpp"

namespace fugle::app {

struct Difference {
  enum class Kind : std::uint8_t { added, removed, changed } kind = Kind::changed;
  std::string what;    ///< "task member", "element member[3]", "workflow"
  std::string key;     ///< "resources.mem"; empty: all of it
  std::string before;  ///< empty where it was added
  std::string after;
  bool operator==(const Difference&) const = default;
};

/// Keys of the file first, in its order, then elements of tasks that both have. Of what was not loaded with its keys
/// the commands of elements are compared instead.
[[nodiscard]] std::vector<Difference> diff_workflows(const Loaded& before, const Loaded& after);
/// Elements that only one has, and those whose texts differ where `compares_texts`.
[[nodiscard]] std::vector<Difference> diff_elements(const graph::Graph& before, const graph::Graph& after,
                                                    bool compares_texts);
/// Whether they have other elements, or these need others.
[[nodiscard]] bool have_other_shapes(const graph::Graph& before, const graph::Graph& after);

/// Lines for people: "~ task member", "    resources.mem: 4G -> 8G".
[[nodiscard]] std::string text_of(std::span<const Difference> differences);
[[nodiscard]] std::string json_of(std::span<const Difference> differences);

}  // namespace fugle::app
