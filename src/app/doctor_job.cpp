#include "app/doctor_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <numeric>

#include "base/text.hpp"
#include "slurm/host_list.hpp"
#include "slurm/mpi_plugins.hpp"
#include "slurm/run_command.hpp"

namespace fugle::app {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);

const char* name_of(slurm::Part part) {
  switch (part) {
    case slurm::Part::batch_script: return "batch script or shell";
    case slurm::Part::interactive: return "interactive shell";
    case slurm::Part::rank: return "MPI rank";
    case slurm::Part::step: break;
  }
  return "step without MPI";
}

Check check_job(const slurm::Job& job) {
  std::string text = fmt::format("inside job {}", job.id);
  if (job.array_id) text += fmt::format(" ({})", *job.array_id);
  if (!job.nodes.empty()) text += " on " + slurm::compress_host_list(job.nodes);
  if (job.num_het_components > 1) text += fmt::format(", {} components", job.num_het_components);
  text += fmt::format(", {}", name_of(job.part));
  if (job.part == slurm::Part::step && job.num_step_tasks > 1)
    return {"slurm", Verdict::bad, text, "use srun --mpi=pmix, or no srun: fugle run starts the ranks by itself"};
  return {"slurm", Verdict::good, text};
}

Check check_granted(const JobFacts& facts) {
  if (!facts.grant)
    return {"granted", Verdict::note, "this host is not a node of the job", "tasks run on the nodes of the job only"};
  const std::uint32_t all = std::accumulate(facts.job.cpus.begin(), facts.job.cpus.end(), 0U);
  std::string text = facts.grant->cpus == 0 ? "CPUs as they are seen" : counted(facts.grant->cpus, "CPU", "CPUs");
  text += " here";
  if (all > 0) text += fmt::format(" of {} in all", all);
  text += facts.grant->mem_bytes ? fmt::format(", {} of memory here", format_bytes(*facts.grant->mem_bytes))
                                 : std::string(", all memory of the node");
  return {"granted", Verdict::good, text};
}

Check check_end(const JobFacts& facts, Time now) {
  if (!facts.record)
    return {"job end", Verdict::note, "Slurm does not answer",
            "give --walltime, or nothing is stopped before the job ends"};
  if (!facts.record->end) return {"job end", Verdict::good, "no limit"};
  const Duration left = std::max(*facts.record->end - now, Duration{0});
  return {"job end", Verdict::good, fmt::format("{}, in {}", format_time(*facts.record->end), format_duration(left))};
}

Check check_launcher(const JobFacts& facts) {
  const std::string ranks = fmt::format("one rank on each of {}", counted(facts.job.nodes.size(), "node", "nodes"));
  if (facts.mpi_plugins.empty())
    return {"launcher", Verdict::note, "mpirun: there is no srun in PATH", "load what your site has for Slurm"};
  if (!slurm::has_pmix(facts.mpi_plugins))
    return {"launcher", Verdict::note,
            fmt::format("mpirun, {}: srun has no PMIx here (it has {})", ranks, join(facts.mpi_plugins, ", ")),
            "nothing has to be done; your site may install Slurm's PMIx plugin"};
  return {"launcher", Verdict::good, fmt::format("srun --mpi=pmix, {}", ranks)};
}

Check check_requeue(const slurm::JobRecord& record) {
  if (record.may_requeue)
    return {"requeue", Verdict::good, fmt::format("allowed, done {}", counted(record.restarts, "time", "times"))};
  return {"requeue", Verdict::note, "Slurm may not requeue this job", "--requeue chain submits a new job instead"};
}

/// Slurm's own fence is none when the tree is wider than the step has nodes; ours are started so that it does not
/// matter.
std::optional<Check> check_fence(const JobFacts& facts) {
  if (facts.job.nodes.size() < 2 || facts.tree_width <= facts.job.nodes.size()) return std::nullopt;
  if (!slurm::has_pmix(facts.mpi_plugins)) return std::nullopt;
  return Check{
      "pmix", Verdict::note,
      fmt::format("an srun --mpi=pmix of your own may crash or hang in MPI_Init (TreeWidth is {})", facts.tree_width),
      "let fugle run start the ranks, or export SLURM_PMIX_FENCE=ring before your srun"};
}

std::uint32_t number_in(const std::string& text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string value_in(std::string_view output, std::string_view key) {
  for (std::string_view line : split(output, '\n')) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.starts_with('=')) continue;
    line.remove_prefix(1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    line = line.substr(0, line.find(' '));
    return line == "(null)" ? std::string() : std::string(line);
  }
  return {};
}

JobFacts ask_slurm(const slurm::Job& job) {
  JobFacts facts;
  facts.job = job;
  facts.grant = slurm::grant_on_this_node();
  const slurm::Answer said = slurm::run_command(slurm::command_for_jobs({job.id}), kPatience);
  for (slurm::JobRecord& record : slurm::parse_job_records(said.output))
    if (record.id == job.id) facts.record = std::move(record);
  const slurm::Answer plugins = slurm::run_command(slurm::command_for_mpi_plugins(), kPatience);
  facts.mpi_plugins = slurm::parse_mpi_plugins(plugins.output + "\n" + plugins.complaint);
  if (!facts.record) return facts;  // who does not answer is not asked for more
  facts.tree_width =
      number_in(value_in(slurm::run_command({"scontrol", "show", "config"}, kPatience).output, "TreeWidth"));
  if (const auto name = slurm::process_environment()("SLURMD_NODENAME"); name && facts.grant)
    facts.features =
        value_in(slurm::run_command({"scontrol", "show", "node", *name}, kPatience).output, "ActiveFeatures");
  return facts;
}

std::vector<Check> checks_of_job(const JobFacts& facts, Time now) {
  std::vector<Check> checks{check_job(facts.job), check_granted(facts), check_end(facts, now), check_launcher(facts)};
  if (facts.record) checks.push_back(check_requeue(*facts.record));
  if (const auto fence = check_fence(facts)) checks.push_back(*fence);
  if (!facts.features.empty()) checks.push_back({"features", Verdict::good, facts.features});
  return checks;
}

}  // namespace fugle::app
