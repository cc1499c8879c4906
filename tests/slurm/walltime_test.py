"""The end of a job: known, moved, unknown; and tasks that do not want to hear of it."""

import time

from slurm_case import FUGLE, SlurmCase, main, poll


class Walltime(SlurmCase):
    def started(self, job, seconds=None):
        self.wait_for("started", 60)
        if seconds is not None:
            self.slurm("scontrol", "update", f"JobId={job}", f"EndTime=now+{seconds}")
            self.slurm("scancel", "--batch", "--signal=USR1", job)  # look at once, not within half a minute

    def test_a_task_that_ignores_signals_is_ended_before_the_job_is(self):
        self.write("deaf.yaml", """
version: 1
name: deaf
reserve: 8s
tasks:
  deaf: {run: "trap '' TERM INT USR1 USR2; touch started; while :; do sleep 1; done", grace: 2s}
  later: {run: "true", needs: [deaf]}
finally:
  mail: {run: "echo $FUGLE_RUN_STATE > mail"}
""")
        job = self.sbatch(f"exec {FUGLE} run deaf.yaml", "--nodes=2", "--time=5")
        self.started(job, 25)
        self.assertEqual(self.wait_for_job(job, "FAILED", timeout=90)["ExitCode"], "4:0")
        self.assertEqual(self.read("mail"), "INCOMPLETE\n")
        self.assertEqual(self.status()["state"], "INCOMPLETE")
        self.assertEqual(self.fugle("doctor", self.run_dir()).returncode, 0)

    def test_a_limit_that_is_raised_while_it_runs_lets_it_end(self):
        self.write("slow.yaml", """
version: 1
name: slow
reserve: 5s
tasks:
  slow: {run: "touch started; sleep 25; touch ended"}
""")
        job = self.sbatch(f"exec {FUGLE} run slow.yaml", "--nodes=1", "--time=5")
        self.started(job, 20)
        poll(lambda: "now ends at" in self.output_of(job), 40, "news of the cut limit")
        self.slurm("scontrol", "update", f"JobId={job}", "EndTime=now+120")
        self.wait_for_job(job, "COMPLETED", timeout=90)
        self.assertTrue((self.directory / "ended").exists())

    def test_a_suspended_job_goes_on(self):
        self.write("paced.yaml", """
version: 1
name: paced
reserve: 5s
tasks:
  a: {run: "touch started; sleep 4"}
  b: {run: "sleep 2", needs: [a]}
""")
        job = self.sbatch(f"exec {FUGLE} run paced.yaml", "--nodes=2", "--time=1")
        self.started(job)
        self.slurm("scontrol", "suspend", job)
        self.wait_for_job(job, "SUSPENDED")
        poll(lambda: self.job(job).get("SuspendTime"), 10, "the suspension")
        time.sleep(8)
        self.slurm("scontrol", "resume", job)
        self.wait_for_job(job, "COMPLETED", timeout=60)
        self.assertEqual(self.status()["state"], "OK")


if __name__ == "__main__":
    main()
