"""How a run is placed where there is no Slurm but what looks like it, and inside a task of another run."""

import json

from fugle_case import FUGLE, FugleCase, main

ONE = "version: 1\nname: one\ntasks: {t: {run: 'true'}}\n"


class Allocation(FugleCase):
    def setUp(self):
        super().setUp()
        for name in list(self.environment):
            if name.startswith("SLURM"):
                del self.environment[name]
        self.write("one.yaml", ONE)

    def test_launchers_are_refused_where_they_can_not_work(self):
        self.assertIn("salloc", self.fugle("run", "one.yaml", "--launcher", "srun", expect=2).stderr)
        self.fugle("run", "one.yaml", "--launcher", "mpirun", expect=2)
        self.fugle("run", "one.yaml", "--launcher", "prun", expect=2)
        self.fugle("run", "one.yaml", "--local", "--launcher", "mpirun", "-n", "2", expect=2)

    def test_one_of_several_processes_without_mpi_is_refused(self):
        self.environment |= {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-2]", "SLURM_STEP_ID": "0",
                             "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0"}
        refusal = self.fugle("run", "one.yaml", expect=3).stderr
        self.assertIn("srun started 2 of these without MPI", refusal)
        self.assertIn("srun --mpi=pmix", refusal)
        self.assertFalse((self.directory / ".fugle").exists())

    def test_a_task_of_one_process_step_runs_alone(self):
        self.environment |= {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-2]", "SLURM_STEP_ID": "0",
                             "SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}
        self.fugle("run", "one.yaml")
        self.assertEqual(len(self.status()["workers"]), 1)

    def test_cores_of_the_job_on_this_node_are_kept_to(self):
        self.environment |= {"SLURM_JOB_ID": "7", "SLURMD_NODENAME": "n1", "SLURM_CPUS_ON_NODE": "1",
                             "SLURM_MEM_PER_NODE": "100"}
        self.fugle("run", "one.yaml", "--local")
        self.assertEqual(self.status()["workers"][0]["cores"], 1)
        self.write("large.yaml", ONE.replace("run: 'true'", "run: 'true', resources: {mem: 200M}"))
        self.assertIn("largest node has 100.0M", self.fugle("run", "large.yaml", "--local", expect=4).stderr)

    def test_a_run_inside_a_task_has_the_cores_of_the_task(self):
        self.write("outer.yaml", f"""
version: 1
name: outer
tasks:
  outer: {{run: "{FUGLE} run one.yaml --runs-dir inner && {FUGLE} status --json --runs-dir inner > inner.json"}}
""")
        self.environment |= {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-2]"}
        self.fugle("run", "outer.yaml", "--local")
        self.assertEqual([worker["cores"] for worker in json.loads(self.read("inner.json"))["workers"]], [1])


if __name__ == "__main__":
    main()
