// Slots of texts (graph/element_text.hpp) for `inputs.NAME.list_file`, the file that has the items of an input, one in
// each line. It is made when an attempt starts. A slot is kSlot KIND INDEX kSlot: `i` is the path for input INDEX, `I`
// the same as one shell word. They are filled in before fill_slots() sees the text.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "graph/element_text.hpp"

namespace fugle::graph {

[[nodiscard]] std::string list_slot(std::size_t input, bool quoted);

/// `file`: its path, by number of the input; it is asked only for those that the text names. Throws EnvironmentError on
/// slots that are not closed.
using ListFile = std::function<std::string(std::size_t)>;
[[nodiscard]] std::string fill_list_slots(std::string_view text, const ListFile& file);
[[nodiscard]] bool has_list_slots(const ElementText& text);
/// The same for all texts of an element that an attempt runs or is given.
void fill_list_slots(ElementText& text, const ListFile& file);

}  // namespace fugle::graph
