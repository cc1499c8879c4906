#include "workflow/matching.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_map>

namespace fugle::workflow {
namespace {

bool have_equal_values(const CompiledTask& task, const CompiledTask& above) {
  const bool are_lines = !task.node->lines.empty() || !above.node->lines.empty();
  if (are_lines) return true;
  if (task.foreach || above.foreach)
    return task.foreach && above.foreach && task.foreach->items.id_parts == above.foreach->items.id_parts;
  return task.points.empty() && above.points.empty() &&
         std::ranges::equal(task.matrix, above.matrix, {}, &CompiledVariable::id_parts, &CompiledVariable::id_parts);
}

}  // namespace

std::uint32_t find_element(const CompiledTask& task, std::string_view values) {
  std::vector<std::uint32_t> digits;
  for (std::uint32_t e = 0; e < task.num_elements; ++e) {
    set_digits(task, e, digits);
    if (id_values(task, e, digits) == values) return e;
  }
  throw ExpressionError{"E208", fmt::format("'each' needs equal elements: '{}' has no [{}]", task.node->name, values)};
}

std::vector<std::uint32_t> match_elements(const CompiledTask& task, const CompiledTask& above) {
  if (task.num_elements != above.num_elements)
    throw ExpressionError{"E208", fmt::format("'each' needs equal elements: '{}' has {}, '{}' has {}", task.node->name,
                                              task.num_elements, above.node->name, above.num_elements)};
  std::vector<std::uint32_t> match(task.num_elements);
  std::iota(match.begin(), match.end(), 0u);
  if (have_equal_values(task, above)) return match;
  std::vector<std::uint32_t> digits;
  const auto values_of = [&](const CompiledTask& of, std::uint32_t element) {
    set_digits(of, element, digits);
    return id_values(of, element, digits);
  };
  std::unordered_map<std::string, std::uint32_t> numbers;
  for (std::uint32_t e = 0; e < above.num_elements; ++e) numbers.emplace(values_of(above, e), e);
  for (std::uint32_t e = 0; e < task.num_elements; ++e) {
    const std::string values = values_of(task, e);
    const auto found = numbers.find(values);
    if (found == numbers.end())
      throw ExpressionError{"E208", fmt::format("'each' needs equal elements: '{}' has {}[{}], '{}' has no [{}]",
                                                task.node->name, task.node->name, values, above.node->name, values)};
    match[e] = found->second;
  }
  return match;
}

}  // namespace fugle::workflow
