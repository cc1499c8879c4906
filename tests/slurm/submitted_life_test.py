"""A run given to Slurm by fugle submit that takes four jobs: the same one requeued, or a chain of new ones.

The cluster has Slurm's own defaults for PMIx, under which MPI programs that do nothing about it hang or crash now and then.
"""

from lives import STEPS, Lives
from slurm_case import SlurmCase, main, poll

LONG = f"""
version: 1
name: long
reserve: 3s
slurm: {{nodes: 3, time: 10m}}
tasks:
  long:
    run: [python3, {STEPS}, "50"]
    restart: {{files: [state], signal: USR1, before_end: 8s}}
  after: {{run: "wc -l < steps.log > lines", needs: [long]}}
finally:
  mail: {{run: "echo $FUGLE_RUN_STATE >> mails"}}
"""


class SubmittedLife(Lives, SlurmCase):
    options = {"pmix_bug": True}

    def submit(self, *options):
        self.write("long.yaml", LONG)
        return self.fugle("submit", "long.yaml", *options).stdout.splitlines()[0].split(": job ")[1]

    def expect_one_run_of(self, kinds):
        steps = [int(line) for line in self.read("steps.log").split()]
        self.assertEqual(steps, list(range(1, 51)), "no step twice, none left out")
        self.assertEqual(self.read("mails"), "OK\n", "finally runs once, in the last job")
        self.assertEqual(len(list(self.directory.glob(".fugle/*/run.json"))), 1, "one run")
        self.assertEqual(self.status()["state"], "OK")
        self.assertEqual([entry["kind"] for entry in self.jobs_of_run() if entry["kind"] != "started"], kinds)
        self.assertEqual(len(self.json_of("history", self.run_dir())), 4, "lives")

    def test_the_same_job_again_and_again(self):
        job = self.submit()
        for restarts in range(3):
            self.limit(job, restarts, 16)
        self.wait_for_job(job, "COMPLETED", timeout=150)
        self.expect_one_run_of(["submitted", "requeued", "requeued", "requeued"])
        self.assertEqual({entry["job"] for entry in self.jobs_of_run()}, {job})

    def test_a_chain_of_new_jobs(self):
        jobs = [self.submit("--chain")]
        for number in range(3):
            self.wait_for_job(jobs[-1], "RUNNING", timeout=60)
            self.wait_for_life(number + 1)
            self.slurm("scontrol", "update", f"JobId={jobs[-1]}", "EndTime=now+16")
            self.slurm("scancel", "--batch", "--signal=USR1", jobs[-1])
            jobs.append(poll(lambda: self.next_job(jobs), 60, "the next job"))
        self.wait_for_job(jobs[-1], "COMPLETED", timeout=150)
        self.expect_one_run_of(["submitted", "chained", "chained", "chained"])
        self.assertEqual(self.json_of("status", jobs[1])["run"], self.run_dir().name, "each of them names the run")

    def next_job(self, jobs):
        last = self.jobs_of_run()[-1]
        return last["job"] if last["kind"] == "chained" and last["job"] not in jobs else None


if __name__ == "__main__":
    main()
