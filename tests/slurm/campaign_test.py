"""Several jobs work on one run: at once, one after another; one is cancelled, one that leads dies."""

import signal
import time
from collections import Counter

from slurm_case import FUGLE, SlurmCase, main, poll

# An attempt holds a lock while it lives, as far as the nodes' common file system keeps one: they are one kernel here.
# None ends before the file `go` is there: however slowly the jobs come, there is work left for the last of them.
FILE = """\
version: 1
name: campaign
tasks:
  t:
    matrix: {{i: "1..{count}"}}
    run: |
      mkdir -p locks ends
      exec 9> locks/$FUGLE_INDEX
      flock -n 9 || echo "$FUGLE_ELEMENT" >> overlaps
      echo "$FUGLE_ELEMENT $(hostname)" >> starts
      until [ -e go ]; do sleep 0.2; done
      sleep {length}
      echo "$FUGLE_ELEMENT" >> ends/$FUGLE_INDEX
"""


class Campaign(SlurmCase):
    def begin(self, count, length):
        """A run of which next to nothing is done, as `fugle submit` leaves it: begun on the login node, and killed."""
        self.write("w.yaml", FILE.format(count=count, length=length))
        first = self.start("run", "w.yaml", "--local", "-j", "1")
        self.wait_for("starts")
        self.send(first, signal.SIGKILL)
        first.wait()
        self.count = count
        return str(self.run_dir())

    def submit(self, run, jobs, *options, nodes=1):
        script = f"export FUGLE_GUEST_LEASE=5\nexec {FUGLE} resume {run} --requeue never --join --walltime 10m --reserve 1s"
        return [self.sbatch(script, f"--nodes={nodes}", "--exclusive", *options) for _ in range(jobs)]

    def leader(self, run, jobs):
        text = (self.run_dir() / "exchange" / "leader").read_text().split()
        return text[text.index("job") + 1]

    def wait_for_workers(self, count):
        poll(lambda: sum(worker["alive"] for worker in self.status()["workers"]) >= count, 120, f"{count} workers")
        self.write("go", "")

    def check_all_done_once(self):
        self.assertEqual(self.status()["counts"]["ok"], self.count)
        ends = Counter((self.directory / "ends" / str(i)).read_text().count("\n") for i in range(self.count))
        self.assertEqual(ends, {1: self.count})
        self.assertFalse((self.directory / "overlaps").exists(), "two attempts of an element ran at once")

    def test_three_jobs_work_at_once(self):
        run = self.begin(36, 1)
        jobs = self.submit(run, 3)
        self.wait_for_workers(3)
        for job in jobs:
            self.assertEqual(self.wait_for_job(job, timeout=90)["JobState"], "COMPLETED", self.output_of(job))
        self.check_all_done_once()
        nodes = {line.split()[-1] for line in self.read("starts").splitlines()} - {"ctl"}
        self.assertEqual(len(nodes), 3)
        self.assertEqual(len(list((self.run_dir()).glob("exchange/*.*"))), 0, "nobody left anything behind")

    def test_submitted_together_they_share_the_run(self):
        self.count = 36
        self.write("w.yaml", FILE.format(count=self.count, length=1))
        self.fugle("submit", "w.yaml", "--jobs", "3", "--nodes", "1", "--time", "10m")
        jobs = [entry["job"] for entry in self.json_of("status")["jobs"]]
        self.assertEqual(len(set(jobs)), 3)
        self.wait_for_workers(3)
        for job in jobs:
            self.wait_for_job(job, "COMPLETED", timeout=90)
        self.check_all_done_once()
        self.assertEqual(len({line.split()[-1] for line in self.read("starts").splitlines()}), 3)

    def test_all_nodes_of_a_guest_help_and_lead_when_the_head_has_left(self):
        run = self.begin(60, 1)
        jobs = self.submit(run, 2, nodes=2)
        self.wait_for_workers(4)
        leader = self.leader(run, jobs)
        guest = next(job for job in jobs if job != leader)
        self.slurm("scancel", leader)
        self.assertEqual(self.wait_for_job(guest, timeout=120)["JobState"], "COMPLETED", self.output_of(guest))
        self.check_all_done_once()
        led_by_guest = [attempt["worker"] for attempt in self.attempts() if attempt["state"] == "OK"][-4:]
        self.assertEqual(set(led_by_guest), {0, 1}, "both of its nodes, as ranks of the head")

    def test_a_cancelled_guest_gives_its_work_back_and_a_killed_head_has_a_follower(self):
        run = self.begin(28, 2)
        jobs = self.submit(run, 3)
        self.wait_for_workers(3)
        leader = self.leader(run, jobs)
        guests = [job for job in jobs if job != leader]
        self.slurm("scancel", guests[0])
        self.wait_for_job(guests[0])
        time.sleep(2)
        self.slurm("scancel", "--signal=KILL", "--full", leader)
        self.assertEqual(self.wait_for_job(guests[1], timeout=150)["JobState"], "COMPLETED", self.output_of(guests[1]))
        self.check_all_done_once()
        failed = {attempt["class"] for attempt in self.attempts() if attempt["state"] == "FAILED"}
        self.assertLessEqual(failed, {"preempted"}, "whoever was cut short, it is no failure of theirs")

    def test_jobs_one_after_another_go_on_with_the_run(self):
        run = self.begin(7, 1)
        self.write("go", "")
        script = f"exec {FUGLE} resume {run} --requeue never --join --walltime 5s --reserve 1s"
        jobs = [self.sbatch(script, "--nodes=1", "--exclusive", "--nodelist=n4") for _ in range(5)]
        for job in jobs:
            self.wait_for_job(job, timeout=120)
        codes = [self.job(job)["ExitCode"] for job in jobs]
        self.assertEqual((codes[0], codes[-1]), ("4:0", "0:0"), "\n".join(map(self.output_of, jobs)))
        self.check_all_done_once()


if __name__ == "__main__":
    main()
