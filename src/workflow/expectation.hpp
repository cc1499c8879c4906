// What `fugle test` compares with: a file beside the workflow, demo.expect for demo.yaml.
//
//   params: {members: 4}                # as -p, which stands above them
//   state: OK                           # of the run; what it is where there is no such file
//   tasks:                              # of a task or an element; those that are not named may end as they like
//     merge: OK
//     member: {state: OK, elements: 4}
//     "member[3]": SKIPPED
//   files: [out/table.txt]              # that are there at the end, relative to the directory of the run
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workflow/diagnostic.hpp"

namespace fugle::workflow {

struct Expectation {
  struct Word {
    std::string text;
    Position at;
  };
  struct OfTask {
    std::string id;
    Position at;
    std::string state;  ///< empty: any
    std::optional<std::int64_t> elements;
  };
  std::vector<std::pair<std::string, std::string>> params;
  Word state{"OK", {}};
  std::vector<OfTask> tasks;
  std::vector<Word> files;
};

/// Mistakes are reported as those of a workflow file are: E101 to E104, and E112 for a state that there is not.
[[nodiscard]] Expectation read_expectation(std::string_view bytes, Diagnostics& diagnostics);

}  // namespace fugle::workflow
