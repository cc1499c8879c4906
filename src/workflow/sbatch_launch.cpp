#include "workflow/sbatch_launch.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

/// What is left where --export does not keep all: who the user is, and what belongs to the attempt.
constexpr std::string_view kAlwaysKept =
    "HOME|USER|LOGNAME|SHELL|PATH|TMPDIR|TERM|LANG|LC_*|FUGLE_*|CUDA_*|ROCR_*|HIP_*|ZE_*|OMPI_ALLOW_*|SLURM_CONF|"
    "SLURM_CLUSTER_NAME|SLURM_TMPDIR";

std::string assignment(std::string_view name, std::string_view value) {
  return fmt::format(" {}={}", name, quote_for_shell(value));
}

/// The variables of the job itself: the same for all elements.
std::string fixed_variables(const SbatchCall& call, const SbatchJob& job) {
  const std::string cores = std::to_string(job.cores), ntasks = std::to_string(job.ntasks);
  std::string text;
  const auto set = [&](std::string_view name, std::string_view value) { text += assignment(name, value); };
  set("SLURM_JOB_NAME", job.name);
  set("SLURM_SUBMIT_DIR", call.directory);
  set("SLURM_SUBMIT_HOST", call.host);
  set("SLURM_JOB_USER", call.user);
  set("SLURM_CPUS_ON_NODE", cores);
  set("SLURM_JOB_CPUS_PER_NODE", cores);
  set("SLURM_JOB_NUM_NODES", "1");
  set("SLURM_NNODES", "1");
  set("SLURM_TASKS_PER_NODE", ntasks);
  if (job.cpus_per_task > 0) set("SLURM_CPUS_PER_TASK", std::to_string(job.cpus_per_task));
  if (job.has_ntasks || job.ntasks > 1) set("SLURM_NTASKS", ntasks), set("SLURM_NPROCS", ntasks);
  if (job.ntasks_per_node > 0) set("SLURM_NTASKS_PER_NODE", std::to_string(job.ntasks_per_node));
  if (job.mem_per_cpu_bytes > 0)
    set("SLURM_MEM_PER_CPU", std::to_string(job.mem_per_cpu_bytes >> 20));
  else if (job.mem_bytes > 0)
    set("SLURM_MEM_PER_NODE", std::to_string(job.mem_bytes >> 20));
  if (job.gpus > 0) set("SLURM_GPUS_ON_NODE", std::to_string(job.gpus));
  if (!job.account.empty()) set("SLURM_JOB_ACCOUNT", job.account);
  if (!job.partition.empty()) set("SLURM_JOB_PARTITION", job.partition);
  if (!job.qos.empty()) set("SLURM_JOB_QOS", job.qos);
  set("SLURM_PROCID", "0");
  set("SLURM_LOCALID", "0");
  set("SLURM_NODEID", "0");
  set("ENVIRONMENT", "BATCH");
  return text;
}

/// What differs between elements, nodes and attempts. An array's elements have ids of their own, from that of the job.
std::string varying_variables(const SbatchJob& job) {
  std::string text = fmt::format("export SLURM_JOB_ID=$(({} + FUGLE_INDEX))", job.id);
  text += " SLURMD_NODENAME=${HOSTNAME%%.*} SLURM_TASK_PID=$$\n";
  text +=
      "export SLURM_JOBID=$SLURM_JOB_ID SLURM_JOB_NODELIST=$SLURMD_NODENAME SLURM_NODELIST=$SLURMD_NODENAME\n"
      "((FUGLE_ATTEMPT > 1)) && export SLURM_RESTART_COUNT=$((FUGLE_ATTEMPT - 1))\n";
  if (!job.array) return text;
  const ArraySpec& array = *job.array;
  text += fmt::format(
      "export SLURM_ARRAY_JOB_ID={} SLURM_ARRAY_TASK_ID=$FUGLE_MATRIX_{} SLURM_ARRAY_TASK_COUNT={} "
      "SLURM_ARRAY_TASK_MIN={} SLURM_ARRAY_TASK_MAX={} SLURM_ARRAY_TASK_STEP={}\n",
      job.id, kArrayVariable, array.indices.size(), array.indices.front(), array.indices.back(), array.step);
  return text;
}

std::string export_text(const SbatchCall& call, const SbatchJob& job) {
  std::string text;
  if (job.exported.keeps_all) {
    // Those of the allocation around us name another job; the commands of Slurm need the two that are kept.
    text =
        "for v in ${!SLURM_@}; do case $v in SLURM_CONF|SLURM_CLUSTER_NAME|SLURM_TMPDIR) ;; *) unset \"$v\" ;; esac; "
        "done\n";
    for (const std::string& name : call.unset) text += "unset " + quote_for_shell(name) + '\n';
  } else {
    std::string kept(kAlwaysKept);
    for (const std::string& name : job.exported.names) kept += '|' + quote_for_shell(name);
    text = fmt::format("for v in $(compgen -e); do case $v in {}) ;; *) unset \"$v\" ;; esac; done\n", kept);
  }
  for (const auto& [name, value] : job.exported.set) text += "export" + assignment(name, value) + '\n';
  return text;
}

std::string redirections(const SbatchCall& call, const SbatchJob& job) {
  const std::string_view sign = job.appends ? ">>" : ">";
  std::string text;
  if (!job.input.empty()) text += fmt::format(" <{}", pattern_word(job.input, call, job));
  if (!job.output.empty()) text += fmt::format(" {}{}", sign, pattern_word(job.output, call, job));
  if (!job.error.empty() && job.error != job.output)
    text += fmt::format(" 2{}{}", sign, pattern_word(job.error, call, job));
  else if (!job.output.empty())
    text += " 2>&1";
  return text.empty() ? text : "exec" + text + " || exit 1\n";
}

/// Scripts that call srun get one that knows what the element has leased; that of Slurm would look for the job.
std::string srun_text(const SbatchCall& call, const std::string& program) {
  if (program.empty() || call.script.find("srun") == std::string::npos) return {};
  const std::string shim = fmt::format("#!/bin/sh\nexec {} sbatch --as-srun \"$@\"\n", quote_for_shell(program));
  return fmt::format(
      "printf %s {} >\"$FUGLE_SCRATCH/srun\" && chmod 700 \"$FUGLE_SCRATCH/srun\" || exit 1\n"
      "PATH=$FUGLE_SCRATCH:$PATH\n",
      quote_for_shell(shim));
}

}  // namespace

std::string pattern_word(const std::string& pattern, const SbatchCall& call, const SbatchJob& job) {
  if (pattern.find('\\') != std::string::npos) {
    std::string plain;
    for (const char c : pattern)
      if (c != '\\') plain += c;
    return quote_for_shell(plain);
  }
  std::string word, literal;
  const auto flush = [&] {
    if (!literal.empty()) word += quote_for_shell(literal);
    literal.clear();
  };
  const auto variable = [&](std::string_view expression, std::size_t width) {
    flush();
    word += width == 0 ? fmt::format("\"{}\"", expression) : fmt::format("\"$(printf %0{}d {})\"", width, expression);
  };
  const std::string array_job = job.array ? std::to_string(job.id) : "$SLURM_JOB_ID";
  const std::string array_task = job.array ? "$SLURM_ARRAY_TASK_ID" : "4294967294";  // NO_VAL, as Slurm has it
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    std::size_t width = 0, at = i + 1;
    while (pattern[i] == '%' && at < pattern.size() && pattern[at] >= '0' && pattern[at] <= '9' && width < 10)
      width = width * 10 + static_cast<std::size_t>(pattern[at++] - '0');
    const char kind = pattern[i] == '%' && at < pattern.size() ? pattern[at] : 0;
    width = std::min<std::size_t>(width, 10);
    switch (kind) {
      case '%': literal += '%'; break;
      case 'A': variable(array_job, width); break;
      case 'a': variable(array_task, width); break;
      case 'b': variable(fmt::format("$(({} % 10))", job.array ? "SLURM_ARRAY_TASK_ID" : "4294967294"), width); break;
      case 'j':
      case 'J': variable("$SLURM_JOB_ID", width); break;
      case 'x': literal += job.name; break;
      case 'u': literal += call.user; break;
      case 'N': variable("$SLURMD_NODENAME", 0); break;
      case 'n':
      case 't': literal += std::string(width > 1 ? width - 1 : 0, '0') + '0'; break;
      case 's': literal += "batch"; break;
      default: literal += pattern[i]; continue;
    }
    i = at;
  }
  flush();
  return word;
}

std::string launch_text(const SbatchCall& call, const SbatchJob& job, const std::string& program) {
  std::string text = export_text(call, job);
  text += "export" + fixed_variables(call, job) + '\n';
  text += varying_variables(job);
  text += redirections(call, job);
  text += srun_text(call, program);
  text += fmt::format("printf %s {} >\"$FUGLE_SCRATCH/slurm_script\" || exit 1\n", quote_for_shell(call.script));
  text += "exec " + quote_for_shell(job.interpreter);
  if (!job.interpreter_argument.empty()) text += ' ' + quote_for_shell(job.interpreter_argument);
  text += " \"$FUGLE_SCRATCH/slurm_script\"";
  for (const std::string& argument : job.arguments) text += ' ' + quote_for_shell(argument);
  return text + '\n';
}

}  // namespace fugle::workflow
