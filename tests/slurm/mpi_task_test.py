"""MPI tasks in a real Slurm: steps beside each other on a node, one over two nodes beside 1-core tasks, their ends.

The cluster has Slurm's own defaults for PMIx, with which an untreated `srun --mpi=pmix` fails now and then.
"""

import os
import re
import unittest

from slurm_case import BUILD, SlurmCase, poll

RANKS = BUILD / "tests" / "mpi-programs" / "ranks"
LINE = re.compile(r"rank (\d+) of (\d+) host (\S+) cpus (\S+)")


class MpiTasks(SlurmCase):
    options = {"pmix_bug": True}

    def run_in_job(self, tasks, *options, nodes=2, expect=0):
        """Starts `fugle run` in a job of whole nodes; returns (job, function that waits for its end)."""
        # Two real cores play many: ranks give way while they wait.
        self.write("w.yaml", f"version: 1\nname: w\nenv: {{OMPI_MCA_mpi_yield_when_idle: '1'}}\ntasks:\n{tasks}")
        return self.sbatch("exec $FUGLE run w.yaml", f"--nodes={nodes}", "--exclusive", "--ntasks-per-node=1",
                           "--cpus-per-task=4", *options,
                           environment={"FUGLE": str(BUILD / "bin" / "fugle"), "OMPI_ALLOW_RUN_AS_ROOT": "1",
                                        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})

    def log_of(self, element):
        return self.fugle("logs", "w", element).stdout

    def ends(self):
        return {a["element"]: (a["state"], a["class"]) for a in self.attempts()}

    def test_two_steps_share_a_node_and_overlap_in_time(self):
        job = self.run_in_job(f"""
  pair:
    matrix: {{i: "0..1"}}
    resources: {{ranks: 2, mem: 200M}}
    run: [{RANKS}, touch, "here${{{{ matrix.i }}}}", wait, go]
""", nodes=1)
        poll(lambda: len(list(self.directory.glob("here*.*"))) == 4, 120, "four ranks at a time")
        steps = self.slurm("squeue", "--steps", "--noheader", f"--jobs={job}", "--format=%j").stdout
        self.assertIn("pair[0]", steps)
        self.assertIn("pair[1]", steps)
        self.write("go", "")
        self.assertEqual(self.wait_for_job(job, timeout=120)["JobState"], "COMPLETED", self.output_of(job))
        cpus = [LINE.findall(self.log_of(f"pair[{i}]")) for i in range(2)]
        self.assertEqual([len(lines) for lines in cpus], [2, 2])
        if os.cpu_count() >= 4:  # else the node claims more than there are, and nothing is bound
            self.assertEqual(len({c for lines in cpus for _, _, _, c in lines}), 4)

    def test_one_step_spans_two_nodes_beside_small_tasks(self):
        job = self.run_in_job(f"""
  wide: {{resources: {{nodes: 2, ranks: 4}}, run: [{RANKS}]}}
  small: {{matrix: {{i: "1..6"}}, run: "true"}}
  told:
    resources: {{nodes: 2, ranks: 2}}
    outputs: {{host: {{type: value}}}}
    run: ${{{{ launcher }}}} bash -c 'test "$SLURM_NODEID" = 0 || echo "host=$(hostname)" >> "$FUGLE_OUTPUT"'
""")
        self.assertEqual(self.wait_for_job(job, timeout=180)["JobState"], "COMPLETED", self.output_of(job))
        ranks = LINE.findall(self.log_of("wide"))
        self.assertEqual(sorted(int(r) for r, *_ in ranks), [0, 1, 2, 3])
        self.assertEqual(sorted(host for _, _, host, _ in ranks), ["n1", "n1", "n2", "n2"])
        self.assertEqual(self.json_of("why", "w", "told")["values"], {"host": "n2"}, "a value from the second node")

    def test_an_abort_and_a_hang_end_as_elsewhere_and_leave_no_step(self):
        job = self.run_in_job(f"""
  abort: {{resources: {{ranks: 2}}, run: [{RANKS}, abort, "42", hang-others]}}
  hang: {{resources: {{ranks: 2}}, run: [{RANKS}, hang], timeout: 5s, grace: 5s}}
""", nodes=1)
        self.assertEqual(self.wait_for_job(job, timeout=180)["JobState"], "FAILED", self.output_of(job))
        ends = self.ends()
        self.assertEqual(ends["abort"][0], "FAILED")
        self.assertEqual(ends["hang"], ("FAILED", "timeout"))
        left = self.on("n1", "pgrep", "--full", "mpi-programs/ranks", expect=None).stdout
        self.assertEqual(left, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
