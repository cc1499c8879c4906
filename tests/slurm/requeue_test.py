"""Runs that need more than one job: requeued by themselves, and by others."""

from lives import STEPS, Lives
from slurm_case import FUGLE, SlurmCase, main, poll


class Requeue(Lives, SlurmCase):
    def test_a_task_with_checkpoints_spans_several_jobs_of_one_run(self):
        self.write("long.yaml", f"""
version: 1
name: long
reserve: 3s
tasks:
  long:
    run: [python3, {STEPS}, "60"]
    restart: {{files: [state], signal: USR1, before_end: 8s}}
  after: {{run: "wc -l < steps.log > lines", needs: [long]}}
finally:
  mail: {{run: "echo $FUGLE_RUN_STATE >> mails"}}
""")
        job = self.sbatch(f"exec {FUGLE} run long.yaml --requeue auto", "--nodes=2", "--requeue", "--time=5")
        for restarts in range(2):
            self.limit(job, restarts, 20)
        self.wait_for_job(job, "COMPLETED", timeout=150)
        steps = [int(line) for line in self.read("steps.log").split()]
        self.assertEqual(steps, list(range(1, 61)), "no step twice, none left out")
        self.assertEqual(self.read("mails"), "OK\n", "finally runs once, in the last job")
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1, "one run")
        self.assertEqual(self.status()["state"], "OK")
        kinds = [entry["kind"] for entry in self.jobs_of_run()]
        self.assertEqual(kinds, ["started", "requeued", "started", "requeued", "started"])
        self.assertEqual({entry["job"] for entry in self.jobs_of_run()}, {job})

    def test_a_run_that_gets_nothing_done_is_not_requeued(self):
        self.write("stuck.yaml", """
version: 1
name: stuck
reserve: 3s
tasks:
  endless: {run: "sleep 600", grace: 1s}
""")
        job = self.sbatch(f"exec {FUGLE} run stuck.yaml --requeue auto", "--time=5")
        self.limit(job, 0, 18)
        self.assertEqual(self.wait_for_job(job, "FAILED", timeout=60)["ExitCode"], "4:0")
        self.assertIn("no other job is asked for", self.output_of(job))
        self.assertEqual([entry["kind"] for entry in self.jobs_of_run()], ["started"])

    def test_requeued_from_outside_it_goes_on_where_it_was(self):
        self.write("fan.yaml", """
version: 1
name: fan
tasks:
  fan:
    matrix: {i: 1..40}
    run: |
      # All but the first eight are still at it when the job is requeued.
      if [ ${{ matrix.i }} -gt 8 ] && [ -z "${SLURM_RESTART_COUNT:-}" ]; then sleep 600; fi
      echo ${{ matrix.i }} >> done.${{ matrix.i }}
""")
        job = self.sbatch(f"exec {FUGLE} run fan.yaml --requeue auto", "--nodes=2", "--requeue", "--time=10")
        poll(lambda: len(list(self.directory.glob("done.*"))) > 4, 60, "the first elements")
        self.slurm("scontrol", "requeue", job)
        self.wait_for_incarnation(job, 1)
        self.wait_for_job(job, "COMPLETED", timeout=90)
        ok = [attempt["element"] for attempt in self.attempts() if attempt["state"] == "OK"]
        self.assertEqual(len(ok), 40)
        self.assertEqual(len(set(ok)), 40, "nothing that was OK ran again")
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1)


if __name__ == "__main__":
    main()
