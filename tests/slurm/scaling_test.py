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


if __name__ == "__main__":
    main()
