#include "topology/slurm_switches.hpp"

#include <algorithm>

namespace fugle::topology {

std::string switch_path_of(std::string_view address, std::string_view pattern) {
  if (pattern.empty()) {
    const std::size_t last = address.rfind('.');
    return std::string(address.substr(0, last == std::string_view::npos ? 0 : last));
  }
  auto num_switches = std::count(pattern.begin(), pattern.end(), '.');
  std::size_t end = 0;
  for (; num_switches > 0; --num_switches) {
    const std::size_t dot = address.find('.', end == 0 ? 0 : end + 1);
    if (dot == std::string_view::npos) return {};
    end = dot;
  }
  return std::string(address.substr(0, end));
}

}  // namespace fugle::topology
