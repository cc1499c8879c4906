// What an element gave an output that is no file, as expressions see it.
#pragma once

#include <string_view>
#include <vector>

#include "graph/task.hpp"
#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

/// A value: a number, true, false or text. A list: its items, each so. A document: its JSON, where `part` ("a.b", or
/// empty) is of it; an object is its JSON as text. Throws ExpressionError E403: no JSON, or it has no such part.
[[nodiscard]] Value given_value(graph::OutputKind kind, std::string_view text, std::string_view part);

/// The items of a list made while the run goes on: maps, by their JSON texts, where all are such.
[[nodiscard]] CompiledForeach foreach_of(List items);

}  // namespace fugle::workflow
