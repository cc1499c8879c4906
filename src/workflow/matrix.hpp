// Matrix variables written out: their values, evaluated when the workflow is loaded, and their parts of element ids.
// The points are the product of the lists, less those of `exclude`; then `include` does as GitHub's does: a map whose
// values agree with some points of that product gives them its fields (a later one replaces what an earlier one gave),
// any other map is a point more.
#pragma once

#include <optional>
#include <vector>

#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

/// In one workflow: what 32-bit ids and the memory of a large node can take.
inline constexpr std::uint64_t kMaxElements = 100'000'000;
[[noreturn]] void too_many_elements(std::uint64_t elements, Position at);  ///< throws E206

/// A value as it stands in element ids: itself, or `~` and 8 hex digits when it is long or has other characters than
/// `A-Za-z0-9_.:+-`.
[[nodiscard]] std::string id_part(std::string_view text);

/// Of a variable whose values are known.
[[nodiscard]] CompiledVariable compiled_variable(List values, bool is_doubtful);

struct CompiledMatrix {
  std::vector<CompiledVariable> variables;
  std::vector<std::uint32_t> points;  ///< as CompiledTask has them
};

/// E205 for an empty list and where nothing is left, E206, E207 for an element twice. nullopt after an error.
[[nodiscard]] std::optional<CompiledMatrix> compile_matrix(const TaskNode& task, const Symbols& symbols,
                                                           const Names& names, Diagnostics& diagnostics);

}  // namespace fugle::workflow
