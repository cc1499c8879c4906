// Output of many attempts as lines, each with the name of its element in front. Pieces arrive in any sizes and mixed;
// a line is let out once it is whole. Bytes stay as they are.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace fugle::report {

class LogLines {
 public:
  /// The lines of `name` that `bytes` completes.
  [[nodiscard]] std::string add(const std::string& name, std::string_view bytes);
  /// What never got its end of line, ended now.
  [[nodiscard]] std::string finish();

 private:
  std::map<std::string, std::string> partial_;  ///< by name; only those in the middle of a line
};

}  // namespace fugle::report
