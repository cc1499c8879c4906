#include "slurm/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"
#include "slurm/ancestors.hpp"
#include "slurm/host_list.hpp"

namespace fugle::slurm {
namespace {

std::string text_of(const Environment& get, const std::string& name) { return get(name.c_str()).value_or(""); }

std::uint32_t number_of(const Environment& get, const std::string& name, std::uint32_t otherwise) {
  return parse_number<std::uint32_t>(text_of(get, name)).value_or(otherwise);
}

std::string first_of(const Environment& get, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (std::string text = text_of(get, name); !text.empty()) return text;
  return {};
}

std::vector<std::string> nodes_in(std::string_view list) {
  try {
    return expand_host_list(list);
  } catch (const UsageError&) {
    return {};
  }
}

/// A node and its CPUs each; a count that is not there is 0.
void add_nodes(Job& job, std::string_view node_list, std::string_view cpus) {
  const std::vector<std::string> nodes = nodes_in(node_list);
  std::vector<std::uint32_t> counts = parse_counts(cpus);
  counts.resize(nodes.size(), 0);
  job.nodes.insert(job.nodes.end(), nodes.begin(), nodes.end());
  job.cpus.insert(job.cpus.end(), counts.begin(), counts.end());
}

void read_nodes(const Environment& get, Job& job) {
  job.num_het_components = std::max(number_of(get, "SLURM_HET_SIZE", 1), 1U);
  constexpr std::uint32_t kMostComponents = 1024;
  if (job.num_het_components == 1 || job.num_het_components > kMostComponents)
    return add_nodes(job, first_of(get, {"SLURM_JOB_NODELIST", "SLURM_NODELIST"}),
                     text_of(get, "SLURM_JOB_CPUS_PER_NODE"));
  for (std::uint32_t i = 0; i < job.num_het_components; ++i)
    add_nodes(job, text_of(get, fmt::format("SLURM_JOB_NODELIST_HET_GROUP_{}", i)),
              text_of(get, fmt::format("SLURM_JOB_CPUS_PER_NODE_HET_GROUP_{}", i)));
}

/// Of "slurmstepd: [7.batch]": the job and the step.
struct StepName {
  std::string job, step;
};

std::optional<StepName> parse_daemon(std::string_view title) {
  const std::size_t open = title.find('['), close = title.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  const std::string_view name = title.substr(open + 1, close - open - 1);
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return StepName{std::string(name.substr(0, dot)), std::string(name.substr(dot + 1))};
}

/// Batch script, interactive and extern step have numbers at the end of the range, or names.
bool is_numbered_step(std::string_view step) {
  constexpr std::uint32_t kFirstSpecial = 0xfffffff0;
  const auto number = parse_number<std::uint32_t>(step.substr(0, step.find('+')));
  return number && *number < kFirstSpecial;
}

bool is_interactive_step(std::string_view step) { return step == "interactive" || step == "4294967290"; }

bool is_of_job(const Environment& get, const Job& job, std::string_view id) {
  if (id == job.id) return true;
  for (std::uint32_t i = 0; i < job.num_het_components; ++i)
    if (text_of(get, fmt::format("SLURM_JOB_ID_HET_GROUP_{}", i)) == id) return true;
  return false;
}

/// The step this process is in, as its daemon says, else as the environment says; empty: none of this job.
std::string step_of(const Environment& get, const Job& job, std::string_view daemon) {
  if (const auto above = parse_daemon(daemon)) return is_of_job(get, job, above->job) ? above->step : std::string();
  return first_of(get, {"SLURM_STEP_ID", "SLURM_STEPID"});
}

/// Whether a PMI of Slurm speaks to this process, and not to one whose variables it was given.
bool has_pmi_of(const Environment& get, const Job& job) {
  constexpr std::string_view kSlurm = "slurm.pmix.";
  if (get("PMIX_RANK")) {
    const std::string name = text_of(get, "PMIX_NAMESPACE");
    if (!name.starts_with(kSlurm)) return true;
    const std::string_view rest = std::string_view(name).substr(kSlurm.size());
    return is_of_job(get, job, rest.substr(0, rest.find('.')));
  }
  return get("PMI_RANK").has_value();
}

bool is_started_by_mpirun(const Environment& get) {
  if (get("OMPI_COMM_WORLD_RANK")) return true;
  const std::string name = text_of(get, "PMIX_NAMESPACE");
  if (get("PMIX_RANK") && !name.starts_with("slurm.pmix.")) return true;
  return get("PMI_RANK") && !get("SLURM_STEP_ID");
}

Part part_of(const Environment& get, const Job& job, std::string_view step) {
  if (is_started_by_mpirun(get)) return Part::rank;
  if (is_interactive_step(step)) return Part::interactive;
  if (!is_numbered_step(step)) return Part::batch_script;
  if (get("SLURM_PTY_PORT") && job.num_step_tasks == 1) return Part::interactive;
  return has_pmi_of(get, job) ? Part::rank : Part::step;
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::string daemon_above_us() {
  for (const Ancestor& above : ancestors())
    if (above.title.starts_with("slurmstepd: [")) return above.title;
  return {};
}

std::vector<std::uint32_t> parse_counts(std::string_view text) {
  constexpr std::size_t kMost = 1'000'000;
  std::vector<std::uint32_t> counts;
  for (const std::string_view part : split(text, ',')) {
    const std::size_t bracket = part.find("(x");
    const auto count = parse_number<std::uint32_t>(part.substr(0, bracket));
    std::optional<std::uint32_t> times = 1;
    if (bracket != std::string_view::npos)
      times = part.ends_with(')') ? parse_number<std::uint32_t>(part.substr(bracket + 2, part.size() - bracket - 3))
                                  : std::nullopt;
    if (!count || !times || counts.size() + *times > kMost) return {};
    counts.insert(counts.end(), *times, *count);
  }
  return counts;
}

std::optional<Job> job_around_us(const Environment& get, std::string_view daemon) {
  Job job;
  job.id = first_of(get, {"SLURM_JOB_ID", "SLURM_JOBID"});
  if (job.id.empty()) return std::nullopt;
  const std::string array = text_of(get, "SLURM_ARRAY_JOB_ID"), element = text_of(get, "SLURM_ARRAY_TASK_ID");
  if (!array.empty() && !element.empty()) job.array_id = array + "_" + element;
  job.restart_count = number_of(get, "SLURM_RESTART_COUNT", 0);
  read_nodes(get, job);
  job.num_step_tasks = std::max(number_of(get, "SLURM_STEP_NUM_TASKS", 1), 1U);
  const std::string step = step_of(get, job, daemon);
  job.part = part_of(get, job, step);
  job.is_started_by_mpirun = is_started_by_mpirun(get);
  if ((job.part == Part::rank || job.part == Part::step) && is_numbered_step(step)) job.step_id = step;
  if (!job.step_id) job.num_step_tasks = 1;
  job.submit_dir = text_of(get, "SLURM_SUBMIT_DIR");
  job.cluster = text_of(get, "SLURM_CLUSTER_NAME");
  return job;
}

std::optional<Job> job_around_us() { return job_around_us(process_environment(), daemon_above_us()); }

}  // namespace fugle::slurm
