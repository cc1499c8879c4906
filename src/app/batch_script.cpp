#include "app/batch_script.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace fugle::app {
namespace {

using workflow::Requeue;
using workflow::SlurmRequest;

/// A word of a #SBATCH line (sbatch(1): quotes and backslashes are taken as by a shell).
std::string quoted(std::string_view word) {
  if (is_shell_safe(word)) return std::string(word);
  std::string text = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

/// In file names of Slurm % begins a replacement.
std::string with_percents_kept(std::string_view path) {
  std::string text;
  for (const char c : path) text.append(c == '%' ? 2 : 1, c);
  return text;
}

class Writer {
 public:
  explicit Writer(const BatchScript& script) : script_(script), request_(script.request) {}

  std::string write() {
    add_head();
    add_place();
    add_size();
    add_end();
    for (const std::string& option : request_.extra) text_ += fmt::format("#SBATCH {}\n", quoted(option));
    text_ += "\n# What follows sbatch job.sh goes to fugle resume.\n";
    text_ += fmt::format("exec {} resume {} --requeue {}", quote_for_shell(script_.program),
                         quote_for_shell(script_.run_dir), script_.requeue);
    for (const std::string& word : script_.resume_options) text_ += ' ' + quote_for_shell(word);
    return text_ + " \"$@\"\n";
  }

 private:
  /// Unless an extra option says otherwise.
  void add(std::string_view name, std::string_view value = {}, char letter = 0) {
    if (has_option(request_.extra, name, letter)) return;
    text_ += fmt::format("#SBATCH {}\n", quoted(value.empty() ? std::string(name) : fmt::format("{}={}", name, value)));
  }
  void add_given(std::string_view name, std::string_view value, char letter = 0) {
    if (!value.empty()) add(name, value, letter);
  }
  void explain(std::string_view why) { text_ += fmt::format("# {}\n", why); }

  void add_head() {
    std::string file = script_.file;
    std::ranges::replace_if(
        file, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
    text_ = fmt::format("#!/bin/bash\n# Run {} of {}, made by fugle submit.\n# Another job for it by hand: sbatch {}\n",
                        script_.run, file.empty() || file == "-" ? script_.workflow : file,
                        quote_for_shell(script_.run_dir + "/job.sh"));
    add("--job-name", script_.workflow, 'J');
    explain("How jobs are known to be of this run: squeue --format='%i %k'.");
    add("--comment", "fugle " + script_.run);
    add("--chdir", script_.submit_dir, 'D');
    explain("A job that is requeued goes on in the same file.");
    add("--output", with_percents_kept(script_.run_dir) + "/slurm-%j.out", 'o');
    add("--open-mode", "append");
    explain("Tasks see the environment that this was submitted from.");
    add("--export", "ALL");
  }

  void add_place() {
    add_given("--account", request_.account, 'A');
    add_given("--partition", request_.partition, 'p');
    add_given("--qos", request_.qos, 'q');
    add_given("--reservation", request_.reservation);
    add_given("--constraint", request_.constraint, 'C');
    if (!request_.mail_user.empty()) add("--mail-type", "END,FAIL,REQUEUE");
    add_given("--mail-user", request_.mail_user);
  }

  void add_size() {
    explain("One rank on each node, which starts the tasks there.");
    add("--nodes", std::to_string(std::max(1U, request_.nodes)), 'N');
    add("--ntasks-per-node", "1");
    const bool is_said = has_option(request_.extra, "--cpus-per-task", 'c') ||
                         has_option(request_.extra, "--oversubscribe", 's') ||
                         has_option(request_.extra, "--exclusive");
    if (request_.exclusive.value_or(!is_said))
      add("--exclusive");
    else if (!is_said)
      add("--cpus-per-task", std::to_string(script_.cores_per_node));
    if (request_.mem_bytes) add("--mem", memory(*request_.mem_bytes));
    if (request_.gpus_per_node && *request_.gpus_per_node > 0)
      add("--gpus-per-node", std::to_string(*request_.gpus_per_node));
    if (request_.time > Duration{0}) add("--time", slurm_time(request_.time), 't');
  }

  void add_end() {
    explain("A node that dies does not end the job: the run goes on with the others.");
    add("--no-kill", {}, 'k');
    explain("So long before its end fugle is told, and ends what does not fit any more.");
    const auto margin = std::chrono::duration_cast<std::chrono::seconds>(request_.signal_margin).count();
    add("--signal", fmt::format("B:USR1@{}", std::clamp<std::int64_t>(margin, 0, 65535)));
    if (script_.requeue == "never") return add("--no-requeue");
    explain(script_.requeue == "auto" ? "When its time is over, or a node takes it down, the same job goes on later."
                                      : "When a node takes it down the same job goes on later.");
    add("--requeue");
  }

  /// Slurm counts in MiB.
  static std::string memory(std::uint64_t bytes) {
    return bytes == 0 ? "0" : fmt::format("{}M", std::max<std::uint64_t>(1, bytes >> 20));
  }

  const BatchScript& script_;
  const SlurmRequest& request_;
  std::string text_;
};

}  // namespace

std::string text_of(const BatchScript& script) { return Writer(script).write(); }

bool has_option(const std::vector<std::string>& extra, std::string_view name, char letter) {
  return std::ranges::any_of(extra, [&](const std::string& option) {
    const std::string_view word = std::string_view(option).substr(0, option.find_first_of("= "));
    return word == name || (letter != 0 && option.size() > 1 && option[0] == '-' && option[1] == letter);
  });
}

std::string slurm_time(Duration time) {
  // Up to the next second: a limit is not to be shorter than what was asked for.
  auto left = std::chrono::ceil<std::chrono::seconds>(time).count();
  const auto days = left / 86400;
  left %= 86400;
  const std::string clock = fmt::format("{:02}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60);
  return days > 0 ? fmt::format("{}-{}", days, clock) : clock;
}

}  // namespace fugle::app
