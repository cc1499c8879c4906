#include "workflow/matching.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_map>

namespace fugle::workflow {
namespace {

/// As in the id of the element, without the task: "8,2".
std::string values_of(const CompiledTask& task, std::uint64_t index) {
  std::string values;
  for (std::size_t v = task.matrix.size(); v-- > 0;) {
    const std::vector<std::string>& parts = task.matrix[v].id_parts;
    const std::string& part = parts[index % parts.size()];
    values = values.empty() ? part : part + ',' + values;
    index /= parts.size();
  }
  return values;
}

bool have_equal_values(const CompiledTask& task, const CompiledTask& above) {
  const bool are_lines = !task.node->lines.empty() || !above.node->lines.empty();
  return are_lines ||
         std::ranges::equal(task.matrix, above.matrix, {}, &CompiledVariable::id_parts, &CompiledVariable::id_parts);
}

}  // namespace

std::vector<std::uint32_t> match_elements(const CompiledTask& task, const CompiledTask& above) {
  if (task.num_elements != above.num_elements)
    throw ExpressionError{"E208", fmt::format("'each' needs equal elements: '{}' has {}, '{}' has {}", task.node->name,
                                              task.num_elements, above.node->name, above.num_elements)};
  std::vector<std::uint32_t> match(task.num_elements);
  std::iota(match.begin(), match.end(), 0u);
  if (have_equal_values(task, above)) return match;
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
