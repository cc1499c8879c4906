// The values that an attempt gave its outputs which are no files: from $FUGLE_OUTPUT, whose lines are NAME=VALUE, or
// NAME<<WORD, the lines of the value and WORD; and from the files of its lists and documents.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/task.hpp"
#include "graph/values.hpp"

namespace fugle::executor {

/// What $FUGLE_OUTPUT says, in order; of a name that is there twice the last is meant.
struct ParsedValues {
  std::vector<std::pair<std::string, std::string>> values;
  std::string problem{};  ///< for people; then the values count for nothing
};
[[nodiscard]] ParsedValues parse_values(std::string_view text);

struct GivenValues {
  std::vector<graph::GivenValue> values;  ///< one for each output that is no file, in their order
  std::string problem{};                  ///< for people: a value is missing, too large or not what it should be
  std::string remark{};                   ///< for people: something was given that nobody asked for
};
/// Of an attempt that ended well. `paths` are ElementText::outputs, `file` is $FUGLE_OUTPUT, which need not exist.
[[nodiscard]] GivenValues read_given_values(const graph::Task& task, const std::vector<std::string>& paths,
                                            const std::string& file);

}  // namespace fugle::executor
