#include "workflow/sbatch_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "workflow/paths.hpp"
#include "workflow/sbatch_words.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

using Fate = SbatchOption::Fate;

/// A text of --export: names and settings between commas that are not in quotes.
SbatchExport parse_export(std::string_view text) {
  SbatchExport result;
  result.keeps_all = false;
  const auto add = [&](const std::string& item) {
    const std::size_t equals = item.find('=');
    if (item == "ALL")
      result.keeps_all = true;
    else if (equals != std::string::npos)
      result.set.emplace_back(item.substr(0, equals), item.substr(equals + 1));
    else if (!item.empty() && item != "NONE" && item != "NIL")
      result.names.push_back(item);
  };
  std::string item;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0 ? c == quote : c == '\'' || c == '"')
      quote = quote != 0 ? 0 : c;
    else if (c == ',' && quote == 0)
      add(std::exchange(item, {}));
    else
      item += c;
  }
  add(item);
  return result;
}

std::uint32_t product(std::uint32_t a, std::uint32_t b) {
  constexpr std::uint64_t kMost = 1'000'000;
  return static_cast<std::uint32_t>(std::min(std::uint64_t{a} * b, kMost));
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

class CallReader {
 public:
  CallReader(const SbatchCall& call, const SbatchRules& rules, Diagnostics& all)
      : call_(call), rules_(rules), all_(all), mine_(call.script_path) {}

  std::optional<SbatchJob> read() {
    job_.id = call_.id;
    const SbatchWords words = read_sbatch_words(call_.words, mine_);
    read_first_line();
    for (const SbatchSetting& setting : read_directives(call_.script, mine_)) take(setting);
    for (const SbatchSetting& setting : read_sbatch_variables(call_.options)) take(setting);
    for (const SbatchSetting& setting : words.settings) take(setting);
    if (!words.operands.empty()) job_.arguments.assign(words.operands.begin() + 1, words.operands.end());
    if (has_wrap_ && !words.operands.empty())
      malformed({}, fmt::format("{} stands beside --wrap, which takes no script", in_quotes(words.operands[0])));
    finish();
    const bool is_good = !mine_.has_errors();
    hand_over();
    return is_good ? std::optional(std::move(job_)) : std::nullopt;
  }

 private:
  void malformed(Position at, std::string_view problem) {
    mine_.error("E502", at, fmt::format("import: cannot read this line as slurm: {}", problem));
  }

  void refuse(Position at, std::string_view what, std::string_view reason) {
    mine_.error("E501", at, fmt::format("import: {} has no equivalent; {}", what, reason));
  }

  /// The value, or E502.
  template <class T>
  T value_of(const SbatchSetting& setting, std::optional<T> parsed) {
    if (!parsed) malformed(setting.at, fmt::format("--{} {}", setting.option->name, in_quotes(setting.value)));
    return parsed.value_or(T{});
  }

  void read_first_line() {
    const std::string_view line = std::string_view(call_.script).substr(0, call_.script.find('\n'));
    const std::size_t first = line.starts_with("#!") ? line.find_first_not_of(" \t", 2) : std::string_view::npos;
    if (call_.script.find('\0') != std::string::npos) return malformed({1, 1}, "the script holds a NUL byte");
    if (first == std::string_view::npos)
      return malformed({1, 1}, "a batch script begins with #! and the path of an interpreter, such as #!/bin/bash");
    if (call_.script.find("\r\n") != std::string::npos)
      return malformed({1, 1}, "the script has DOS line breaks; dos2unix takes them out");
    const std::size_t end = std::min(line.find_first_of(" \t", first), line.size());
    job_.interpreter = line.substr(first, end - first);
    const std::size_t argument = line.find_first_not_of(" \t", end);
    if (argument == std::string_view::npos) return;
    job_.interpreter_argument = line.substr(argument, line.find_last_not_of(" \t") + 1 - argument);
  }

  void take(const SbatchSetting& setting) {
    const SbatchOption& option = *setting.option;
    const std::string what = fmt::format("--{}", option.name);
    switch (option.fate) {
      case Fate::used: return use(setting);
      case Fate::silent: return;
      case Fate::dropped: return mine_.warning("W50", setting.at, fmt::format("import: {} ignored", what));
      case Fate::maybe: return drop_or_refuse(setting.at, what, option.reason);
      case Fate::refused: return refuse(setting.at, what, option.reason);
    }
  }

  void drop_or_refuse(Position at, std::string_view what, std::string_view reason) {
    if (rules_.approximates) return mine_.warning("W51", at, fmt::format("import: {} left out", what));
    refuse(at, what, fmt::format("{}, or accept that by --approximate", reason));
  }

  void use(const SbatchSetting& setting) {
    using Use = void (CallReader::*)(const SbatchSetting&);
    struct Row {
      std::string_view option;
      Use use;
    };
    static constexpr Row kRows[] = {
        {"array", &CallReader::use_array},
        {"dependency", &CallReader::use_dependency},
        {"export", &CallReader::use_export},
        {"mem", &CallReader::use_mem},
        {"gres", &CallReader::use_gres},
        {"open-mode", &CallReader::use_open_mode},
        {"nodes", &CallReader::use_nodes},
        {"signal", &CallReader::use_signal},
        {"chdir", &CallReader::use_directory},
        {"nice", &CallReader::use_nice},
        {"priority", &CallReader::use_priority},
        {"ntasks", &CallReader::use_ntasks},
        {"wrap", &CallReader::use_wrap},
        {"time", &CallReader::use_time},
        {"mem-per-cpu", &CallReader::use_mem_per_cpu},
    };
    const std::string_view name = setting.option->name;
    for (const Row& row : kRows)
      if (row.option == name) return (this->*row.use)(setting);
    if (std::string* text = text_of(name))
      *text = setting.value;
    else if (std::uint32_t* count = count_of(name))
      *count = value_of(setting, name == "gpus" || name.starts_with("gpus-per-") ? parse_slurm_gpus(setting.value)
                                                                                 : parse_slurm_count(setting.value));
    else if (name == "tmp")
      job_.tmp_bytes = value_of(setting, parse_slurm_size(setting.value));
    else
      mem_per_gpu_ = value_of(setting, parse_slurm_size(setting.value));
  }

  std::string* text_of(std::string_view name) {
    if (name == "job-name") return &job_.name;
    if (name == "output") return &job_.output;
    if (name == "error") return &job_.error;
    if (name == "input") return &job_.input;
    if (name == "account") return &job_.account;
    if (name == "partition") return &job_.partition;
    if (name == "qos") return &job_.qos;
    if (name == "reservation") return &job_.reservation;
    if (name == "constraint") return &job_.constraint;
    return nullptr;
  }

  std::uint32_t* count_of(std::string_view name) {
    if (name == "cpus-per-task") return &job_.cpus_per_task;
    if (name == "ntasks-per-node") return &job_.ntasks_per_node;
    if (name == "ntasks-per-gpu") return &ntasks_per_gpu_;
    if (name == "cpus-per-gpu") return &cpus_per_gpu_;
    if (name == "mincpus") return &mincpus_;
    if (name == "gpus") return &job_.gpus;
    if (name == "gpus-per-node") return &gpus_per_node_;
    if (name == "gpus-per-task") return &gpus_per_task_;
    return nullptr;
  }

  void use_array(const SbatchSetting& setting) { job_.array = value_of(setting, parse_array(setting.value)); }
  void use_time(const SbatchSetting& setting) { job_.time = value_of(setting, parse_slurm_time(setting.value)); }
  void use_export(const SbatchSetting& setting) { job_.exported = parse_export(setting.value); }
  void use_signal(const SbatchSetting& setting) { job_.signal = value_of(setting, parse_signal(setting.value)); }
  void use_directory(const SbatchSetting& setting) { directory_ = setting.value; }
  void use_wrap(const SbatchSetting&) { has_wrap_ = true; }

  void use_dependency(const SbatchSetting& setting) {
    dependency_at_ = setting.at;
    job_.dependencies = value_of(setting, parse_dependencies(setting.value));
  }

  void use_ntasks(const SbatchSetting& setting) {
    job_.ntasks = value_of(setting, parse_slurm_count(setting.value));
    job_.has_ntasks = true;
    if (job_.ntasks == 0) malformed(setting.at, "--ntasks 0");
  }

  void use_mem(const SbatchSetting& setting) {
    job_.mem_bytes = value_of(setting, parse_slurm_size(setting.value));
    job_.mem_per_cpu_bytes = 0;
    if (job_.mem_bytes == 0 && setting.value.find_first_not_of('0') == std::string::npos)
      drop_or_refuse(setting.at, "--mem=0 (all memory of a node)", "say how much the job needs");
  }

  void use_mem_per_cpu(const SbatchSetting& setting) {
    job_.mem_per_cpu_bytes = value_of(setting, parse_slurm_size(setting.value));
    job_.mem_bytes = 0;
  }

  void use_gres(const SbatchSetting& setting) {
    const Gres gres = value_of(setting, parse_gres(setting.value));
    gres_gpus_ = gres.gpus;
    if (!gres.other.empty())
      refuse(setting.at, fmt::format("--gres={}", gres.other), "tasks of this version have cores, memory and GPUs");
  }

  void use_open_mode(const SbatchSetting& setting) {
    job_.appends = setting.value.starts_with('a');
    if (setting.value != "append" && setting.value != "truncate" && setting.value != "a" && setting.value != "t")
      malformed(setting.at, fmt::format("--open-mode {}", in_quotes(setting.value)));
  }

  void use_nodes(const SbatchSetting& setting) {
    nodes_ = value_of(setting, parse_slurm_nodes(setting.value));
    nodes_at_ = setting.at;
  }

  void use_nice(const SbatchSetting& setting) {
    const auto value = setting.value.empty() ? 100 : to_int(setting.value);
    job_.priority = -static_cast<double>(value_of(setting, value));
  }

  void use_priority(const SbatchSetting& setting) {
    if (setting.value == "TOP") return use_top(setting);
    job_.priority = static_cast<double>(value_of(setting, to_int(setting.value)));
  }
  void use_top(const SbatchSetting&) { job_.priority = std::numeric_limits<std::uint32_t>::max(); }

  /// What several options say together.
  void finish() {
    if (job_.name.empty())
      job_.name = has_wrap_ ? "wrap" : call_.script_path.empty() ? "sbatch" : base_name(call_.script_path);
    job_.directory = absolute_path(directory_.empty() ? call_.directory : directory_, call_.directory);
    if (nodes_ > 1)
      refuse(nodes_at_, fmt::format("--nodes={}", nodes_),
             "a task of this version runs on one node: leave the job to sbatch, or ask for one node");
    if (!job_.has_ntasks && job_.ntasks_per_node > 0) job_.ntasks = job_.ntasks_per_node;
    finish_gpus();
    const std::uint32_t per_task = std::max<std::uint32_t>(job_.cpus_per_task, 1);
    job_.cores = std::max({product(job_.ntasks, per_task), mincpus_, product(cpus_per_gpu_, job_.gpus), 1U});
    if (job_.mem_per_cpu_bytes > 0) job_.mem_bytes = times(job_.mem_per_cpu_bytes, job_.cores);
    if (mem_per_gpu_ > 0) job_.mem_bytes = times(mem_per_gpu_, job_.gpus);
    finish_dependencies();
  }

  void finish_gpus() {
    job_.gpus = std::max({job_.gpus, gpus_per_node_, gres_gpus_, product(gpus_per_task_, job_.ntasks)});
    if (ntasks_per_gpu_ > 0 && !job_.has_ntasks) job_.ntasks = std::max(product(ntasks_per_gpu_, job_.gpus), 1U);
  }

  static std::uint64_t times(std::uint64_t bytes, std::uint32_t count) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
    std::uint64_t result = 0;
    return __builtin_mul_overflow(bytes, count, &result) ? kMost : std::min(result, kMost);
  }

  void finish_dependencies() {
    if (job_.dependencies.is_any && job_.dependencies.all.size() > 1)
      refuse(dependency_at_, "--dependency with '?'",
             "a task of this version waits for all it needs; join the conditions by ','");
    for (const Dependency& one : job_.dependencies.all) {
      if (one.has_delay)
        refuse(dependency_at_, fmt::format("--dependency={}:{}+minutes", one.type, one.job),
               "no task waits for a time; let the script sleep");
      else if (one.type == "after" || one.type == "afternotok" || one.type == "afterburstbuffer")
        refuse(dependency_at_, fmt::format("--dependency={}:{}", one.type, one.job),
               fmt::format(
                   "in this version a task waits for others to be OK (afterok) or to end (afterany); {}",
                   one.type == "afternotok" ? "let a job after its end look at what it left" : "choose one of these"));
    }
  }

  void hand_over() {
    for (Diagnostic diagnostic : mine_.all()) {
      diagnostic.file =
          diagnostic.at.line == 0 || call_.script_path.empty() ? fmt::format("job {}", call_.id) : call_.script_path;
      all_.add(std::move(diagnostic));
    }
  }

  const SbatchCall& call_;
  const SbatchRules& rules_;
  Diagnostics& all_;
  Diagnostics mine_;
  SbatchJob job_;
  std::string directory_;
  bool has_wrap_ = false;
  std::uint32_t nodes_ = 0, ntasks_per_gpu_ = 0, cpus_per_gpu_ = 0, mincpus_ = 0;
  std::uint32_t gpus_per_node_ = 0, gpus_per_task_ = 0, gres_gpus_ = 0;
  std::uint64_t mem_per_gpu_ = 0;
  Position nodes_at_, dependency_at_;
};

}  // namespace

std::optional<SbatchJob> read_sbatch_call(const SbatchCall& call, const SbatchRules& rules, Diagnostics& diagnostics) {
  return CallReader(call, rules, diagnostics).read();
}

std::string wrapped_script(const std::string& command) {
  return "#!/bin/sh\n# This script was created by sbatch --wrap.\n\n" + command + "\n";
}

}  // namespace fugle::workflow
