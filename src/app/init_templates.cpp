#include "app/init_templates.hpp"

#include <array>

namespace fugle::app {
namespace {

constexpr std::string_view kEnsemble =
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

constexpr std::string_view kChain =
    R"(# One step after another: each takes the file of the one before.
version: 1
name: NAME

tasks:
  prepare:
    outputs: {mesh: out/mesh.txt}
    run: "seq 1 100 > ${{ outputs.mesh }}"

  solve:                 # needs prepare, since it takes its file
    inputs: {mesh: "${{ tasks.prepare.outputs.mesh }}"}
    outputs: {field: out/field.txt}
    retries: 1
    timeout: 10m
    run: "awk '{ print $1, $1 * $1 }' ${{ inputs.mesh }} > ${{ outputs.field }}"

  report:
    inputs: {field: "${{ tasks.solve.outputs.field }}"}
    outputs: {text: out/report.txt}
    run: "awk '{ sum += $2 } END { print \"sum\", sum }' ${{ inputs.field }} > ${{ outputs.text }}"
)";

constexpr std::string_view kFanout =
    R"(# How much work there is only the first task knows: an element of `work` for each line that it writes.
version: 1
name: NAME

tasks:
  split:
    outputs: {parts: {type: list, from: out/parts.txt}}
    run: "printf 'north\\nsouth\\neast\\n' > out/parts.txt"
    stub: "echo one > out/parts.txt"   # for fugle test

  work:                  # work[north], work[south], ...
    foreach: ${{ tasks.split.outputs.parts }}
    outputs: {result: "out/${{ item }}.txt"}
    run: "echo ${{ item }} is done > ${{ outputs.result }}"

  merge:
    inputs: {results: "${{ tasks.work.outputs.result }}"}
    outputs: {all: out/all.txt}
    run: "xargs cat < ${{ inputs.results.list_file }} > ${{ outputs.all }}"
)";

constexpr std::string_view kSweep =
    R"(# All points of a grid; what each prints is gathered in a table: fugle report NAME --table
version: 1
name: NAME

tasks:
  point:                 # point[10,0.5], point[10,1.0], ...
    matrix: {size: [10, 20, 40], factor: [0.5, 1.0]}
    run: |
      awk -v n="${{ matrix.size }}" -v f="${{ matrix.factor }}" 'BEGIN { print "result:", n * f }'
    metrics:
      result: {regex: 'result: ([0-9.]+)', unit: s}

report:
  rows: matrix.size
  columns: [median(result), count(result)]
)";

constexpr std::string_view kMpi =
    R"(# A program on MPI ranks, started by srun in a Slurm job and by mpirun elsewhere.
version: 1
name: NAME

slurm: {nodes: 1, time: 10m}

tasks:
  input:
    outputs: {deck: out/deck.txt}
    run: "echo 4 > ${{ outputs.deck }}"

  solve:
    inputs: {deck: "${{ tasks.input.outputs.deck }}"}
    resources: {ranks: 2, cores: 1}
    # A list is started on every rank; put your program and its words here.
    run: [sh, -c, 'echo rank ${OMPI_COMM_WORLD_RANK:-${SLURM_PROCID:-?}} of $FUGLE_RANKS on $(hostname)']

  check:
    needs: [solve]
    inputs: {deck: "${{ tasks.input.outputs.deck }}"}
    run: "test -s ${{ inputs.deck }}"
)";

constexpr std::string_view kService =
    R"(# A server that runs beside those that need it. They start when it is ready; after the last it is stopped.
version: 1
name: NAME

tasks:
  server:
    service:
      ready: "test -e out/server.ready"
      ready_timeout: 1m
    run: |
      mkdir -p out
      trap 'rm -f out/server.ready; exit 0' TERM
      touch out/server.ready
      while true; do sleep 1 & wait $!; done

  client:
    matrix: {i: "1..3"}
    needs: [server]
    outputs: {answer: "out/answer${{ matrix.i }}.txt"}
    run: "test -e out/server.ready && echo ${{ matrix.i }} > ${{ outputs.answer }}"
)";

constexpr std::array kTemplates{
    InitTemplate{"ensemble", "prepare, members side by side, a table of what they found", kEnsemble},
    InitTemplate{"chain", "one step after another, each with the file of the one before", kChain},
    InitTemplate{"fanout", "a list that is known only while it runs, work for each item, a merge", kFanout},
    InitTemplate{"sweep", "all points of a grid of parameters, with a table of what was measured", kSweep},
    InitTemplate{"mpi", "a program on several MPI ranks between two small steps", kMpi},
    InitTemplate{"service", "a server beside the tasks that talk to it, stopped after them", kService},
};

}  // namespace

std::span<const InitTemplate> init_templates() { return kTemplates; }

}  // namespace fugle::app
