// The answer to "why?" about one element: its state, a reason, the elements behind it, and what to type; as text and as
// JSON. How it is found is in explain.hpp.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/failure_block.hpp"
#include "report/json_text.hpp"

namespace fugle::report {

struct Explanation {
  struct Cause {
    std::string element;
    std::string state;
    std::string text;
  };
  std::string element;
  std::string state;   ///< name of its state, or INTERRUPTED
  std::string reason;  ///< one sentence part, never empty
  std::vector<Cause> causes;
  std::size_t num_more_causes = 0;  ///< beyond those listed
  std::optional<Failure> failure;   ///< of the last attempt, when FAILED
  std::vector<std::string> next;    ///< commands to type
  /// Outputs that are no files, and what it gave them.
  std::vector<std::pair<std::string, std::string>> values;
};
[[nodiscard]] std::string explanation_text(const Explanation& explanation, const RunNames& names);
[[nodiscard]] Json explanation_json(const Explanation& explanation);

}  // namespace fugle::report
