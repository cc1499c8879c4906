"""Tasks with ranks, nodes and metrics before anything runs: what validate and plan say of them; their directories."""

import json

from fugle_case import FugleCase, main

SCALING = """version: 1
name: gromacs-scaling
slurm: {partition: standard, nodes: 8, time: 2h}
tasks:
  mdrun:
    matrix: {nodes: [1, 2, 4, 8], repeat: "1..3"}
    resources: {nodes: "${{ matrix.nodes }}", ranks_per_node: 32, cores: 2, exclusive: true}
    inputs: {tpr: bench.tpr}
    workdir: per_element
    cache: never
    timeout: 10m
    run: [gmx_mpi, mdrun, -s, "${{ inputs.tpr }}", -nsteps, "20000", -resethway]
    metrics:
      ns_day: {regex: 'Performance: +([0-9.]+)', unit: ns/day}
report:
  rows: matrix.nodes
  columns: [median(ns_day), speedup(ns_day), efficiency(ns_day), spread(ns_day)]
  baseline: {nodes: 1}
  reference: {"efficiency(ns_day)": {nodes: 8, min: 0.70}}
"""


class Shapes(FugleCase):
    def test_the_scaling_benchmark_of_the_format_is_taken_word_for_word(self):
        self.write("scaling.yaml", SCALING)
        self.write("bench.tpr", "")
        done = self.fugle("validate", "scaling.yaml")
        self.assertEqual(done.stderr, "")
        elements = json.loads(
            self.fugle("plan", "scaling.yaml", "--json", "--alloc", "nodes=8,cores=64").stdout)["elements"]
        self.assertEqual(len(elements), 12)
        self.assertIn("mdrun[8,2]", json.dumps(elements))

    def test_a_described_allocation_that_is_too_small_is_refused(self):
        self.write("scaling.yaml", SCALING)
        self.write("bench.tpr", "")
        few = self.fugle("plan", "scaling.yaml", "--alloc", "nodes=4,cores=64", expect=2)
        self.assertIn("scaling.yaml:7:24: error E302: task mdrun needs 8 nodes, allocation has 4", few.stderr)
        thin = self.fugle("plan", "scaling.yaml", "--alloc", "nodes=8,cores=32", expect=2)
        self.assertIn("error E302: task mdrun needs 64 cores, largest node has 32", thin.stderr)

    def test_a_plan_in_a_job_is_for_all_of_its_nodes(self):
        for name in [name for name in self.environment if name.startswith("SLURM")]:
            del self.environment[name]
        self.environment |= {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-4]"}
        self.write("sweep.yaml", """version: 1
name: w
slurm: {nodes: 8}
tasks:
  a: {matrix: {n: [1, 4, 8], r: [1, 2, 3]}, run: [x], resources: {nodes: "${{ matrix.n }}", ranks_per_node: 1}}
""")
        self.assertIn("sweep.yaml:3:16: warning W09: allocation has 4 nodes, slurm.nodes is 8; 3 elements cannot run here",
                      self.fugle("plan", "sweep.yaml").stderr)

    def test_what_the_file_itself_says_is_held_against_slurm_nodes(self):
        self.write("scaling.yaml", SCALING.replace("nodes: 8, time", "nodes: 4, time"))
        self.assertIn("scaling.yaml:7:24: error E302: task mdrun needs 8 nodes, slurm.nodes is 4",
                      self.fugle("validate", "scaling.yaml", expect=2).stderr)

    def test_a_launcher_that_is_not_there_is_told_before_anything_runs(self):
        self.write("wrf.yaml", """version: 1
name: w
tasks:
  wrf: {run: [wrf.exe], resources: {ranks: 1}, launcher: "no_such_launcher -n {ranks}"}
""")
        problem = "wrf.yaml:4:58: error E306: launcher 'no_such_launcher' not found in PATH; task wrf needs it"
        self.fugle("validate", "wrf.yaml")
        for verb in (["plan"], ["run"], ["run", "--local"]):
            self.assertIn(problem, self.fugle(*verb, "wrf.yaml", expect=2).stderr, verb)
        self.assertFalse((self.directory / ".fugle").exists(), "something was started")

    def test_each_element_has_a_directory_that_is_made_for_it(self):
        self.write("own.yaml", """version: 1
name: own
workdir: base
tasks:
  a: {matrix: {n: [1, "b c"], m: [x]}, workdir: per_element, run: "pwd > here"}
  b: {run: "pwd > here", workdir: per_element}
  c: {needs: {a: each}, matrix: {n: ["b c", 1], m: [x]}, workdir: "c/${{ index }}", run: "pwd > here"}
""")
        (self.directory / "base").mkdir()
        self.fugle("run", "own.yaml", "--local")
        places = sorted(str(p.parent.relative_to(self.directory)) for p in (self.directory / "base").rglob("here"))
        self.assertEqual([p for p in places if "~" not in p], ["base/a.1,x", "base/b", "base/c/0", "base/c/1"])
        self.assertEqual(len(places), 5)
        for place in places:
            self.assertTrue(self.read(f"{place}/here").strip().endswith(place))


if __name__ == "__main__":
    main()
