// What a graph gains while its run goes on: the elements of a task whose number was not known before, or tasks that
// another one emitted. Made by the language (scheduler/language.hpp), kept in the journal, applied by Graph::grow().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "graph/element_text.hpp"
#include "graph/task.hpp"

namespace fugle::graph {

/// New tasks are numbered from Graph::num_tasks() on, new elements from Graph::num_elements() on.
struct Growth {
  std::vector<Task> tasks;
  struct Element {
    TaskId task;
    std::string id;
    std::string packed_text;
    float estimate_s = 0;
    std::vector<std::uint32_t> needs;  ///< ascending; elements that were there, or earlier ones of this growth
    bool operator==(const Element&) const = default;
  };
  std::vector<Element> elements;
  /// Gates that were there need all new elements of a range, [first, last) of `elements`, too.
  struct Closing {
    ElementId gate;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    bool operator==(const Closing&) const = default;
  };
  std::vector<Closing> closings;
};

[[nodiscard]] std::string encode_growth(const Growth& growth);
/// Nothing: not what encode_growth() made.
[[nodiscard]] std::optional<Growth> decode_growth(std::string_view bytes);

}  // namespace fugle::graph
