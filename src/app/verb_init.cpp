// fugle init NAME: a small workflow to begin with, that runs anywhere.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace {

constexpr const char* kExample =
    R"(# A small ensemble: prepare, four members side by side, then a table of what they found.
version: 1
name: NAME

params:
  steps: 1000          # fugle run NAME.yaml -p steps=5000

slurm:                 # for fugle submit; 'fugle run' runs it here
  nodes: 1             # more: --nodes 4
  time: 10m
  # partition: short
  # account: my_project

tasks:
  prepare:
    run: "seq 1 ${{ params.steps }} > ${{ outputs.numbers }}"
    outputs: {numbers: out/numbers.txt}

  member:              # one element for each value: member[2], member[3], ...
    matrix: {divisor: [2, 3, 5, 7]}
    inputs: {numbers: "${{ tasks.prepare.outputs.numbers }}"}
    run: |
      awk -v d="${{ matrix.divisor }}" '$1 % d == 0 { sum += $1 } END { print d, sum }' \
        "${{ inputs.numbers }}" > "${{ outputs.sum }}"
    outputs: {sum: "out/sum_${{ matrix.divisor }}.txt"}
    resources: {cores: 1, mem: 100M}
    retries: 1

  table:
    needs: [member]
    run: "sort -n out/sum_*.txt > ${{ outputs.table }}"
    outputs: {table: out/table.txt}

  check:
    inputs: {table: "${{ tasks.table.outputs.table }}"}
    run: "test $(wc -l < ${{ inputs.table }}) -eq 4 && cat ${{ inputs.table }}"
)";

std::string example_named(const std::string& name) {
  std::string text = kExample;
  for (std::size_t at = text.find("NAME"); at != std::string::npos; at = text.find("NAME", at + name.size()))
    text.replace(at, 4, name);
  return text;
}

/// The name of the workflow in "dir/demo", "demo.yaml" or "demo".
std::string workflow_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return path.substr(slash == std::string::npos ? 0 : slash + 1);
}

void write_file(const std::string& path, const std::string& text, bool may_replace) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (may_replace ? O_TRUNC : O_EXCL);
  const int fd = ::open(path.c_str(), flags, 0666);
  if (fd < 0 && errno == EEXIST)
    throw UsageError(fmt::format("{} is there already (nothing was changed); choose another name, or --force", path));
  const bool is_written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool is_closed = fd >= 0 && ::close(fd) == 0;
  if (!is_written || !is_closed)
    throw EnvironmentError(fmt::format("cannot write {} ({}); check the directory", path, std::strerror(errno)));
}

}  // namespace

int init_verb(const Args& args) {
  Usage usage("init", "NAME", "Writes NAME.yaml, a small workflow to begin with: it needs a shell only.", 1, 1);
  usage.options.add_options()("force", "replace a file of that name");
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  std::string path = arguments->words.front();
  if (path.ends_with(".yaml")) path.resize(path.size() - 5);
  const std::string name = workflow_name(path);
  if (!workflow::is_name(name))
    throw UsageError(
        fmt::format("'{}' can not be the name of a workflow (letters, digits, _ and -, a letter first); "
                    "try 'fugle init demo'",
                    name));
  path += ".yaml";
  write_file(path, example_named(name), arguments->has("force"));
  const std::string file = quote_for_shell(path);
  fmt::print("{0} written; next:\n  fugle plan {0}\n  fugle run {0}\n  fugle submit {0}\n", file);
  return 0;
}

}  // namespace fugle::app
