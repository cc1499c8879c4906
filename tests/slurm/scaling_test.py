"""The scaling example over nodes of a job, and points that do not fit it."""

import json

from slurm_case import BUILD, FUGLE, SlurmCase, main

SWEEP = """
version: 1
name: over_nodes
tasks:
  solve:
    matrix: {nodes: [1, 2, 4]}
    resources: {nodes: "${{ matrix.nodes }}", ranks_per_node: 1}
    run: [POISSON, "60", "40"]
    metrics:
      sweep_time: {regex: 'time per sweep ([0-9.e+-]+) ms', unit: ms}
      ranks: {regex: ', ([0-9]+) ranks'}
      change: {regex: 'change ([0-9.e+-]+)'}
report:
  rows: matrix.nodes
  columns: [median(sweep_time), efficiency(sweep_time), median(ranks), speedup(change)]
  baseline: {nodes: 1}
  reference: {"speedup(change)": {min: 0.999999, max: 1.000001}}
"""


class Scaling(SlurmCase):
    def setUp(self):
        super().setUp()
        program = BUILD / "examples/scaling/poisson"
        if not program.exists():
            self.skipTest(f"{program} is not built")
        self.write("sweep.yaml", SWEEP.replace("POISSON", str(program)))

    def table_of(self, job):
        return json.loads(self.fugle("report", "--table", "--json", expect=None).stdout), self.output_of(job)

    def test_ranks_are_spread_over_as_many_nodes_as_the_point_says(self):
        job = self.sbatch(f"exec {FUGLE} run sweep.yaml", "--nodes=4", "--ntasks-per-node=1", "--time=10")
        self.wait_for_job(job, "COMPLETED", timeout=240)
        table, output = self.table_of(job)
        self.assertEqual([row["values"]["median(ranks)"] for row in table["rows"]], [1, 2, 4], output)
        self.assertEqual([round(row["values"]["speedup(change)"], 6) for row in table["rows"]], [1, 1, 1])
        self.assertIn("efficiency(sweep_time)", output)

    def test_points_that_do_not_fit_the_job_are_not_run(self):
        job = self.sbatch(f"exec {FUGLE} run --requeue never sweep.yaml", "--nodes=2", "--ntasks-per-node=1", "--time=10")
        self.wait_for_job(job, "FAILED", timeout=240)
        self.assertEqual(self.job(job)["ExitCode"], "4:0")
        table, output = self.table_of(job)
        self.assertIn("not run: needs 4 nodes, allocation has 2", output)
        self.assertEqual([row["with_values"] for row in table["rows"]], [1, 1, 0])


# FORMAT.md section 12, but for the size of the nodes: theirs have 64 cores, ours play 4; and for the queue.
FORMAT = """version: 1
name: gromacs-scaling
slurm: {nodes: 8, time: 2h}
tasks:
  mdrun:
    matrix: {nodes: [1, 2, 4, 8], repeat: "1..3"}
    resources: {nodes: "${{ matrix.nodes }}", ranks_per_node: 2, cores: 2, exclusive: true}
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

# Started on each rank. A directory for each node says that it is taken: there may be one element on it only. What is
# printed is as of 10 ns/day on one node, and of an efficiency of a half on eight.
GMX_MPI = """#!/bin/bash
test "$(basename "$3")" = bench.tpr || exit 3
if [ $SLURM_LOCALID = 0 ]; then
  mkdir DIRECTORY/taken.$SLURMD_NODENAME || exit 4
  echo $FUGLE_ELEMENT >> DIRECTORY/ran.$SLURMD_NODENAME
  sleep 0.2
  rmdir DIRECTORY/taken.$SLURMD_NODENAME
fi
[ $SLURM_PROCID = 0 ] || exit 0
case $FUGLE_MATRIX_nodes in 8) rate=40;; *) rate=$((10 * FUGLE_MATRIX_nodes));; esac
echo "               (ns/day)    (hour/ns)"
echo "Performance:       $rate.$FUGLE_MATRIX_repeat        0.1"
"""


class ScalingOfTheFormat(SlurmCase):
    options = {"nodes": 8}

    def test_points_that_did_not_fit_are_repeated_in_a_larger_job(self):
        self.write("scaling.yaml", FORMAT)
        self.write("bench.tpr", "")
        self.write("bin/gmx_mpi", GMX_MPI.replace("DIRECTORY", str(self.directory))).chmod(0o755)
        options = ["--exclusive", "--ntasks-per-node=1", "--cpus-per-task=4", "--time=20"]
        path = f"export PATH={self.directory}/bin:$PATH"

        job = self.sbatch(f"{path}; exec {FUGLE} run --requeue never scaling.yaml", "--nodes=4", *options)
        self.wait_for_job(job, timeout=400)
        output = self.output_of(job)
        self.assertEqual(self.job(job)["ExitCode"], "4:0", output)
        self.assertIn("warning W09: allocation has 4 nodes, slurm.nodes is 8; 3 elements cannot run here", output)
        self.assertIn("not run: needs 8 nodes, allocation has 4", output)
        table = json.loads(self.fugle("report", "--table", "--json", expect=4).stdout)
        self.assertEqual([row["with_values"] for row in table["rows"]], [3, 3, 3, 0])

        job = self.sbatch(f"{path}; exec {FUGLE} resume --requeue never --select 'mdrun[8,*]'", "--nodes=8", *options)
        self.wait_for_job(job, timeout=400)
        output = self.output_of(job)
        self.assertEqual(self.job(job)["ExitCode"], "1:0", output)
        self.assertIn("selected 3 of 12 elements", output)
        self.assertIn("reference missed: efficiency(ns_day) of mdrun[8]: 0.", output)
        table = json.loads(self.fugle("report", "--table", "--json", expect=1).stdout)
        self.assertEqual([row["point"] for row in table["rows"]], [{"nodes": str(n)} for n in (1, 2, 4, 8)])
        self.assertEqual([len(row["values"]) for row in table["rows"]], [4, 4, 4, 4])
        self.assertEqual([row["with_values"] for row in table["rows"]], [3, 3, 3, 3])
        self.assertAlmostEqual(table["rows"][3]["values"]["efficiency(ns_day)"], 40.2 / 10.2 / 8)
        self.assertTrue((self.run_dir() / "report.csv").exists() and (self.run_dir() / "report.h5").exists())
        self.assertEqual(self.fugle("status", "--json").stdout.count('"FAILED"'), 1)

        ran = {path.name: path.read_text().split() for path in self.directory.glob("ran.*")}
        self.assertEqual(len(ran), 8)
        starts = [element for elements in ran.values() for element in elements]
        self.assertEqual(len(starts), 3 * (1 + 2 + 4 + 8))
        self.assertEqual(len(set(starts)), 12)


if __name__ == "__main__":
    main()
