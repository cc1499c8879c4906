"""Two runs in two allocations that share the nodes."""

import json

from slurm_case import FUGLE, SlurmCase, main


class TwoRuns(SlurmCase):
    def test_two_runs_in_two_jobs_do_not_disturb_each_other(self):
        for name in ("one", "two"):
            self.write(f"{name}.yaml", f"""
version: 1
name: {name}
tasks:
  fan: {{matrix: {{i: 1..20}}, run: "sleep 0.2; echo $SLURM_JOB_ID > {name}.${{{{ matrix.i }}}}"}}
""")
        jobs = {name: self.sbatch(f"exec {FUGLE} run {name}.yaml", "--nodes=4", "--ntasks-per-node=2", "--time=5")
                for name in ("one", "two")}
        for name, job in jobs.items():
            self.wait_for_job(job, "COMPLETED", timeout=120)
            said = {file.read_text().strip() for file in self.directory.glob(f"{name}.[0-9]*")}
            self.assertEqual(said, {job})
        runs = [json.loads(path.read_text()) for path in self.directory.glob(".fugle/*/run.json")]
        self.assertEqual(sorted(run["workflow"] for run in runs), ["one", "two"])


if __name__ == "__main__":
    main()
