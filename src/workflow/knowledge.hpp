// What is known of a run, for the texts and lists that are made while it goes on. A port: answered from the state of
// the run, or by a test. Elements are those of the graph as it is then.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "graph/graph.hpp"

namespace fugle::workflow {

class Knowledge {
 public:
  virtual ~Knowledge() = default;
  /// It may grow between two questions.
  [[nodiscard]] virtual const graph::Graph& graph() const = 0;
  /// As users see it: "OK", "FAILED", "SKIPPED", ...
  [[nodiscard]] virtual std::string_view state(ElementId element) const = 0;
  /// Of its newest attempt: the exit code, 128 and the number of the signal that ended it; nullopt: none has ended.
  [[nodiscard]] virtual std::optional<int> exit_code(ElementId element) const = 0;
  /// Class of its newest failure, as FUGLE_FAILED_CLASS has it: "error", "timeout", ...
  [[nodiscard]] virtual std::string_view failure_class(ElementId element) const = 0;
  /// What it gave an output that is no file; null: nothing.
  [[nodiscard]] virtual const std::string* given(ElementId element, std::uint32_t output) const = 0;
};

}  // namespace fugle::workflow
