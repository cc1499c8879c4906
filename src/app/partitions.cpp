#include "app/partitions.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "slurm/run_command.hpp"

namespace fugle::app {
namespace {

std::optional<std::uint64_t> number_at_start(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc{} ? std::optional(number) : std::nullopt;
}

/// "gpu:a100:4(S:0-1),gpu:v100:2,license:5"
std::uint32_t count_gpus(std::string_view gres) {
  std::uint32_t count = 0;
  std::string plain;  // without what stands in brackets, which may hold commas
  int depth = 0;
  for (const char c : gres) {
    depth += c == '(' ? 1 : 0;
    if (depth == 0) plain += c;
    depth -= c == ')' ? 1 : 0;
  }
  for (const std::string_view item : split(plain, ',')) {
    if (item != "gpu" && !item.starts_with("gpu:")) continue;
    const auto number = number_at_start(item.substr(item.rfind(':') + 1));
    count += static_cast<std::uint32_t>(number.value_or(1));
  }
  return count;
}

/// "4:00:00", "1-00:00:00", "30:00", "infinite"
std::optional<Duration> limit_of(std::string_view text) {
  std::uint64_t seconds = 0;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const auto days = number_at_start(text);
    if (!days) return std::nullopt;
    seconds = *days * 24;  // as hours, for the loop below
    text.remove_prefix(dash + 1);
  }
  std::uint64_t clock = 0;
  for (const std::string_view part : split(text, ':')) {
    const auto number = number_at_start(part);
    if (!number) return std::nullopt;
    clock = clock * 60 + *number;
  }
  return std::chrono::seconds(seconds * 3600 + clock);
}

/// "1-infinite", "1-4", "1"
std::optional<std::uint32_t> most_nodes(std::string_view text) {
  const auto most = number_at_start(text.substr(text.find('-') == std::string_view::npos ? 0 : text.find('-') + 1));
  return most ? std::optional(static_cast<std::uint32_t>(std::min<std::uint64_t>(*most, 1'000'000))) : std::nullopt;
}

}  // namespace

std::vector<std::string> sinfo_command() { return {"sinfo", "--noheader", "--exact", "--format=%P|%D|%c|%m|%G|%l|%s"}; }

std::vector<NodeGroup> parse_sinfo(std::string_view output) {
  std::vector<NodeGroup> groups;
  for (const std::string_view line : split(output, '\n')) {
    const auto parts = split(line, '|');
    if (parts.size() != 7) continue;
    const auto nodes = number_at_start(parts[1]), cpus = number_at_start(parts[2]), mem = number_at_start(parts[3]);
    if (!nodes || !cpus || !mem || *cpus == 0) continue;
    NodeGroup group;
    group.is_default = parts[0].ends_with('*');
    group.partition = parts[0].substr(0, parts[0].size() - (group.is_default ? 1 : 0));
    group.nodes = static_cast<std::uint32_t>(*nodes);
    group.cpus = static_cast<std::uint32_t>(*cpus);
    group.mem_bytes = *mem << 20;
    group.gpus = count_gpus(parts[4]);
    group.max_time = limit_of(parts[5]);
    group.max_nodes = most_nodes(parts[6]);
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<NodeGroup> ask_for_partitions() {
  const slurm::Answer answer = slurm::run_command(sinfo_command(), std::chrono::seconds(5));
  return answer.is_good() ? parse_sinfo(answer.output) : std::vector<NodeGroup>{};
}

std::vector<NodeGroup> groups_of(const std::vector<NodeGroup>& all, std::string_view partition) {
  const auto names = split(partition, ',');
  std::vector<NodeGroup> found;
  for (const NodeGroup& group : all) {
    const bool is_meant = partition.empty()
                              ? group.is_default
                              : std::ranges::find(names, std::string_view(group.partition)) != names.end();
    if (is_meant) found.push_back(group);
  }
  return found;
}

}  // namespace fugle::app
