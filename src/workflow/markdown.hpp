// Text in the cells of Markdown tables.
#pragma once

#include <string>
#include <string_view>

namespace fugle::workflow {

/// A bar would end the cell.
[[nodiscard]] inline std::string in_table(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

}  // namespace fugle::workflow
