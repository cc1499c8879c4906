#include "workflow/error_catalogue.hpp"

#include <fmt/format.h>

#include "workflow/markdown.hpp"

namespace fugle::workflow {
namespace {

constexpr CodeMeaning kCodes[] = {
    // clang-format off
    {"E101", "V", "the text can not be read as YAML or JSON", "i: {g: ${{ tasks.f.outputs.g }}}", "quote the value; spaces in place of tabs; one document for each file"},
    {"E102", "V", "a key stands twice in one map", "a second 'retries' in a task", "keep one of them; the message names the line of the first"},
    {"E103", "V", "an unknown key or name, or one that this version lacks", "retires: 2", "write the word that the message suggests"},
    {"E104", "V", "a value of the wrong kind", "cores: 2.5", "write what the key expects, see the key reference"},
    {"E105", "V P", "something required is missing", "a task without run; a param without value", "add it; -p NAME=VALUE for a param"},
    {"E106", "V", "the format is newer than this program", "version: 2", "write version: 1, or use a newer fugle"},
    {"E107", "V", "a name with other characters than letters, digits, _ and -", "name: my run", "write my_run"},
    {"E108", "V", "a file or template can not be put in place", "include: [gone.yaml]", "correct the path, or break the loop"},
    {"E109", "V", "no duration", "timeout: 180", "write a unit: 180s or 180m"},
    {"E110", "V P", "the value of a param is not allowed", "-p members=999", "keep to its type, min, max and choices"},
    {"E111", "V", "no size", "mem: 220000", "write a unit: 220000M or 4G"},
    {"E112", "V", "outside of the range, or none of the words allowed", "join: some", "write one of the words in the message"},
    {"E113", "V", "keys that exclude each other, or a key where it may not stand", "matrix with foreach", "keep one of them"},
    {"E201", "V R", "tasks that wait for each other", "a: {needs: [b]}, b: {needs: [a]}", "take one of the edges out; the notes name each"},
    {"E202", "V", "an unknown task", "needs: {reel: each}", "write the id of a task of this file"},
    {"E203", "V", "two tasks write one file", "one path as output of a and b", "give them paths of their own"},
    {"E204", "P", "a file or directory that is read is not there", "inputs: {domain: config/namelist.wsp}", "correct the path, or make it the output of a task"},
    {"E205", "V", "a list without items", "matrix: {x: []}", "give it items"},
    {"E206", "V P", "more elements than allowed", "foreach: 1..250000", "raise limits.max_expand, if so many are wanted"},
    {"E207", "V", "an element appears twice", "matrix: {x: [1, 1]}", "take the double out"},
    {"E208", "V R", "'each' joins tasks with different elements", "16 elements against 8", "the same matrix for both, or another condition"},
    {"E209", "V", "all elements of a task write one file", "an output path without ${{ item }}", "put the variable into the path"},
    {"E301", "V", "nodes and ranks do not add up", "{nodes: 1, ranks: 100, ranks_per_node: 64}", "write two of the three"},
    {"E302", "V P", "a task does not fit the nodes", "resources: {nodes: 12} with slurm: {nodes: 9}", "ask for less, or for a larger allocation"},
    {"E303", "V", "a pool that is unknown, or has less than an element is to hold", "pools: {dtn: 5} of 4", "correct the name, or the number"},
    {"E304", "V", "times against each other", "timeout: 5h with slurm: {time: 4h}", "make the one fit into the other"},
    {"E305", "P", "what a task needs is not on this machine", "container: d.sif without a runtime", "install it, load its module, or run elsewhere"},
    {"E306", "P", "the launcher is not there", "launcher: srun", "write auto, or load its module"},
    {"E401", "V", "an expression can not be read", "when: \"${{ params.x && }}\"", "correct it at the caret"},
    {"E402", "V P", "an unknown name in an expression", "${{ tasks.regrid.outputs.grd }}", "write one of the names in the message"},
    {"E403", "V R", "types in an expression do not fit", "when: 3", "convert with int(), float() or str()"},
    {"E404", "V", "known only later than it is needed", "a matrix over what another task gave", "use foreach"},
    {"E405", "V R", "a value that a shell would take apart", "run: cat ${{ inputs.f }}", "write ${{ q(inputs.f) }}"},
    {"E501", "V", "import: no equivalent here", "PROVISIONER p p.sub", "the message says what to do instead"},
    {"E502", "V", "import: the file is malformed", "[ 1 ] /bin/sleep 22", "correct the line"},
    {"E503", "V", "import: a task has no command", "a WfFormat task without command", "choose --replay sleep, burn or none"},
    {"W01", "V", "a template that no task extends", "templates: {t: {}}", "take it out"},
    {"W02", "V", "a task that never runs", "when: false", "take it out, or use a param"},
    {"W04", "P", "this machine has no such level", "bind: l3", "none needed; the next wider level is used"},
    {"W06", "V", "a crash of the plugin would end the whole run", "a plugin with 4 ranks and no isolate", "write isolate: false to accept it"},
    {"W07", "V", "a retry that would fail again", "retries: {max: 2, when: [oom]}", "add scale: {mem: 1.5}"},
    {"W08", "P", "more job steps than Slurm allows in one job", "60000 MPI elements", "fewer and larger elements"},
    {"W09", "P R", "the allocation is smaller than the file asks for", "8 nodes wanted, 4 there", "none, if what can run is enough"},
    {"W10", "P", "nobody can send the mail of a notice", "notify: [{events: [done], mail: a@b.c}] without mail and sendmail", "install one of them, or use run or file"},
    {"W50", "V", "import: left out, without effect on results", "DOT x.dot", "none needed"},
    {"W51", "V", "import: changed", "a priority of 5000", "look at what was made of it"},
    // clang-format on
};

}  // namespace

std::span<const CodeMeaning> error_catalogue() { return kCodes; }

std::string error_catalogue_text() {
  std::string text =
      "# Codes of messages\n\n"
      "Made by `fugle schema --errors`. Stages: V `fugle validate`, P `fugle plan` and the start of a run, R while "
      "the\n"
      "run goes on. E: an error, nothing runs; W: a warning, an error under `--strict`.\n\n"
      "| code | stage | meaning | for example | what to do |\n|---|---|---|---|---|\n";
  for (const CodeMeaning& row : kCodes)
    text += fmt::format("| {} | {} | {} | `{}` | {} |\n", row.code, row.stage, in_table(row.meaning),
                        in_table(row.example), in_table(row.remedy));
  return text;
}

}  // namespace fugle::workflow
