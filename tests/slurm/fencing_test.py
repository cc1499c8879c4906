"""Two incarnations of one job at once: Slurm starts the second while the first still runs."""

import time

from slurm_case import FUGLE, SlurmCase, main, poll


class Fencing(SlurmCase):
    # A batch step that is missing is believed to be starting for so long, and MessageTimeout.
    options = {"lines": ["BatchStartTimeout=1"]}

    def is_requeued(self, job):
        """Slurm misses the batch step when its node registers, which reconfiguring makes it do."""
        self.slurm("scontrol", "reconfigure")
        time.sleep(5)
        return self.job(job).get("Restarts") == "1"

    def test_the_later_incarnation_takes_the_run_over(self):
        self.write("fan.yaml", """
version: 1
name: fan
tasks:
  fan:
    matrix: {i: 1..24}
    run: |
      # All but the first four are still at it when the second incarnation comes.
      if [ ${{ matrix.i }} -gt 4 ] && [ -z "${SLURM_RESTART_COUNT:-}" ]; then sleep 600; fi
      echo x >> done.${{ matrix.i }}
""")
        # In one process: while a step runs on the first node this Slurm does not miss the batch step, and what depends
        # on a step is ended with it.
        job = self.sbatch(f"exec {FUGLE} run fan.yaml --local --requeue auto", "--nodes=1", "--nodelist=n1", "--requeue",
                          "--time=20")
        poll(lambda: len(list(self.directory.glob("done.*"))) == 4, 60, "the first elements")
        stepd = self.processes_on("n1", rf"slurmstepd: \[{job}.batch\]")
        self.assertEqual(len(stepd), 1)
        self.on("n1", "kill", "-KILL", stepd[0])
        first = self.processes_on("n1", "fugle run")
        self.assertTrue(first, "what the script had become lives on")
        poll(lambda: self.is_requeued(job), 120, "the requeue")
        self.wait_for_job(job, "COMPLETED", timeout=180)
        ok = [attempt["element"] for attempt in self.attempts() if attempt["state"] == "OK"]
        self.assertEqual(len(ok), 24)
        self.assertEqual(len(set(ok)), 24, "only one head has gone on")
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1)
        self.assertEqual(self.status()["state"], "OK")
        self.assertIn("goes on with this run; what ran here is stopped", self.output_of(job), "the older head has left")
        self.assertEqual(self.fugle("doctor", self.run_dir()).returncode, 0)


if __name__ == "__main__":
    main()
