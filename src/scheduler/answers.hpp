// What an element answers to those that need it (FORMAT.md section 8): one table. Who needs it says by which condition:
// an edge, or a gate in between that has the condition as its kind. Pure.
#pragma once

#include <cstdint>

#include "graph/task.hpp"

namespace fugle::scheduler {

/// The words of `needs`; `each` is `ok`, element by element.
enum class Condition : std::uint8_t { ok, uses, failed, done, started };

/// From weak to strong: of several answers the strongest counts, unless one go is enough.
enum class Answer : std::uint8_t { go, skipped, blocked, cancelled };

/// How the element above ended. `failed` counts here only where it is not ignored or tolerated.
enum class Ending : std::uint8_t { ok, cached, failed, skipped, blocked, cancelled };

/// `has_started`: an attempt of it was ever started. `started` is asked only of one that has ended.
[[nodiscard]] Answer answer_of(Condition condition, Ending ending, bool has_started);

/// By which condition an element or gate of that kind needs what is above it. Any gate: of those that are gates
/// themselves their own answers, of others `ok`.
[[nodiscard]] Condition condition_of(graph::TaskKind below);

}  // namespace fugle::scheduler
