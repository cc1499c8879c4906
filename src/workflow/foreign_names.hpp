// Ids of other formats as names of this one (FORMAT.md section 14, rule 1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace fugle::workflow {

class ForeignNames {
 public:
  /// Other characters than letters, digits, `_` and `-` become `_`, a `t` comes before what no name begins with, and
  /// a name given out before gets `_2`, `_3` and so on. At most 64 bytes.
  [[nodiscard]] std::string name_for(std::string_view id);

 private:
  std::unordered_map<std::string, std::uint32_t> uses_;  ///< a name, the number it was last given with
};

/// A text in which every `${{` is written so that it stays one.
[[nodiscard]] std::string without_markers(std::string_view text);

}  // namespace fugle::workflow
