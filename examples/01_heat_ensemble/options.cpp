#include "options.hpp"

#include <algorithm>
#include <stdexcept>

namespace heat {

Options::Options(int argc, char** argv, const std::vector<std::string>& known) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      words_.push_back(word);
      continue;
    }
    const std::string name = word.substr(2);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw std::invalid_argument("unknown option '" + word + "'");
    }
    if (i + 1 == argc) throw std::invalid_argument("option '" + word + "' needs a value");
    values_[name] = argv[++i];
  }
}

double Options::number(const std::string& name, double fallback) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return fallback;
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(found->second, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != found->second.size()) {
    throw std::invalid_argument("option '--" + name + "' expects a number, got '" + found->second + "'");
  }
  return value;
}

const std::string& Options::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw std::invalid_argument("option '--" + name + "' is required");
  return found->second;
}

}  // namespace heat
