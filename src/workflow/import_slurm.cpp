// import_slurm() of import.hpp: calls of sbatch as one workflow (FORMAT.md section 14.2). Each job is a task, an array
// a task with a matrix; dependencies are needs. What the jobs ask of Slurm becomes what the one allocation asks.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "workflow/foreign_names.hpp"
#include "workflow/import.hpp"
#include "workflow/sbatch_launch.hpp"

namespace fugle::workflow {
namespace {

constexpr Position kStart{1, 1};
/// MAX_ARG_STRLEN of the kernel, its NUL and some room included.
constexpr std::size_t kLongestLaunch = 128 * 1024 - 64;

Text literal(std::string_view text) { return {without_markers(text), kStart, {}}; }

class JobImporter {
 public:
  JobImporter(std::span<const SbatchCall> calls, const SlurmOptions& options, Diagnostics& diagnostics)
      : calls_(calls), options_(options), diagnostics_(diagnostics) {}

  std::optional<Workflow> import() {
    for (const SbatchCall& call : calls_)
      if (auto job = read_sbatch_call(call, options_.rules, diagnostics_)) add(call, std::move(*job));
    if (calls_.empty()) diagnostics_.error("E105", {}, "no job was recorded: sbatch was never called");
    if (diagnostics_.has_errors()) return std::nullopt;
    for (std::size_t i = 0; i < jobs_.size(); ++i) add_needs(i);
    set_priorities();
    set_request();
    if (diagnostics_.has_errors()) return std::nullopt;
    workflow_.file = diagnostics_.file();
    workflow_.name = ForeignNames().name_for(options_.name);
    return std::move(workflow_);
  }

 private:
  void say(Severity severity, std::string_view code, const SbatchJob& job, std::string text) {
    diagnostics_.add({severity, std::string(code), {}, "import: " + text, {}, {}, fmt::format("job {}", job.id)});
  }

  void add(const SbatchCall& call, SbatchJob job) {
    TaskNode node;
    node.name = names_.name_for(job.name);
    node.at = kStart;
    node.run_at = kStart;
    node.tags.push_back(fmt::format("id:{}", job.id));
    const std::string text = launch_text(call, job, options_.program);
    node.shell = {"bash", "-c", text};
    node.script = literal(call.script_path.empty() ? job.name : call.script_path);
    node.workdir = literal(job.directory);
    for (const auto& [name, value] : call.set)
      if (job.exported.keeps_all || is_exported(job, name)) node.env.push_back({name, kStart, literal(value)});
    node.cores.value = job.cores;
    node.mem.value.bytes = job.mem_bytes;
    node.gpus.value = job.gpus;
    node.scratch.value.bytes = job.tmp_bytes;
    node.timeout.value = job.time;
    set_array(job, node);
    set_signal(job, node);
    if (text.size() > kLongestLaunch)
      say(Severity::error, "E501", job,
          fmt::format("a script of {} bytes has no equivalent; let a short one start what is in it",
                      call.script.size()));
    by_id_.emplace(job.id, jobs_.size());
    workflow_.tasks.push_back(std::move(node));
    jobs_.push_back(std::move(job));
  }

  static bool is_exported(const SbatchJob& job, const std::string& name) {
    return std::find(job.exported.names.begin(), job.exported.names.end(), name) != job.exported.names.end();
  }

  static void set_array(const SbatchJob& job, TaskNode& node) {
    if (!job.array) return;
    MatrixVar variable;
    variable.name = kArrayVariable;
    variable.at = kStart;
    for (const std::int64_t index : job.array->indices) variable.values.emplace_back(index);
    variable.value_at.assign(variable.values.size(), kStart);
    node.matrix.push_back(std::move(variable));
    if (job.array->at_once == 0) return;
    node.sharing.emplace();
    node.sharing->max_parallel = {job.array->at_once, {}, kStart};
  }

  /// Slurm sends it before the end of the job's own time; here the allocation is what ends.
  void set_signal(const SbatchJob& job, TaskNode& node) {
    if (!job.signal) return;
    constexpr auto kUsualReserve = std::chrono::seconds(120);
    node.restart.emplace();
    node.restart->at = kStart;
    node.restart->signal = job.signal->signal;
    node.restart->before_end.value = kUsualReserve + job.signal->before;
    say(Severity::warning, "W51", job, "--signal is sent before the end of the allocation, not of the job's own time");
  }

  void add_needs(std::size_t at) {
    const SbatchJob& job = jobs_[at];
    for (const Dependency& one : job.dependencies.all) {
      if (one.type == "singleton")
        add_singleton(at);
      else if (const auto above = by_id_.find(one.job); above != by_id_.end() && above->second < at)
        add_need(at, above->second, one);
      else
        say(Severity::error, "E501", job,
            fmt::format(
                "--dependency={}:{} has no equivalent; job {} is not among the recorded ones: record it too, or "
                "wait for it before",
                one.type, one.job, one.job));
    }
  }

  void add_need(std::size_t at, std::size_t above, const Dependency& one) {
    const SbatchJob& job = jobs_[at];
    Need need{workflow_.tasks[above].name, kStart};
    if (one.type == "afterany") need.kind = Need::Kind::done;
    if (!one.element.empty()) {
      const auto& indices = jobs_[above].array ? jobs_[above].array->indices : std::vector<std::int64_t>{};
      const auto wanted = std::stoll(one.element);
      if (!std::binary_search(indices.begin(), indices.end(), wanted))
        return say(Severity::error, "E501", job,
                   fmt::format("--dependency={}:{}_{} has no equivalent; job {} has no such element", one.type, one.job,
                               one.element, one.job));
      need.element = one.element;
    } else if (one.type == "aftercorr" && job.array && jobs_[above].array) {
      if (job.array->indices != jobs_[above].array->indices)
        return say(Severity::error, "E501", job,
                   fmt::format("--dependency=aftercorr:{} has no equivalent; the arrays have other indices: give both "
                               "the same, or write afterok",
                               one.job));
      need.kind = Need::Kind::each;
    }
    workflow_.tasks[at].needs.push_back(std::move(need));
  }

  /// After the end of all of that name that were submitted before.
  void add_singleton(std::size_t at) {
    for (std::size_t above = 0; above < at; ++above)
      if (jobs_[above].name == jobs_[at].name)
        workflow_.tasks[at].needs.push_back({workflow_.tasks[above].name, kStart, Need::Kind::done});
  }

  /// As they are where all are whole and in range, else by their rank.
  void set_priorities() {
    std::vector<double> values{0};
    for (const SbatchJob& job : jobs_)
      if (job.priority) values.push_back(*job.priority);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    const bool fits = values.front() >= -1000 && values.back() <= 1000;
    if (!fits) diagnostics_.warning("W51", {}, "import: priorities mapped to -1000..1000 keeping their order");
    const auto rank_of = [&](double value) {
      const auto rank = std::lower_bound(values.begin(), values.end(), value) - values.begin();
      const auto last = static_cast<std::int64_t>(values.size()) - 1;
      return last <= 1000 ? rank - last : rank * 2000 / last - 1000;
    };
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const double value = jobs_[i].priority.value_or(0);
      workflow_.tasks[i].priority.value = fits ? static_cast<std::int64_t>(value) : rank_of(value);
    }
  }

  /// What jobs of their own would have been asked for, asked for the one allocation.
  void set_request() {
    SlurmKeys& slurm = workflow_.slurm;
    set_word("account", &SbatchJob::account, slurm.account);
    set_word("partition", &SbatchJob::partition, slurm.partition);
    set_word("qos", &SbatchJob::qos, slurm.qos);
    set_word("reservation", &SbatchJob::reservation, slurm.reservation);
    set_word("constraint", &SbatchJob::constraint, slurm.constraint);
    Duration longest{0};
    std::uint32_t gpus = 0;
    for (const SbatchJob& job : jobs_) {
      longest = std::max(longest, job.time);
      gpus = std::max(gpus, job.gpus);
    }
    // The longest job has to fit before what is kept for the end.
    constexpr auto kAround = std::chrono::minutes(5);
    if (longest > Duration{0}) slurm.time = {longest + kAround, std::nullopt, kStart};
    if (gpus > 0) slurm.gpus_per_node = {gpus, std::nullopt, kStart};
    if (longest > Duration{0} || gpus > 0) slurm.at = kStart;
  }

  void set_word(std::string_view what, std::string SbatchJob::*member, Boxed<Text>& into) {
    const SbatchJob* first = nullptr;
    for (const SbatchJob& job : jobs_) {
      const std::string& value = job.*member;
      if (value.empty() || (first != nullptr && first->*member == value)) continue;
      if (first != nullptr) {
        say(Severity::warning, "W51", job,
            fmt::format("--{}={} left out; the one allocation has that of job {}, {}", what, value, first->id,
                        first->*member));
        continue;
      }
      first = &job;
      into = literal(value);
      workflow_.slurm.at = kStart;
    }
  }

  std::span<const SbatchCall> calls_;
  const SlurmOptions& options_;
  Diagnostics& diagnostics_;
  ForeignNames names_;
  Workflow workflow_;
  std::vector<SbatchJob> jobs_;  ///< parallel to the tasks
  std::unordered_map<std::uint64_t, std::size_t> by_id_;
};

}  // namespace

std::optional<Workflow> import_slurm(std::span<const SbatchCall> calls, const SlurmOptions& options,
                                     Diagnostics& diagnostics) {
  return JobImporter(calls, options, diagnostics).import();
}

}  // namespace fugle::workflow
