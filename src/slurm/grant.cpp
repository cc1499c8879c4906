#include "slurm/grant.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/text.hpp"

namespace fugle::slurm {
namespace {

std::optional<std::uint64_t> number_of(const Environment& get, const char* name) {
  const std::string text = get(name).value_or("");
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Slurm counts MiB; 0 stands for all there is.
std::optional<std::uint64_t> mebibytes(std::optional<std::uint64_t> count, std::uint64_t times) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  if (!count || *count == 0 || times == 0 || *count > kMost / times) return std::nullopt;
  return *count * times << 20;
}

constexpr std::string_view kSlurm = "SLURM_MEM_PER_", kNoted = "FUGLE_JOB_MEM_PER_";

/// `prefix`: kSlurm or kNoted.
bool says_memory(const Environment& get, std::string_view prefix) {
  const std::string name(prefix);
  return get((name + "NODE").c_str()) || get((name + "CPU").c_str()) || get((name + "GPU").c_str());
}

std::optional<std::uint64_t> memory_of(const Environment& get, std::uint64_t cpus) {
  const std::string name(says_memory(get, kNoted) ? kNoted : kSlurm);
  const auto number = [&](const char* unit) { return number_of(get, (name + unit).c_str()); };
  if (get((name + "NODE").c_str())) return mebibytes(number("NODE"), 1);
  if (get((name + "CPU").c_str())) return mebibytes(number("CPU"), cpus);
  return mebibytes(number("GPU"), number_of(get, "SLURM_GPUS_ON_NODE").value_or(0));
}

}  // namespace

std::optional<Grant> grant_on_this_node(const Environment& get) {
  if (!get("SLURM_JOB_ID") || !get("SLURMD_NODENAME")) return std::nullopt;
  constexpr std::uint64_t kMostCpus = 1 << 20;
  Grant grant;
  grant.cpus = static_cast<std::uint32_t>(std::min(number_of(get, "SLURM_CPUS_ON_NODE").value_or(0), kMostCpus));
  grant.mem_bytes = memory_of(get, grant.cpus);
  grant.has_gpus_per_task =
      number_of(get, "SLURM_GPUS_PER_TASK").has_value() || get("SLURM_NTASKS_PER_GPU").has_value();
  return grant;
}

void note_memory(std::vector<std::string>& environment) {
  std::erase_if(environment, [](const std::string& entry) { return entry.starts_with(kNoted); });
  std::vector<std::string> noted;
  for (const std::string_view entry : environment)
    for (const std::string_view unit : {"NODE=", "CPU=", "GPU="})
      if (entry.starts_with(kSlurm) && entry.substr(kSlurm.size()).starts_with(unit))
        noted.push_back(std::string(kNoted).append(entry.substr(kSlurm.size())));
  environment.insert(environment.end(), noted.begin(), noted.end());
}

}  // namespace fugle::slurm
