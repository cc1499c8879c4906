// Command lines of the example: "--name value" pairs, then words.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace heat {

class Options {
 public:
  /// Throws std::invalid_argument for a name that is not among `known`, or one without value.
  Options(int argc, char** argv, const std::vector<std::string>& known);

  [[nodiscard]] double number(const std::string& name, double fallback) const;
  /// Throws std::invalid_argument when it is missing.
  [[nodiscard]] const std::string& text(const std::string& name) const;
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> words_;
};

}  // namespace heat
