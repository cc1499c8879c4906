#include "slurm/mpi_plugins.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace fugle::slurm {
namespace {

bool is_name(std::string_view word) {
  return !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

void add_words(std::string_view text, char separator, std::vector<std::string>& names) {
  for (std::string_view word : split(text, separator)) {
    const std::size_t first = word.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    word = word.substr(first, word.find_last_not_of(" \t") - first + 1);
    if (is_name(word)) names.emplace_back(word);
  }
}

}  // namespace

std::vector<std::string> command_for_mpi_plugins() { return {"srun", "--mpi=list"}; }

std::vector<std::string> parse_mpi_plugins(std::string_view output) {
  constexpr std::string_view kVersions = "versions available:";
  std::vector<std::string> names;
  for (std::string_view line : split(output, '\n')) {
    // Before 21.08 each line began with "srun: ".
    if (line.starts_with("srun: ")) line.remove_prefix(6);
    if (const std::size_t versions = line.find(kVersions); versions != std::string_view::npos)
      add_words(line.substr(versions + kVersions.size()), ',', names);
    else
      add_words(line, '\n', names);
  }
  return names;
}

bool has_pmix(const std::vector<std::string>& plugins) {
  return std::any_of(plugins.begin(), plugins.end(),
                     [](const std::string& name) { return name == "pmix" || name.starts_with("pmix_"); });
}

}  // namespace fugle::slurm
