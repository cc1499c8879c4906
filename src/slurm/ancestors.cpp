#include "slurm/ancestors.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string_view>

#include "base/text.hpp"

namespace fugle::slurm {
namespace {

std::string read_file(pid_t pid, const char* name) {
  std::ifstream file(fmt::format("/proc/{}/{}", pid, name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// 0: it can not be seen.
pid_t parent_of(pid_t pid) {
  const std::string stat = read_file(pid, "stat");
  const std::size_t end_of_name = stat.rfind(')');  // the name may hold anything
  if (end_of_name == std::string::npos) return 0;
  const auto fields = split(std::string_view(stat).substr(end_of_name + 1), ' ');  // "", state, parent, ...
  pid_t parent = 0;
  if (fields.size() > 2) std::from_chars(fields[2].data(), fields[2].data() + fields[2].size(), parent);
  return parent;
}

std::string up_to(std::string text, char end) {
  text.resize(std::min(text.size(), text.find(end)));
  return text;
}

}  // namespace

std::vector<Ancestor> ancestors() {
  constexpr std::size_t kMost = 1000;
  std::vector<Ancestor> above;
  for (pid_t pid = ::getppid(); pid > 0 && above.size() < kMost; pid = parent_of(pid))
    above.push_back({pid, up_to(read_file(pid, "comm"), '\n'), up_to(read_file(pid, "cmdline"), '\0')});
  return above;
}

}  // namespace fugle::slurm
